"""reserve_stock: sets the pieces of an order aside, all or none, by a conditional write.

>>> from archlab.shop.serverless import Serverless
>>> from archlab.sim import Simulation
>>> shop = Serverless(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> int(shop.rows("stock").on_hand[0])
999998
"""

from contextlib import suppress

from archlab.shop.domain import Order
from archlab.shop.instance import Steps
from archlab.shop.serverless.handlers.handler import Handler
from archlab.shop.serverless.keys import NothingToDo, while_pending
from archlab.shop.serverless.platform import Platform
from archlab.shop.store import StockRepository
from archlab.sim.functions.invocation import Invocation


class ReserveStock(Handler):
    """Raises `OutOfStock` when there are too few pieces of a product. With keys the second time does nothing."""

    name = "reserve_stock"

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self.stock = StockRepository(self.rows)

    def run(self, here: Invocation, event: Order) -> Steps[None]:
        yield from self.compute(here)
        note = [while_pending(f"reserve {event.id}", event.id)] if self.has_keys else []
        lines = [self.stock.reserve(line.product, line.quantity) for line in event.lines]
        with suppress(NothingToDo):
            yield from self.write(here, [*note, *lines])
