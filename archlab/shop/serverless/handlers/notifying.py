"""notify: writes the message that tells a customer of an order. A queue hands it orders in batches.

>>> from archlab.shop.serverless import Serverless
>>> from archlab.sim import Simulation
>>> shop = Serverless(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> len(shop.rows("notifications"))
0
>>> shop.sim.run(until=5)
>>> len(shop.rows("notifications"))
1
"""

from collections.abc import Sequence
from contextlib import suppress

from archlab.shop.domain import Order, confirmation
from archlab.shop.instance import Steps
from archlab.shop.serverless.handlers.handler import Handler
from archlab.shop.serverless.keys import NothingToDo, once
from archlab.shop.serverless.platform import Platform
from archlab.shop.store import NotificationRepository
from archlab.sim.failure import Failure
from archlab.sim.functions.invocation import Invocation
from archlab.sim.messaging.message import Message


class Notify(Handler):
    """Deals with each message of a batch by itself, and returns the ids of those that failed: they come again.

    With keys a message that comes again tells nobody twice.
    """

    name = "notify"

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self.notifications = NotificationRepository(self.rows)

    def run(self, here: Invocation, event: Sequence[Message]) -> Steps[list[int]]:
        failed = []
        for message in event:
            try:
                yield from self.tell(here, message.body)
            except Failure:
                failed.append(message.id)
        return failed

    def tell(self, here: Invocation, order: Order) -> Steps[None]:
        """Write one notification."""
        yield from self.compute(here)
        note = [once(f"notify {order.id}")] if self.has_keys else []
        with suppress(NothingToDo):
            yield from self.write(here, [*note, self.notifications.insert(confirmation(order))])
