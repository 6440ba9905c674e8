"""The business layer: the rules of the shop. It asks the data access layer for objects, and knows no table.

>>> from archlab.shop.domain import Product
>>> from archlab.shop.layered.data_access import MemoryData
>>> data = MemoryData()
>>> data.fill([Product(1, "tea", 450)], stock=5)
>>> next(Rules(data).draft(order_id=7, basket={1: 6}))
Traceback (most recent call last):
archlab.shop.domain.OutOfStock: order 7 needs more of product 1 than is there
"""

from collections.abc import Sequence

from archlab.shop.domain import (
    Basket,
    Order,
    Payment,
    PaymentDeclined,
    confirmation,
    price_order,
    reserve,
)
from archlab.shop.instance import Steps
from archlab.shop.layered.data_access import Changes, DataAccess
from archlab.shop.store import OrderStatus, ProductPage


class Rules:
    """What must hold. Each method is one rule, or, where there is none, hands on what the layer beneath says."""

    def __init__(self, data: DataAccess) -> None:
        self.data = data

    def page(self, product: int) -> Steps[ProductPage]:
        """Hand a page on: there is no rule about looking. Raises `NotFound`."""
        return self.data.page(product)

    def status(self, order_id: int) -> Steps[OrderStatus]:
        """Hand the state of an order on. Raises `NotFound`."""
        return self.data.status(order_id)

    def placed(self, order_id: int) -> Steps[Order]:
        """Hand an order on. Raises `NotFound`."""
        return self.data.order(order_id)

    def held(self) -> Steps[list[int]]:
        """Hand on whose money is held."""
        return self.data.authorised()

    def taken(self, authorisations: Sequence[int]) -> Steps[None]:
        """Hand on that it was taken."""
        return self.data.captured(authorisations)

    def draft(self, order_id: int, basket: Basket) -> Steps[Order]:
        """An order has the prices of today, and is for what is there. Raises `NotFound` or `OutOfStock`."""
        products = yield from self.data.products(list(basket))
        order = price_order(order_id, basket, products)
        reserve(order, (yield from self.data.on_hand(list(basket))))
        return order

    def paid(self, order: Order, authorisation: int | None) -> Payment:
        """An order is paid in full, or not placed. Raises `PaymentDeclined` when the provider has given no number."""
        if authorisation is None:
            raise PaymentDeclined(f"order {order.id}: {order.total_cents} cents declined")
        return Payment(order.id, order.total_cents, authorisation)

    def place(self, order: Order, payment: Payment) -> Steps[Changes]:
        """What a placed order changes: stock, payment, order, and a message. It is not committed yet."""
        changes = self.data.begin()
        for line in order.lines:
            yield from changes.reserve(line.product, line.quantity)
        yield from changes.record_payment(payment)
        yield from changes.insert_order(order)
        yield from changes.notify(confirmation(order))
        return changes
