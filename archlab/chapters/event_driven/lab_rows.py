"""A consumer that may be killed between any two of its statements, and a broker that then delivers again.

Task 2 of lab 03. The consumer adds points of a loyalty programme to real SQLite rows. When its program is killed, the
database takes back what was not committed, the program starts anew with nothing but the rows, and the broker delivers
the event once more, because nobody acknowledged it.

What this leaves out: two consumers at work on the same event at the same moment; the broker delivers to one at a time.

>>> def add_points(rows, event):
...     rows.execute("UPDATE points SET points = points + ? WHERE customer = ?", (event.points, event.customer))
>>> rows = Rows(["Ann"])
>>> for _ in range(2):
...     add_points(rows, PointsEarned("order-7-4", "Ann", 10))
>>> rows.points()
{'Ann': 20}
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from archlab.course.labs.expectations import expect
from archlab.course.labs.new_process import in_new_process

SCHEMA = """
CREATE TABLE points (customer TEXT PRIMARY KEY, points INTEGER NOT NULL);
CREATE TABLE inbox (event_id TEXT PRIMARY KEY);
"""
CUSTOMERS = ("Ann", "Bo", "Cem", "Dee")


@dataclass(frozen=True)
class PointsEarned:
    """A customer has earned points. `event_id` is the same at every delivery of the same event, and no other has it."""

    event_id: str
    customer: str
    points: int


SAME_EVERY_DAY = (PointsEarned("order-1-4", "Ann", 5), PointsEarned("order-2-4", "Bo", 7))
"""Events that a second database gets as well, which has not seen them."""

Consume = Callable[["Rows", PointsEarned], Any]


class Killed(BaseException):
    """The program that ran the consumer is gone. No program can catch this: its database hears of it, too."""


class Rows:
    """The consumer's database: the tables `points` (customer, points) and `inbox` (event_id).

    Outside BEGIN ... COMMIT each statement is a transaction of its own.
    """

    def __init__(self, customers: Iterable[str] = CUSTOMERS) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._connection.executescript(SCHEMA)
        self._connection.executemany("INSERT INTO points VALUES (?, 0)", [(name,) for name in customers])
        self._left: int | None = None

    def opened(self, statements: int | None) -> "Rows":
        """Return the same rows, as a new program has them, which is killed before its next statement but so many; None:
        it lives on.
        """
        opened = object.__new__(Rows)
        opened._connection, opened._left = self._connection, statements
        return opened

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one SQL statement and return its cursor: `fetchone()`, `fetchall()`, `rowcount`."""
        if self._left is not None:
            if self._left <= 0:
                raise Killed
            self._left -= 1
        return self._connection.execute(sql, values)

    def points(self) -> dict[str, int]:
        """Return the points of each customer, as they are in the rows."""
        return dict(self._connection.execute("SELECT customer, points FROM points ORDER BY customer"))

    @property
    def in_transaction(self) -> bool:
        """Whether a BEGIN waits for its COMMIT."""
        return self._connection.in_transaction

    @property
    def left(self) -> int | None:
        """How many statements the program still has; 0 when it is killed, None when it lives on."""
        return self._left

    def take_back(self) -> None:
        """What a database does when its program is gone: it takes back what was not committed."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def events_of_a_day(random: np.random.Generator, count: int = 12) -> list[PointsEarned]:
    """Return events of the day; two of them say the same about the same customer, and are not the same event."""
    numbers = random.choice(10**6, count, replace=False)
    events = [
        PointsEarned(f"order-{number}-4", str(random.choice(CUSTOMERS)), int(random.integers(1, 50)))
        for number in numbers[1:]
    ]
    twin = PointsEarned(f"order-{numbers[0]}-4", events[0].customer, events[0].points)
    return [*events, twin]


def deliver(consume: Consume, rows: Rows, event: PointsEarned, lives: Iterable[int]) -> int:
    """Deliver an event until it is acknowledged, and return how often that was.

    Each of `lives` is how many statements the program has before it is killed; after that it lives on. It is also
    killed when it has returned with its last statement, before the acknowledgement is out.
    """
    deliveries = 0
    for deliveries, statements in enumerate(lives, start=1):
        if is_acknowledged(consume, rows, event, statements):
            return deliveries
    is_acknowledged(consume, rows, event)
    return deliveries + 1


def is_acknowledged(consume: Consume, rows: Rows, event: PointsEarned, statements: int | None = None) -> bool:
    """Deliver an event once, to a new program that is killed after so many statements (None: it is not); return whether
    it came to the acknowledgement.

    Raises:
        AssertionError: when the consumer did its work by other ways than `execute`.
    """
    program = rows.opened(statements)
    with suppress(Killed):
        in_new_process(consume)(program, event)
    if statements is None:
        return True
    left = program.left
    fair = isinstance(left, int) and left < max(statements, 1)
    expect(fair, "consume does without `rows.execute`, or changes how long it lives: neither can be had")
    if left == 0:
        rows.take_back()
    return left != 0


def owed(events: Iterable[PointsEarned]) -> dict[str, int]:
    """Return the points that each customer should have after these events, whatever was delivered how often."""
    points = dict.fromkeys(CUSTOMERS, 0)
    for event in events:
        points[event.customer] += event.points
    return points
