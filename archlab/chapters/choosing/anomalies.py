"""Anomalies on the rows under faults: which kinds each architecture shows, guarded as it competes here, and naive.

The naive form of each leaves out what its chapter has found to help:

- monolithic: each statement of an order is written by itself, without a transaction.
- microservices: the steps of an order one after the other; no log, no keys.
- event-driven: an event is stored and then published, in two writes; a component does an event as often as it comes.
- serverless: no idempotency keys.

Layered and cqrs have none here: that an order is one transaction, and one key for the provider, is no setting of these
shops. A projector that forgets its place miscounts in its read model, not in the rows of the audit; chapter 06 has it.

So one sees whether the architecture or the form decides. The guarded figures are those of the fault matrix. The naive
forms meet the faults of it that stop orders in the middle, and the one in which orders come twice, at the same load and
for the same money. Both meet one more: all copies of what takes payments are down (`PAYMENTS_DIE`). None of the twelve
stops payments alone, and there the naive events do their harm.

>>> runs = runs_of(["microservices"], seeds=[1], faults=[TWICE])
>>> bool(runs.double_charges.sum() > 0)
True
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import joblib
import pandas as pd

from archlab.chapters.choosing.fault_matrix import ROWS, SEEDS, shop_of
from archlab.chapters.choosing.forms import ARCHITECTURES
from archlab.chapters.choosing.trial_terms import USUAL, Trial
from archlab.chapters.choosing.trials import COUNTED, run_trial
from archlab.chapters.choosing.twelve_faults import (
    DATABASE_DOWN,
    PROVIDER_SLOW,
    QUEUE_DOWN,
    RELEASE,
    TWICE,
    applies,
    copies_of,
)
from archlab.shop.architecture import Architecture
from archlab.shop.audit import ANOMALIES
from archlab.sim.faults import Crash, Fault
from archlab.sim.parallel import in_parallel
from archlab.sim.validation import require_one_of

PAYMENTS_DIE = "payments' code: bad release"
FAULTS = (RELEASE, DATABASE_DOWN, PROVIDER_SLOW, QUEUE_DOWN, TWICE, PAYMENTS_DIE)
"""Those that stop orders in the middle, and the one in which orders come twice."""
GUARDED = "guarded"


@dataclass(frozen=True)
class Naive:
    """How the shop of a competing form becomes naive: what it lacks then, in words, and the change; `payments`: the
    program, or the function, that takes payments.
    """

    form: str
    payments: str
    lacks: str
    change: Callable[[Any], Any]


NAIVE: Mapping[str, Naive] = {
    "monolithic": Naive(
        "monolithic", "shop", "a transaction", lambda config: replace(config, transactions=False)
    ),
    "microservices": Naive(
        "microservices",
        "payments",
        "saga, log and keys",
        lambda config: replace(config, ordering="naive", idempotency_keys=False),
    ),
    "event-driven": Naive(
        "event-driven",
        "payments",
        "outbox and inbox",
        lambda config: replace(config, way_out="dual_write", idempotent=False),
    ),
    "serverless": Naive(
        "serverless", "take_payment", "keys", lambda config: replace(config, idempotency_keys=False)
    ),
}
"""An architecture -> its naive form."""


def runs_of(
    architectures: Iterable[str] = tuple(NAIVE),
    seeds: Iterable[int] = SEEDS,
    faults: Iterable[str] = FAULTS,
    trial: Trial = USUAL,
    is_naive: bool = True,
) -> pd.DataFrame:
    """Run the naive form of each architecture, or the guarded one, under each fault that applies to it.

    Returns a row a run: `architecture`, `form`, `lacks`, `fault`, `seed`, and the figures of
    `archlab.chapters.choosing.trials.run_trial`. Raises `ValueError` when an architecture has no naive form here.
    """
    chosen, tried = list(seeds), list(faults)
    jobs = [
        (architecture, fault, seed)
        for architecture in architectures
        for fault in tried
        if _applies(fault, architecture)
        for seed in chosen
    ]
    figures = in_parallel(joblib.delayed(_run)(*job, trial, is_naive) for job in jobs)
    rows = []
    for (architecture, fault, seed), row in zip(jobs, figures, strict=True):
        naive = NAIVE[architecture]
        known = {"architecture": architecture, "form": naive.form}
        known["lacks"] = naive.lacks if is_naive else GUARDED
        rows.append(known | {"fault": fault, "seed": seed} | row)
    return pd.DataFrame(rows)


def _applies(fault: str, architecture: str) -> bool:
    require_one_of("architectures", architecture, NAIVE)
    return fault == PAYMENTS_DIE or applies(fault, ROWS[NAIVE[architecture].form])


def _run(architecture: str, fault: str, seed: int, trial: Trial, is_naive: bool) -> dict[str, Any]:
    naive = NAIVE[architecture]
    form = ROWS[naive.form]
    config = naive.change(shop_of(form)) if is_naive else shop_of(form)
    if fault != PAYMENTS_DIE:
        return run_trial(form, config, fault, seed, trial)
    return run_trial(form, config, "", seed, trial, lambda shop: _down(naive.payments, shop, trial))


def _down(program: str, shop: Architecture, trial: Trial) -> list[Fault]:
    return [Crash(part, trial.at_s, trial.lasts_s) for part in copies_of(program, shop)]


def both(matrix_runs: pd.DataFrame, *others: pd.DataFrame) -> pd.DataFrame:
    """Return the runs of the fault matrix and those of `runs_of` in one frame, with `architecture` and `lacks`:
    what a form lacks, or `GUARDED`.
    """
    known = {name: form.architecture for name, form in ROWS.items()}
    return pd.concat(
        [matrix_runs.assign(architecture=matrix_runs.form.map(known), lacks=GUARDED), *others],
        ignore_index=True,
    )


def counted(runs: pd.DataFrame) -> pd.DataFrame:
    """Return a row a form and kind of anomaly that occurs in what `both` returns; kind "none" where none does.

    Columns: `architecture`, `form`, `lacks`, `kind`, `meaning`, `anomalies` in all runs, `runs_with`, `runs`.
    """
    rows = []
    for names, here in runs.groupby(["architecture", "form", "lacks"], sort=False):
        known = dict(zip(("architecture", "form", "lacks"), names, strict=True)) | {"runs": len(here)}
        found = [kind for kind in COUNTED if here[kind].any()]
        for kind in found:
            counts = {"anomalies": int(here[kind].sum()), "runs_with": int((here[kind] > 0).sum())}
            rows.append(known | {"kind": kind, "meaning": ANOMALIES[kind]} | counts)
        if not found:
            rows.append(known | {"kind": "none", "meaning": "", "anomalies": 0, "runs_with": 0})
    columns = ["architecture", "form", "lacks", "kind", "meaning", "anomalies", "runs_with", "runs"]
    return pd.DataFrame(rows, columns=columns)


def table(runs: pd.DataFrame) -> pd.DataFrame:
    """Return a row a form of what `both` returns, the naive ones below their own, and a column a kind of anomaly that
    occurs anywhere, named in words.
    """
    found = [kind for kind in COUNTED if runs[kind].any()]
    sums = runs.groupby(["architecture", "form", "lacks"], sort=False)[found].sum().reset_index()
    order = {name: place for place, name in enumerate(ARCHITECTURES)}
    sums = sums.sort_values("architecture", key=lambda names: names.map(order), kind="stable")
    return sums.rename(columns={kind: kind.replace("_", " ") for kind in found}).reset_index(drop=True)
