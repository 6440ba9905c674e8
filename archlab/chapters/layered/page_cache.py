"""A cache in the data access layer, and the layered shop with it: what is kept, for how long, and what is fetched.

The cache keeps the pages that were asked for last: the least recently used one goes when it is full (LRU), and each
goes when its *time to live* is over. Nobody tells it that a price has changed. With *single flight* those who ask for a
page that is being fetched already wait for it, and do not fetch it too; when that fetch fails, so do they.

What this leaves out: what the cache itself takes, in memory and time.

>>> shop = CachedShop(Simulation(seed=1), LayeredConfig(), ttl_s=10.0)
>>> pages = [shop.answer(shop.browse(1)) for _ in range(3)]
>>> shop.cached.fetched, shop.cached.known
(1, 2)
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence
from itertools import count
from math import inf
from typing import Any, Literal, get_args

from simpy.events import Event

from archlab.shop.domain import Order, Product
from archlab.shop.instance import Steps
from archlab.shop.layered import Layered, LayeredConfig
from archlab.shop.layered.data_access import Changes, DataAccess
from archlab.shop.layered.tiers import FarData
from archlab.shop.store import OrderStatus, ProductPage
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_positive, require_whole

Place = Literal["app", "data"]
PLACES: tuple[Place, ...] = get_args(Place)


class PageCache:
    """Pages by product: at most `size`, the ones that were used last, each for at most so long as it was put in for."""

    def __init__(self, size: int) -> None:
        require_whole("size", size, at_least=1)
        self._size = size
        self._pages: OrderedDict[int, tuple[float, ProductPage]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._pages)

    def get(self, product: int, now_s: float) -> ProductPage | None:
        """Return the page, unless it is not there or its time is over."""
        ends_s, page = self._pages.get(product, (-inf, None))
        if page is None or ends_s <= now_s:
            return None
        self._pages.move_to_end(product)
        return page

    def put(self, product: int, page: ProductPage, ends_s: float) -> None:
        """Keep a page until `ends_s`."""
        self._pages[product] = ends_s, page
        self._pages.move_to_end(product)
        if len(self._pages) > self._size:
            self._pages.popitem(last=False)

    def clear(self) -> None:
        """Lose everything, as at a restart."""
        self._pages.clear()


class CachedData:
    """Data access with a cache of pages in front of it. See `archlab.shop.layered.data_access.interface.DataAccess`.

    Args:
        behind: the data access that is asked for what no cache knows.
        caches: one for each copy of the program that this stands in. They are asked in turn.
        next_ttl_s: gives how long the next page is kept.
        single_flight: whether those who ask for a page that is being fetched wait for it, instead of fetching it too.

    `known` and `waited`: how many pages came from a cache, and from somebody else's fetch; `fetched_at_s`: when each of
    the others was asked for.
    """

    def __init__(
        self,
        sim: Simulation,
        behind: DataAccess,
        caches: Sequence[PageCache],
        next_ttl_s: Callable[[], float],
        single_flight: bool = False,
    ) -> None:
        self.sim, self.behind, self.caches = sim, behind, caches
        self.next_ttl_s, self.single_flight = next_ttl_s, single_flight
        self.known = self.waited = 0
        self.fetched_at_s: list[float] = []
        self._turn = count()
        self._under_way: dict[tuple[int, int], Event] = {}

    @property
    def fetched(self) -> int:
        """How many pages were asked for behind."""
        return len(self.fetched_at_s)

    def lose(self) -> None:
        """Lose what all caches know, as at a restart. What is under way goes on."""
        for cache in self.caches:
            cache.clear()

    def page(self, product: int) -> Steps[ProductPage]:
        copy = next(self._turn) % len(self.caches)
        page = self.caches[copy].get(product, self.sim.now)
        if page is not None:
            self.known += 1
            return page
        under_way = self._under_way.get((copy, product))
        if under_way is not None:
            self.waited += 1
            return (yield under_way)
        return (yield from self._fetch(copy, product))

    def _fetch(self, copy: int, product: int) -> Steps[ProductPage]:
        """Get a page from behind and keep it. Who waits for it gets the same answer, also when that is a failure."""
        self.fetched_at_s.append(self.sim.now)
        done = self.sim.event()
        if self.single_flight:
            self._under_way[copy, product] = done
        try:
            page = yield from self.behind.page(product)
        except Exception as failure:
            done.fail(failure)
            done.defused = True
            raise
        finally:
            self._under_way.pop((copy, product), None)
        self.caches[copy].put(product, page, self.sim.now + self.next_ttl_s())
        done.succeed(page)
        return page

    # What is not cached ------------------------------------------------------------------------------------

    def products(self, ids: Sequence[int]) -> Steps[list[Product]]:
        return self.behind.products(ids)

    def on_hand(self, ids: Sequence[int]) -> Steps[dict[int, int]]:
        return self.behind.on_hand(ids)

    def order(self, order_id: int) -> Steps[Order]:
        return self.behind.order(order_id)

    def status(self, order_id: int) -> Steps[OrderStatus]:
        return self.behind.status(order_id)

    def authorised(self) -> Steps[list[int]]:
        return self.behind.authorised()

    def captured(self, authorisations: Sequence[int]) -> Steps[None]:
        return self.behind.captured(authorisations)

    def begin(self) -> Changes:
        return self.behind.begin()


class CachedShop(Layered):
    """The layered shop with a cache of pages in its data access layer, `cached`, and prices that change.

    Args:
        size: pages in the cache of each copy.
        ttl_s: how long a page is kept at most.
        place: "data": in front of the database. "app": in front of the call to the data tier, where that is apart.
        jitter: a page is kept for a time that is drawn for it, from 1 - `jitter` / 2 to 1 + `jitter` / 2 times `ttl_s`.
        single_flight: see `CachedData`.

    `stale_s`: for each page shown with an old price, for how long it had been another one.
    """

    def __init__(
        self,
        sim: Simulation,
        config: LayeredConfig,
        size: int = 200,
        ttl_s: float = inf,
        place: Place = "data",
        jitter: float = 0.0,
        single_flight: bool = False,
    ) -> None:
        require_one_of("place", place, PLACES)
        self.place, self._size, self._single_flight = place, size, single_flight
        luck = sim.stream("time to live")
        self._next_ttl_s = lambda: ttl_s * (1 + jitter * (luck.random() - 0.5)) if jitter else ttl_s
        self.shown, self.stale_s = 0, list[float]()
        self._ended_s = dict[tuple[int, int], float]()
        super().__init__(sim, config)

    def _data_seen_from_above(self) -> DataAccess:
        near = self._cached(self.data) if self.place == "data" else self.data
        border = self.borders.get("data")
        seen = near if border is None else FarData(near, border, self.config.chatty)
        return self._cached(seen) if self.place == "app" else seen

    def _cached(self, behind: DataAccess) -> CachedData:
        programs = self.config.programs
        keeper = programs[-1] if self.place == "data" else programs[min(1, len(programs) - 1)]
        caches = [PageCache(self._size) for _ in range(self.config.count(keeper))]
        self.cached = CachedData(self.sim, behind, caches, self._next_ttl_s, self._single_flight)
        return self.cached

    def browse(self, product: int) -> Steps[ProductPage]:
        page = yield from super().browse(product)
        self.shown += 1
        if self._price_of(product) != page.product.price_cents:
            self.stale_s.append(self.sim.now - self._ended_s[product, page.product.price_cents])
        return page

    def _price_of(self, product: int) -> int:
        sql = "SELECT price_cents FROM products WHERE product = ?"
        return int(self.tables["products"].execute(sql, (product,)).fetchone()[0])

    def change_prices(self, per_s: float) -> None:
        """From now on change so many prices a second, of any product. A price never comes back."""
        require_positive("per_s", per_s)
        self.sim.start(self._change_for_ever(per_s))

    def _change_for_ever(self, per_s: float) -> Generator[Event, Any, None]:
        luck = self.sim.stream("price changes")
        sql = "UPDATE products SET price_cents = price_cents + 1 WHERE product = ?"
        while True:
            yield self.sim.timeout(luck.exponential(1 / per_s))
            product = int(luck.integers(1, self.assortment.products + 1))
            self._ended_s[product, self._price_of(product)] = self.sim.now
            self.tables["products"].execute(sql, (product,))
