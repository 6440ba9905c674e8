"""Replaying: what it takes to make a state again from its events, on real SQLite rows, and what a snapshot buys.

Times were measured once, on one machine, and are kept in data/event_stores.csv; `measure` measures yours. They are CPU
times of one program with its database in memory, in the course's plain Python. A server across a network adds the time
of a message to each load, whether of one row or of a thousand, which errs against the long replay here. A disk adds the
time to read the bytes, which errs for it; so does a line drawn on from what was measured to millions of events. Parts
of a read table can be made again beside each other: a rebuild's hours are those of one core.

>>> table = recorded()
>>> bool(0.95 < growth(table) < 1.05)
True
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import count
from statistics import linear_regression

import numpy as np
import pandas as pd

from archlab.chapters.event_driven.bypasses import filled
from archlab.chapters.event_driven.ways_to_keep import FIRST_ORDER, ORDERS_PER_YEAR, PRODUCTS, Orders
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.course.quantity import number
from archlab.data import load
from archlab.shop.code.testability import Check, time_checks
from archlab.shop.customers import mean_lines
from archlab.shop.events import (
    EVENTS,
    POSITIONS,
    SNAPSHOTS,
    STOCK_LEVEL,
    STOCK_LEVELS,
    EventStore,
    Loaded,
    NewEvent,
    Projection,
    Repository,
)
from archlab.shop.monolithic.config import MONOLITH
from archlab.shop.store import STOCK, StockRepository, open_database, run_together

LENGTHS = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000)
RUNS = 10

LOOK_MS = 1000 * float(MONOLITH.demands_s().loc["track_order"].sum())
"""What it takes the shop to show a customer his order, without waiting."""
REPLAY_MS = LOOK_MS * NOTICEABLE_PERCENT / 100
"""A replay that takes longer is noticed where a state is only looked at."""


def stock_events(length: int) -> list[NewEvent]:
    """Return so many reservations of one piece, of one order each."""
    return [NewEvent("StockReserved", {"order_id": n, "lines": [[1, 1]]}) for n in range(length)]


def store_with(lengths: Iterable[int]) -> EventStore:
    """Return a store with a stream of each length: stock-1000 has 1,000 events."""
    store = EventStore(open_database(EVENTS, SNAPSHOTS, POSITIONS, STOCK_LEVELS.schema, STOCK))
    for length in lengths:
        writes = store.appending(f"stock-{length}", stock_events(length), 0, 0.0, "r")
        run_together(store.connection, writes)
    return store


def _appender(snapshot_every: int | None) -> Check:
    """Return what appends one event a call, without loading; with `snapshot_every` 1 it writes a snapshot, too."""
    store = EventStore(open_database(EVENTS, SNAPSHOTS))
    repository, versions = Repository(store, STOCK_LEVEL, snapshot_every), count()

    def append() -> None:
        version = next(versions)
        repository.append(Loaded("stock-1", version, version, version, 0), stock_events(1), 0.0, "r")

    return append


def _checks(lengths: Sequence[int]) -> Mapping[str, Check]:
    """Return what is timed, by what it is and how many events it goes through."""
    store = store_with(lengths)
    plain, kept, longest = Repository(store, STOCK_LEVEL), Repository(store, STOCK_LEVEL, 1), max(lengths)
    StockRepository(store.connection).fill({1: 0})
    run_together(store.connection, kept.appending(plain.load(longest), stock_events(1), 0.0, "r")[1:])
    levels = Projection(store.connection, STOCK_LEVELS)
    replays: dict[str, Check] = {f"replay,{n}": partial(plain.load, n) for n in (0, *lengths)}
    return replays | {
        "from snapshot,0": partial(kept.load, longest),
        "append,1": _appender(None),
        "append and snapshot,1": _appender(1),
        "state,0": partial(StockRepository(store.connection).on_hand, [1]),
        f"rebuild,{sum(lengths)}": partial(levels.rebuild, store),
    }


def measure(lengths: Sequence[int] = LENGTHS, runs: int = RUNS, least_s: float = 0.02) -> pd.DataFrame:
    """Measure on this machine, about a minute. A measurement repeats what it measures for `least_s` at least.

    Returns the columns of data/event_stores.csv but for date and machine: run, what, events, ms. `what` is "replay" (a
    stream of so many events), "from snapshot", "append", "append and snapshot", "state" (one row of a table of states),
    or "rebuild" (a projection of so many events, from zero).
    """
    checks = _checks(lengths)
    frames = [time_checks(checks, repeats=3, least_s=least_s).assign(run=run) for run in range(runs)]
    table = pd.concat(frames, ignore_index=True)
    names = table.check.str.split(",", expand=True)
    return pd.DataFrame(
        {"run": table.run, "what": names[0], "events": names[1].astype(int), "ms": 1000 * table.best_s}
    )


def recorded() -> pd.DataFrame:
    """Return data/event_stores.csv: what `measure` gave, with the date and the machine."""
    return load("event_stores")


def replay_ms(table: pd.DataFrame, run: int) -> tuple[float, float]:
    """Return what it takes to ask for a stream, and for each event to be read and folded, by one run.

    The second is the slope of a straight line through all lengths.
    """
    mine = table[(table.run == run) & (table.what == "replay")]
    return mine.ms[mine.events == 0].item(), linear_regression(mine.events, mine.ms).slope


def growth(table: pd.DataFrame, from_events: int = 100) -> float:
    """Return the power of the number of events with which the time of a replay grows: 1 for a straight line.

    It is the slope on logarithmic axes, of the medians over the runs; `from_events`, because the call itself counts in
    shorter ones.
    """
    long = table[(table.what == "replay") & (table.events >= from_events)]
    medians = long.groupby("events").ms.median()
    return linear_regression(np.log(medians.index), np.log(medians)).slope


def events_unnoticed(table: pd.DataFrame) -> Limit:
    """Return how many events can be replayed within `REPLAY_MS`, with each run."""
    costs = [replay_ms(table, run) for run in table.run.unique()]
    return Limit("up to", [(REPLAY_MS - load_ms) / event_ms for load_ms, event_ms in costs])


def event_us(table: pd.DataFrame) -> OverSeeds:
    """Return what the replay of one event takes, with each run."""
    return OverSeeds(1000 * replay_ms(table, run)[1] for run in table.run.unique())


def load_s(table: pd.DataFrame, events: float) -> OverSeeds:
    """Return how long a thing with so many events takes to load, on the straight line of each run."""
    lines = [replay_ms(table, run) for run in table.run.unique()]
    return OverSeeds([(load_ms + event_ms * events) / 1000 for load_ms, event_ms in lines])


def rebuild_hours(table: pd.DataFrame, events: float) -> OverSeeds:
    """Return how long a read table takes that is made again from so many events, with each run."""
    rebuilds = table[table.what == "rebuild"]
    return OverSeeds(events * rebuilds.ms / rebuilds.events / 3.6e6)


def tables_that_differ(seed: int, orders: int = 40, keeps_position: bool = True) -> int:
    """Deliver a shop's events to a live table, some of them twice, and compare it with one made again from zero.

    Returns 1 when they differ. `keeps_position`: False for a table that takes whatever comes.
    """
    store, rng = filled(seed, orders=orders), np.random.default_rng(seed)
    live = Projection(store.connection, STOCK_LEVELS)
    for event in store.read_all():
        for _ in range(int(rng.integers(1, 3))):
            if keeps_position:
                live.apply(event)
            else:
                run_together(store.connection, STOCK_LEVELS.writes(event))
    before = live.rows()
    live.rebuild(store)
    return int(live.rows() != before)


EVENTS_AN_ORDER = len(Orders(seed=0).next(FIRST_ORDER).events)
MILLION_EVENTS_A_PRODUCT = ORDERS_PER_YEAR * mean_lines(PRODUCTS) / PRODUCTS / 1e6
"""In a year, on average."""
EVENTS_A_YEAR = ORDERS_PER_YEAR * EVENTS_AN_ORDER


@settles(
    "event-sourcing.rebuild-state-by-replaying-events",
    evidence=Evidence.MEASURED,
    says={
        "tables_that_differ": "histories of ten after which a table made again differs",
        "events_unnoticed": "events that are replayed unnoticed",
        "event_us": "the replay of one",
        "snapshot_pays_from": "events in a stream from which snapshots save a tenth of a change's time",
        "rebuild_hours": "a read table, from a year of events",
    },
)
def rebuild_by_replay(
    tables_that_differ: float,
    events_unnoticed: float,
    event_us: float,
    snapshot_pays_from: float,
    rebuild_hours: float,
) -> Verdict:
    """Holds when read tables that are made again from all events equal the live ones. It holds up to the number of
    events in a stream whose replay takes {REPLAY_MS} ms, {NOTICEABLE_PERCENT} % of what the shop needs to show an
    order. It says from how many events on snapshots save a tenth of the time of a change, with its commit, and for
    how long one core replays a year's events. In our shop an order has {EVENTS_AN_ORDER} events, and a product's
    stock gets {MILLION_EVENTS_A_PRODUCT} million a year.
    """
    if tables_that_differ:
        return holds_if(False)
    ours = f"an order has {EVENTS_AN_ORDER}, a product's stock gets {number(MILLION_EVENTS_A_PRODUCT)} million a year"
    snapshots = f"snapshots save a tenth of a change's time from {number(snapshot_pays_from)}"
    year = f"one core makes a read table again from a year's events in {number(rebuild_hours)} hours"
    unit = f"events since the last snapshot, at {number(event_us)} µs each ({ours}; {snapshots}; {year})"
    return holds_up_to(events_unnoticed, unit)
