"""The orders service: what customers bought. The one service that needs all the others.

An order is placed in steps, over services whose databases know no common transaction. `NaiveOrder` is what one writes
first: step after step, each with a local transaction, and no thought of what happens when the next one fails.
`archlab.shop.microservices.ordering` has better ways.

>>> from archlab.shop.microservices.architecture import Microservices
>>> from archlab.sim import Simulation
>>> shop = Microservices(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.answer(shop.track_order(7)).total_cents == order.total_cents
True
>>> shop.instances["notifications-1"].crash()
>>> shop.answer(shop.place_order(order_id=8, basket={1: 2}))
Traceback (most recent call last):
archlab.sim.failure.Unavailable: notifications-1: down, the connection was refused
>>> shop.rows("orders").state.tolist(), len(shop.rows("notifications"))
(['placed', 'placed'], 1)
"""

from abc import ABC, abstractmethod
from dataclasses import replace

from archlab.shop.domain import Basket, Order, OrderState, Refusal, price_order
from archlab.shop.microservices.instance import Instance, Steps
from archlab.shop.microservices.platform import Platform
from archlab.shop.microservices.services.owners import OWNERS, Owners
from archlab.shop.microservices.services.service import Service
from archlab.shop.store import ORDERS, OrderRepository, OrderStatus, Statement


class Ordering(ABC):
    """One way to place an order. It belongs to the orders service, whose rows it writes through `orders`."""

    def __init__(self, orders: "Orders") -> None:
        self.orders = orders

    @abstractmethod
    def place(self, here: Instance, order: Order) -> Steps[Order]:
        """Carry out the steps of an order that has its prices, at the instance `here`; return it as it stands."""


class NaiveOrder(Ordering):
    """Six steps in a row. What was done before a failure stays done."""

    def place(self, here: Instance, order: Order) -> Steps[Order]:
        yield from here.call("inventory", "check", order)
        payment = yield from here.call("payments", "authorise", order)
        yield from here.call("inventory", "reserve", order)
        yield from here.call("payments", "record", payment)
        yield from self.orders.create(order)
        yield from self.orders.announce(here, order)
        return order


class Orders(Service[OrderRepository]):
    """What customers bought. `ordering` decides how an order is placed."""

    name = "orders"
    schema = f"{ORDERS};{OWNERS}"

    def __init__(self, platform: Platform, ordering: type[Ordering]) -> None:
        super().__init__(platform, OrderRepository)
        self.owners = Owners(self.database.connection)
        self.ordering = ordering(self)

    def place(
        self, here: Instance, order_id: int, basket: Basket, customer: str | None = None
    ) -> Steps[Order]:
        """Price a basket and place the order. Raises a `Refusal`.

        `customer`: who asks, and owns the order's number from now on, unless the order is refused. None: nobody knows,
        so nobody checks.
        """
        products = yield from here.call("catalogue", "products", list(basket))
        order = price_order(order_id, basket, products)
        if customer is None:
            return (yield from self.ordering.place(here, order))
        yield from self.own(order_id, customer)
        try:
            return (yield from self.ordering.place(here, order))
        except Refusal:
            yield from self.write(f"free {order_id}", [self.owners.give_up(order_id, customer)])
            raise

    def own(self, order_id: int, customer: str) -> Steps[None]:
        """Write down whose order this is. Raises `NotYours` when it is somebody else's."""
        yield from self.write(f"own {order_id} {customer}", [self.owners.claim(order_id, customer)])

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

    def status(self, here: Instance, order_id: int, customer: str | None = None) -> Steps[OrderStatus]:
        """Return where an order and its payment are. Raises `NotFound`, or `NotYours` unless it is `customer`'s."""
        own = yield from self.own_status(order_id, customer)
        payment = yield from here.call("payments", "state_of", order_id)
        return replace(own, payment=payment)

    def own_status(self, order_id: int, customer: str | None) -> Steps[OrderStatus]:
        """Return what the service's own rows say of an order. Raises as `status` does."""
        own = yield from self.query(lambda: self.rows.own_status(order_id))
        if customer is not None:
            self.owners.require(order_id, customer)
        return own
