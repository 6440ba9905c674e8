"""What piles up behind a projector that is away or slow, by arithmetic alone.

What piles up is arrival x stop, and it is worked off by what the projector can do beyond the arrivals
(`archlab.sim.backlog_theory`). What it can do is its rows and its commits. With a batch of one event each order takes a
row and two commits. Behind a stop large batches are full, and a hundred events share one commit: the same projector is
faster just when it is behind.

Loads are shares of what the projector can do with a batch of one event, so both batches have the same arrivals.

What this leaves out: chance; and that a batch is seen only when all of it is done, so a page is older by up to that.

>>> [round(expected(Fault.STOP, 0.8, batch).drained_after_s, 1) for batch in BATCHES]
[120.0, 20.3]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

import numpy as np

from archlab.chapters.cqrs import lag
from archlab.shop.cqrs import CqrsConfig
from archlab.shop.cqrs.config import EVENTS_AN_ORDER
from archlab.sim import faults
from archlab.sim.backlog_theory import Backlog
from archlab.sim.distributions import Values
from archlab.sim.validation import require_fraction, require_one_of, require_positive, require_whole


class Fault(StrEnum):
    """What happens to the projector."""

    STOP = "stopped"
    SLOW = "slow"


LOADS, BATCHES = (0.5, 0.8), (1, 100)
AT_S, LASTS_S, SLOWER = 20.0, 30.0, 5.0
"""When it begins, how long it lasts, and how many times as long a row takes with `Fault.SLOW`. Assumptions."""
ROW_S, COMMIT_S = 0.020, 0.010
"""A slow database, so that few orders are a load. Twice as slow as that of `archlab.chapters.cqrs.lag`. Assumptions."""
PROJECTOR = f"{lag.QUESTION} projector"
FAULTS: Mapping[Fault, faults.Fault] = {
    Fault.STOP: faults.Crash(PROJECTOR, AT_S, LASTS_S),
    Fault.SLOW: faults.SlowDown(PROJECTOR, AT_S, LASTS_S, SLOWER),
}


def config_of(batch: int) -> CqrsConfig:
    """Return a shop in which only the projector of the order page is scarce, and slow."""
    return replace(lag.config_of(batch), query_s=ROW_S, commit_s=COMMIT_S)


def capacity_per_s(batch: int, slower: float = 1.0) -> float:
    """Return the orders a second that the projector can do with full batches, and rows that are so much slower."""
    require_whole("batch", batch, at_least=1)
    require_positive("slower", slower)
    return 1 / (slower * ROW_S + EVENTS_AN_ORDER / batch * COMMIT_S)


def orders_per_s(load: float) -> float:
    """Return the arrivals that are this share of what the projector can do with a batch of one event."""
    require_fraction("load", load)
    return load * capacity_per_s(1)


def expected(fault: Fault, load: float, batch: int) -> Backlog:
    """Return the backlog by the arithmetic. Its `stop_s` is the lag at the end of the fault: of a projector that is
    slow and not away, what it does meanwhile is taken off.
    """
    require_one_of("fault", fault, tuple(Fault))
    arrival_per_s = orders_per_s(load)
    done_per_s = capacity_per_s(batch, SLOWER) if fault is Fault.SLOW else 0.0
    lag_s = LASTS_S * max(0.0, 1 - done_per_s / arrival_per_s)
    return Backlog(arrival_per_s, capacity_per_s(batch), lag_s)


def expected_lag_s(fault: Fault, load: float, batch: int, times_s: Values) -> Values:
    """Return the lag at each of these times of the run, by the arithmetic: it grows evenly, and shrinks evenly."""
    backlog = expected(fault, load, batch)
    since_s = times_s - AT_S
    shrinks_s = backlog.stop_s / backlog.drained_after_s if backlog.stop_s else 1.0
    grown, shrunk = since_s * backlog.stop_s / LASTS_S, backlog.stop_s - (since_s - LASTS_S) * shrinks_s
    return np.asarray(np.maximum(0.0, np.where(since_s < LASTS_S, grown, shrunk)))
