"""The inventory service: how much is there of each product.

>>> from archlab.shop.microservices.architecture import Microservices
>>> from archlab.sim import Simulation
>>> shop = Microservices(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.answer(shop.browse(1)).on_hand
999998
"""

from collections.abc import Sequence

from archlab.shop.domain import Order, OutOfStock, reserve
from archlab.shop.microservices.instance import Instance, Steps
from archlab.shop.microservices.platform import Platform
from archlab.shop.microservices.services.service import Service, tombstone
from archlab.shop.store import STOCK, StockRepository


class Inventory(Service[StockRepository]):
    """How much is there."""

    name = "inventory"
    schema = STOCK

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, StockRepository)
        self.rows.fill({product.id: platform.config.assortment.stock for product in platform.catalogue})

    def on_hand(self, here: Instance, ids: Sequence[int]) -> Steps[dict[int, int]]:
        """Return how many pieces there are of each of these products."""
        return (yield from self.query(lambda: self.rows.on_hand(ids)))

    def check(self, here: Instance, order: Order) -> Steps[None]:
        """Raise `OutOfStock` when there are too few pieces for an order that has none set aside yet.

        With idempotency keys also when its pieces were put back: who still wants them has to order again.
        """
        on_hand = yield from self.query(lambda: self.rows.on_hand([line.product for line in order.lines]))
        self._require_not_released(order)
        if not self.has_handled(f"reserve {order.id}"):
            reserve(order, on_hand)

    def release(self, here: Instance, order: Order) -> Steps[None]:
        """Put the pieces of an order back.

        With idempotency keys only if they were set aside, and then they never will be later. Without keys nobody
        knows: a call that is repeated puts them back twice.
        """
        done = f"reserve {order.id}" if self.platform.config.idempotency_keys else None
        back = [self.rows.release(line.product, line.quantity, done) for line in order.lines]
        yield from self.write(f"release {order.id}", back if done is None else [*back, tombstone(done)])

    def reserve(self, here: Instance, order: Order) -> Steps[None]:
        """Set the pieces of an order aside. Raises `OutOfStock`, as `check`, and sets nothing aside then."""
        lines = [self.rows.reserve(line.product, line.quantity) for line in order.lines]
        yield from self.write(f"reserve {order.id}", lines)
        self._require_not_released(order)

    def _require_not_released(self, order: Order) -> None:
        if self.has_handled(f"release {order.id}"):
            raise OutOfStock(f"the pieces of order {order.id} were put back")
