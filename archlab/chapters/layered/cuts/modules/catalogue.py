"""The catalogue: what the shop sells, from its rows to its pages."""

from collections.abc import Mapping, Sequence
from typing import Any

from archlab.chapters.layered.cuts.modules.kernel import UseCase, ask, money
from archlab.shop.database import Queries
from archlab.shop.domain import Product
from archlab.shop.instance import Steps
from archlab.shop.store import CatalogueRepository, ProductPage


class Catalogue:
    """What the shop sells."""

    def __init__(self, rows: CatalogueRepository, queries: Queries) -> None:
        self.rows, self.queries = rows, queries

    def page(self, product: int) -> Steps[ProductPage]:
        """Look at a product. Raises `NotFound`."""
        return ask(self.queries, lambda: self.rows.page(product))

    def products(self, ids: Sequence[int]) -> Steps[list[Product]]:
        """Return the products with these ids; ids that do not exist are left out."""
        return ask(self.queries, lambda: self.rows.products(ids))

    def use_cases(self) -> Mapping[str, UseCase]:
        """For programs."""
        return {"browse": self._browse}

    def command(self, words: Sequence[str]) -> Steps[str] | None:
        """For people at a terminal: "show PRODUCT"."""
        match words:
            case ["show", product] if product.isdigit():
                return self._show(int(product))
        return None

    def _browse(self, body: Mapping[str, Any]) -> Steps[dict[str, Any]]:
        page = yield from self.page(int(body["product"]))
        product = page.product
        return {
            "product": product.id,
            "name": product.name,
            "price_cents": product.price_cents,
            "on_hand": page.on_hand,
        }

    def _show(self, product: int) -> Steps[str]:
        page = yield from self.page(product)
        return f"{page.product.name}: {money(page.product.price_cents)}, {page.on_hand} there"
