"""The catalogue: what the shop sells, and a copy of how much of it is there.

The copy is a projection of what the inventory publishes. A customer sees a stock that is as old as the events take.

>>> from archlab.shop.event_driven import EventDriven
>>> from archlab.sim import Simulation
>>> shop = EventDriven(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.answer(shop.browse(1)).on_hand
1000000
>>> shop.sim.run(until=1)
>>> shop.answer(shop.browse(1)).on_hand
999998
"""

from collections.abc import Mapping

from archlab.shop.event_driven.components.component import Component, Reaction
from archlab.shop.event_driven.platform import Platform
from archlab.shop.events.event import Event
from archlab.shop.events.order import STOCK_RELEASED, STOCK_RESERVED
from archlab.shop.events.stock import SIGNS
from archlab.shop.instance import Instance, Steps
from archlab.shop.store import CATALOGUE, STOCK, CatalogueRepository, ProductPage, Statement, StockRepository


class Catalogue(Component[CatalogueRepository]):
    """What the shop sells."""

    name = "catalogue"
    schema = f"{CATALOGUE};{STOCK}"

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, CatalogueRepository)
        self.rows.fill(platform.catalogue)
        stock = {product.id: platform.config.assortment.stock for product in platform.catalogue}
        StockRepository(self.database.connection).fill(stock)

    @property
    def reactions(self) -> Mapping[str, Reaction]:
        return {STOCK_RESERVED: self.count, STOCK_RELEASED: self.count}

    def page(self, here: Instance, product: int) -> Steps[ProductPage]:
        """Return one product, with its stock as far as it is known here. Raises `NotFound`."""
        return (yield from self.query(lambda: self.rows.page(product)))

    def count(self, here: Instance, event: Event) -> Steps[None]:
        """Change the copy of the stock as an event of the inventory tells."""
        sql = "UPDATE stock SET on_hand = on_hand + ? WHERE product = ?"
        sign = SIGNS[event.type]
        lines = [Statement(sql, (sign * quantity, product)) for product, quantity in event.data["lines"]]
        yield from self.write(here, lines, None, event)
