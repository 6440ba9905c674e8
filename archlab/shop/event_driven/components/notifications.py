"""Notifications: what the customers are told.

>>> from archlab.shop.event_driven import EventDriven
>>> from archlab.sim import Simulation
>>> shop = EventDriven(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.sim.run(until=2)
>>> shop.rows("notifications").text[0].split(",")[0]
'Order 7: 2 items'
"""

from collections.abc import Mapping

from archlab.shop.domain import Order, OrderLine
from archlab.shop.domain import confirmation as message
from archlab.shop.event_driven.components.component import Component, News, Reaction
from archlab.shop.event_driven.platform import Platform
from archlab.shop.events.event import Event
from archlab.shop.events.order import ORDER_CONFIRMED, decide_message
from archlab.shop.instance import Instance, Steps
from archlab.shop.store import NOTIFICATIONS, NotificationRepository


class Notifications(Component[NotificationRepository]):
    """What the customers are told. What this leaves out: a message about an order that is cancelled."""

    name = "notifications"
    schema = NOTIFICATIONS

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, NotificationRepository)

    @property
    def reactions(self) -> Mapping[str, Reaction]:
        return {ORDER_CONFIRMED: self.tell}

    def tell(self, here: Instance, event: Event) -> Steps[None]:
        """Tell the customer that an order is placed."""
        lines = tuple(OrderLine(*line) for line in event.data["lines"])
        order = Order(event.data["order_id"], lines)
        news = News(f"message-{order.id}", (decide_message(order),))
        if (yield from self.write(here, [self.rows.insert(message(order))], news, event)):
            self.platform.sim.recorder.done(order.id, self.platform.sim.now)
