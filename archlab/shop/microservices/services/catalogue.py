"""The catalogue service: what the shop sells. It asks the inventory service how much of it is there.

>>> from archlab.shop.microservices.architecture import Microservices
>>> from archlab.sim import Simulation
>>> shop = Microservices(Simulation(seed=1))
>>> shop.answer(shop.browse(3)).product.name
'product 3'
"""

from collections.abc import Sequence

from archlab.shop.domain import Product
from archlab.shop.microservices.instance import Instance, Steps
from archlab.shop.microservices.platform import Platform
from archlab.shop.microservices.services.service import Service
from archlab.shop.store import CATALOGUE, CatalogueRepository, ProductPage


class Catalogue(Service[CatalogueRepository]):
    """What the shop sells."""

    name = "catalogue"
    schema = CATALOGUE

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, CatalogueRepository)
        self.rows.fill(platform.catalogue)

    def page(self, here: Instance, product: int) -> Steps[ProductPage]:
        """Return one product, with its stock. Raises `NotFound`."""
        found = yield from self.query(lambda: self.rows.product(product))
        on_hand = yield from here.call("inventory", "on_hand", [product])
        return ProductPage(found, on_hand[product])

    def products(self, here: Instance, ids: Sequence[int]) -> Steps[list[Product]]:
        """Return the products with these ids; ids that do not exist are left out."""
        return (yield from self.query(lambda: self.rows.products(ids)))
