"""The fault matrix: what each architecture keeps under the same twelve faults, for the same money.

Every shop is what `BUDGET_USD_PER_H` buys with two copies of each program at least (`shop_of`). What functions do not
use of it at this load goes into their database. All have the same few customers, some per cent of what the shops could
serve: so nothing is scarce but what the fault takes. `archlab.chapters.choosing.fault_assumptions` has other loads,
budgets, lengths and patiences, and says where the order changes.

An architecture with several forms has a row for each here; `by_architecture` takes the one that keeps most. One form
more than can be bought elsewhere: a monolith that *pays later*, as chapter 03 has it. It accepts an order and lets jobs
pay, as components with events do and as services with a saga log do when a step fails. So one sees what comes from
accepting first, and what from the architecture.

>>> shop_of(ROWS["serverless, pool"]).database_cores > 1
True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import joblib
import pandas as pd

from archlab.chapters.choosing.buying import (
    HOUR_S,
    LARGEST_DATABASE_CORES,
    Terms,
    offers,
    rent_usd_per_h,
    usd_per_request,
)
from archlab.chapters.choosing.forms import FORMS, Form
from archlab.chapters.choosing.trial_terms import USUAL, Trial
from archlab.chapters.choosing.trials import run_trial
from archlab.chapters.choosing.twelve_faults import FAULTS, applies, why_not
from archlab.chapters.event_driven.pays_later import PayingLater
from archlab.course.claims.over_seeds import OverSeeds
from archlab.shop.config import ShopConfig
from archlab.shop.event_driven import EventDrivenConfig
from archlab.sim.parallel import in_parallel

BUDGET_USD_PER_H = 1.75
"""It buys two copies of everything for each architecture; event-driven needs most, 1.23 USD/h."""
COPIES = 2
SEEDS = range(10)
PARTITIONS = 32
"""Of the log here: fewer readers, so quicker runs. A test sees that 256 keep no more at this load."""

PAYS_LATER = Form(
    "monolithic", "pays later", PayingLater, FORMS["monolithic"].smallest, FORMS["monolithic"].grow
)
ROWS: Mapping[str, Form] = {"monolithic": FORMS["monolithic"], PAYS_LATER.key: PAYS_LATER, **FORMS}
"""The forms that are tried, by name."""
SHOWN = (
    "monolithic",
    "monolithic, pays later",
    "microservices",
    "event-driven",
    "layered, one process",
    "serverless",
    "cqrs, same database",
    "cqrs, separate",
)
"""Those of them that have a row in the matrix. The others can be tried, too."""


@cache
def shop_of(form: Form, budget_usd_per_h: float = BUDGET_USD_PER_H, rate_per_s: float = 20.0) -> Any:
    """Return the shop of a form that the budget buys, when so many requests come.

    It is the one that serves most; then what is left, after requests are paid for, goes into the database of functions.
    Raises `ValueError` when the budget does not pay for the smallest shop with `COPIES` copies.
    """
    found = list(offers(form, budget_usd_per_h, Terms(copies=COPIES)))
    if not found:
        least = rent_usd_per_h(form.smallest(COPIES))
        raise ValueError(
            f"budget_usd_per_h is {budget_usd_per_h!r}; the smallest shop of {form.key} costs {least:.2f}"
        )
    config: Any = max(found, key=lambda offer: (offer.serves_per_s, -offer.usd_per_h)).config
    requests_usd = HOUR_S * rate_per_s * usd_per_request(config)
    if form is PAYS_LATER:  # a machine is for its jobs
        config = replace(config, clones=config.clones - 1)
    return _lighter(_spent(form, config, budget_usd_per_h - requests_usd) if requests_usd else config)


def _spent(form: Form, config: ShopConfig, rent_usd: float) -> ShopConfig:
    """Grow the database as far as the money for rent goes."""
    while (larger := form.grow(config, "database", LARGEST_DATABASE_CORES)) is not None:
        if rent_usd_per_h(larger) > rent_usd:
            break
        config = larger
    return config


def smallest(form: Form, copies: int = COPIES) -> Any:
    """Return the smallest shop of a form with so many copies of each program."""
    return _lighter(form.smallest(copies))


def _lighter(config: ShopConfig) -> ShopConfig:
    if not isinstance(config, EventDrivenConfig):
        return config
    return replace(config, partitions=PARTITIONS, readers=dict.fromkeys(config.readers, PARTITIONS))


# Running it -----------------------------------------------------------------------------------------------------


def trials(
    seeds: Iterable[int] = SEEDS,
    forms: Iterable[str] = SHOWN,
    faults: Iterable[str] = tuple(FAULTS),
    trial: Trial = USUAL,
    shops: Mapping[str, ShopConfig] | None = None,
    trials_of: Mapping[str, Trial] | None = None,
) -> pd.DataFrame:
    """Run each fault that applies to each form, with each seed. A row a run: `form`, `fault`, `seed`, and the figures
    of `archlab.chapters.choosing.trials.run_trial`.

    `shops`: form -> its shop, instead of `shop_of`. `trials_of`: form -> a trial of its own, such as another rate.
    """
    chosen, names, tried = list(seeds), list(forms), list(faults)
    configs, own = dict(shops or {}), dict(trials_of or {})
    jobs = [
        (name, fault, seed)
        for name in names
        for fault in tried
        if applies(fault, ROWS[name])
        for seed in chosen
    ]
    for name in names:
        configs.setdefault(name, shop_of(ROWS[name]))
    figures = in_parallel(
        joblib.delayed(run_trial)(ROWS[name], configs[name], fault, seed, own.get(name, trial))
        for name, fault, seed in jobs
    )
    return pd.DataFrame(
        [
            {"form": name, "fault": fault, "seed": seed, **row}
            for (name, fault, seed), row in zip(jobs, figures, strict=True)
        ]
    )


def matrix(runs: pd.DataFrame) -> pd.DataFrame:
    """Return a row a form and fault of what `trials` returns, those that do not apply included.

    Columns: `architecture`, `form`, `fault`, `applies`, `why_not`; `pages_percent`, `orders_percent` and
    `tracking_percent`, over the requests of all seeds, each with the `_low` and `_high` of its interval over the seeds;
    `untold_percent` of the orders; `wrong_orders`, in all runs together; `recovered_s`, the median over the seeds with
    its `_low` and `_high` (infinite: not while somebody watched; below half a second it is the pause between two
    looks); `runs`.
    NaN where a fault does not apply.
    """
    rows, tried = [], set(runs.fault)
    for name in dict.fromkeys(runs.form):
        form = ROWS[name]
        for fault in [fault for fault in FAULTS if fault in tried]:
            here = runs[(runs.form == name) & (runs.fault == fault)]
            known = {"architecture": form.architecture, "form": name, "fault": fault}
            known |= {"applies": len(here) > 0, "why_not": why_not(fault, form)}
            rows.append(known | (_pooled(here) if len(here) else {}))
    return pd.DataFrame(rows)


def _pooled(runs: pd.DataFrame) -> dict[str, float]:
    recovered = OverSeeds(runs.recovered_s)
    found = {"wrong_orders": float(runs.wrong_orders.sum()), "runs": float(len(runs))}
    found |= {"untold_percent": float(100 * runs.untold.sum() / runs.orders.sum())}
    found |= {"recovered_s": float(recovered)} | {
        "recovered_s_low": recovered.low,
        "recovered_s_high": recovered.high,
    }
    for column, name in (("pages", "pages"), ("orders", "orders"), ("tracking", "tracks")):
        came, kept = runs[name], runs[f"{name}_kept"]
        found[f"{column}_percent"] = float(100 * kept.sum() / came.sum())
        share = OverSeeds(100 * kept[came > 0] / came[came > 0])
        found |= {f"{column}_percent_low": share.low, f"{column}_percent_high": share.high}
    return found
