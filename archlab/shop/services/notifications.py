"""The notifications service: what the customers are told.

>>> from archlab.shop.microservices import Microservices
>>> from archlab.sim import Simulation
>>> shop = Microservices(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.rows("notifications").text[0].split(",")[0]
'Order 7: 2 items'
"""

from typing import TYPE_CHECKING

from archlab.shop.domain import Order, confirmation
from archlab.shop.services.instance import Instance, Steps
from archlab.shop.services.service import Service
from archlab.shop.store import NOTIFICATIONS, NotificationRepository

if TYPE_CHECKING:
    from archlab.shop.microservices import Microservices


class Notifications(Service[NotificationRepository]):
    """What the customers are told."""

    name = "notifications"
    schema = NOTIFICATIONS

    def __init__(self, shop: "Microservices") -> None:
        super().__init__(shop, NotificationRepository)

    def confirm(self, here: Instance, order: Order) -> Steps[None]:
        """Tell the customer that an order is placed."""
        yield from self.write(f"confirm {order.id}", [self.rows.insert(confirmation(order))])
