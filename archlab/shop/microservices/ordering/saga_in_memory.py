"""A saga that remembers in memory: every step of an order has one that undoes it.

No transaction spans the databases of inventory, payments and orders. So when a later step fails, the earlier ones are
undone, the last first: a **compensation** for each. The authorisation needs none: a hold that nobody captures lapses.

What this saga knows, it knows in memory. It undoes what failed as long as its own process lives; a crash of the orders
service in the middle leaves half an order, as without a saga. `archlab.shop.microservices.ordering.saga_with_log`
mends that.

>>> from archlab.shop.microservices.architecture import Microservices
>>> from archlab.shop.microservices.config import MicroservicesConfig
>>> from archlab.sim import Failure, Simulation
>>> config = MicroservicesConfig(ordering="saga_in_memory", idempotency_keys=True)
>>> shop = Microservices(Simulation(seed=1), config)
>>> shop.parts["orders database"].crash()
>>> try:
...     shop.answer(shop.place_order(order_id=7, basket={1: 2}))
... except Failure:
...     shop.sim.run(until=5)
>>> shop.audit().anomalies, len(shop.rows("payments"))
(0, 0)
"""

from contextlib import suppress

from archlab.shop.domain import Order, Refusal
from archlab.shop.microservices.instance import Instance, Steps
from archlab.shop.microservices.services.orders import Ordering
from archlab.sim.failure import Failure

UNDO_AGAIN_S = 1.0
"""How long the saga waits when an undoing step fails, before it tries again. An assumption."""


class SagaInMemory(Ordering):
    """The steps of `NaiveOrder`; when one fails, the ones before are undone."""

    def place(self, here: Instance, order: Order) -> Steps[Order]:
        undo: list[tuple[str, str, object]] = []
        life = here.life
        try:
            yield from here.call("inventory", "check", order)
            payment = yield from here.call("payments", "authorise", order)
            undo.append(("inventory", "release", order))
            yield from here.call("inventory", "reserve", order)
            undo.append(("payments", "forget", payment))
            yield from here.call("payments", "record", payment)
            yield from self.orders.create(order)
        except (Refusal, Failure):
            here.sim.call_at(here.sim.now, lambda _: here.sim.start(self._undo(here, life, undo)))
            raise
        with suppress(Failure):
            yield from self.orders.announce(here, order)
        return order

    def _undo(self, here: Instance, life: int, undo: list[tuple[str, str, object]]) -> Steps[None]:
        """Undo what was done, or may have been, until each undoing has worked or this process has died."""
        while undo and here.is_up and here.life == life:
            try:
                yield from here.call(*undo[-1])
                undo.pop()
            except Failure:
                yield here.sim.timeout(UNDO_AGAIN_S)
