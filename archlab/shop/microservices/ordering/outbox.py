"""An outbox: an order and the note that something is left to do are written in one local transaction.

The orders service writes the order as *pending* and a row of its table `outbox` together: both or none. Then it goes
through the other steps, and closes the order, again in one transaction with taking the note away. A **relay** looks
for notes that are left over, after a crash or a failure, and goes through the steps again. So each step happens *at
least once*, and idempotency keys make twice the same as once. In the end every order is placed or cancelled.

While a step fails, the customer is told that the order is accepted, not that it is placed. What this leaves out: the
relay never gives up, and it works on one order after the other.

>>> from archlab.shop.microservices.architecture import Microservices
>>> from archlab.shop.microservices.config import MicroservicesConfig
>>> from archlab.sim import Simulation
>>> shop = Microservices(Simulation(seed=1), MicroservicesConfig(ordering="outbox", idempotency_keys=True))
>>> shop.instances["payments-1"].crash()
>>> shop.answer(shop.place_order(order_id=7, basket={1: 2})).state.value
'pending'
>>> shop.instances["payments-1"].restart()
>>> shop.sim.run(until=10)
>>> shop.rows("orders").state.tolist(), shop.audit().anomalies
(['placed'], 0)
"""

from contextlib import suppress
from dataclasses import replace

from archlab.shop.domain import Order, OrderState, Refusal
from archlab.shop.microservices.instance import Instance, Steps
from archlab.shop.microservices.services.orders import Ordering, Orders
from archlab.shop.store import Statement
from archlab.sim.failure import Failure

OUTBOX = "CREATE TABLE outbox (order_id INTEGER PRIMARY KEY, written_s REAL NOT NULL)"
RELAY_EVERY_S = 1.0
"""How often the relay looks, and how old a note must be so that it is surely left over. An assumption."""


class Outbox(Ordering):
    """Orders that come to an end whatever dies on the way."""

    def __init__(self, orders: Orders) -> None:
        super().__init__(orders)
        self._rows = orders.database.connection
        self._rows.execute(OUTBOX)
        orders.platform.sim.start(self._relay_for_ever())

    def place(self, here: Instance, order: Order) -> Steps[Order]:
        pending = replace(order, state=OrderState.PENDING)
        note = Statement("INSERT OR IGNORE INTO outbox VALUES (?, ?)", (order.id, here.sim.now))
        life = here.life
        yield from self.orders.create(pending, note)
        try:
            return (yield from self._carry_out(here, pending))
        except Failure:
            if not here.is_up or here.life != life:
                raise
            return pending

    def _carry_out(self, here: Instance, order: Order) -> Steps[Order]:
        """Go through the steps. All of them may have been done before."""
        try:
            yield from here.call("inventory", "check", order)
            payment = yield from here.call("payments", "authorise", order)
            yield from here.call("inventory", "reserve", order)
        except Refusal:
            yield from here.call("inventory", "release", order)
            yield from self._close(order.become(OrderState.CANCELLED))
            raise
        yield from here.call("payments", "record", payment)
        yield from self.orders.announce(here, order)
        placed = order.become(OrderState.PLACED)
        yield from self._close(placed)
        return placed

    def _close(self, order: Order) -> Steps[None]:
        """Write the order's last state and take its note away, together."""
        taken = Statement("DELETE FROM outbox WHERE order_id = ?", (order.id,))
        yield from self.orders.conclude(order, taken)

    def _relay_for_ever(self) -> Steps[None]:
        while True:
            yield self.orders.platform.sim.timeout(RELAY_EVERY_S)
            for order in self._left_over():
                with suppress(Failure, Refusal):
                    yield from self._relay(order)

    def _left_over(self) -> list[Order]:
        """The orders with a note that is older than `RELAY_EVERY_S`, the oldest first."""
        sql = "SELECT order_id FROM outbox WHERE written_s <= ? ORDER BY written_s"
        old_s = self.orders.platform.sim.now - RELAY_EVERY_S
        return [
            self.orders.rows.find(order_id) for (order_id,) in self._rows.execute(sql, (old_s,)).fetchall()
        ]

    def _relay(self, order: Order) -> Steps[None]:
        """Go through the steps of one order again, at the first instance."""
        here = self.orders.instances[0]
        with here.hold() as worker:
            yield worker
            yield from self._carry_out(here, order)
