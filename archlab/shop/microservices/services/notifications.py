"""The notifications service: what the customers are told.

>>> from archlab.shop.microservices.architecture import Microservices
>>> from archlab.sim import Simulation
>>> shop = Microservices(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.rows("notifications").text[0].split(",")[0]
'Order 7: 2 items'
"""

from archlab.shop.domain import Order, confirmation
from archlab.shop.microservices.instance import Instance, Steps
from archlab.shop.microservices.platform import Platform
from archlab.shop.microservices.services.service import Service
from archlab.shop.store import NOTIFICATIONS, NotificationRepository


class Notifications(Service[NotificationRepository]):
    """What the customers are told."""

    name = "notifications"
    schema = NOTIFICATIONS

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, NotificationRepository)

    def confirm(self, here: Instance, order: Order) -> Steps[None]:
        """Tell the customer that an order is placed."""
        yield from self.write(f"confirm {order.id}", [self.rows.insert(confirmation(order))])
