"""A page with a customer's last orders, and how many statements it asks for.

Task 2 of lab 04. Orders have lines and parcels; lines name products, and some products are no longer there. The page is
asked over a border, as when data access is on a machine of its own: each statement is a message there and one back.
Statements are counted by SQLite's own trace, and rows as they are fetched. At most `MOST_VALUES` values fit into one
statement; that was SQLite's limit for many years, and other databases have one, too. What this leaves out: the size of
rows on the way, and pages that change while they are read.

>>> shop = drawn(np.random.default_rng(1), orders=40)
>>> asking = Asking(shop.database())
>>> one_by_one(asking, shop.customer, 30) == shop.page(30), asking.statements
(True, 188)
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from archlab.shop.instance import Steps
from archlab.shop.layered import LayeredConfig
from archlab.shop.layered.tiers import Border, Tier
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_whole

SCHEMA = """
CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER);
CREATE TABLE order_lines (order_id INTEGER, place INTEGER, product INTEGER, pieces INTEGER);
CREATE TABLE parcels (id INTEGER NOT NULL, order_id INTEGER, sent TEXT);
CREATE INDEX of_customer ON orders (customer);
CREATE INDEX of_order ON order_lines (order_id);
CREATE INDEX of_parcel ON parcels (order_id);
"""
MOST_VALUES = 999
PRODUCTS = 50
QUERY_S, ROW_S = 0.0005, 0.000002
"""Of a statement, as in this course's shop, and of each row that it finds. The second one is an assumption."""
LOOKERS = 8
"""So many customers look at the same time. An assumption."""

Line = tuple[str | None, int]
Shown = tuple[int, list[Line], list[str]]
"""An order on the page: its number, its lines (name and pieces), and the days of its parcels."""


@dataclass(frozen=True)
class Orders:
    """Who orders what, as plain lists. `customer`: the one whose page is asked for."""

    customer: int
    products: Sequence[tuple[int, str]]
    orders: Sequence[tuple[int, int]]
    lines: Sequence[tuple[int, int, int, int]]
    parcels: Sequence[tuple[int, int, str]]

    def database(self) -> sqlite3.Connection:
        """Return a new database with these rows."""
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.executescript(SCHEMA)
        for table, rows in (
            ("products", self.products),
            ("orders", self.orders),
            ("order_lines", self.lines),
            ("parcels", self.parcels),
        ):
            for row in rows:
                connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, MOST_VALUES)
        return connection

    def page(self, last: int) -> list[Shown]:
        """Return the last orders of the customer, the newest one first, without asking a database."""
        names = dict(self.products)
        numbers = sorted(
            (number for number, customer in self.orders if customer == self.customer), reverse=True
        )
        shown: dict[int, Shown] = {number: (number, [], []) for number in numbers[:last]}
        for number, _, product, pieces in sorted(self.lines):
            if number in shown:
                shown[number][1].append((names.get(product), pieces))
        for _, number, sent in sorted(self.parcels):
            if number in shown:
                shown[number][2].append(sent)
        return list(shown.values())


def drawn(random: np.random.Generator, orders: int, most_lines: int = 9) -> Orders:
    """Return so many orders of the customer, and half as many of others.

    Some have no line, some no parcel, some many of both; the same product may be in two lines of an order. Parcels are
    written in another order than that of their id.
    """
    customer = int(random.integers(100, 200))
    numbers = random.permutation(np.arange(1, 10 * (orders + orders // 2 + 2)))[: orders + orders // 2 + 1]
    owners = random.permutation([customer] * orders + [customer + 1] * (len(numbers) - orders))
    gone = int(random.integers(1, PRODUCTS + 1))
    products = [(n, f"product {n}") for n in range(1, PRODUCTS + 1) if n != gone]
    lines, sent = list[tuple[int, int, int, int]](), list[tuple[int, str]]()
    for number in numbers:
        chosen = [gone, *random.integers(1, PRODUCTS + 1, size=4)]
        for place in random.permutation(int(random.integers(0, most_lines + 1))):
            product, pieces = random.choice(chosen), random.integers(1, 5)
            lines.append((int(number), int(place), int(product), int(pieces)))
        for _ in range(int(random.integers(0, 9))):
            sent.append((int(number), f"day {random.integers(1, 400)}"))
    of_customer = [(int(number), int(owner)) for number, owner in zip(numbers, owners, strict=True)]
    parcels = [(int(one), *parcel) for one, parcel in zip(random.permutation(len(sent)), sent, strict=True)]
    return Orders(customer, products, of_customer, lines, parcels)


class Found:
    """What a statement has found: rows that are counted as they are fetched."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._rows)

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""
        return list(self)

    def fetchone(self) -> Any:
        """Return the next row. None: there is none."""
        return next(self, None)


class Asking:
    """A connection of which every statement and every row is counted. Nothing leads to the connection itself."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        traced, asked, fetched = list[str](), list[str](), list[None]()

        def counted(cursor: sqlite3.Cursor) -> Iterator[Any]:
            for row in cursor:
                fetched.append(None)
                yield row

        def execute(sql: str, values: Sequence[Any] = ()) -> Found:
            asked.append(sql)
            return Found(counted(connection.execute(sql, values)))

        connection.set_trace_callback(traced.append)
        self._execute = execute
        self._counts = lambda: (max(len(traced), len(asked)), len(fetched))

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Found:
        """Run one statement."""
        return self._execute(sql, values)

    @property
    def statements(self) -> int:
        """How many statements SQLite has run."""
        return self._counts()[0]

    @property
    def rows(self) -> int:
        """How many rows were fetched."""
        return self._counts()[1]


def one_by_one(db: Asking, customer: int, last: int) -> list[Shown]:
    """Return the page as the shop's program makes it today."""
    page = []
    found = db.execute("SELECT id FROM orders WHERE customer = ? ORDER BY id DESC LIMIT ?", (customer, last))
    for (order_id,) in found.fetchall():
        lines = []
        wanted = "SELECT product, pieces FROM order_lines WHERE order_id = ? ORDER BY place"
        for product, pieces in db.execute(wanted, (order_id,)).fetchall():
            row = db.execute("SELECT name FROM products WHERE id = ?", (product,)).fetchone()
            lines.append((row[0] if row else None, pieces))
        parcels = db.execute("SELECT sent FROM parcels WHERE order_id = ? ORDER BY id", (order_id,))
        page.append((order_id, lines, [sent for (sent,) in parcels]))
    return page


def page_s(statements: int, rows: int, hop_s: float) -> float:
    """Return how long a page takes, in seconds, when `LOOKERS` customers ask the data tier at the same time.

    Simulated: each statement goes over the border, waits for a core there, and comes back. The mean over the customers.
    """
    require_whole("statements", statements, at_least=1)
    require_whole("rows", rows, at_least=0)
    require_non_negative("hop_s", hop_s)
    sim, config = Simulation(seed=1), LayeredConfig(tiers="three tiers", hop_s=hop_s)
    border, ended_s = Border(sim, Tier(sim, "data", config), config), list[float]()

    def nothing() -> Steps[None]:
        yield from ()

    def look() -> Steps[None]:
        for _ in range(statements):
            yield from border.cross(nothing(), QUERY_S + ROW_S * rows / statements)
        ended_s.append(sim.now)

    for task in [sim.start(look()) for _ in range(LOOKERS)]:
        sim.run(until=task)
    return float(np.mean(ended_s))
