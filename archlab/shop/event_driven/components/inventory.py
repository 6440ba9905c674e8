"""The inventory: how much is there of each product. It sets the pieces of an order aside, and puts them back.

>>> from archlab.shop.event_driven import EventDriven
>>> from archlab.sim import Simulation
>>> shop = EventDriven(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.sim.run(until=1)
>>> [event.type for event in shop.components["inventory"].store.read("reservation-7")]
['StockReserved']
"""

from collections.abc import Mapping

from archlab.shop.domain import Order, OutOfStock
from archlab.shop.event_driven.components.component import Component, News, Reaction
from archlab.shop.event_driven.platform import Platform
from archlab.shop.events.event import Event, NewEvent
from archlab.shop.events.order import (
    ORDER_CANCELLED,
    ORDER_PLACED,
    STOCK_REFUSED,
    STOCK_RELEASED,
    STOCK_RESERVED,
    order_of,
)
from archlab.shop.instance import Instance, Steps
from archlab.shop.store import STOCK, StockRepository


class Inventory(Component[StockRepository]):
    """How much is there."""

    name = "inventory"
    schema = STOCK

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, StockRepository)
        self.rows.fill({product.id: platform.config.assortment.stock for product in platform.catalogue})

    @property
    def reactions(self) -> Mapping[str, Reaction]:
        return {ORDER_PLACED: self.reserve, ORDER_CANCELLED: self.release}

    def reserve(self, here: Instance, event: Event) -> Steps[None]:
        """Set the pieces of an order aside, all of them or none, and say which."""
        order = order_of(event)
        lines = [self.rows.reserve(line.product, line.quantity) for line in order.lines]
        try:
            yield from self.write(here, lines, _news(order, reserved(order)), event)
        except OutOfStock as refusal:
            refused = NewEvent(STOCK_REFUSED, {"order_id": order.id, "reason": str(refusal)})
            yield from self.write(here, [], _news(order, refused), event)

    def release(self, here: Instance, event: Event) -> Steps[None]:
        """Put the pieces of a cancelled order back, if they were set aside."""
        order_id = event.data["order_id"]
        history = yield from self.query(lambda: self.store.read(f"reservation-{order_id}"))
        if not history or history[-1].type != STOCK_RESERVED:
            return
        lines = history[-1].data["lines"]
        back = [self.rows.release(product, quantity) for product, quantity in lines]
        released = NewEvent(STOCK_RELEASED, {"order_id": order_id, "lines": lines})
        yield from self.write(here, back, News(history[-1].stream, (released,), history[-1].version), event)


def reserved(order: Order) -> NewEvent:
    """Return StockReserved, with the total that payments needs to know."""
    lines = [[line.product, line.quantity] for line in order.lines]
    return NewEvent(STOCK_RESERVED, {"order_id": order.id, "lines": lines, "total_cents": order.total_cents})


def _news(order: Order, event: NewEvent) -> News:
    return News(f"reservation-{order.id}", (event,))
