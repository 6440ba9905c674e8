"""Data access to the memory of the process: nothing waits, and nothing is left when the process ends.

It is what tests of the layers above put in the place of a database.

>>> from archlab.shop.domain import Product
>>> from archlab.sim import Simulation
>>> data = MemoryData()
>>> data.fill([Product(1, "tea", 450)], stock=5)
>>> next(data.page(1))
Traceback (most recent call last):
StopIteration: ProductPage(product=Product(id=1, name='tea', price_cents=450), on_hand=5)
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from archlab.shop.audit import TABLES
from archlab.shop.domain import (
    AlreadyPlaced,
    NotFound,
    Notification,
    Order,
    OutOfStock,
    Payment,
    PaymentState,
    Product,
)
from archlab.shop.instance import Steps
from archlab.shop.layered.data_access.as_tables import as_tables
from archlab.shop.store import OrderStatus, ProductPage


class MemoryData:
    """The rows, as objects. See `archlab.shop.layered.data_access.interface.DataAccess`."""

    def __init__(self) -> None:
        self.catalogue: dict[int, Product] = {}
        self.initial: dict[int, int] = {}
        self.stock: dict[int, int] = {}
        self.orders: dict[int, Order] = {}
        self.payments: list[Payment] = []
        self.notifications: list[Notification] = []

    def crash(self) -> None:
        """Lose everything but what is filled in anew at a start: the catalogue, and the stock that it began with."""
        self.stock = dict(self.initial)
        self.orders, self.payments, self.notifications = {}, [], []

    def restart(self) -> None:
        """Begin again. Nothing comes back."""

    def fill(self, catalogue: Sequence[Product], stock: int) -> None:
        """Put the catalogue in, and so many pieces of each product."""
        self.catalogue = {product.id: product for product in catalogue}
        self.initial = dict.fromkeys(self.catalogue, stock)
        self.stock = dict(self.initial)

    @property
    def tables(self) -> Mapping[str, sqlite3.Connection]:
        """For each table, a connection to a copy of what is there now."""
        copy = as_tables(
            self.catalogue.values(),
            self.initial,
            self.stock,
            self.orders.values(),
            self.payments,
            self.notifications,
        )
        return dict.fromkeys(TABLES, copy)

    def page(self, product: int) -> Steps[ProductPage]:
        yield from ()
        if product not in self.catalogue:
            raise NotFound(f"no product {product}")
        return ProductPage(self.catalogue[product], self.stock[product])

    def products(self, ids: Sequence[int]) -> Steps[list[Product]]:
        yield from ()
        return [self.catalogue[product] for product in ids if product in self.catalogue]

    def on_hand(self, ids: Sequence[int]) -> Steps[dict[int, int]]:
        yield from ()
        return {product: self.stock[product] for product in ids if product in self.stock}

    def order(self, order_id: int) -> Steps[Order]:
        yield from ()
        if order_id not in self.orders:
            raise NotFound(f"no order {order_id}")
        return self.orders[order_id]

    def status(self, order_id: int) -> Steps[OrderStatus]:
        order = yield from self.order(order_id)
        paid = next((one.state for one in self.payments if one.order_id == order_id), None)
        return OrderStatus(order_id, order.state, order.total_cents, paid)

    def authorised(self) -> Steps[list[int]]:
        yield from ()
        return [one.authorisation for one in self.payments if one.state is PaymentState.AUTHORISED]

    def captured(self, authorisations: Sequence[int]) -> Steps[None]:
        yield from ()
        taken = set(authorisations)
        self.payments = [
            replace(one, state=PaymentState.CAPTURED) if one.authorisation in taken else one
            for one in self.payments
        ]

    def begin(self) -> "MemoryChanges":
        return MemoryChanges(self)


class MemoryChanges:
    """Changes that wait for their commit. See `archlab.shop.layered.data_access.interface.Changes`."""

    def __init__(self, data: MemoryData) -> None:
        self._data = data
        self._checks: list[Callable[[], None]] = []
        self._writes: list[Callable[[], object]] = []

    def reserve(self, product: int, quantity: int) -> Steps[None]:
        yield from ()
        stock = self._data.stock

        def check() -> None:
            if stock.get(product, 0) < quantity:
                raise OutOfStock(f"too few of product {product}")

        self._checks.append(check)
        self._writes.append(lambda: stock.update({product: stock[product] - quantity}))

    def record_payment(self, payment: Payment) -> Steps[None]:
        yield from ()
        self._writes.append(lambda: self._data.payments.append(payment))

    def insert_order(self, order: Order) -> Steps[None]:
        yield from ()

        def check() -> None:
            if order.id in self._data.orders:
                raise AlreadyPlaced(f"order {order.id} is there already")

        self._checks.append(check)
        self._writes.append(lambda: self._data.orders.update({order.id: order}))

    def notify(self, notification: Notification) -> Steps[None]:
        yield from ()
        self._writes.append(lambda: self._data.notifications.append(notification))

    def commit(self) -> Steps[None]:
        yield from ()
        for check in self._checks:
            check()
        for write in self._writes:
            write()
