"""place_order with idempotency keys: asking again goes on where the last run stopped, and does nothing twice.

The order is written down as *pending* before anything is done for it. Then each function notes what it has done in the
transaction that does it, the provider gets a key, and the last write gives the order its state, if it has none yet. So
any number of runs of the same order may crash, or meet, in any place: together they do each step once. Messages go out
before the last write, at least once; who gets them knows the second one.

A schedule asks again for orders that were left over (`archlab.shop.serverless.handlers.finishing`).

>>> from archlab.shop.serverless import Serverless, ServerlessConfig
>>> from archlab.sim import Simulation
>>> shop = Serverless(Simulation(seed=1), ServerlessConfig(idempotency_keys=True))
>>> tries = [shop.sim.start(shop.place_order(order_id=7, basket={1: 2})) for _ in range(3)]
>>> shop.sim.run(until=30)
>>> len(shop.rows("ledger")), len(shop.rows("notifications")), shop.audit().ok
(1, 1, True)
"""

from contextlib import suppress
from dataclasses import replace

from archlab.shop.domain import AlreadyPlaced, Order, OrderState, Refusal
from archlab.shop.instance import Steps
from archlab.shop.serverless.handlers.placing import PlaceOrder
from archlab.shop.serverless.keys import NothingToDo, close, note_under_way
from archlab.sim.functions.invocation import Invocation


class Cancelled(Refusal):
    """The order was refused when it was sent before. Who still wants it must order under a new number."""

    reason = "cancelled"


class PlaceOrderOnce(PlaceOrder):
    """The same function, safe to run any number of times."""

    def place(self, here: Invocation, order: Order) -> Steps[Order]:
        pending = yield from self.write_down(here, replace(order, state=OrderState.PENDING))
        if pending.state != OrderState.PENDING:
            return self.answer(pending)
        try:
            yield from self.platform.ask("reserve_stock", pending)
            yield from self.platform.ask("take_payment", pending)
        except Refusal:
            yield from self.cancel(here, pending)
            raise
        placed = pending.become(OrderState.PLACED)
        yield from self.tell(placed)
        try:
            yield from self.write(here, close(placed))
        except NothingToDo:  # another run was faster
            return self.answer((yield from self.query(here, lambda: self.orders.find(order.id))))
        return placed

    def write_down(self, here: Invocation, order: Order) -> Steps[Order]:
        """Write an order that is new, and return it; or return the one that is there under its number."""
        note = note_under_way(order.id, here.began_s)
        try:
            yield from self.write(here, [*self.create(order), note])
        except AlreadyPlaced:
            return (yield from self.query(here, lambda: self.orders.find(order.id)))
        return order

    def cancel(self, here: Invocation, order: Order) -> Steps[None]:
        """Cancel an order, unless it has come to its end, and put back the pieces that were set aside for it."""
        back = self.put_back(order, f"reserve {order.id}")
        with suppress(NothingToDo):
            yield from self.write(here, [*close(order.become(OrderState.CANCELLED)), *back])

    def answer(self, order: Order) -> Order:
        """Return an order that was placed. Raises `Cancelled` for another one."""
        if order.state == OrderState.CANCELLED:
            raise Cancelled(f"order {order.id} was refused before")
        return order
