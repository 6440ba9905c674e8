"""An event store: one SQLite table in which every change is a row, and no row ever changes.

>>> from archlab.shop.store import open_database
>>> store = EventStore(open_database(EVENTS))
>>> placed = NewEvent("OrderPlaced", {"order_id": 7})
>>> [event.event_id for event in store.append("order-7", [placed], expected_version=0, at_s=0.0, correlation_id="7")]
['order-7-1']
>>> store.append("order-7", [placed], expected_version=0, at_s=1.0, correlation_id="7")
Traceback (most recent call last):
archlab.shop.events.event_store.VersionConflict: stream order-7 is no longer at version 0

**One stream for one thing**, such as an order: its events are numbered 1, 2, 3 ... without a gap. Who appends says
which version he has read. When somebody else was faster, he is refused, and reads again: nobody decides on an old
state.

**Append only.** Triggers of the database refuse to update, to delete, to replace and to insert elsewhere than at the
end, whoever asks, and a check refuses data that is not JSON: no reader would get past it, and nobody could take it
away. They do not stop who may drop a trigger or switch triggers off; for that a database has permissions, which SQLite
has not. Not every product guards so: what a library keeps in an ordinary table, SQL can change unless somebody forbids
it, and some stores delete old events on purpose.

**One order of all events.** SQLite has one writer at a time, so a row's position grows in the order of the commits.
In a database with many writers a smaller position can become visible later than a larger one, and who reads by
position must wait for it. The model errs towards an easier reading.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from archlab.shop.domain import NotFound, Refusal
from archlab.shop.events.event import Event, NewEvent
from archlab.shop.store import Statement, run_together

EVENTS = """
CREATE TABLE events (position INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT NULL,
    type TEXT NOT NULL, data TEXT NOT NULL CHECK (json_valid(data)), at_s REAL NOT NULL,
    correlation_id TEXT NOT NULL, causation_id TEXT, schema_version INTEGER NOT NULL, UNIQUE (stream, version));
CREATE TRIGGER events_are_not_updated BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are never updated'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TRIGGER events_are_appended BEFORE INSERT ON events
    WHEN NEW.version <> 1 + (SELECT COALESCE(MAX(version), 0) FROM events WHERE stream = NEW.stream)
      OR EXISTS (SELECT 1 FROM events WHERE position = NEW.position)
    BEGIN SELECT RAISE(ABORT, 'events are appended at the end of their stream'); END;
CREATE TRIGGER events_leave_no_gap AFTER INSERT ON events
    WHEN NEW.position <> 1 + (SELECT COALESCE(MAX(position), 0) FROM events WHERE position < NEW.position)
      OR EXISTS (SELECT 1 FROM events WHERE position > NEW.position)
    BEGIN SELECT RAISE(ABORT, 'events are appended at the end of all events'); END
"""
"""The table and the triggers that guard it. The third is there for INSERT OR REPLACE, which deletes in silence. The
last one runs after the row is in, since the position that SQLite chooses is not known before. A gap would let somebody
slip an event in later."""

COLUMNS = "position, stream, version, type, data, at_s, correlation_id, causation_id, schema_version"
EVERYTHING = -1
"""SQLite's LIMIT for no limit."""


class VersionConflict(Refusal):
    """Somebody else appended to the stream since it was read."""

    reason = "version_conflict"


class EventStore:
    """The events of one database.

    Args:
        connection: to a database with the schema `EVENTS`.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def append(
        self,
        stream: str,
        events: Sequence[NewEvent],
        expected_version: int,
        at_s: float,
        correlation_id: str,
        causation_id: str | None = None,
    ) -> tuple[Event, ...]:
        """Append all events to a stream in one transaction, or none, and return them with their places.

        Args:
            expected_version: the version of the stream that the decision was made on; 0 for a new stream.

        Raises:
            VersionConflict: when the stream is not at this version.
            ValueError: when there are no events.
        """
        statements = self.appending(stream, events, expected_version, at_s, correlation_id, causation_id)
        run_together(self.connection, statements)
        return tuple(self.read(stream, expected_version, expected_version + len(events)))

    def appending(
        self,
        stream: str,
        events: Sequence[NewEvent],
        expected_version: int,
        at_s: float,
        correlation_id: str,
        causation_id: str | None = None,
    ) -> list[Statement]:
        """Return the same as writes for somebody's transaction. They raise `VersionConflict` when they run."""
        if not events:
            raise ValueError("events is empty; there must be at least one to append")
        rest = (at_s, correlation_id, causation_id)
        return [self._insert(stream, expected_version + n, event, rest) for n, event in enumerate(events)]

    def read(self, stream: str, after_version: int = 0, up_to_version: int | None = None) -> list[Event]:
        """Return the events of a stream, oldest first, from `after_version` + 1 to `up_to_version` (None: the end)."""
        sql = f"SELECT {COLUMNS} FROM events WHERE stream = ? AND version > ? ORDER BY version LIMIT ?"
        limit = EVERYTHING if up_to_version is None else max(0, up_to_version - after_version)
        return [_event(row) for row in self.connection.execute(sql, (stream, after_version, limit))]

    def read_all(self, after_position: int = 0, limit: int | None = None) -> list[Event]:
        """Return the events of all streams after a position, in their order, `limit` at most (None: all)."""
        sql = f"SELECT {COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?"
        values = (after_position, EVERYTHING if limit is None else limit)
        return [_event(row) for row in self.connection.execute(sql, values)]

    def at(self, position: int) -> Event:
        """Return the event at a position.

        Raises:
            NotFound: when there is none.
        """
        sql = f"SELECT {COLUMNS} FROM events WHERE position = ?"
        row = self.connection.execute(sql, (position,)).fetchone()
        if row is None:
            raise NotFound(f"no event at position {position}")
        return _event(row)

    def version(self, stream: str) -> int:
        """Return the version of the last event of a stream; 0 when it has none."""
        sql = "SELECT COALESCE(MAX(version), 0) FROM events WHERE stream = ?"
        return int(self.connection.execute(sql, (stream,)).fetchone()[0])

    @property
    def head(self) -> int:
        """The position of the last event of all; 0 when there is none."""
        return int(self.connection.execute("SELECT COALESCE(MAX(position), 0) FROM events").fetchone()[0])

    def _insert(self, stream: str, version: int, event: NewEvent, rest: tuple[object, ...]) -> Statement:
        """Return the write of one event, for a stream that is at `version` when it runs."""
        sql = """INSERT INTO events
                 (stream, version, type, data, schema_version, at_s, correlation_id, causation_id)
                 SELECT ?, ?, ?, ?, ?, ?, ?, ?
                 WHERE (SELECT COALESCE(MAX(version), 0) FROM events WHERE stream = ?) = ?"""
        row = (stream, version + 1, event.type, event.text, event.schema_version, *rest)
        refusal = VersionConflict(f"stream {stream} is no longer at version {version}")
        return Statement(sql, (*row, stream, version), lambda: refusal)


def _event(row: tuple[Any, ...]) -> Event:
    """Return the event of a row with `COLUMNS`."""
    position, stream, version, type_, data, *rest = row
    return Event(position, stream, version, type_, json.loads(data), *rest)
