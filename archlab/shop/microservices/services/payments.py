"""The payments service: the customers' money, with the help of a provider outside.

>>> from archlab.shop.microservices.architecture import Microservices
>>> from archlab.sim import Simulation
>>> shop = Microservices(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.rows("payments").state.tolist()
['authorised']
"""

from collections.abc import Sequence
from contextlib import suppress

from archlab.shop.domain import Order, Payment, PaymentDeclined, PaymentState
from archlab.shop.microservices.guards import Guarded
from archlab.shop.microservices.instance import Instance, Steps
from archlab.shop.microservices.platform import Platform
from archlab.shop.microservices.services.service import Service, tombstone
from archlab.shop.store import PAYMENTS, PaymentRepository
from archlab.sim.failure import Failure


class Payments(Service[PaymentRepository]):
    """The customers' money."""

    name = "payments"
    schema = PAYMENTS

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, PaymentRepository)
        guards = platform.config.guards_of(platform.provider.name)
        self._provider = {
            instance.name: Guarded(platform.sim, instance, platform.provider.name, guards)
            for instance in self.instances
        }
        platform.sim.start(self._settle_for_ever())

    def authorise(self, here: Instance, order: Order) -> Steps[Payment]:
        """Let the provider hold the money of an order. Raises `PaymentDeclined`."""
        key = f"authorise {order.id}" if self.platform.config.idempotency_keys else None
        provider, guarded = self.platform.provider, self._provider[here.name]
        authorisation = yield guarded.call(
            lambda: guarded.limited(provider.authorise(order.id, order.total_cents, key))
        )
        if authorisation is None:
            raise PaymentDeclined(f"order {order.id}: {order.total_cents} cents declined")
        return Payment(order.id, order.total_cents, authorisation)

    def record(self, here: Instance, payment: Payment) -> Steps[None]:
        """Write down a payment, so that its money will be taken."""
        yield from self.write(f"record {payment.order_id}", [self.rows.insert(payment)])

    def pay(self, here: Instance, order: Order) -> Steps[None]:
        """Authorise and record the payment of an order, as a message asks. Raises `PaymentDeclined`."""
        payment = yield from self.authorise(here, order)
        yield from self.record(here, payment)

    def forget(self, here: Instance, payment: Payment) -> Steps[None]:
        """Give the money of a payment back, or its hold up, and never write it down later."""
        yield self.platform.provider.void(payment.authorisation)
        gone = self.rows.delete(payment.authorisation)
        yield from self.write(f"forget {payment.order_id}", [gone, tombstone(f"record {payment.order_id}")])

    def state_of(self, here: Instance, order_id: int) -> Steps[PaymentState | None]:
        """Return where the payment of an order is; None when there is none."""
        return (yield from self.query(lambda: self.rows.state_of(order_id)))

    def settle(self) -> Steps[None]:
        """Take the money that is held, in one batch. A crash on the way does no harm: it is repeated."""
        authorisations: Sequence[int] = yield from self.query(self.rows.authorised)
        if authorisations:
            yield self.platform.provider.capture(authorisations)
            yield from self.database.flush()
            yield from self.query(lambda: self.rows.capture(authorisations))

    def _settle_for_ever(self) -> Steps[None]:
        """Every `settle_every_s`, let one instance that is up take the money that is held."""
        while True:
            yield self.platform.sim.timeout(self.platform.config.settle_every_s)
            if any(instance.is_up for instance in self.instances):
                with suppress(Failure):
                    yield from self.settle()
