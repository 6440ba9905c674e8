"""A repository loads a thing from its events, and may keep snapshots: states from which a replay can start.

>>> from archlab.shop.events.event_store import EVENTS
>>> from archlab.shop.events.stock import STOCK_LEVEL, stock_received
>>> from archlab.shop.store import open_database
>>> stock = Repository(EventStore(open_database(EVENTS, SNAPSHOTS)), STOCK_LEVEL, snapshot_every=2)
>>> for _ in range(4):
...     stock.append(stock.load(3), [stock_received(product=3, quantity=5)], at_s=0.0, correlation_id="delivery")
>>> stock.load(3)
Loaded(stream='stock-3', state=20, version=4, replayed=2, rows_read=3)

Who loads a thing and appends to it writes down the state that was just computed, in the same transaction, when it took
`snapshot_every` events or more. So no replay is much longer, and no write asks for a commit of its own.

A snapshot is a cache. When the way to fold changes it is wrong, and `discard` takes all away: the events stay.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from archlab.shop.events.aggregate import Aggregate, State
from archlab.shop.events.event import NewEvent, as_text
from archlab.shop.events.event_store import EventStore
from archlab.shop.store import Statement, run_together
from archlab.sim.validation import require_whole

SNAPSHOTS = """CREATE TABLE snapshots (stream TEXT PRIMARY KEY, version INTEGER NOT NULL, data TEXT NOT NULL)
    WITHOUT ROWID"""


@dataclass(frozen=True)
class Loaded(Generic[State]):
    """A thing as it was loaded.

    Args:
        version: of its stream; whoever appends expects it.
        replayed: events that were folded.
        rows_read: these, and the snapshot if there was one.
    """

    stream: str
    state: State
    version: int
    replayed: int
    rows_read: int


class Repository(Generic[State]):
    """Loads things of one kind, and appends to their streams.

    Args:
        store: the events.
        aggregate: the kind.
        snapshot_every: how many events are replayed at most, more or less. None: no snapshots. With them the store's
            database has the schema `SNAPSHOTS`, too.

    Raises:
        ValueError: when `snapshot_every` is less than 1.
    """

    def __init__(
        self, store: EventStore, aggregate: Aggregate[State], snapshot_every: int | None = None
    ) -> None:
        if snapshot_every is not None:
            require_whole("snapshot_every", snapshot_every, at_least=1)
        self.store = store
        self.aggregate = aggregate
        self.snapshot_every = snapshot_every

    def load(self, id_: int) -> Loaded[State]:
        """Return a thing, from its last snapshot on if there is one."""
        stream = self.aggregate.stream(id_)
        kept = self._snapshot(stream) if self.snapshot_every else None
        state, version = (self.aggregate.start, 0) if kept is None else kept
        events = self.store.read(stream, after_version=version)
        rows_read = len(events) + (kept is not None)
        state = self.aggregate.after(state, events)
        return Loaded(stream, state, version + len(events), len(events), rows_read)

    def append(
        self,
        loaded: Loaded[State],
        events: Sequence[NewEvent],
        at_s: float,
        correlation_id: str,
        causation_id: str | None = None,
    ) -> None:
        """Append what was decided on a loaded thing. Raises `VersionConflict` when it has changed since."""
        statements = self.appending(loaded, events, at_s, correlation_id, causation_id)
        run_together(self.store.connection, statements)

    def appending(
        self,
        loaded: Loaded[State],
        events: Sequence[NewEvent],
        at_s: float,
        correlation_id: str,
        causation_id: str | None = None,
    ) -> list[Statement]:
        """Return the same as writes for a transaction, with the snapshot when it is due."""
        written = self.store.appending(
            loaded.stream, events, loaded.version, at_s, correlation_id, causation_id
        )
        due = self.snapshot_every is not None and loaded.replayed >= self.snapshot_every
        return [*written, self._keep(loaded)] if due else written

    def discard(self) -> Statement:
        """Return the write that takes away all snapshots of this kind."""
        return Statement("DELETE FROM snapshots WHERE stream GLOB ?", (f"{self.aggregate.name}-*",))

    def _snapshot(self, stream: str) -> tuple[State, int] | None:
        sql = "SELECT data, version FROM snapshots WHERE stream = ?"
        row = self.store.connection.execute(sql, (stream,)).fetchone()
        return None if row is None else (self.aggregate.from_data(json.loads(row[0])), int(row[1]))

    def _keep(self, loaded: Loaded[State]) -> Statement:
        """Return the write of a snapshot, unless there is a later one."""
        sql = """INSERT INTO snapshots VALUES (?, ?, ?) ON CONFLICT DO UPDATE
                 SET version = excluded.version, data = excluded.data WHERE version < excluded.version"""
        return Statement(sql, (loaded.stream, loaded.version, as_text(self.aggregate.to_data(loaded.state))))
