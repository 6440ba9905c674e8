"""Data access to normalised tables in SQLite, behind a database server that takes its time.

>>> from archlab.shop.domain import Product
>>> from archlab.shop.store import SCHEMAS, open_database
>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> server = DatabaseServer(sim, open_database(*SCHEMAS), cores=2, query_s=0.001, commit_s=0.0005)
>>> data = SqliteData(server)
>>> data.fill([Product(1, "tea", 450)], stock=5)
>>> sim.run(until=sim.start(data.page(1))).on_hand, sim.now
(5, 0.001)
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from archlab.shop.audit import TABLES
from archlab.shop.database import DatabaseServer, Queries, Transaction
from archlab.shop.domain import Notification, Order, Payment, Product
from archlab.shop.instance import Steps
from archlab.shop.store import (
    CatalogueRepository,
    NotificationRepository,
    OrderRepository,
    OrderStatus,
    PaymentRepository,
    ProductPage,
    Statement,
    StockRepository,
)

T = TypeVar("T")


class SqliteData:
    """The rows, in tables. See `archlab.shop.layered.data_access.interface.DataAccess`.

    `queries`: what this layer sends to the server, a part of the simulation.
    """

    def __init__(self, server: DatabaseServer) -> None:
        self.server = server
        self.queries = Queries(server, "data access")
        connection = server.connection
        self.catalogue, self.stock = CatalogueRepository(connection), StockRepository(connection)
        self.orders, self.payments = OrderRepository(connection), PaymentRepository(connection)
        self.notifications = NotificationRepository(connection)

    def fill(self, catalogue: Sequence[Product], stock: int) -> None:
        """Put the catalogue in, and so many pieces of each product."""
        self.catalogue.fill(catalogue)
        self.stock.fill({product.id: stock for product in catalogue})

    @property
    def tables(self) -> Mapping[str, sqlite3.Connection]:
        """For each table, the connection to its database."""
        return dict.fromkeys(TABLES, self.server.connection)

    def page(self, product: int) -> Steps[ProductPage]:
        return self._ask(lambda: self.catalogue.page(product))

    def products(self, ids: Sequence[int]) -> Steps[list[Product]]:
        return self._ask(lambda: self.catalogue.products(ids))

    def on_hand(self, ids: Sequence[int]) -> Steps[dict[int, int]]:
        return self._ask(lambda: self.stock.on_hand(ids))

    def order(self, order_id: int) -> Steps[Order]:
        return self._ask(lambda: self.orders.find(order_id))

    def status(self, order_id: int) -> Steps[OrderStatus]:
        return self._ask(lambda: self.orders.status(order_id))

    def authorised(self) -> Steps[list[int]]:
        return self._ask(self.payments.authorised)

    def captured(self, authorisations: Sequence[int]) -> Steps[None]:
        yield from self.server.flush()
        yield from self._ask(lambda: self.payments.capture(authorisations))

    def begin(self) -> "SqliteChanges":
        return SqliteChanges(self)

    def _ask(self, question: Callable[[], T]) -> Steps[T]:
        yield from self.queries.run()
        return question()


class SqliteChanges:
    """One transaction. See `archlab.shop.layered.data_access.interface.Changes`."""

    def __init__(self, data: SqliteData) -> None:
        self._data = data
        self._work = Transaction(data.server)

    def reserve(self, product: int, quantity: int) -> Steps[None]:
        return self._write(self._data.stock.reserve(product, quantity))

    def record_payment(self, payment: Payment) -> Steps[None]:
        return self._write(self._data.payments.insert(payment))

    def insert_order(self, order: Order) -> Steps[None]:
        yield from self._write(self._data.orders.insert_new(order))
        for line in order.lines:
            yield from self._write(self._data.orders.insert_line(order, line))

    def notify(self, notification: Notification) -> Steps[None]:
        return self._write(self._data.notifications.insert(notification))

    def commit(self) -> Steps[None]:
        return self._work.commit()

    def _write(self, statement: Statement) -> Steps[None]:
        return self._work.write(self._data.queries, statement)
