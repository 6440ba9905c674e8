"""Lag: how far a read model is behind, against the load of its projector, and what readers see of it.

A projector is a queue with one server. What comes are commits; what is served are the rows of each and its own commit.
So its lag grows as that of any queue: slowly at first, and without end when as much comes as it can do. A batch helps
most when it is behind: many events share one commit.

The lag of a commit is counted from the commit to the one that makes it visible. What readers see is another figure: a
page is stale only when its own product or order has changed, so a model that is far behind can be right for most.

What this leaves out: a projector that reads its own tables first, and several at work on parts of the same log.

>>> quiet, busy = (lags(seed=1, load=load, seconds=60.0).lag_s.mean() for load in (0.5, 0.95))
>>> bool(quiet < 0.05 < busy)
True
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from archlab.shop.cqrs import Cqrs, CqrsConfig, Question
from archlab.shop.cqrs.config import EVENTS_AN_ORDER
from archlab.shop.day import ORDERS_ONLY
from archlab.sim.distributions import Values, as_distribution
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive
from archlab.sim.workload import Poisson

QUESTION = Question.ORDER
PLENTY: dict[str, Any] = {
    "database_cores": 32,
    "cores": 64,
    "workers": 1000,
    "coherency": 0.0,
    "provider_s": 0.0,
}
"""Of what takes orders, so that orders come to the log as they come to the shop. Assumptions."""
SLOW: dict[str, Any] = {"query_s": 0.010, "commit_s": 0.005}
"""A database that is slow, so that few orders are a load and runs are short. Assumptions."""
LOADS = (0.5, 0.7, 0.8, 0.9, 0.95)
SECONDS, WARM_UP_S = 120.0, 20.0


def config_of(batch: int = 1) -> CqrsConfig:
    """Return a shop in which only the projector of the order page is scarce."""
    return CqrsConfig(
        read_models=[QUESTION], batch=batch, tail_s=0.0, settle_every_s=1e6, read_cores=2, **PLENTY, **SLOW
    )


def busy_s(config: CqrsConfig) -> float:
    """Return how long the projector works on an order that is alone in its batches: a row, and a commit an event."""
    query_s, commit_s = as_distribution(config.query_s).mean, as_distribution(config.commit_s).mean
    return query_s + EVENTS_AN_ORDER / min(config.batch, EVENTS_AN_ORDER) * commit_s


def orders_per_s(load: float, batch: int = 1) -> float:
    """Return the orders a second that keep the projector busy for this share of the time, with batches of one order."""
    require_positive("load", load)
    return load / busy_s(config_of(batch))


def lags(seed: int, load: float, batch: int = 1, seconds: float = SECONDS) -> pd.DataFrame:
    """Return a row a commit after the warm-up: `at_s`, and `lag_s` until the order page has it.

    Args:
        load: of the projector, as `orders_per_s` counts it. At 1 and more its lag grows without end.
        batch: events that it applies in one transaction at most.

    Raises `ValueError` when an argument is not allowed.
    """
    require_positive("seconds", seconds)
    shop = Cqrs(Simulation(seed), config_of(batch))
    shop.sim.open_load(Poisson(orders_per_s(load, batch)), shop.handle, ORDERS_ONLY)
    shop.sim.measure(seconds)
    follower = shop.views[QUESTION].follower
    assert follower is not None
    at_s = np.array([commit.at_s for commit in shop.log.commits])
    seen_s = np.full(len(at_s), seconds)  # what is not seen by the end: at least so late
    seen_s[: len(follower.seen_s)] = follower.seen_s
    rows = pd.DataFrame({"at_s": at_s, "lag_s": seen_s - at_s})
    return rows[rows.at_s >= WARM_UP_S] if seconds > WARM_UP_S else rows


def expected_s(at_s: Values, service_s: float) -> Values:
    """Return the lags of commits in a queue with one server and this service time, worked out one after the other
    (Lindley's recursion).
    """
    lag_s, free_s = np.empty(len(at_s)), 0.0
    for number, commit_s in enumerate(at_s):
        free_s = max(free_s, commit_s) + service_s
        lag_s[number] = free_s - commit_s
    return lag_s


def against_load(
    loads: Iterable[float] = LOADS, batches: Iterable[int] = (1, 100), seed: int = 1
) -> pd.DataFrame:
    """Return a row a load and batch: `load`, `batch`, and the lag's `p50_s` and `p99_s`."""
    rows = []
    for batch in batches:
        for load in loads:
            lag_s = lags(seed, load, batch).lag_s
            rows.append((load, batch, lag_s.quantile(0.5), lag_s.quantile(0.99)))
    return pd.DataFrame(rows, columns=["load", "batch", "p50_s", "p99_s"])
