"""A projection: tables to read from, made from events and from nothing else, so they can be thrown away and made again.

The position up to which the tables are made is kept in the same database and in the same transaction. So an event
changes them once, however often it is applied.

>>> from archlab.shop.events.event import NewEvent
>>> from archlab.shop.events.event_store import EVENTS, EventStore
>>> from archlab.shop.store import open_database
>>> counts = ReadTables(
...     "orders a customer", "CREATE TABLE counts (customer INTEGER PRIMARY KEY, orders INTEGER NOT NULL)", ("counts",),
...     lambda event: [Statement("INSERT INTO counts VALUES (?, 1) ON CONFLICT DO UPDATE SET orders = orders + 1",
...                              (event.data["customer"],))],
... )
>>> store = EventStore(open_database(EVENTS))
>>> projection = Projection(open_database(POSITIONS, counts.schema), counts)
>>> for order in ("order-7", "order-8"):
...     _ = store.append(order, [NewEvent("OrderPlaced", {"customer": 3})], 0, at_s=0.0, correlation_id=order)
>>> projection.catch_up(store), projection.rows()
(2, {'counts': [(3, 2)]})

What this leaves out: readers who look at the tables while they are made again. Here they are made in one transaction;
a large shop makes new ones beside the old and then changes over.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from archlab.shop.events.event import Event
from archlab.shop.events.event_store import EventStore
from archlab.shop.events.inbox import AlreadySeen
from archlab.shop.events.tail import POSITIONS, Tail
from archlab.shop.store import Statement, run_together

__all__ = ["POSITIONS", "Projection", "ReadTables"]


@dataclass(frozen=True)
class ReadTables:
    """What to make of events.

    Args:
        name: of the projection.
        schema: SQL that makes its tables.
        tables: their names.
        writes: the writes that an event asks for; none when it does not matter here.
    """

    name: str
    schema: str
    tables: tuple[str, ...]
    writes: Callable[[Event], Sequence[Statement]]


class Projection:
    """Read tables with their position.

    Args:
        connection: to the database with the tables and the schema `POSITIONS`. It may be another than the store's.
        reads: what to make of events.
        source: the name of the store, when a projection is made from several.
    """

    def __init__(self, connection: sqlite3.Connection, reads: ReadTables, source: str = "") -> None:
        self.connection = connection
        self.reads = reads
        self.tail = Tail(connection, f"{reads.name} {source}".strip())

    @property
    def position(self) -> int:
        """The position of the last event that is in the tables."""
        return self.tail.position

    def applying(self, event: Event) -> list[Statement]:
        """Return the writes of one event, for a transaction. They raise `AlreadySeen` when it is in the tables."""
        return [self.tail.keep(event), *self.reads.writes(event)]

    def apply(self, event: Event) -> bool:
        """Put one event into the tables and return True; False when it was there already."""
        try:
            run_together(self.connection, self.applying(event))
        except AlreadySeen:
            return False
        return True

    def catch_up(self, store: EventStore, limit: int | None = None) -> int:
        """Apply what is new in the store, in one transaction, and return how many events it was."""
        events = self.tail.new(store, limit)
        run_together(self.connection, [write for event in events for write in self.applying(event)])
        return len(events)

    def rebuild(self, store: EventStore) -> int:
        """Empty the tables, make them again from the first event on, and return how many events it took."""
        emptied = [Statement(f"DELETE FROM {table}", ()) for table in self.reads.tables]
        events = store.read_all()
        writes = [write for event in events for write in self.reads.writes(event)]
        place = [self.tail.keep(event) for event in events[-1:]]
        run_together(self.connection, [*emptied, *writes, self.tail.restart(), *place])
        return len(events)

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Return all rows of each table, sorted."""
        tables = self.reads.tables
        return {table: sorted(self.connection.execute(f"SELECT * FROM {table}")) for table in tables}
