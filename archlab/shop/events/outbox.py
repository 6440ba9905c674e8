"""The outbox: which events are still to be published, written in the same transaction as the events themselves.

A relay reads it, publishes, and takes the row out. When it dies between the two it publishes again after its
restart: at least once, never less. In a database without an event store the row would hold the message; here it
points to the event.

>>> from archlab.shop.events.event import NewEvent
>>> from archlab.shop.events.event_store import EVENTS, EventStore
>>> from archlab.shop.store import open_database, run_together
>>> connection = open_database(EVENTS, OUTBOX)
>>> store, outbox = EventStore(connection), Outbox(connection)
>>> placed = store.appending("order-7", [NewEvent("OrderPlaced", {})], 0, at_s=0.0, correlation_id="7")
>>> run_together(connection, [*placed, outbox.add("order-7", 1)])
>>> [event.event_id for event in outbox.unpublished()]
['order-7-1']
>>> run_together(connection, [outbox.mark_published(event) for event in outbox.unpublished()])
>>> outbox.unpublished()
[]
"""

import sqlite3

from archlab.shop.domain import NotFound
from archlab.shop.events.event import Event, event_id
from archlab.shop.events.event_store import EVERYTHING, EventStore
from archlab.shop.store import Statement

OUTBOX = "CREATE TABLE outbox (position INTEGER PRIMARY KEY)"


class Outbox:
    """The events of one database that are still to be published.

    Args:
        connection: to a database with the schemas `EVENTS` and `OUTBOX`.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._store = EventStore(connection)

    def add(self, stream: str, version: int) -> Statement:
        """Return the write that asks for an event of the same transaction to be published.

        It raises `NotFound` when it runs before the event is written.
        """
        sql = "INSERT INTO outbox SELECT position FROM events WHERE stream = ? AND version = ?"
        return Statement(
            sql, (stream, version), lambda: NotFound(f"no event {event_id(stream, version)} to publish")
        )

    def unpublished(self, limit: int | None = None) -> list[Event]:
        """Return the events to be published, in their order, `limit` at most (None: all)."""
        sql = "SELECT position FROM outbox ORDER BY position LIMIT ?"
        rows = self.connection.execute(sql, (EVERYTHING if limit is None else limit,)).fetchall()
        return [self._store.at(position) for (position,) in rows]

    def mark_published(self, event: Event) -> Statement:
        """Return the write that takes an event out; no error when it is out already."""
        return Statement("DELETE FROM outbox WHERE position = ?", (event.position,))
