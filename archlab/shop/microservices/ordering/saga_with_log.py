"""A saga with a durable log: an order and the note that it is under way are written in one local transaction.

The orders service writes the order as *pending* and a row of its table `saga_log` together: both or none. Then it goes
through the other steps, and closes the order, again in one transaction with taking the note away. A job of the service
looks for notes that are left over, after a crash or a failure, and goes through the steps again. So each step happens
*at least once*, and idempotency keys make twice the same as once. In the end every order is placed or cancelled: an
order that is refused is undone, one that a crash or a failure stopped is finished.

While a step fails, the customer is told that the order is accepted, not that it is placed. Each step is still a call,
and no broker is needed. An *outbox* is something else: it notes a message that is to be sent.

What this leaves out: the job never gives an order up, and it runs at the first instance only, so it errs in favour of
the shop where a real one would have two instances resume the same order.

>>> from archlab.shop.microservices.architecture import Microservices
>>> from archlab.shop.microservices.config import MicroservicesConfig
>>> from archlab.sim import Simulation
>>> config = MicroservicesConfig(ordering="saga_with_log", idempotency_keys=True)
>>> shop = Microservices(Simulation(seed=1), config)
>>> shop.instances["payments-1"].crash()
>>> shop.answer(shop.place_order(order_id=7, basket={1: 2})).state.value
'pending'
>>> shop.instances["payments-1"].restart()
>>> shop.sim.run(until=10)
>>> shop.rows("orders").state.tolist(), shop.audit().anomalies
(['placed'], 0)
"""

from dataclasses import replace

from archlab.shop.domain import Order, OrderState, Refusal
from archlab.shop.microservices.instance import Instance, Steps
from archlab.shop.microservices.services.orders import Ordering, Orders
from archlab.shop.store import Statement
from archlab.sim.failure import Failure

SAGA_LOG = "CREATE TABLE saga_log (order_id INTEGER PRIMARY KEY, noted_s REAL NOT NULL)"
RESUME_EVERY_S = 1.0
"""How often the job looks, and how old a note must be so that it is surely left over. An assumption."""

AT_A_TIME = 16
"""Orders that the job goes on with at the same time: as many as messages, see
`archlab.shop.microservices.ordering.accepted`."""


class SagaWithLog(Ordering):
    """Orders that come to an end whatever dies on the way. `finished_s` notes, for measurement, when each one did."""

    def __init__(self, orders: Orders) -> None:
        super().__init__(orders)
        self.finished_s: dict[int, float] = {}
        self._rows = orders.database.connection
        self._rows.execute(SAGA_LOG)
        orders.platform.sim.start(self._resume_for_ever())

    def place(self, here: Instance, order: Order) -> Steps[Order]:
        pending = replace(order, state=OrderState.PENDING)
        note = Statement("INSERT OR IGNORE INTO saga_log VALUES (?, ?)", (order.id, here.sim.now))
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
        taken = Statement("DELETE FROM saga_log WHERE order_id = ?", (order.id,))
        yield from self.orders.conclude(order, taken)
        self.finished_s.setdefault(order.id, self.orders.platform.sim.now)

    def _resume_for_ever(self) -> Steps[None]:
        while True:
            yield self.orders.platform.sim.timeout(RESUME_EVERY_S)
            yield from self._resume_all()

    def _resume_all(self) -> Steps[None]:
        """Go on with the orders that are left over. When all of some fail, the rest waits: a service is away."""
        sim, waiting = self.orders.platform.sim, self._left_over()
        for first in range(0, len(waiting), AT_A_TIME):
            under_way = [sim.start(self._resume(order)) for order in waiting[first : first + AT_A_TIME]]
            yield sim.all_of(under_way)
            if not any(order.value for order in under_way):
                return

    def _left_over(self) -> list[Order]:
        """The orders with a note that is older than `RESUME_EVERY_S`, the oldest first."""
        sql = "SELECT order_id FROM saga_log WHERE noted_s <= ? ORDER BY noted_s"
        old_s = self.orders.platform.sim.now - RESUME_EVERY_S
        rows = self._rows.execute(sql, (old_s,)).fetchall()
        return [self.orders.rows.find(order_id) for (order_id,) in rows]

    def _resume(self, order: Order) -> Steps[bool]:
        """Go through the steps of one order again, at the first instance. Return whether it has come to its end."""
        here = self.orders.instances[0]
        try:
            with here.hold() as worker:
                yield worker
                yield from self._carry_out(here, order)
        except Refusal:
            return True
        except Failure:
            return False
        return True
