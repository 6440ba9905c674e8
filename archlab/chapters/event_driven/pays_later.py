"""A monolith that accepts an order first and pays later: the strongest monolith for days on which something is away.

It stores the order and sets its pieces aside in one transaction, and answers. A process beside its clones, the part
"jobs", looks for orders that are pending, lets the provider hold the money, and writes payment, state and mail at once.
So the row of the order is the note in the outbox. Programs in Ruby, Python or PHP do so with their job queues.

What this leaves out: the jobs are done one after the other. That is enough for an order every second or so.

>>> from archlab.sim.simulation import Simulation
>>> shop = PayingLater(Simulation(seed=1), MonolithConfig())
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> order.state.value, len(shop.rows("payments"))
('pending', 0)
>>> shop.sim.run(until=2)
>>> shop.rows("orders").state.tolist(), len(shop.rows("notifications")), shop.audit().ok
(['placed'], 1, True)
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from archlab.shop.config import CORES_PER_MACHINE
from archlab.shop.domain import Basket, Order, OrderState, PaymentDeclined, Refusal, price_order
from archlab.shop.instance import Steps
from archlab.shop.monolithic.architecture import Monolith, Program
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim.failure import Failure
from archlab.sim.simulation import Simulation

LOOK_EVERY_S = 0.5
"""How often the jobs look for orders. An assumption."""


class PayingLater(Monolith):
    """The monolith with a process for the jobs, that runs the same program on a machine of its own."""

    def __init__(self, sim: Simulation, config: MonolithConfig) -> None:
        super().__init__(sim, config)
        self.jobs = self._clone("jobs")
        self._program = Program(self, self.jobs)
        sim.start(self._work_for_ever())

    def rented(self) -> Mapping[str, float]:
        """See `Monolith.rented`; and the machine of the jobs."""
        rented = super().rented()
        return {**rented, "m5.large": rented["m5.large"] + self.config.cores / CORES_PER_MACHINE}

    def place_order(self, order_id: int, basket: Basket) -> Steps[Order]:
        """Accept an order and return it as it is then, pending. Raises a `Refusal`."""
        return self.serve("place_order", lambda program: self._accept(program, order_id, basket))

    def _accept(self, program: Program, order_id: int, basket: Basket) -> Steps[Order]:
        """Accept an order. One that was sent before, and is there, is returned as it is now."""
        try:
            return (yield from self._accept_new(program, order_id, basket))
        except Refusal:
            if not program.orders.rows.has(order_id):
                raise
        return (yield from program.orders.query(lambda: program.orders.rows.find(order_id)))

    def _accept_new(self, program: Program, order_id: int, basket: Basket) -> Steps[Order]:
        products = yield from program.catalogue.products(basket)
        order = replace(price_order(order_id, basket, products), state=OrderState.PENDING)
        work = program.begin()
        yield from program.inventory.reserve(order, work)
        yield from program.orders.create(order, work)
        yield from work.commit()
        return order

    def _work_for_ever(self) -> Steps[None]:
        while True:
            yield self.sim.timeout(LOOK_EVERY_S)
            with suppress(Failure):
                yield from self._pay_all()

    def _pay_all(self) -> Steps[None]:
        """Pay for what is pending, oldest first. A failure ends the round; the next one begins at the same order."""
        sql = "SELECT order_id FROM orders WHERE state = 'pending' ORDER BY order_id"
        with self.jobs.hold() as worker:
            yield worker
            rows = yield from self._program.orders.query(
                lambda: self.database.connection.execute(sql).fetchall()
            )
            for (order_id,) in rows:
                yield from self._pay(self._program.orders.rows.find(order_id))

    def _pay(self, order: Order) -> Steps[None]:
        program, work = self._program, self._program.begin()
        try:
            payment = yield from program.payments.authorise(order)
        except PaymentDeclined:
            state = OrderState.CANCELLED
            for line in order.lines:
                back = program.inventory.rows.release(line.product, line.quantity)
                yield from work.write(program.inventory.queries, back)
        else:
            state = OrderState.PLACED
            yield from program.payments.record(payment, work)
            yield from program.notifications.confirm(order, work)
        yield from work.write(program.orders.queries, program.orders.rows.set_state(order.become(state)))
        yield from work.commit()
