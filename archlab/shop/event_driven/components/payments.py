"""Payments: the customers' money, with the help of a provider outside.

>>> from archlab.shop.event_driven import EventDriven
>>> from archlab.sim import Simulation
>>> shop = EventDriven(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.sim.run(until=2)
>>> shop.rows("payments").state.tolist()
['authorised']
"""

import json
from collections.abc import Mapping
from contextlib import suppress

from archlab.shop.domain import Payment
from archlab.shop.event_driven.components.component import Component, News, Reaction
from archlab.shop.event_driven.platform import Platform
from archlab.shop.event_driven.steps import PAYMENTS_CAPTURED
from archlab.shop.events.event import Event, NewEvent
from archlab.shop.events.order import PAYMENT_AUTHORISED, PAYMENT_DECLINED, STOCK_RESERVED
from archlab.shop.instance import Instance, Steps
from archlab.shop.store import PAYMENTS, PaymentRepository, Statement
from archlab.sim.failure import Failure


class Payments(Component[PaymentRepository]):
    """The customers' money."""

    name = "payments"
    schema = PAYMENTS

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, PaymentRepository)
        platform.sim.start(self._settle_for_ever())

    @property
    def reactions(self) -> Mapping[str, Reaction]:
        return {STOCK_RESERVED: self.authorise}

    def authorise(self, here: Instance, event: Event) -> Steps[None]:
        """Let the provider hold the money of an order whose stock is reserved, and say what came of it."""
        order_id, amount_cents = event.data["order_id"], event.data["total_cents"]
        key = f"order {order_id}" if self.platform.config.idempotent else None
        authorisation = yield self.platform.provider.authorise(order_id, amount_cents, key)
        data = {"order_id": order_id, "amount_cents": amount_cents}
        if authorisation is None:
            rows, news = [], NewEvent(PAYMENT_DECLINED, data)
        else:
            rows = [self.rows.insert(Payment(order_id, amount_cents, authorisation))]
            news = NewEvent(PAYMENT_AUTHORISED, data | {"authorisation": authorisation})
        yield from self.write(here, rows, News(f"payment-{order_id}", (news,)), event)

    def settle(self, here: Instance) -> Steps[None]:
        """Take the money that is held, in one batch, and say so. A crash on the way does no harm: it is repeated."""
        held = yield from self.query(self._held)
        if held:
            yield self.platform.provider.capture([authorisation for authorisation, _ in held])
            news = NewEvent(PAYMENTS_CAPTURED, {"order_ids": sorted({order_id for _, order_id in held})})
            sql = "UPDATE payments SET state = 'captured' WHERE authorisation IN (SELECT value FROM json_each(?))"
            taken = Statement(sql, (json.dumps([authorisation for authorisation, _ in held]),))
            yield from self.write(here, [taken], News("settlement", (news,), correlation_id="settlement"))

    def _held(self) -> list[tuple[int, int]]:
        """Return authorisation and order of each payment whose money is held, oldest first."""
        sql = "SELECT authorisation, order_id FROM payments WHERE state = 'authorised' ORDER BY payment_id"
        return self.database.connection.execute(sql).fetchall()

    def _settle_for_ever(self) -> Steps[None]:
        """Every `settle_every_s`, let one instance that is up take the money that is held."""
        while True:
            yield self.platform.sim.timeout(self.platform.config.settle_every_s)
            here = next((instance for instance in self.instances if instance.is_up), None)
            if here is not None:
                with suppress(Failure):
                    yield from self.settle(here)
