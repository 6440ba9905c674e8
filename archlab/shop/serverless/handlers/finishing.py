"""finish_orders: asks again for orders that a crash or a time limit left half-way. Only with idempotency keys.

Nobody works on an order any more that has been under way for longer than place_order may run: the time limit is a
lease. Even where somebody does, because the customer has asked again, asking once more does nothing twice.

A customer who was told of a failure and went away may so have an order all the same: nobody can tell them that there
is none, before somebody has looked.

>>> from archlab.shop.serverless import Serverless, ServerlessConfig
>>> from archlab.sim import Crash, Simulation
>>> shop = Serverless(Simulation(seed=1), ServerlessConfig(idempotency_keys=True))
>>> shop.sim.inject(Crash("take_payment", at_s=0.3, restart_after_s=1.0))
>>> lost = shop.sim.start(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.sim.run(until=5)
>>> str(lost.value), shop.rows("orders").state.tolist()
('take_payment: crashed with the work inside', ['pending'])
>>> shop.sim.run(until=40)
>>> shop.rows("orders").state.tolist(), shop.audit().ok
(['placed'], True)
"""

from contextlib import suppress

from archlab.shop.domain import Order, Refusal
from archlab.shop.instance import Steps
from archlab.shop.serverless.handlers.handler import Handler
from archlab.shop.serverless.handlers.placing import OrderRequest
from archlab.shop.serverless.platform import Platform
from archlab.shop.store import OrderRepository
from archlab.sim.failure import Failure
from archlab.sim.functions.invocation import Invocation


class FinishOrders(Handler):
    """Runs by the clock. Returns how many orders it asked again for, one after the other.

    What it does not get to before its own time limit is left for the next time.
    """

    name = "finish_orders"

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self.orders = OrderRepository(self.rows)

    def run(self, here: Invocation, event: object) -> Steps[int]:
        left_over = yield from self.query(here, lambda: self.left_over(here.began_s))
        for order in left_over:
            basket = {line.product: line.quantity for line in order.lines}
            with suppress(Refusal, Failure):
                yield from self.platform.ask("place_order", OrderRequest(order.id, basket))
        return len(left_over)

    def left_over(self, now_s: float) -> list[Order]:
        """The orders that have been under way for longer than place_order may run, the oldest first."""
        lease_s = self.platform.config.time_limit_s_of("place_order")
        sql = "SELECT order_id FROM under_way WHERE since_s < ? ORDER BY since_s"
        return [self.orders.find(order) for (order,) in self.rows.execute(sql, (now_s - lease_s,))]
