"""Rows in SQLite as one run of a program has them: it can die before any call, and others can come in between.

Tasks 2 and 5 of lab 06. The program has one method, `execute`, and real transactions: BEGIN, COMMIT, ROLLBACK. When it
dies, what it has not committed is gone, and nothing it does afterwards reaches anybody.

What this leaves out: a crash in the middle of a COMMIT. SQLite promises that it is done or not done at all, and so does
every database that is worth the name.

>>> from archlab.shop.store import open_database
>>> connection = open_database("CREATE TABLE notes (word TEXT)")
>>> def note(session):
...     session.execute("BEGIN")
...     session.execute("INSERT INTO notes VALUES ('tea')")
...     session.execute("COMMIT")
>>> run_once(note, connection, calls=2), connection.execute("SELECT * FROM notes").fetchall()
((False, None), [])
>>> run_once(note, connection), connection.execute("SELECT * FROM notes").fetchall()
((True, None), [('tea',)])
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from archlab.course.labs.expectations import expect

ALLOWED = re.compile(
    r"\s*(SELECT|INSERT|REPLACE|UPDATE|DELETE|WITH|CREATE|BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE)\b",
    re.IGNORECASE,
)
MOST_CALLS = 2_000
"""Of one run. The longest solution needs about a hundred."""


class Killed(BaseException):
    """The program is gone."""


class Found:
    """What a statement has found: `fetchone()`, `fetchall()`, a loop over the rows; and `rowcount`, what it changed."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self.rowcount = cursor.rowcount
        self._rows: Iterator[tuple[Any, ...]] = iter(cursor.fetchall())

    def fetchone(self) -> tuple[Any, ...] | None:
        return next(self._rows, None)

    def fetchall(self) -> list[tuple[Any, ...]]:
        return list(self._rows)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self._rows


class Session:
    """A database as one run has it.

    Args:
        connection: to the database; outside BEGIN, each statement counts at once.
        calls: the run dies before the call after so many. None: it lives.
        overtaken_at: before the call after so many, `overtake` is called, once.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        calls: int | None = None,
        overtaken_at: int | None = None,
        overtake: Callable[[], None] | None = None,
    ) -> None:
        self._connection, self._calls = connection, calls
        self._overtaken_at, self._overtake = overtaken_at, overtake
        self.made = 0

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Found:
        """Run one statement, and return what it has found.

        Raises `ValueError` for other statements than those on rows, CREATE, and those of transactions.
        """
        if not ALLOWED.match(sql):
            raise ValueError(f"sql is {sql!r}; it must be a statement on rows, CREATE, or of a transaction")
        expect(self.made < MOST_CALLS, f"{MOST_CALLS} statements in one run, and no end")
        if self._calls is not None and self.made >= self._calls:
            raise Killed
        if self.made == self._overtaken_at and self._overtake is not None:
            overtake, self._overtake = self._overtake, None
            overtake()
        self.made += 1
        return Found(self._connection.execute(sql, values))

    @property
    def came_to_its_end(self) -> bool:
        """Whether, after the run, somebody heard of its end. Who dies after the last call has told nobody."""
        return self._calls is None or self.made < self._calls


def run_once(
    program: Callable[..., Any], connection: sqlite3.Connection, *values: Any, calls: int | None = None
) -> tuple[bool, Any]:
    """Run a program, which gets a `Session` and `values`. Return whether it came to its end, and what it gave.

    One that dies leaves nothing that it has not committed.
    """
    session = Session(connection, calls)
    try:
        given = program(session, *values)
    except Killed:
        given = None
    if session.came_to_its_end:
        return True, given
    undo(connection)
    return False, None


def undo(connection: sqlite3.Connection) -> None:
    """Take back what is not committed."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
