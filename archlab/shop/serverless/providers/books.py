"""What the functions do to the rows, for whatever cloud they run in: the part of a function that no cloud changes.

Every step may be done again: it notes what it did, see `archlab.shop.serverless.keys`. What goes from function to
function is JSON; an order travels as its number, and the rows say the rest.

>>> from archlab.shop.domain import Product
>>> books = open_books([Product(1, "tea", 450)], stock=5)
>>> books.write_down({"order_id": 7, "basket": {"1": 2}})
'pending'
>>> books.reserve(7); books.record(7, authorisation=1); books.place(7)
>>> books.status(7)
{'order_id': 7, 'state': 'placed', 'total_cents': 900, 'payment': 'authorised'}
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Protocol

from archlab.shop.domain import (
    AlreadyPlaced,
    Order,
    OrderState,
    Payment,
    Product,
    Refusal,
    confirmation,
    price_order,
)
from archlab.shop.serverless.handlers.picturing import PICTURES
from archlab.shop.serverless.keys import HANDLED, UNDER_WAY, NothingToDo, close, once, while_pending
from archlab.shop.store import (
    SCHEMAS,
    CatalogueRepository,
    NotificationRepository,
    OrderRepository,
    PaymentRepository,
    Statement,
    StockRepository,
    open_database,
    run_together,
)

Json = dict[str, Any]


class PaymentApi(Protocol):
    """The payment provider's own library, the same in every cloud."""

    def authorise(self, secret: str, order_id: int, amount_cents: int, key: str) -> int | None:
        """Hold an amount; None: declined. The same `key` gets the same answer."""

    def capture(self, secret: str, authorisations: Sequence[int]) -> None:
        """Take the money."""


class Books:
    """The rows, and each step of the shop as one transaction."""

    def __init__(self, rows: sqlite3.Connection) -> None:
        self.rows = rows
        self.catalogue, self.stock = CatalogueRepository(rows), StockRepository(rows)
        self.orders, self.payments = OrderRepository(rows), PaymentRepository(rows)
        self.notifications = NotificationRepository(rows)

    def page(self, product: int) -> Json:
        """Return what a customer sees of a product. Raises `NotFound`."""
        page = self.catalogue.page(product)
        return {"product": product, "name": page.product.name, "on_hand": page.on_hand}

    def status(self, order_id: int) -> Json:
        """Return where an order is. Raises `NotFound`."""
        found = self.orders.status(order_id)
        payment = found.payment and found.payment.value
        return {
            "order_id": order_id,
            "state": found.state.value,
            "total_cents": found.total_cents,
            "payment": payment,
        }

    def write_down(self, wanted: Json) -> str:
        """Write an order that is new as pending. Return the state of the order with this number."""
        basket = {int(product): count for product, count in wanted["basket"].items()}
        priced = price_order(wanted["order_id"], basket, self.catalogue.products(list(basket)))
        order = Order(priced.id, priced.lines, OrderState.PENDING)
        lines = [self.orders.insert_line(order, line) for line in order.lines]
        with suppress(AlreadyPlaced):
            run_together(self.rows, [self.orders.insert_new(order), *lines])
        return self.orders.find(order.id).state.value

    def reserve(self, order_id: int) -> None:
        """Set the pieces of an order aside. Raises `OutOfStock`."""
        lines = self.orders.find(order_id).lines
        pieces = [self.stock.reserve(line.product, line.quantity) for line in lines]
        self._once([while_pending(f"reserve {order_id}", order_id), *pieces])

    def record(self, order_id: int, authorisation: int) -> None:
        """Write that the provider holds the money of an order."""
        payment = Payment(order_id, self.orders.find(order_id).total_cents, authorisation)
        self._once([while_pending(f"pay {order_id}", order_id), self.payments.insert(payment)])

    def place(self, order_id: int) -> None:
        """Give an order its last state: placed."""
        self._once(close(self.orders.find(order_id).become(OrderState.PLACED)))

    def cancel(self, order_id: int) -> None:
        """Give an order its last state: cancelled, and put back what was set aside."""
        order = self.orders.find(order_id)
        done = f"reserve {order_id}"
        back = [self.stock.release(line.product, line.quantity, done) for line in order.lines]
        self._once([*close(order.become(OrderState.CANCELLED)), *back])

    def confirm(self, order_id: int) -> None:
        """Write the message that tells the customer."""
        text = self.notifications.insert(confirmation(self.orders.find(order_id)))
        self._once([once(f"notify {order_id}"), text])

    def show(self, product: int, key: str, size_bytes: int) -> None:
        """Write where the small picture of a product is."""
        sql = "INSERT OR REPLACE INTO pictures VALUES (?, ?, ?)"
        run_together(self.rows, [Statement(sql, (product, key, size_bytes))])

    def _once(self, statements: Iterable[Statement]) -> None:
        with suppress(NothingToDo):
            run_together(self.rows, statements)


def open_books(products: Iterable[Product], stock: int) -> Books:
    """Return new books with these products and so many pieces of each."""
    books = Books(open_database(*SCHEMAS, HANDLED, UNDER_WAY, PICTURES))
    products = list(products)
    books.catalogue.fill(products)
    books.stock.fill({product.id: stock for product in products})
    return books


def shrink(picture: bytes) -> bytes:
    """Return a small picture: every hundredth byte stands for the work of a real library."""
    return picture[::100]


def status_code(refusal: Refusal) -> int:
    """Return the HTTP status that tells a customer of a refusal."""
    return 404 if refusal.reason == "not_found" else 409
