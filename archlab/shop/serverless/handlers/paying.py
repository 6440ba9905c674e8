"""take_payment, which has the money of one order held, and settle, which takes all money that is held.

take_payment waits for a company outside, and its time is paid for while it waits. settle runs by the clock.

>>> from archlab.shop.serverless import Serverless
>>> from archlab.sim import Simulation
>>> shop = Serverless(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.rows("ledger").state.tolist()
['authorised']
>>> shop.sim.run(until=20)
>>> shop.rows("ledger").state.tolist(), shop.rows("payments").state.tolist()
(['captured'], ['captured'])
"""

from collections.abc import Sequence
from contextlib import suppress

from archlab.shop.domain import Order, Payment, PaymentDeclined
from archlab.shop.instance import Steps
from archlab.shop.serverless.handlers.handler import Handler
from archlab.shop.serverless.keys import NothingToDo, while_pending
from archlab.shop.serverless.platform import Platform
from archlab.shop.store import PaymentRepository, Statement
from archlab.sim.functions.invocation import Invocation


class TakePayment(Handler):
    """Raises `PaymentDeclined`. With keys the provider knows a payment that is asked for again, and so do the rows.

    Without, each run is a payment of its own.
    """

    name = "take_payment"

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self.payments = PaymentRepository(self.rows)

    def run(self, here: Invocation, event: Order) -> Steps[Payment]:
        yield from self.compute(here)
        key = f"pay {event.id}" if self.has_keys else None
        authorisation = yield self.platform.provider.authorise(event.id, event.total_cents, key)
        if authorisation is None:
            raise PaymentDeclined(f"order {event.id}: {event.total_cents} cents declined")
        payment = Payment(event.id, event.total_cents, authorisation)
        note = [while_pending(key, event.id)] if key is not None else []
        with suppress(NothingToDo):
            yield from self.write(here, [*note, self.payments.insert(payment)])
        return payment


class Settle(Handler):
    """Takes the money that is held, in one batch. Twice, or after a crash on the way, does no harm."""

    name = "settle"

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self.payments = PaymentRepository(self.rows)

    def run(self, here: Invocation, event: object) -> Steps[int]:
        """Return how many payments were taken."""
        authorisations = yield from self.query(here, self.payments.authorised)
        if authorisations:
            yield self.platform.provider.capture(authorisations)
            yield from self.write(here, [_captured(authorisations)])
        return len(authorisations)


def _captured(authorisations: Sequence[int]) -> Statement:
    marks = ",".join("?" * len(authorisations))
    sql = f"UPDATE payments SET state = 'captured' WHERE authorisation IN ({marks})"
    return Statement(sql, tuple(authorisations))
