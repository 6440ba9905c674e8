"""Snapshots: how much work they save in the whole life of a stream, and what they cost.

A thing's life is counted: each command loads the thing, and appends one event. The rows that are read and written are
the same on every machine, and can be worked out by hand. Or they are weighed with the recorded times of `replaying`.

With a snapshot every m events a command costs m / 2 events of replay and 1 / m of a snapshot, so the best m is about
sqrt(2 * write / event): J. Young's rule for checkpoints (*A first order approximation to the optimum checkpoint
interval*, Communications of the ACM 17, 1974).

A snapshot pays when it saves what is noticed: a tenth of what a command takes, with the commit that makes its event
durable. A slow disk makes the saving small beside the commit, so snapshots pay later on it.

What this leaves out: commands that do not append, and readers. They load as well, which speaks for snapshots. The state
here is one number: a larger one is dearer to write, which speaks against, and so do a snapshot in a transaction of its
own and the work of making all snapshots again when the way to fold changes.

>>> without, with_snapshots = life(length=100), life(length=100, every=10)
>>> without.tolist(), with_snapshots.tolist()
([4950, 100], [629, 109])
>>> work(100, 10, ROWS)
738.0
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from archlab.chapters.event_driven.replaying import replay_ms, stock_events
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.shop.config import COMMIT_S
from archlab.shop.events import EVENTS, SNAPSHOTS, STOCK_LEVEL, EventStore, Repository
from archlab.shop.store import open_database
from archlab.sim.validation import require_non_negative


@dataclass(frozen=True)
class Costs:
    """What each thing takes that a command does: in rows, or in ms.

    Args:
        load: to ask for a stream's events.
        lookup: to ask for its snapshot, where snapshots are kept.
        event: to read an event and fold it.
        snapshot_read: for the snapshot itself, if there is one.
        append: to write an event.
        snapshot_write: to write a snapshot in the same transaction.
    """

    load: float
    lookup: float
    event: float
    snapshot_read: float
    append: float
    snapshot_write: float


ROWS = Costs(load=0, lookup=0, event=1, snapshot_read=1, append=1, snapshot_write=1)
"""Rows read and written, all alike."""


COMMIT_MS = 1000 * COMMIT_S.mean
"""The shop's: a write that is flushed to the disk. The record has none, for its database is in memory."""


def costs_ms(table: pd.DataFrame, run: int, commit_ms: float = 0.0) -> Costs:
    """Return what things take by one run of `measure`; each append waits for a commit of `commit_ms` besides."""
    ms = table[(table.run == run) & (table.what != "replay")].set_index("what").ms
    load_ms, event_ms = replay_ms(table, run)
    return Costs(
        load=load_ms,
        lookup=ms["from snapshot"] - load_ms,
        event=event_ms,
        snapshot_read=0,
        append=ms["append"] + commit_ms,
        snapshot_write=ms["append and snapshot"] - ms["append"],
    )


def life(length: int, every: int | None = None) -> np.ndarray:
    """Live the life of a stream on real rows, and return the rows read and the rows written."""
    stock = Repository(EventStore(open_database(EVENTS, SNAPSHOTS)), STOCK_LEVEL, every)
    read, before = 0, stock.store.connection.total_changes
    for event in stock_events(length):
        loaded = stock.load(1)
        read += loaded.rows_read
        stock.append(loaded, [event], 0.0, "r")
    return np.array([read, stock.store.connection.total_changes - before])


def work(length: int, every: int | None, costs: Costs) -> float:
    """Return what a stream's life takes in all: each command loads the thing and appends one event.

    It is worked out, and equals `life` where rows are counted: a test compares them.
    """
    versions = np.arange(length)
    if every is None:
        return float(length * (costs.load + costs.append) + costs.event * versions.sum())
    replayed = np.where(versions <= every, versions, (versions - 1) % every + 1)
    with_snapshot, written = int((versions > every).sum()), max(0, length - 1) // every
    always = length * (costs.load + costs.lookup + costs.append)
    snapshots = costs.snapshot_read * with_snapshot + costs.snapshot_write * written
    return float(always + costs.event * replayed.sum() + snapshots)


def best_every(length: int, costs: Costs) -> int:
    """Return the number of events from snapshot to snapshot that makes a life of this length take least."""
    tried = range(1, min(length, 200))
    return min(tried, key=lambda every: work(length, every, costs))


def _saved(costs: Costs, length: int, percent: float = 0.0) -> float:
    """Return what the best snapshots save in a life of this length beyond `percent` of it; below 0: they save less."""
    return (1 - percent / 100) * work(length, None, costs) - work(length, best_every(length, costs), costs)


def _saved_rows(seed: int, length: float) -> float:
    return _saved(ROWS, int(length))


def _saved_ms(seed: int, length: float, table: pd.DataFrame, commit_ms: float) -> float:
    return _saved(costs_ms(table, seed, commit_ms), int(length), NOTICEABLE_PERCENT)


TRIED = (2, 1000)


def snapshot_pays_from_rows() -> Limit:
    """Return the length of a stream from which snapshots save a row at all, read or written. No luck is in it."""
    return bisect(_saved_rows, TRIED, holds="from", seeds=[0], whole=True)


def snapshot_pays_from(table: pd.DataFrame, commit_ms: float = COMMIT_MS) -> Limit:
    """Return the length of a stream from which snapshots save `NOTICEABLE_PERCENT` of the time, with each run.

    Each length has its best interval. `table` has the columns of data/event_stores.csv.

    Raises:
        ValueError: when `commit_ms` is below 0.
    """
    require_non_negative("commit_ms", commit_ms)
    saved = partial(_saved_ms, table=table, commit_ms=commit_ms)
    return bisect(saved, TRIED, holds="from", seeds=[int(run) for run in table.run.unique()], whole=True)
