"""Customers: what they look at, what they buy, and which of their orders they ask about.

Every choice takes a random generator, so the same seed gives the same customers whatever the architecture.

>>> import numpy as np
>>> catalogue = typical_catalogue(products=3, rng=np.random.default_rng(1))
>>> shares = popularity(len(catalogue))
>>> [round(share, 3) for share in shares]
[0.545, 0.273, 0.182]
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from archlab.shop.domain import Product
from archlab.sim.validation import require_non_negative, require_whole

BASKET_SIZES = (0.60, 0.30, 0.10)
"""Share of the baskets with 1, 2 and 3 products, one piece of each. An assumption."""

RECENT_ORDERS = 1000
"""Customers ask about one of this many newest orders. An assumption."""


def typical_catalogue(products: int, rng: np.random.Generator) -> tuple[Product, ...]:
    """Return `products` products, ids from 1, with prices around 20.00 (lognormal, median 2,000 cents, sigma
    0.8).

    The prices are an assumption. They do not change how long anything takes.
    """
    require_whole("products", products, at_least=1)
    prices = np.maximum(1, rng.lognormal(np.log(2000), 0.8, products).astype(int)).tolist()
    return tuple(Product(id_, f"product {id_}", price) for id_, price in enumerate(prices, start=1))


def popularity(products: int, exponent: float = 1.0) -> list[float]:
    """Return the share of customers who choose each product: Zipf's law, share of rank r ~ 1 / r ** exponent.

    Exponent 1 is an assumption; 0 makes all products equally popular. A hot product matters where customers
    meet at one row or one cache entry.
    """
    require_whole("products", products, at_least=1)
    require_non_negative("exponent", exponent)
    weights = 1.0 / np.arange(1, products + 1) ** exponent
    return list((weights / weights.sum()).tolist())


def mean_lines(products: int, exponent: float = 1.0) -> float:
    """Return the mean number of different products in a basket. A product chosen twice makes one line."""
    shares = np.asarray(popularity(products, exponent))
    return float(
        sum(share * (1 - (1 - shares) ** size).sum() for size, share in enumerate(BASKET_SIZES, start=1))
    )


class Customers:
    """The choices of the shop's customers, one after the other, from one random generator.

    Args:
        catalogue: what the shop sells, the most popular product first.
        rng: the generator; nobody else may take from it.
        exponent: of Zipf's law, see `popularity`.
    """

    def __init__(self, catalogue: Sequence[Product], rng: np.random.Generator, exponent: float = 1.0) -> None:
        self._ids = [product.id for product in catalogue]
        self._cumulative = list(accumulate(popularity(len(catalogue), exponent)))
        self._sizes = list(accumulate(BASKET_SIZES))
        self._uniform = rng.random

    def product(self) -> int:
        """Return the id of the product that the next customer looks at."""
        return self._ids[min(bisect_right(self._cumulative, self._uniform()), len(self._ids) - 1)]

    def basket(self) -> dict[int, int]:
        """Return what the next customer buys: 1 to 3 pieces, product id -> count."""
        size = 1 + min(bisect_right(self._sizes, self._uniform()), len(self._sizes) - 1)
        basket: dict[int, int] = {}
        for _ in range(size):
            chosen = self.product()
            basket[chosen] = basket.get(chosen, 0) + 1
        return basket

    def order_to_track(self, acknowledged: Sequence[int]) -> int | None:
        """Return one of the newest `RECENT_ORDERS` orders at random; None when there is none."""
        recent = min(len(acknowledged), RECENT_ORDERS)
        position = int(self._uniform() * recent)
        return acknowledged[len(acknowledged) - recent + position] if recent else None
