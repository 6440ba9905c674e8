"""Ordering: the steps of an order over services whose databases know no common transaction.

`NaiveOrder` is what one writes first: step after step, each with a local transaction, and no thought of what
happens when the next one fails.

>>> from archlab.shop.domain import Refusal
>>> from archlab.shop.microservices import Microservices
>>> from archlab.sim import Failure, Simulation
>>> shop = Microservices(Simulation(seed=1))
>>> shop.instances["notifications-1"].crash()
>>> try:
...     shop.answer(shop.place_order(order_id=7, basket={1: 2}))
... except Failure as failure:
...     print(failure)
notifications-1: down, the connection was refused
>>> shop.rows("orders").state.tolist(), len(shop.rows("notifications"))
(['placed'], 0)
"""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from archlab.shop.domain import Order
from archlab.shop.services.instance import Instance, Steps

if TYPE_CHECKING:
    from archlab.shop.services.orders import Orders


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
