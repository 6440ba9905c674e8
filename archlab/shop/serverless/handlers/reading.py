"""The two functions that only read.

>>> from archlab.shop.serverless import Serverless
>>> from archlab.sim import Simulation
>>> shop = Serverless(Simulation(seed=1))
>>> shop.answer(shop.browse(3)).on_hand
1000000
"""

from archlab.shop.instance import Steps
from archlab.shop.serverless.handlers.handler import Handler
from archlab.shop.serverless.platform import Platform
from archlab.shop.store import CatalogueRepository, OrderRepository, OrderStatus, ProductPage
from archlab.sim.functions.invocation import Invocation


class Browse(Handler):
    """The page of a product, asked for by its number."""

    name = "browse"

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self.catalogue = CatalogueRepository(self.rows)

    def run(self, here: Invocation, event: int) -> Steps[ProductPage]:
        yield from self.compute(here)
        return (yield from self.query(here, lambda: self.catalogue.page(event)))


class TrackOrder(Handler):
    """Where an order is, asked for by its number."""

    name = "track_order"

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self.orders = OrderRepository(self.rows)

    def run(self, here: Invocation, event: int) -> Steps[OrderStatus]:
        yield from self.compute(here)
        return (yield from self.query(here, lambda: self.orders.status(event)))
