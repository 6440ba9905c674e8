"""One hot page that expires, and how much a cache must know: two things about a stampede that arithmetic says exactly.

A page that is made in q seconds, and of which r a second are asked for, sends a query for the first who misses it and
one for each who asks meanwhile: 1 + r q. With single flight it sends one. And what the cache does not know must not be
more than the database can make: it must know a share of 1 - capacity / load at least. Both are simulated here with the
cache of `archlab.chapters.layered.page_cache`, and what is simulated agrees.

What this leaves out: queries that wait for each other, for the hot page; the second part has them.

>>> queries_at_once(100), queries_at_once(100, single_flight=True), known_needed(rate_per_s=80.0)
(100, 1, 0.5)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from math import inf

import numpy as np

from archlab.chapters.layered.page_cache import CachedShop
from archlab.chapters.layered.stampede import DATABASE_PER_S, IN_TIME_S, MANY, QUERY_S, TTL_S, config_of, warm
from archlab.course.claims import Limit, bisect
from archlab.shop.day import BROWSE_ONLY
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive, require_whole
from archlab.sim.workload import Poisson

SIZED_PRODUCTS, SIZED_PER_S = 200, 80.0
"""Where the size of the cache is what is varied: that many pages, and twice the load that the database can do alone."""
SIZED_S = 40.0


def _one_page(seed: int, query_s: float, ttl_s: float, single_flight: bool) -> CachedShop:
    """A shop with one page, whose database has cores for all who ask, so that no query waits."""
    config = replace(config_of(products=1, query_s=query_s), database_cores=MANY)
    return CachedShop(Simulation(seed), config, 1, ttl_s, single_flight=single_flight)


def queries_at_expiry(
    seed: int,
    asked_per_s: float,
    query_s: float = QUERY_S,
    single_flight: bool = False,
    seconds: float = 60.0,
) -> float:
    """Return how many queries are sent each time that a hot page has expired, on average, when each takes `query_s`.

    Raises `ValueError` when an argument is not allowed.
    """
    require_positive("asked_per_s", asked_per_s)
    ttl_s = 20 * query_s
    shop = _one_page(seed, query_s, ttl_s, single_flight)
    shop.sim.open_load(Poisson(asked_per_s), shop.handle, BROWSE_ONLY)
    shop.sim.run(until=seconds)
    sent_s = np.array(shop.cached.fetched_at_s)
    expiries = 1 + int((np.diff(sent_s) > ttl_s / 2).sum())
    return len(sent_s) / expiries


def queries_at_once(customers: int, single_flight: bool = False) -> int:
    """Return how many queries are sent when so many customers ask for a page that has just expired, all at once.

    Raises `ValueError` when an argument is not allowed.
    """
    require_whole("customers", customers, at_least=1)
    shop = _one_page(1, QUERY_S, TTL_S, single_flight)
    everybody = [shop.sim.start(shop.browse(1)) for _ in range(customers)]
    shop.sim.run(until=shop.sim.all_of(everybody))
    return shop.cached.fetched


# How much a cache must know --------------------------------------------------------------------------------


def known_needed(rate_per_s: float = SIZED_PER_S) -> float:
    """Return the share of pages that the cache must know at least: what is left must not be more than the database can.

    0 when the database can do it all.
    """
    require_positive("rate_per_s", rate_per_s)
    return max(0.0, 1 - DATABASE_PER_S / rate_per_s)


def _bearable(seed: int, size: int, rate_per_s: float) -> float:
    sim = Simulation(seed)
    shop = CachedShop(sim, config_of(SIZED_PRODUCTS), size)
    warm(shop, inf)
    sim.open_load(Poisson(rate_per_s), shop.handle, BROWSE_ONLY)
    rows = sim.measure(SIZED_S).requests
    late = rows[rows.arrived_s.between(SIZED_S / 2, SIZED_S - IN_TIME_S)].latency_s.fillna(inf)
    return float((late <= IN_TIME_S).mean()) - 0.5


def room_needed(rate_per_s: float = SIZED_PER_S, seeds: Iterable[int] = range(10)) -> Limit:
    """Return for how many pages the cache must have room, so that most pages are in time in the second half of a run.

    `archlab.chapters.layered.cached_pages.known_by_size` says what share of the pages it knows then.
    """
    return bisect(partial(_bearable, rate_per_s=rate_per_s), (5, 195), "from", seeds, whole=True)
