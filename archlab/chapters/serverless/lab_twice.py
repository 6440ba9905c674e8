"""A function that confirms orders, and that the platform may run twice: one run after another, or both at once.

Task 3 of lab 05. The state is outside: tables without transactions, in which each statement counts by itself and may
carry a condition, and a payment provider that knows keys. A run can be killed between any two of its calls. Then the
event comes again, to an environment that knows nothing. And a second run of the same event can come in between.

What this leaves out: calls that fail without a kill, and a provider that forgets its keys after some time.

>>> def confirm(tables, provider, event):
...     charge = provider.charge("a key", event.cents)
...     tables.execute("UPDATE orders SET state = 'confirmed' WHERE order_id = ?", (event.order_id,))
...     return charge
>>> world = World([OrderPlaced(7, "lamp", 2, cents=4000)])
>>> world.deliver(confirm, world.events[0])
True
>>> world.charged(), world.rows("SELECT order_id, state FROM orders")
([4000], [(7, 'confirmed')])
"""

import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from archlab.course.labs.new_process import in_new_process

SCHEMA = """
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE reservations (order_id INTEGER PRIMARY KEY, product TEXT NOT NULL, quantity INTEGER NOT NULL);
"""
PRODUCTS = ("lamp", "chair", "desk")
ONE_STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class OrderPlaced:
    """A customer has placed an order. Two orders may say the same about the same product; each has its own id."""

    order_id: int
    product: str
    quantity: int
    cents: int


class Killed(BaseException):
    """The environment is gone. No program can catch this: nothing it does afterwards reaches anybody."""


class Run:
    """One run of the function: it counts the calls that reach somebody, and dies or is overtaken at one of them."""

    def __init__(self, calls: int | None = None, overtaken_at: int | None = None) -> None:
        self.left = calls
        self.overtaken_at = overtaken_at
        self.overtake: Callable[[], None] | None = None
        self.made = 0

    def call(self) -> None:
        """Note a call. Raises `Killed` when the run has no more."""
        if self.left is not None and self.made >= self.left:
            raise Killed
        if self.made == self.overtaken_at and self.overtake is not None:
            overtake, self.overtake = self.overtake, None
            overtake()
        self.made += 1


class Tables:
    """The tables `orders` (order_id, state) and `reservations` (order_id, product, quantity), as one run sees them."""

    def __init__(self, connection: sqlite3.Connection, run: Run) -> None:
        self._connection, self._run = connection, run

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one statement and return its cursor: `fetchone()`, `fetchall()`, `rowcount`. It counts at once.

        Raises `ValueError` for anything but SELECT, INSERT, UPDATE and DELETE: there are no transactions.
        """
        if not ONE_STATEMENT.match(sql):
            raise ValueError(f"sql is {sql!r}; it must be a SELECT, INSERT, UPDATE or DELETE")
        self._run.call()
        return self._connection.execute(sql, values)


class Provider:
    """The payment provider, as one run sees it. Under the same key it charges once, and answers the same again."""

    def __init__(self, ledger: dict[str, tuple[int, int]], run: Run) -> None:
        self._ledger, self._run = ledger, run

    def charge(self, key: str, cents: int) -> int:
        """Charge a customer, once for each key, and return the number of the charge.

        Raises `ValueError` when the key was used for another amount.
        """
        self._run.call()
        number, charged = self._ledger.setdefault(str(key), (len(self._ledger) + 1, int(cents)))
        if charged != cents:
            raise ValueError(f"key is {key!r}; it was used for {charged} cents, and now for {cents}")
        return number


Confirm = Callable[[Tables, Provider, OrderPlaced], Any]


class World:
    """What is outside the function. `cancelled` are the orders whose customers have changed their minds in time."""

    def __init__(self, events: Iterable[OrderPlaced], cancelled: Iterable[int] = ()) -> None:
        self.events = tuple(events)
        self.cancelled = frozenset(cancelled)
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._connection.executescript(SCHEMA)
        states = [
            (e.order_id, "cancelled" if e.order_id in self.cancelled else "pending") for e in self.events
        ]
        self._connection.executemany("INSERT INTO orders VALUES (?, ?)", states)
        self._ledger: dict[str, tuple[int, int]] = {}
        self._copies: list[OrderPlaced] = []
        self.returned: list[tuple[OrderPlaced, Any]] = []

    def deliver(
        self, confirm: Confirm, event: OrderPlaced, calls: int | None = None, overtaken_at: int | None = None
    ) -> bool:
        """Run `confirm` once for an event, in a new environment; return whether it came to its end.

        What it gave is then noted in `returned`, with the event.

        Args:
            calls: it is killed after so many calls of tables and provider; None: it lives on.
            overtaken_at: before the call after so many, another run of the same event is begun and ended.
        """
        run = Run(calls, overtaken_at)
        run.overtake = lambda: self._go(confirm, event, Run())
        with suppress(Killed):
            given = self._go(confirm, event, run)
            if calls is None or run.made < calls:
                self.returned.append((event, given))
                return True
        return False

    def _go(self, confirm: Confirm, event: OrderPlaced, run: Run) -> Any:
        new = in_new_process(confirm)
        mine = replace(event)  # a new environment knows nothing, not even the object
        self._copies.append(mine)  # kept, so that its id is not another's
        return new(Tables(self._connection, run), Provider(self._ledger, run), mine)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what a SELECT finds in the tables, in the order of their keys."""
        return self._connection.execute(sql).fetchall()

    def charged(self) -> list[int]:
        """Return what the provider has charged, in cents, one number a charge."""
        return [cents for _, cents in self._ledger.values()]


def drawn(random: np.random.Generator, count: int = 8) -> World:
    """Return a world with orders of which two say the same, and two are cancelled."""
    first = int(random.integers(1, 800))
    ids = [first + int(number) for number in random.permutation(count - 1)]
    ids.append(ids[0] + 1000)
    events = [
        OrderPlaced(
            number,
            str(random.choice(PRODUCTS)),
            int(random.integers(1, 9)),
            int(random.integers(1, 99)) * 100,
        )
        for number in ids[:-1]
    ]
    twin = OrderPlaced(ids[-1], events[0].product, events[0].quantity, events[0].cents)
    return World([*events, twin], cancelled=ids[2:4])
