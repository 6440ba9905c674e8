"""Tailing the store's log: read what is new after a position, and keep the position (change data capture).

The events themselves are the queue, so nothing is written beside them. Whoever follows keeps his place, in his own
database, and a place that is not kept is read again: at least once.

>>> from archlab.shop.events.event import NewEvent
>>> from archlab.shop.events.event_store import EVENTS, EventStore
>>> from archlab.shop.store import open_database, run_together
>>> connection = open_database(EVENTS, POSITIONS)
>>> store, tail = EventStore(connection), Tail(connection, "publisher")
>>> placed = store.append("order-7", [NewEvent("OrderPlaced", {})], 0, at_s=0.0, correlation_id="7")
>>> [event.event_id for event in tail.new(store)]
['order-7-1']
>>> run_together(connection, [tail.keep(event) for event in placed])
>>> tail.new(store)
[]
"""

import sqlite3

from archlab.shop.events.event import Event
from archlab.shop.events.event_store import EventStore
from archlab.shop.events.inbox import AlreadySeen
from archlab.shop.store import Statement

POSITIONS = "CREATE TABLE positions (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID"


class Tail:
    """The place of one reader in the events of one store.

    Args:
        connection: to the database in which the place is kept, with the schema `POSITIONS`.
        name: the reader's. Who follows several stores has a name for each.
    """

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self.connection = connection
        self.name = name

    @property
    def position(self) -> int:
        """The last position that was kept; 0 at the start."""
        sql = "SELECT position FROM positions WHERE name = ?"
        row = self.connection.execute(sql, (self.name,)).fetchone()
        return 0 if row is None else int(row[0])

    def new(self, store: EventStore, limit: int | None = None) -> list[Event]:
        """Return the events after the kept position, in their order, `limit` at most (None: all)."""
        return store.read_all(self.position, limit)

    def lag(self, store: EventStore) -> int:
        """Return how many positions the reader is behind the store."""
        return store.head - self.position

    def keep(self, event: Event) -> Statement:
        """Return the write that keeps the place of an event, or raises `AlreadySeen` when it is behind the kept one."""
        return Statement(
            """INSERT INTO positions VALUES (?, ?) ON CONFLICT DO UPDATE SET position = excluded.position
               WHERE positions.position < excluded.position""",
            (self.name, event.position),
            lambda: AlreadySeen(f"{self.name} is past position {event.position} already"),
        )

    def restart(self) -> Statement:
        """Return the write that forgets the place: the next reading starts at the first event."""
        return Statement("DELETE FROM positions WHERE name = ?", (self.name,))
