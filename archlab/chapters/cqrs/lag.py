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

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

import joblib
import numpy as np
import pandas as pd

from archlab.course.figures.picture import Picture
from archlab.course.figures.scaling import scaling
from archlab.course.style import LAB, Size, variants
from archlab.shop.cqrs import Cqrs, CqrsConfig, Question
from archlab.shop.cqrs.config import EVENTS_AN_ORDER
from archlab.shop.day import ORDERS_ONLY
from archlab.sim.distributions import Values, as_distribution
from archlab.sim.parallel import in_parallel
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
QUERY_S, COMMIT_S = 0.0103, 0.0047
SLOW: dict[str, Any] = {"query_s": QUERY_S, "commit_s": COMMIT_S}
"""A database that is slow, so that few orders are a load and runs are short. Assumptions. Neither time is a multiple of
the other, so that two things hardly ever happen at the same moment."""
SEEN = 0.99
"""The share of the commits that are seen within the lag that is reported."""
LOADS = (0.5, 0.9, 1.6)
SECONDS, WARM_UP_S = 120.0, 10.0


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


def expected_s(at_s: Values, batch: int = 1, row_s: float = QUERY_S, commit_s: float = COMMIT_S) -> Values:
    """Return the lags of commits made at these moments, worked out one batch after the other (Lindley's recursion).

    Args:
        batch: events in one transaction at most, two of them an order; 1, or an even number, which tears none apart.
        row_s, commit_s: how long the projector takes for the row of an order, and for a transaction.

    Raises `ValueError` for another batch.
    """
    if batch != 1 and (batch < EVENTS_AN_ORDER or batch % EVENTS_AN_ORDER):
        raise ValueError(f"batch is {batch!r}; it must be 1 or a multiple of {EVENTS_AN_ORDER}")
    if batch == 1:
        return _one_by_one(at_s, row_s + EVENTS_AN_ORDER * commit_s)
    most, free_s, first = batch // EVENTS_AN_ORDER, 0.0, 0
    moments_s, ends_s, sizes = list(map(float, at_s)), list[float](), list[int]()
    while first < len(moments_s):  # over lists: one after the other, they are quicker than arrays
        begins_s = max(free_s, moments_s[first])
        size = bisect_right(moments_s, begins_s, first, min(first + most, len(moments_s))) - first
        free_s = begins_s + size * row_s + commit_s
        ends_s.append(free_s)
        sizes.append(size)
        first += size
    return np.asarray(np.repeat(ends_s, sizes) - at_s)


def _one_by_one(at_s: Values, service_s: float) -> Values:
    """The same without batches, all at once: each is done when all work since the queue was last empty is."""
    numbers = np.arange(len(at_s))
    starts_s = np.maximum.accumulate(at_s - numbers * service_s)
    return np.asarray(starts_s + (numbers + 1) * service_s - at_s)


def against_load(
    loads: Iterable[float] = LOADS,
    batches: Iterable[int] = (1, 100),
    seeds: Iterable[int] = (1, 2, 3),
    seconds: float = 60.0,
) -> pd.DataFrame:
    """Return a row a batch and load: `batch`, `load_percent`, and the lag's `p50_s` and `p99_s`, over all runs.

    The load is that of a projector that takes one event after the other. What has no steady state is left out.
    """
    chosen = list(seeds)
    cases = [(batch, load) for batch in batches for load in loads if batch > 1 or load < 1]
    jobs = [
        (seed, load * orders_per_s(1.0) / orders_per_s(1.0, batch), batch, seconds)
        for batch, load in cases
        for seed in chosen
    ]
    seen = iter(in_parallel(joblib.delayed(lags)(*job) for job in jobs))
    rows = []
    for batch, load in cases:
        lag_s = pd.concat(next(seen).lag_s for _ in chosen)
        rows.append((batch, 100 * load, lag_s.quantile(0.5), lag_s.quantile(SEEN)))
    return pd.DataFrame(rows, columns=["batch", "load_percent", "p50_s", "p99_s"])


def worked_out(load: float, batch: int, seed: int, commits: int = 100_000) -> float:
    """Return the 99th percentile of the lag by the recursion, for commits that come at random moments (Poisson).

    `load` is that of a projector that takes one event after the other. The first tenth of the commits is left out.
    """
    require_positive("load", load)
    gaps_s = np.random.default_rng(seed).exponential(1 / orders_per_s(load), commits)
    return float(np.quantile(expected_s(np.cumsum(gaps_s), batch)[commits // 10 :], SEEN))


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw the 99th percentile of the lag against the load as points, and what the recursion says, dashed."""
    designs = {batch: f"{batch} a commit" if batch > 1 else "one by one" for batch in table.batch.unique()}
    loads = {batch: np.linspace(0.3, 0.97 if batch == 1 else 1.9, 25) for batch in designs}
    curve = [
        (designs[batch], 100 * load, worked_out(load, batch, seed=1))
        for batch in designs
        for load in loads[batch]
    ]
    return scaling(
        table.assign(design=table.batch.map(designs)),
        title,
        x="load_percent",
        y="p99_s",
        fit=pd.DataFrame(curve, columns=["design", "load_percent", "p99_s"]),
        fit_name="worked out, commit by commit",
        line_looks=variants("cqrs", designs.values()),
        y_label="Lag, 99th percentile [s]",
        log=True,
        size=size,
    )
