"""Latency: an order is *accepted* long before it is *done*, and what the time between goes into.

The event-driven shop answers when it has stored the order. Then its components work one after another, each when it has
read the event of the one before. An order is done when the last of them has committed that the customer was told. The
monolith beside it, at the same money, does all of it before it answers.

In the shop as it stands an event leaves a component's database by way of an outbox, into which a relay looks every
tenth of a second: it waits for half of that on average, at each of four steps. So the relay decides more than the
payment provider, and processors do not matter. `what_decides` takes away one thing at a time. Relays that looked every
20th of a second would cost about as much as the provider.

Relays with one interval keep their distance from one another, so all orders of one run wait alike, and runs differ by
a third. So there are many short runs.

What this leaves out: customers who ask again because "accepted" is not what they hoped to read, and those who look
every few seconds whether their order is done, which is more load. Both err in favour of the event-driven shop. So does
what the monolith beside it does not do: it could store an order, answer, and pay later, see
`archlab.chapters.event_driven.pays_later`.

>>> times = orders("event-driven", orders_per_s=16.0, duration_s=10.0)
>>> bool(times.latency_s.median() < 0.02 < 0.2 < times.end_to_end_s.median())
True
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import joblib
import pandas as pd

from archlab.shop.architecture import Architecture
from archlab.shop.config import ShopConfig
from archlab.shop.day import ORDERS_ONLY, run_day
from archlab.shop.event_driven import EVENT_DRIVEN, EventDriven
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Poisson

USUAL_PER_S, RUSH_PER_S = 16.0, 150.0
"""Orders a second: when the event-driven shop is half full of customers of all kinds, and in a rush. Payments can do
129: 16 partitions with a reader each, of which each waits for the provider. What accepts orders can do 174."""
WARM_UP_S, SHORT_S, DURATION_S, RUSH_FOR_S = 0.5, 1.5, 2.5, 4.0
SEEDS, FEWER_SEEDS = range(8), range(6)
MONOLITH = MonolithConfig(clones=8)
"""For the same money within a few cents an hour: eight clones of two cores beside one database."""


@dataclass(frozen=True)
class Design:
    """A shop and how it is built."""

    architecture: Callable[..., Architecture]
    config: ShopConfig


DESIGNS: Mapping[str, Design] = {
    "event-driven": Design(EventDriven, EVENT_DRIVEN),
    "monolith": Design(Monolith, MONOLITH),
}

CHANGES: Mapping[str, Mapping[str, Any]] = {
    "as it is": {},
    "twice the cores": {"cores": 2},
    "a provider that answers at once": {"provider_s": 0.0},
    "a tailer instead of relays": {"way_out": "log_tailing"},
}
"""What is changed -> the parameters of the event-driven shop that say so."""


def price_per_hour_usd(design: str) -> float:
    """Return what a design costs."""
    chosen = DESIGNS[design]
    return chosen.architecture(Simulation(seed=1), config=chosen.config).price_per_hour_usd()


def orders(
    design: str = "event-driven",
    orders_per_s: float = USUAL_PER_S,
    seed: int = 1,
    duration_s: float = DURATION_S,
    **changes: Any,
) -> pd.DataFrame:
    """Let customers order and do nothing else. `changes`: of the shop's configuration.

    Returns a row an order: `latency_s` until the answer, `end_to_end_s` until all is done, and `outcome`.
    """
    chosen = DESIGNS[design]
    config = replace(chosen.config, **changes)
    arrivals = Poisson(orders_per_s)
    day = run_day(chosen.architecture, config, arrivals, seed, duration_s, WARM_UP_S, ORDERS_ONLY)
    rows = day.result.requests
    done_s = rows.end_to_end_s if "end_to_end_s" in rows else rows.latency_s
    return rows[["latency_s", "outcome"]].assign(end_to_end_s=done_s)


def compared(orders_per_s: float = USUAL_PER_S, seeds: Iterable[int] = SEEDS) -> dict[str, pd.DataFrame]:
    """Return the orders of all seeds: "accepted" and "done" in the event-driven shop, and in the "monolith".

    Each has `latency_s`, until what its name says, and `outcome`. Orders that came last and are not answered or not
    done at the end are left out, which errs a little on the quick side.
    """
    chosen = list(seeds)
    jobs = [(design, orders_per_s, seed) for design in DESIGNS for seed in chosen]
    runs = in_parallel(joblib.delayed(orders)(*job) for job in jobs)
    ours, monolith = (pd.concat(part) for part in (runs[: len(chosen)], runs[len(chosen) :]))
    named = {"accepted": ours, "done": _until_done(ours), "monolith": monolith}
    return {name: run.dropna(subset="latency_s") for name, run in named.items()}


def rush(seed: int = 1) -> pd.DataFrame:
    """Return the orders of the event-driven shop in a rush that are done, as "done" of `compared`."""
    return _until_done(orders(orders_per_s=RUSH_PER_S, seed=seed, duration_s=RUSH_FOR_S)).dropna()


def _until_done(ours: pd.DataFrame) -> pd.DataFrame:
    return ours.assign(latency_s=ours.end_to_end_s)


def what_decides(
    seeds: Iterable[int] = FEWER_SEEDS, changes: Mapping[str, Mapping[str, Any]] = CHANGES
) -> pd.DataFrame:
    """Change one thing at a time, in runs of `SHORT_S`.

    Columns: design (what is changed), done_ms, the median until an order is done.
    """
    jobs = [(name, seed) for name in changes for seed in seeds]
    runs = in_parallel(
        joblib.delayed(orders)(seed=seed, duration_s=SHORT_S, **changes[name]) for name, seed in jobs
    )
    done_s = (
        pd.concat(runs, keys=[name for name, _ in jobs]).end_to_end_s.groupby(level=0, sort=False).median()
    )
    return pd.DataFrame({"design": done_s.index, "done_ms": 1000 * done_s.to_numpy()})


def pending_percent(done: pd.DataFrame, after_s: float) -> float:
    """Return how many orders a customer finds pending who looks so long after he has sent his order, in per cent."""
    return float(100 * (done.latency_s > after_s).mean())
