"""The same history kept as a table of states, in its strongest reasonable form, with or without a history by triggers.

Each row says how things are now, when it was changed last, by whom, and why. With `kept="told"` triggers of the
database keep every old and new row besides, whoever writes. With "triggers" they do, too, but the program tells
nobody who asked and why: all is done by the account of the shop. With "refusals" the program is told, and writes each
attempt that it refuses into a table beside them, in a transaction of its own.

>>> from archlab.chapters.event_driven.history import Trade, play, wishes
>>> rows = as_states(play(wishes(Trade(days=1), seed=1)), kept="told")
>>> rows.execute("SELECT who, why FROM changes WHERE about = 'stock' AND why = 'delivery'").fetchone()
('carla, warehouse', 'delivery')

A wish that is refused writes nothing else: its transaction is rolled back, and with it whatever a trigger has written.
The table of refusals is the program's own duty, as an event is: a trigger keeps what somebody forgot to tell, and this
table does not.
"""

import sqlite3
from dataclasses import replace
from typing import Literal

from archlab.chapters.event_driven.history import DAY_S, Done, History, Wish
from archlab.shop.domain import Order
from archlab.shop.store import Statement, open_database, run_together

Kept = Literal["none", "triggers", "told", "refusals"]

STATES = """
CREATE TABLE products (product INTEGER PRIMARY KEY, price_cents INTEGER NOT NULL,
    changed_s REAL NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL);
CREATE TABLE stock (product INTEGER PRIMARY KEY, on_hand INTEGER NOT NULL CHECK (on_hand >= 0),
    changed_s REAL NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL);
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, customer INTEGER NOT NULL, state TEXT NOT NULL,
    total_cents INTEGER NOT NULL, placed_s REAL NOT NULL, changed_s REAL NOT NULL, who TEXT NOT NULL, why TEXT NOT
    NULL);
CREATE TABLE order_lines (order_id INTEGER NOT NULL, product INTEGER NOT NULL, quantity INTEGER NOT NULL,
    unit_price_cents INTEGER NOT NULL, PRIMARY KEY (order_id, product)) WITHOUT ROWID
"""
CHANGES = """
CREATE TABLE clock (at_s REAL NOT NULL);
INSERT INTO clock VALUES (0);
CREATE TABLE changes (change INTEGER PRIMARY KEY, at_s REAL NOT NULL, about TEXT NOT NULL, id INTEGER NOT NULL,
    value, was, who TEXT NOT NULL, why TEXT NOT NULL, changed_s REAL NOT NULL);
CREATE INDEX changes_by_row ON changes (about, id, at_s);
CREATE TRIGGER changes_are_not_updated BEFORE UPDATE ON changes
    BEGIN SELECT RAISE(ABORT, 'changes are never updated'); END;
CREATE TRIGGER changes_are_not_deleted BEFORE DELETE ON changes
    BEGIN SELECT RAISE(ABORT, 'changes are never deleted'); END
"""
"""What triggers write: the moment by the database's clock, and of the row its key, what of it can change (`value`, and
what it `was`), and what it says of the change. An index finds a row's history, as the one of streams does in events.
What never changes after it is written needs no history.
"""

REFUSALS = """
CREATE TABLE refusals (refusal INTEGER PRIMARY KEY, at_s REAL NOT NULL, what TEXT NOT NULL, order_id INTEGER,
    customer INTEGER, product INTEGER, reason TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL);
CREATE TRIGGER refusals_are_not_updated BEFORE UPDATE ON refusals
    BEGIN SELECT RAISE(ABORT, 'refusals are never updated'); END;
CREATE TRIGGER refusals_are_not_deleted BEFORE DELETE ON refusals
    BEGIN SELECT RAISE(ABORT, 'refusals are never deleted'); END
"""
"""What the program refused: the `reason`, and who had asked for it and why."""

BACKUPS = """
CREATE TABLE backups (night INTEGER, product INTEGER, price_cents INTEGER, PRIMARY KEY (night, product))
"""

TRACKED = {
    "products": ("product", "price_cents"),
    "stock": ("product", "on_hand"),
    "orders": ("order_id", "state"),
}
"""The tables whose rows change: the key, and what changes. The lines of an order never do."""


def _trigger(table: str, verb: str) -> str:
    key, value = TRACKED[table]
    was = "NULL" if verb == "INSERT" else f"OLD.{value}"
    return f"""CREATE TRIGGER {table}_{verb.lower()} AFTER {verb} ON {table} BEGIN
        INSERT INTO changes (at_s, about, id, value, was, who, why, changed_s)
        SELECT at_s, '{table}', NEW.{key}, NEW.{value}, {was}, NEW.who, NEW.why, NEW.changed_s FROM clock; END"""


TRIGGERS = ";\n".join(_trigger(table, verb) for table in TRACKED for verb in ("INSERT", "UPDATE"))
"""One for each table and way to write. Rows of this shop are not deleted."""


def as_states(history: History, kept: Kept = "none", path: str = ":memory:") -> sqlite3.Connection:
    """Write a history into a new database, and return the connection. `kept`: see the module."""
    connection = open_database(*_schemas(kept), path=path)
    pen = _Pen(connection, kept)
    pen.write_opening(history)
    for one in history.happened:
        pen.write(one)
    return connection


def _schemas(kept: Kept) -> tuple[str, ...]:
    if kept == "none":
        return (STATES,)
    return (STATES, CHANGES, TRIGGERS, *([REFUSALS] if kept == "refusals" else []))


class _Pen:
    """Writes each wish in a transaction of its own, as the shop does."""

    def __init__(self, connection: sqlite3.Connection, kept: Kept) -> None:
        self._connection, self._kept = connection, kept

    def write_opening(self, history: History) -> None:
        rows = [
            Statement(f"INSERT INTO {table} VALUES (?, ?, 0, 'shop', 'opening')", (product.id, value))
            for product in history.catalogue
            for table, value in (("products", product.price_cents), ("stock", history.opening[product.id]))
        ]
        run_together(self._connection, rows)

    def write(self, one: Done) -> None:
        if one.is_done:
            told = one if self._kept != "triggers" else replace(one, wish=_untold(one.wish))
            run_together(self._connection, [*self._set_clock(one.wish.at_s), *statements_of(told)])
        elif self._kept == "refusals":
            run_together(self._connection, [_refusal(one)])

    def _set_clock(self, at_s: float) -> list[Statement]:
        if self._kept == "none":
            return []
        return [Statement("UPDATE clock SET at_s = ?", (at_s,))]


def _refusal(one: Done) -> Statement:
    """The write that tells of a refused attempt."""
    wish = one.wish
    row = (wish.at_s, wish.kind, wish.order_id, wish.customer, wish.product, one.outcome, wish.who, wish.why)
    return Statement("INSERT INTO refusals VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def _untold(wish: Wish) -> Wish:
    """The wish as a database sees it that knows the account of the shop and nobody else."""
    return replace(wish, who="shop", why="")


def statements_of(one: Done) -> list[Statement]:
    """Return the writes of a wish that is granted."""
    wish = one.wish
    match wish.kind:
        case "order" if one.order is not None:
            return [*_insert(wish, one.order), *_move(wish, _pieces(one.order, -1))]
        case "cancel" if one.order is not None:
            cancelled = (wish.at_s, wish.who, wish.why, wish.order_id)
            sql = "UPDATE orders SET state = 'cancelled', changed_s = ?, who = ?, why = ? WHERE order_id = ?"
            return [Statement(sql, cancelled), *_move(wish, _pieces(one.order, 1))]
        case "price":
            sql = "UPDATE products SET price_cents = ?, changed_s = ?, who = ?, why = ? WHERE product = ?"
            return [Statement(sql, (wish.amount, wish.at_s, wish.who, wish.why, wish.product))]
        case "by_hand":
            sql = "UPDATE products SET price_cents = ? WHERE product = ?"
            return [Statement(sql, (wish.amount, wish.product))]
        case "delivery" | "write_off":
            sign = 1 if wish.kind == "delivery" else -1
            return _move(wish, {wish.product: sign * wish.amount})
    return []


def _insert(wish: Wish, order: Order) -> list[Statement]:
    row = (
        order.id,
        wish.customer,
        order.state.value,
        order.total_cents,
        wish.at_s,
        wish.at_s,
        wish.who,
        wish.why,
    )
    lines = [
        Statement(
            "INSERT INTO order_lines VALUES (?, ?, ?, ?)",
            (order.id, line.product, line.quantity, line.unit_price_cents),
        )
        for line in order.lines
    ]
    return [Statement("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row), *lines]


def _pieces(order: Order, sign: int) -> dict[int, int]:
    return {line.product: sign * line.quantity for line in order.lines}


def _move(wish: Wish, pieces: dict[int, int]) -> list[Statement]:
    sql = "UPDATE stock SET on_hand = on_hand + ?, changed_s = ?, who = ?, why = ? WHERE product = ?"
    return [
        Statement(sql, (count, wish.at_s, wish.who, wish.why, product)) for product, count in pieces.items()
    ]


def nightly_prices(history: History) -> sqlite3.Connection:
    """Return a database with the nightly backups of the prices: a row for each night and product.

    The rows are copied at midnight from the table of states as it then is. They are what an increment keeps of a
    night on which all prices are new, so fewer rows would not know less.
    """
    connection = open_database(STATES, BACKUPS)
    pen, night = _Pen(connection, "none"), 0
    pen.write_opening(history)
    copy = "INSERT INTO backups SELECT ?, product, price_cents FROM products"
    connection.execute(copy, (night,))
    for one in history.happened:
        while one.wish.at_s >= (night + 1) * DAY_S:
            night += 1
            connection.execute(copy, (night,))
        if one.wish.kind in ("price", "by_hand"):  # no other wish writes to the prices
            pen.write(one)
    connection.execute(copy, (night + 1,))
    return connection
