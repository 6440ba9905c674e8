"""The audit: does the real state agree with itself, with the bank, and with what the customers were told?

It reads the rows after a run, from one database or from several. What it counts is counted in SQLite rows,
not taken from the simulation.

>>> from archlab.shop.provider import open_ledger
>>> from archlab.shop.store import SCHEMAS, open_database
>>> database = open_database(*SCHEMAS)
>>> told = Receipts(acknowledged=[7])
>>> found = audit({table: database for table in TABLES}, open_ledger(), told)
>>> found.missing_orders, found.ok
(1, False)
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import pandas as pd

TABLES = ("products", "stock", "orders", "order_lines", "payments", "notifications")

ANOMALIES: Mapping[str, str] = {
    "missing_orders": "orders the customer was told are placed, and there is no such order",
    "orders_without_payment": "orders with no payment",
    "payments_without_order": "payments with no order: the customer pays for nothing",
    "double_charges": "charges beyond the first for one order",
    "unrecorded_charges": "charges at the provider with no payment in the shop's rows",
    "uncharged_payments": "payments the shop believes captured, and the provider never took the money",
    "wrong_amounts": "orders whose payment is not for the order's total",
    "wrong_totals": "orders whose total is not the sum of their lines",
    "oversold_products": "products of which more was sold than there was",
    "stock_mismatches": "products where pieces at the start are not pieces on hand plus pieces in orders",
    "stale_reads": "answers that showed an old state",
}
"""What each anomaly counts. One broken order can count under several of them."""

FIGURES: Mapping[str, str] = {
    "max_stale_age_s": "age of the oldest state shown, in seconds",
    "money_difference_cents": "money the provider took, minus the totals of the orders it was taken for",
    "unsettled_payments": "payments authorised and not yet captured: not wrong, the money is taken later",
    "in_flight_orders": "orders still being worked on; their rows may look wrong for that reason alone",
    "orders": "orders in the rows, those cancelled not counted",
    "acknowledged_orders": "orders the customers were told are placed",
}
"""What the other figures of the audit are."""


@dataclass
class Receipts:
    """What the customers were told: the orders they sent, by order id, and those they were told are placed.

    The shop's rows must agree with it, so the shop does not keep it.

    >>> receipts = Receipts()
    >>> receipts.started(7); receipts.started(8); receipts.acknowledge(7); receipts.ended(7)
    >>> receipts.acknowledged, receipts.in_flight
    ([7], {8})
    """

    acknowledged: list[int] = field(default_factory=list)
    in_flight: set[int] = field(default_factory=set)

    def started(self, order_id: int) -> None:
        """Note that a customer sent this order."""
        self.in_flight.add(order_id)

    def acknowledge(self, order_id: int) -> None:
        """Note that the customer was told: your order is placed."""
        self.acknowledged.append(order_id)

    def ended(self, order_id: int) -> None:
        """Note that nothing works on this order any more, whatever came of it."""
        self.in_flight.discard(order_id)


@dataclass(frozen=True)
class Audit:
    """What the audit found: a count for each of `ANOMALIES`, and the other `FIGURES`."""

    missing_orders: int
    orders_without_payment: int
    payments_without_order: int
    double_charges: int
    unrecorded_charges: int
    uncharged_payments: int
    wrong_amounts: int
    wrong_totals: int
    oversold_products: int
    stock_mismatches: int
    stale_reads: int
    max_stale_age_s: float
    money_difference_cents: int
    unsettled_payments: int
    in_flight_orders: int
    orders: int
    acknowledged_orders: int

    @property
    def anomalies(self) -> int:
        """The sum of all anomalies."""
        return sum(int(getattr(self, name)) for name in ANOMALIES)

    @property
    def ok(self) -> bool:
        """True when there is no anomaly, and money adds up."""
        return self.anomalies == 0 and self.money_difference_cents == 0

    def frame(self) -> pd.DataFrame:
        """Return a row a figure: `check`, `count`, `anomaly` (True when it must be 0), `meaning`."""
        rows = [(field.name, getattr(self, field.name)) for field in fields(self)]
        frame = pd.DataFrame(rows, columns=["check", "count"])
        frame["anomaly"] = frame.check.isin(list(ANOMALIES))
        frame["meaning"] = frame.check.map({**ANOMALIES, **FIGURES})
        return frame


@dataclass(frozen=True)
class Books:
    """The rows the audit compares, read once from wherever each table lives."""

    orders: Mapping[int, int]
    lines: Sequence[tuple[int, int, int, int]]
    payments: Sequence[tuple[int, int, int, str]]
    stock: Sequence[tuple[int, int, int]]
    charges: Sequence[tuple[int, int, int]]
    known: frozenset[int]

    @classmethod
    def read(cls, tables: Mapping[str, sqlite3.Connection], ledger: sqlite3.Connection) -> "Books":
        """Return the rows of `tables` (table -> connection to its database) and of the ledger."""

        def rows(table: str, columns: str) -> list[tuple[Any, ...]]:
            return tables[table].execute(f"SELECT {columns} FROM {table}").fetchall()

        orders = rows("orders", "order_id, state, total_cents")
        sql = "SELECT authorisation, order_id, amount_cents FROM ledger WHERE state = 'captured'"
        return cls(
            orders={id_: total for id_, state, total in orders if state != "cancelled"},
            lines=rows("order_lines", "order_id, product, quantity, unit_price_cents"),
            payments=rows("payments", "order_id, amount_cents, authorisation, state"),
            stock=rows("stock", "product, initial, on_hand"),
            charges=ledger.execute(sql).fetchall(),
            known=frozenset(id_ for id_, _, _ in orders),
        )


def audit(
    tables: Mapping[str, sqlite3.Connection],
    ledger: sqlite3.Connection,
    receipts: Receipts,
    stale_reads: int = 0,
    max_stale_age_s: float = 0.0,
) -> Audit:
    """Return what is wrong with the rows.

    Args:
        tables: a table's name -> the connection to the database it lives in, for each of `TABLES`.
        ledger: the payment provider's own book: what was really charged.
        receipts: what the customers were told.
        stale_reads, max_stale_age_s: from whoever records them; rows alone cannot show an answer that was
        old.

    Audit when nothing is in flight: an order in the middle of its way looks half-written, because it is.
    """
    books = Books.read(tables, ledger)
    return Audit(
        missing_orders=len(set(receipts.acknowledged) - books.known),
        **_payments(books),
        **_amounts(books),
        **_stock(books),
        stale_reads=stale_reads,
        max_stale_age_s=max_stale_age_s,
        in_flight_orders=len(receipts.in_flight),
        orders=len(books.orders),
        acknowledged_orders=len(receipts.acknowledged),
    )


def _payments(books: Books) -> dict[str, int]:
    """Compare orders, payments and charges one by one."""
    paid = {order for order, _, _, _ in books.payments}
    recorded = {authorisation for _, _, authorisation, _ in books.payments}
    captured = {authorisation for _, _, authorisation, state in books.payments if state == "captured"}
    charged = {authorisation for authorisation, _, _ in books.charges}
    charges = Counter(order for _, order, _ in books.charges)
    return {
        "orders_without_payment": len(set(books.orders) - paid),
        "payments_without_order": sum(order not in books.known for order, _, _, _ in books.payments),
        "double_charges": sum(count - 1 for count in charges.values()),
        "unrecorded_charges": len(charged - recorded),
        "uncharged_payments": len(captured - charged),
        "unsettled_payments": sum(state == "authorised" for _, _, _, state in books.payments),
    }


def _amounts(books: Books) -> dict[str, int]:
    """Compare amounts of money."""
    by_order: Counter[int] = Counter()
    for order, _, quantity, price in books.lines:
        by_order[order] += quantity * price
    totals = books.orders
    wrong = sum(amount != totals[order] for order, amount, _, _ in books.payments if order in totals)
    taken = sum(amount for _, _, amount in books.charges)
    owed = sum(totals.get(order, 0) for order in {order for _, order, _ in books.charges})
    return {
        "wrong_amounts": wrong,
        "wrong_totals": sum(by_order[order] != total for order, total in totals.items()),
        "money_difference_cents": taken - owed,
    }


def _stock(books: Books) -> dict[str, int]:
    """Compare pieces: at the start, on hand, and in orders that stand."""
    sold: Counter[int] = Counter()
    for order, product, quantity, _ in books.lines:
        sold[product] += quantity if order in books.orders else 0
    return {
        "oversold_products": sum(left < 0 or sold[product] > start for product, start, left in books.stock),
        "stock_mismatches": sum(start != left + sold[product] for product, start, left in books.stock),
    }
