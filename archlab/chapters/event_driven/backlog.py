"""Backlog: readers stop for a while, and work off what has piled up; or retention deletes it before.

The arithmetic is in `archlab.sim.backlog_theory`. Simulated beside it: a log of four partitions with even keys, and
four consumers that are away for `STOP_S`; records come at random, and the work takes a random time. The share of the
capacity matters, not seconds: an hour away is worked off in as many hours as a minute in minutes.

How long records stay is a setting of the log, not of its readers: seven days in Kafka, one day in Kinesis by default
(`data/broker_capacity.csv`). `losses` says what a stop costs there, and when readers that are just too slow lose their
first record.

What this leaves out: what readers do twice, since they commit after every record here; with Kafka's five seconds
between two commits there is up to that much more to read after a crash. Readers that are faster after a stop, because a
full batch costs less a record. And what the rest of the system does with all that comes out of the log at once.

>>> at_nine_tenths = Backlog(arrival_per_s=90, capacity_per_s=100, stop_s=3600)
>>> at_nine_tenths.drained_after_s / 3600
9.0
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.chapters.event_driven.partitions import keys_of_each
from archlab.data import load as published
from archlab.shop.day import ORDERS_ONLY
from archlab.shop.event_driven import EventDriven, EventDrivenConfig
from archlab.sim.backlog_theory import Backlog, first_loss_s
from archlab.sim.distributions import Exponential
from archlab.sim.faults import Crash
from archlab.sim.load import Request
from archlab.sim.messaging.event_log import EventLog
from archlab.sim.result import Result
from archlab.sim.simulation import Simulation
from archlab.sim.validation import refuse, require_fraction
from archlab.sim.workload import Poisson

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

PARTITIONS = 4
WORK_S = 0.1
CAPACITY_PER_S = PARTITIONS / WORK_S
STOP_AT_S, STOP_S = 60.0, 60.0
LOADS = (0.5, 0.75, 0.9)
GONE = 0.05
"""A backlog is gone when so much of it is left: a few records wait also when nothing is wrong."""
WATCH = 1.2
"""For how long it is watched from the return on, in times of what the arithmetic says."""


def stopped(
    seed: int, load: float, retention_s: float | None = None, watch_s: float | None = None
) -> tuple[Result, int]:
    """Let all readers stop for `STOP_S`, and watch them for `watch_s` from their return on, or as `WATCH` says.

    Return the result, and how many records retention deleted unread. In `Result.samples` the queue length of the part
    "log" is the lag, every second.
    """
    require_fraction("load", load)
    if watch_s is None and load == 1:
        refuse(ValueError, "load", load, "below 1, or the backlog lasts for ever")
    watch_s = WATCH * expected(load).drained_after_s if watch_s is None else watch_s
    sim = Simulation(seed)
    log = EventLog(sim, "log", append_s=0.0, partitions=PARTITIONS, retention_s=retention_s)
    work_s = sim.draws("work", Exponential(WORK_S))

    def handle(_: object) -> Generator[Event, Any, None]:
        yield sim.timeout(work_s())

    keys = keys_of_each(log)

    def publish(request: Request) -> Generator[Event, Any, None]:
        yield log.append(keys[request.id % PARTITIONS], None)

    group = log.subscribe(
        "reader", handle, PARTITIONS, reset="earliest", commit_every_s=0.0, max_poll_records=1
    )
    sim.open_load(Poisson(load * CAPACITY_PER_S), publish)
    sim.inject(*(Crash(member.name, STOP_AT_S, STOP_S) for member in group.members))
    result = sim.measure(STOP_AT_S + STOP_S + watch_s, sample_every_s=1.0)
    return result, group.missed


def lags(loads: Sequence[float] = LOADS, seed: int = 1) -> pd.DataFrame:
    """Run `stopped` at each load. Columns: design ("90 % load"), load, time_since_return_s, unread_records."""
    frames = []
    for load in loads:
        samples = stopped(seed, load)[0].samples
        rows = samples[samples.part == "log"]
        since_s = rows.time_s.to_numpy() - STOP_AT_S - STOP_S
        frames.append(
            pd.DataFrame(
                {"time_since_return_s": since_s, "unread_records": rows.queue_length.to_numpy()}
            ).assign(load=load)
        )
    table = pd.concat(frames, ignore_index=True)
    return table.assign(design=[_name(load) for load in table.load])


def arithmetic(loads: Sequence[float] = LOADS) -> pd.DataFrame:
    """Return what the arithmetic says. Columns as `lags`."""
    frames = [
        pd.DataFrame(
            {
                "time_since_return_s": times_s,
                "unread_records": [expected(load).waiting(time_s) for time_s in times_s],
            }
        ).assign(load=load, design=_name(load))
        for load in loads
        for times_s in [np.arange(-STOP_S, WATCH * expected(load).drained_after_s + 1.0)]
    ]
    return pd.concat(frames, ignore_index=True)


def expected(load: float) -> Backlog:
    """Return the backlog of `stopped` by the arithmetic."""
    return Backlog(load * CAPACITY_PER_S, CAPACITY_PER_S, STOP_S)


def gone_after_s(table: pd.DataFrame, load: float) -> float:
    """Return how long after the return all but `GONE` of the backlog was read, in a frame of `lags`."""
    rows = table[(table.load == load) & (table.time_since_return_s > 0)]
    return float(rows.time_since_return_s[rows.unread_records <= GONE * expected(load).largest].min())


def _name(load: float) -> str:
    return f"{100 * load:.0f} % load"


# Retention ----------------------------------------------------------------------------------------------------


def retentions_s() -> dict[str, float]:
    """Return how long a log keeps its records by default: product -> seconds."""
    table = published("broker_capacity").query("setting == 'retention'")
    return dict(zip(table["product"], table["value"], strict=True))


def losses(stop_s: float = 60 * 3600, load: float = 0.9, too_slow: float = 0.01) -> pd.DataFrame:
    """Return what a stop costs, and how long readers that are `too_slow` (a share) go on before they lose a record.

    Columns: product, retention_days, lost_percent (of what came during the stop), drained_days, first_loss_days.
    """
    require_fraction("too_slow", too_slow)
    rows = []
    for product, retention_s in retentions_s().items():
        backlog = Backlog(load, 1.0, stop_s)
        lost = backlog.lost(retention_s)
        left = Backlog(load, 1.0, min(stop_s, retention_s))
        first_s = first_loss_s(1.0, 1.0 - too_slow, retention_s)
        rows.append((product, retention_s, 100 * lost / backlog.largest, left.drained_after_s, first_s))
    table = pd.DataFrame(rows, columns=["product", "retention", "lost_percent", "drained", "first_loss"])
    days = table[["retention", "drained", "first_loss"]] / 86_400
    return table.drop(columns=days.columns).join(days.add_suffix("_days"))


def lost_percent(retention_s: float, load: float = 0.75, seeds: Iterable[int] = range(3)) -> float:
    """Return the share of what came during the stop that was deleted unread, by simulation: the mean over the seeds."""
    lost = [stopped(seed, load, retention_s, watch_s=5.0)[1] for seed in seeds]
    return 100 * float(np.mean(lost)) / expected(load).largest


# The shop: a replay -------------------------------------------------------------------------------------------

ORDERS_PER_S = 16.0
READERS = 4
"""Of payments. Each does about eight orders a second, since it waits for the provider: half of them are busy."""
WAY_OF_AN_ORDER = ("customers", "web", "orders", "shop events", "payments", "payment provider")
SHOWN = (
    *pairwise(WAY_OF_AN_ORDER),
    ("web", "catalogue"),
    ("shop events", "inventory"),
    ("orders", "orders database"),
    ("payments", "payments database"),
)
"""The arrows of the shop's picture that are shown: the way of an order to its payment, and what is beside it."""
SHOP_AT_S, SHOP_STOP_S, SHOP_S = 6.0, 10.0, 36.0


def payments_away(seed: int = 1, orders_per_s: float = ORDERS_PER_S) -> tuple[Result, nx.DiGraph]:
    """Let the program of payments be away in the shop, while customers order. Return the run and this
    part of the topology.

    Orders are accepted all the time: what payments has not read waits in the log. The lag is counted from the offsets
    that readers keep every few seconds, as monitors of Kafka do; so it goes on growing for a while after the return.
    """
    sim = Simulation(seed)
    shop = EventDriven(sim, EventDrivenConfig(readers={"payments": READERS}))
    sim.open_load(Poisson(orders_per_s), shop.handle, mix=ORDERS_ONLY)
    sim.inject(Crash("payments-1", SHOP_AT_S, SHOP_STOP_S))
    return sim.measure(SHOP_S), shop.topology().edge_subgraph(SHOWN).copy()
