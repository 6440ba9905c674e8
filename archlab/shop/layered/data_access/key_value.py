"""Data access to a key-value store: an order is one document, with its lines, its payment and what was told about it.

Pieces of a product are a counter that can be lowered on a condition. Money that is held has a key of its own, as nobody
can ask such a store for "all payments in this state". Each key that is read or written is one query.

>>> from archlab.shop.domain import Product
>>> from archlab.shop.store import open_database
>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> server = DatabaseServer(sim, open_database(DOCUMENTS), cores=2, query_s=0.001, commit_s=0.0005)
>>> data = KeyValueData(server)
>>> data.fill([Product(1, "tea", 450)], stock=5)
>>> sim.run(until=sim.start(data.page(1))).on_hand, sim.now
(5, 0.002)
"""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from archlab.shop.audit import TABLES
from archlab.shop.database import DatabaseServer, Queries, Transaction
from archlab.shop.domain import (
    AlreadyPlaced,
    NotFound,
    Notification,
    Order,
    OrderLine,
    OrderState,
    OutOfStock,
    Payment,
    PaymentState,
    Product,
)
from archlab.shop.instance import Steps
from archlab.shop.layered.data_access.as_tables import as_tables
from archlab.shop.store import OrderStatus, ProductPage, Statement

T = TypeVar("T")
Document = dict[str, Any]

DOCUMENTS = """
CREATE TABLE documents (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE counters (key TEXT PRIMARY KEY, initial INTEGER NOT NULL, value INTEGER NOT NULL)
"""
HELD = "held"
"""Begins the keys of authorisations whose money is held; their numbers follow, with zeros, so that keys sort."""


class KeyValueData:
    """The rows, as documents. See `archlab.shop.layered.data_access.interface.DataAccess`."""

    def __init__(self, server: DatabaseServer) -> None:
        self.server = server
        self.queries = Queries(server, "data access")

    def fill(self, catalogue: Sequence[Product], stock: int) -> None:
        """Put the catalogue in, and so many pieces of each product."""
        documents = [
            (f"product {product.id}", json.dumps({"name": product.name, "price_cents": product.price_cents}))
            for product in catalogue
        ]
        counters = [(f"stock {product.id}", stock, stock) for product in catalogue]
        self.server.connection.executemany("INSERT INTO documents VALUES (?, ?)", documents)
        self.server.connection.executemany("INSERT INTO counters VALUES (?, ?, ?)", counters)

    @property
    def tables(self) -> Mapping[str, sqlite3.Connection]:
        """For each table, a connection to a copy of what is there now."""
        documents = self._all("product", lambda key, value: _product(key, value))
        orders = self._all("order", lambda key, value: (_order(key, value), value))
        sql = "SELECT key, initial, value FROM counters"
        counters = {_number(key): rest for key, *rest in self.server.connection.execute(sql)}
        copy = as_tables(
            documents,
            {product: initial for product, (initial, _) in counters.items()},
            {product: pieces for product, (_, pieces) in counters.items()},
            [order for order, _ in orders],
            [_payment(order.id, value) for order, value in orders],
            [Notification(order.id, value["text"]) for order, value in orders],
        )
        return dict.fromkeys(TABLES, copy)

    # What is asked ------------------------------------------------------------------------------------------

    def page(self, product: int) -> Steps[ProductPage]:
        found = yield from self.products([product])
        if not found:
            raise NotFound(f"no product {product}")
        pieces = yield from self.on_hand([product])
        return ProductPage(found[0], pieces[product])

    def products(self, ids: Sequence[int]) -> Steps[list[Product]]:
        found = []
        for product in ids:
            value = yield from self._get(f"product {product}")
            if value is not None:
                found.append(_product(f"product {product}", value))
        return found

    def on_hand(self, ids: Sequence[int]) -> Steps[dict[int, int]]:
        found = {}
        for product in ids:
            yield from self.queries.run()
            sql = "SELECT value FROM counters WHERE key = ?"
            row = self.server.connection.execute(sql, (f"stock {product}",)).fetchone()
            if row is not None:
                found[product] = int(row[0])
        return found

    def order(self, order_id: int) -> Steps[Order]:
        value = yield from self._get(f"order {order_id}")
        if value is None:
            raise NotFound(f"no order {order_id}")
        return _order(f"order {order_id}", value)

    def status(self, order_id: int) -> Steps[OrderStatus]:
        value = yield from self._get(f"order {order_id}")
        if value is None:
            raise NotFound(f"no order {order_id}")
        order = _order(f"order {order_id}", value)
        return OrderStatus(order_id, order.state, order.total_cents, PaymentState(value["payment"]["state"]))

    def authorised(self) -> Steps[list[int]]:
        yield from self.queries.run()
        sql = "SELECT key FROM documents WHERE key >= ? AND key < ? ORDER BY key"
        return [_number(key) for (key,) in self.server.connection.execute(sql, (f"{HELD} ", f"{HELD}!"))]

    def captured(self, authorisations: Sequence[int]) -> Steps[None]:
        yield from self.server.flush()
        for authorisation in authorisations:
            held = yield from self._get(_held(authorisation))
            if held is None:
                continue
            key = f"order {held['order_id']}"
            value = yield from self._get(key)
            assert value is not None  # both were written in one transaction
            value["payment"]["state"] = PaymentState.CAPTURED.value
            yield from self.queries.run()
            _put(key, value).run(self.server.connection)
            _delete(_held(authorisation)).run(self.server.connection)

    def begin(self) -> "KeyValueChanges":
        return KeyValueChanges(self)

    def _get(self, key: str) -> Steps[Document | None]:
        yield from self.queries.run()
        sql = "SELECT value FROM documents WHERE key = ?"
        row = self.server.connection.execute(sql, (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def _all(self, kind: str, make: Callable[[str, Document], T]) -> list[T]:
        sql = "SELECT key, value FROM documents WHERE key >= ? AND key < ?"
        rows = self.server.connection.execute(sql, (f"{kind} ", f"{kind}!")).fetchall()
        return [make(key, json.loads(value)) for key, value in sorted(rows, key=lambda row: _number(row[0]))]


class KeyValueChanges:
    """Changes that wait for their commit. See `archlab.shop.layered.data_access.interface.Changes`.

    The payment and the message become parts of the document of their order, so they take no query of their own.
    """

    def __init__(self, data: KeyValueData) -> None:
        self._data = data
        self._work = Transaction(data.server)
        self._document: Document = {}

    def reserve(self, product: int, quantity: int) -> Steps[None]:
        sql = "UPDATE counters SET value = value - ? WHERE key = ? AND value >= ?"
        values = (quantity, f"stock {product}", quantity)
        return self._write(Statement(sql, values, lambda: OutOfStock(f"too few of product {product}")))

    def record_payment(self, payment: Payment) -> Steps[None]:
        self._document["payment"] = {
            "amount_cents": payment.amount_cents,
            "authorisation": payment.authorisation,
            "state": payment.state.value,
        }
        return self._write(_put(_held(payment.authorisation), {"order_id": payment.order_id}))

    def insert_order(self, order: Order) -> Steps[None]:
        yield from ()
        lines = [[line.product, line.quantity, line.unit_price_cents] for line in order.lines]
        self._document |= {"order_id": order.id, "state": order.state.value, "lines": lines}

    def notify(self, notification: Notification) -> Steps[None]:
        yield from ()
        self._document["text"] = notification.text

    def commit(self) -> Steps[None]:
        order_id = self._document["order_id"]
        new = _put(f"order {order_id}", self._document)
        sql = "INSERT INTO documents VALUES (?, ?) ON CONFLICT DO NOTHING"
        refusal = lambda: AlreadyPlaced(f"order {order_id} is there already")  # noqa: E731
        yield from self._write(Statement(sql, new.values, refusal))
        yield from self._work.commit()

    def _write(self, statement: Statement) -> Steps[None]:
        return self._work.write(self._data.queries, statement)


def _put(key: str, value: Document) -> Statement:
    sql = "INSERT INTO documents VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
    return Statement(sql, (key, json.dumps(value)))


def _delete(key: str) -> Statement:
    return Statement("DELETE FROM documents WHERE key = ?", (key,))


def _held(authorisation: int) -> str:
    return f"{HELD} {authorisation:012d}"


def _number(key: str) -> int:
    return int(key.split()[1])


def _product(key: str, value: Document) -> Product:
    return Product(_number(key), value["name"], value["price_cents"])


def _order(key: str, value: Document) -> Order:
    lines = tuple(OrderLine(*line) for line in value["lines"])
    return Order(_number(key), lines, OrderState(value["state"]))


def _payment(order_id: int, value: Document) -> Payment:
    payment = value["payment"]
    return Payment(
        order_id, payment["amount_cents"], payment["authorisation"], PaymentState(payment["state"])
    )
