"""A command that sells pieces, and others that come in between: which orders are sold, and what is left.

Task 5 of lab 06. Real rows in a file of SQLite, and a connection for each command. Before any of its statements another
command can run from begin to end. Where the database makes that one wait, it runs afterwards, as it would in truth.
A command can die before any statement; then the customer sends the order once more.

What this leaves out: pieces that come in again, and databases that look at rows without any lock.

>>> def trusting(connection, order):
...     for product, quantity in order.lines:
...         take = "UPDATE stock SET on_hand = on_hand - ? WHERE product = ?"
...         connection.execute(take, (quantity, product))
...     connection.execute("UPDATE orders SET state = 'sold' WHERE order_id = ?", (order.order_id,))
...     return True
>>> with Shop({1: 1}, [Order(1, ((1, 1),)), Order(2, ((1, 1),))]) as shop:
...     _ = [shop.send(trusting, order) for order in shop.orders]
...     shop.left().stock
{1: -1}
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from archlab.chapters.cqrs.lab_rows import Killed, Session
from archlab.course.labs.new_process import in_new_process

SCHEMA = """
PRAGMA journal_mode = MEMORY;
CREATE TABLE stock (product INTEGER PRIMARY KEY, on_hand INTEGER NOT NULL);
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE order_lines (order_id INTEGER, product INTEGER, quantity INTEGER NOT NULL,
    PRIMARY KEY (order_id, product))
"""
MOST_TRIES = 5
"""Of one command that the database refuses because another one is at work."""

Sell = Callable[[Session, "Order"], Any]


@dataclass(frozen=True)
class Order:
    """An order. `lines`: pairs of product and quantity. `page`: product -> the pieces that the customer's page showed.

    Its money is held: its row in `orders` is there from the start, with the state 'held'.
    """

    order_id: int
    lines: tuple[tuple[int, int], ...]
    page: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Left:
    """What the rows say: product -> pieces, order -> state, and the lines that were written."""

    stock: dict[int, int]
    states: dict[int, str]
    lines: list[tuple[int, int, int]]


class Shop:
    """The rows of a shop, in a file that lives as long as the `with` block.

    `answers`: order id -> what was given for it.

    Args:
        stock: product -> pieces.
        orders: all that will be sent.
    """

    def __init__(self, stock: Mapping[int, int], orders: Sequence[Order]) -> None:
        self.orders = tuple(orders)
        self.answers: dict[int, list[Any]] = {}
        self.waiting: list[Order] = []
        self._folder = tempfile.TemporaryDirectory()
        connection = self._connect()
        connection.executescript(SCHEMA)
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO stock VALUES (?, ?)", stock.items())
        held = [(order.order_id,) for order in orders]
        connection.executemany("INSERT INTO orders VALUES (?, 'held')", held)
        connection.execute("COMMIT")
        connection.close()

    def __enter__(self) -> Shop:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def send(
        self,
        sell: Sell,
        order: Order,
        calls: int | None = None,
        overtaken_at: int | None = None,
        by: Sequence[Order] = (),
    ) -> bool:
        """Run the command once, in a new process, and return whether it came to its end.

        Args:
            calls: it dies after so many statements. None: it lives.
            overtaken_at: before the statement after so many, the orders `by` are sent. Those for which the database is
                busy, and those that were not sent at all, come when this one has ended.
        """
        late = list(by)

        def overtake() -> None:
            late[:] = [other for other in by if not self._try(sell, other, Session)[1]]

        def session(connection: sqlite3.Connection) -> Session:
            return Session(connection, calls, overtaken_at, overtake)

        ended = False
        for _ in range(MOST_TRIES):
            ended, is_through = self._try(sell, order, session)
            if is_through:
                break
        for other in late:
            self._try(sell, other, Session)
        return ended

    def _try(
        self, sell: Sell, order: Order, session: Callable[[sqlite3.Connection], Session]
    ) -> tuple[bool, bool]:
        """Run a command: whether it came to its end, and whether the database was not too busy for it."""
        try:
            connection = self._connect()
        except sqlite3.OperationalError:
            return False, False
        own = session(connection)
        try:
            given = in_new_process(sell)(own, order)
        except Killed:
            return False, True
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            return False, False
        finally:
            connection.close()
        if own.came_to_its_end:
            self.answers.setdefault(order.order_id, []).append(given)
        return own.came_to_its_end, True

    def left(self) -> Left:
        """Return what the rows say now."""
        connection = self._connect()
        try:
            lines = "SELECT order_id, product, quantity FROM order_lines ORDER BY order_id, product"
            return Left(
                dict(connection.execute("SELECT product, on_hand FROM stock")),
                dict(connection.execute("SELECT order_id, state FROM orders")),
                connection.execute(lines).fetchall(),
            )
        finally:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        path = Path(self._folder.name) / "shop.sqlite"
        connection = sqlite3.connect(path, isolation_level=None, timeout=0.0)
        connection.execute("PRAGMA synchronous = OFF")
        return connection


def one_by_one(stock: Mapping[int, int], orders: Sequence[Order]) -> Left:
    """Return what is left when the orders are served one after the other, each in full or not at all."""
    on_hand, states, lines = dict(stock), dict[int, str](), list[tuple[int, int, int]]()
    for order in orders:
        fits = all(on_hand[product] >= quantity for product, quantity in order.lines)
        states[order.order_id] = "sold" if fits else "refused"
        for product, quantity in order.lines if fits else ():
            on_hand[product] -= quantity
            lines.append((order.order_id, product, quantity))
    return Left(on_hand, dict(sorted(states.items())), sorted(lines))


def drawn(random: np.random.Generator, orders: int, products: int = 2) -> tuple[dict[int, int], list[Order]]:
    """Return a stock and orders for it. Pages are old: they show more pieces than there are, or fewer."""
    stock = {n: int(random.integers(2, 2 + 2 * orders)) for n in range(1, products + 1)}
    page = {product: int(random.integers(0, pieces + 9)) for product, pieces in stock.items()}
    drawn_orders = []
    for order_id in (1 + random.permutation(orders)).tolist():
        bought = sorted(1 + random.permutation(products)[: int(random.integers(1, products + 1))])
        lines = tuple((int(product), int(random.integers(1, 5))) for product in bought)
        drawn_orders.append(Order(order_id, lines, page))
    return stock, drawn_orders


def contended(random: np.random.Generator, long_first: bool) -> tuple[dict[int, int], list[Order]]:
    """Return a stock and two orders, each of which can be sold, but not both. One has two lines, the other has one."""
    wanted = random.integers(2, 6, size=2).tolist()
    scarce = int(random.integers(max(wanted), sum(wanted)))
    stock, plenty = {1: scarce, 2: 20}, int(random.integers(1, 4))
    page = {product: int(random.choice([0, pieces + 9])) for product, pieces in stock.items()}
    lines = [((2, plenty), (1, wanted[0])), ((1, wanted[1]),)]
    turn = lines if long_first else lines[::-1]
    return stock, [Order(number, own, page) for number, own in enumerate(turn, start=1)]
