"""The orders service: what customers bought. The one service that needs all the others.

In which steps an order is placed, and what happens when one of them fails, is the matter of
`archlab.shop.services.ordering`.

>>> from archlab.shop.microservices import Microservices
>>> from archlab.sim import Simulation
>>> shop = Microservices(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.answer(shop.track_order(7)).total_cents == order.total_cents
True
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from archlab.shop.domain import Basket, Order, OrderState, price_order
from archlab.shop.services.instance import Instance, Steps
from archlab.shop.services.ordering import Ordering
from archlab.shop.services.service import Service
from archlab.shop.store import ORDERS, OrderRepository, OrderStatus, Statement

if TYPE_CHECKING:
    from archlab.shop.microservices import Microservices


class Orders(Service[OrderRepository]):
    """What customers bought. `ordering` decides how an order is placed."""

    name = "orders"
    schema = ORDERS

    def __init__(self, shop: "Microservices", ordering: type[Ordering]) -> None:
        super().__init__(shop, OrderRepository)
        self.ordering = ordering(self)

    def place(self, here: Instance, order_id: int, basket: Basket) -> Steps[Order]:
        """Price a basket and place the order. Raises a `Refusal`."""
        products = yield from here.call("catalogue", "products", list(basket))
        order = price_order(order_id, basket, products)
        return (yield from self.ordering.place(here, order))

    def create(self, order: Order, *together: Statement) -> Steps[None]:
        """Write an order with its lines, and `together` in the same transaction. An order that is there stays."""
        lines = [self.rows.insert_line_once(order, line) for line in order.lines]
        yield from self.write(f"create {order.id}", [self.rows.insert_once(order), *lines, *together])

    def conclude(self, order: Order, *together: Statement) -> Steps[None]:
        """Write the last state of an order, and `together` in the same transaction."""
        yield from self.write(f"conclude {order.id}", [self.rows.set_state(order), *together])

    def finish(self, here: Instance, order: Order) -> Steps[None]:
        """Place an order that was pending, and let the customer know."""
        yield from self.conclude(order.become(OrderState.PLACED))
        yield from self.announce(here, order)

    def cancel(self, here: Instance, order: Order) -> Steps[None]:
        """Put the stock of a pending order back, and cancel it."""
        yield from here.call("inventory", "release", order)
        yield from self.conclude(order.become(OrderState.CANCELLED))

    def announce(self, here: Instance, order: Order) -> Steps[None]:
        """Let the notifications service tell the customer about an order."""
        yield from here.call("notifications", "confirm", order)

    def status(self, here: Instance, order_id: int) -> Steps[OrderStatus]:
        """Return where an order and its payment are. Raises `NotFound`."""
        own = yield from self.query(lambda: self.rows.own_status(order_id))
        payment = yield from here.call("payments", "state_of", order_id)
        return replace(own, payment=payment)
