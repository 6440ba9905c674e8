"""The notifications service on a store of another kind: a key-value store instead of SQL tables.

It offers the same operations, so no other service can tell the difference. What it gives up is SQL: whoever wants to
search its messages has to read them all.

>>> from archlab.shop.microservices.architecture import Microservices
>>> from archlab.sim import Simulation
>>> class Shop(Microservices):
...     notifications_service = KeyValueNotifications
>>> shop = Shop(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.services["notifications"].messages["7"][:17], len(shop.rows("notifications"))
('Order 7: 2 items,', 0)
"""

import shelve

from archlab.shop.domain import Order, confirmation
from archlab.shop.microservices.instance import Instance, Steps
from archlab.shop.microservices.platform import Platform
from archlab.shop.microservices.services.notifications import Notifications


class KeyValueNotifications(Notifications):
    """What the customers are told, by order id, in a shelf: Python's own key-value store, here in memory.

    A message of the same order replaces the one before, so a repeated call does no harm. It takes the time of one
    query and one commit, as in the SQL store; real stores differ.
    """

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self.messages: shelve.Shelf[str] = shelve.Shelf({})

    def confirm(self, here: Instance, order: Order) -> Steps[None]:
        """Tell the customer that an order is placed."""
        yield from self.queries.run()
        yield from self.database.flush()
        self.messages[str(order.id)] = confirmation(order).text
