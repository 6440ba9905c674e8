"""A stampede: the cache is lost while the database alone cannot carry the load, and everybody asks for the same pages.

Here pages are dear to make: each takes the time of fifty simple queries, as the best sellers did in chapter 06. There
are fifty of them, each is kept for some seconds, and the one core of the database could make 40 a second. With a warm
cache ten times as many customers are served, and the database is idle most of the time. Then the cache is lost.

While a page is being made, all who ask for it make it too (`"every miss asks"`). With *single flight* they wait for the
one who makes it already. With *jitter* pages are kept for times of their own, so those that were made together do not
go together.

Why it may never end without single flight: the longer a query waits, the more customers ask for its page meanwhile,
and all of their queries are sent. `asked_per_s` is that arithmetic, for a wait that goes on. Beyond `wait_that_lasts_s`
more queries come than the database can do, so the wait grows. A longer wait that is over before pages expire does no
harm. Both states keep themselves up; such a system is called *metastable*. With single flight a longer wait means fewer
queries, so there is one state only.

The program works on as many requests at a time as come, as one with an event loop does, or many copies together. Then
about half of the pages are in time at the end (`late`): those that are in the cache. With few workers few queries are
under way, and who gets a worker later finds the page in the cache: up to 64 bring it back, in nine runs of ten
(`recovers_up_to_workers`). Some hundreds make it total: all of them wait for the database, so nobody is left for pages
that are in the cache, and none is in time. No limit is between these two. So with no limit it looks milder than with a
pool of 100 to 500 workers, and graver than with a small one.

What this leaves out: customers who ask again when they are not answered, which makes it worse. A query whose customer
has gone is not called back, which does, too. Sessions in the database do not slow each other, which errs on the mild
side.

>>> alone, together = (lost(seed=1, way=way, seconds=8.0) for way in ("every miss asks", "single flight"))
>>> bool(alone.in_time() < 0.9 < together.in_time())
True
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from math import inf

import joblib
import numpy as np
import pandas as pd

from archlab.chapters.layered.page_cache import CachedShop
from archlab.course.claims import Limit, OverSeeds, bisect
from archlab.course.figures.canvas import canvas, wrapped
from archlab.course.figures.line import in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.style import GREY, LAB, Size, for_text, variants
from archlab.shop.architecture import Assortment
from archlab.shop.customers import popularity
from archlab.shop.day import BROWSE_ONLY
from archlab.shop.layered import LayeredConfig
from archlab.shop.store import ProductPage
from archlab.sim.distributions import Distribution, Exponential, Values, as_distribution
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_positive
from archlab.sim.workload import Poisson

WAYS = ("every miss asks", "jitter", "single flight", "single flight, jitter")
JITTER = 0.5
"""With jitter a page is kept for 0.75 to 1.25 of its time to live. An assumption."""
PRODUCTS = 50
SIMPLE_QUERIES = 50
"""A page takes so many simple queries' time. An assumption; it is that of the best sellers in chapter 06."""
QUERY_S = SIMPLE_QUERIES * as_distribution(LayeredConfig().query_s).mean
CPU_S, CORES, MANY = 0.001, 16, 100_000
"""The program's own work on a page, its cores, and its workers: so that the database alone is scarce. Assumptions."""
A_QUERY = Exponential(QUERY_S)
DATABASE_PER_S = 1 / QUERY_S
"""Pages a second that the database can make, with one core."""
RATE_PER_S, TTL_S = 400.0, 5.0
LOST_AT_S, SECONDS = 5.0, 20.0
"""When the cache is lost, and for how long one looks on."""
IN_TIME_S = 1.0
"""A page is in time within a second. An assumption."""
RECOVERED = 0.99
"""The share of pages in time, in each window of a second, from which the shop counts as recovered."""
TRIED_PER_S = (50.0, 800.0)
TRIED_WORKERS = (8, 2048)


def config_of(
    products: int = PRODUCTS, query_s: float | Distribution = A_QUERY, workers: int = MANY
) -> LayeredConfig:
    """Return the shop: one process, and a database with one core."""
    return LayeredConfig(
        browse_cpu_s=CPU_S,
        cores=CORES,
        workers=workers,
        database_cores=1,
        query_s=query_s,
        coherency=0.0,
        settle_every_s=1e6,
        assortment=Assortment(products=products),
    )


@dataclass(frozen=True)
class Lost:
    """What came of a run, with times counted from the loss.

    `pages`: a row each, with `since_s` and `latency_s`, inf when there was no answer by the end. `queries_s`: when
    queries were sent.
    """

    pages: pd.DataFrame
    queries_s: Values

    def in_time(self, since_s: float = 0.0, until_s: float = inf) -> float:
        """Return which share of the pages asked for in this span was there within `IN_TIME_S`."""
        asked = self.pages[self.pages.since_s.between(since_s, until_s, inclusive="left")]
        return float((asked.latency_s <= IN_TIME_S).mean())

    def recovered_s(self) -> float:
        """Return after how many seconds all windows of a second are good, to the end; inf when the last is not."""
        shares = self.shares()
        bad = shares.index[(shares < RECOVERED) & (shares.index >= 0)]
        after_s = 0.0 if bad.empty else float(bad.max() + 1)
        return after_s if after_s <= shares.index.max() else inf

    def shares(self) -> pd.Series:
        """Return the share of pages in time for each second that is full, by the second's beginning."""
        known = self.pages[self.pages.since_s < np.floor(self.pages.since_s.max() - IN_TIME_S)]
        return (known.latency_s <= IN_TIME_S).groupby(np.floor(known.since_s)).mean()

    def sent(self, since_s: float = 0.0, until_s: float = inf) -> int:
        """Return how many queries were sent in this span."""
        return int(((self.queries_s >= since_s) & (self.queries_s < until_s)).sum())

    def longest_s(self, until_s: float) -> float:
        """Return the longest wait for a page that was asked for up to then, since the cache was lost."""
        return float(self.pages.latency_s[self.pages.since_s.between(0.0, until_s)].max())


def lost(
    seed: int,
    way: str = WAYS[0],
    rate_per_s: float = RATE_PER_S,
    ttl_s: float = TTL_S,
    seconds: float = SECONDS,
    workers: int = MANY,
) -> Lost:
    """Lose a warm cache under load, and look on for so many seconds.

    `way`: one of `WAYS`. `workers`: requests that the program works on at the same time.
    Raises `ValueError` when an argument is not allowed.
    """
    require_one_of("way", way, WAYS)
    for name, value in (("rate_per_s", rate_per_s), ("ttl_s", ttl_s), ("seconds", seconds)):
        require_positive(name, value)
    sim, jitter = Simulation(seed), JITTER if "jitter" in way else 0.0
    shop = CachedShop(
        sim, config_of(workers=workers), PRODUCTS, ttl_s, jitter=jitter, single_flight="single" in way
    )
    warm(shop, ttl_s)
    sim.open_load(Poisson(rate_per_s), shop.handle, BROWSE_ONLY)
    sim.call_at(LOST_AT_S, lambda _: shop.cached.lose())
    rows = sim.measure(LOST_AT_S + seconds).requests
    pages = pd.DataFrame(
        {"since_s": rows.arrived_s - LOST_AT_S, "latency_s": rows.latency_s.fillna(inf).astype(float)}
    )
    return Lost(pages, np.array(shop.cached.fetched_at_s) - LOST_AT_S)


def warm(shop: CachedShop, ttl_s: float) -> None:
    """Fill the caches of a shop with all pages, each made at a moment of its own within the time to live."""
    luck = shop.sim.stream("warm")
    for product in reversed(shop.catalogue):  # where there is no room for all, the popular ones stay
        page = ProductPage(product, shop.assortment.stock)
        for cache in shop.cached.caches:
            cache.put(product.id, page, shop.sim.now + ttl_s * (1 - luck.random()))


# The arithmetic of two states ------------------------------------------------------------------------------


def asked_per_s(
    wait_s: float, rate_per_s: float = RATE_PER_S, ttl_s: float = TTL_S, single_flight: bool = False
) -> float:
    """Return how many queries a second are sent when each waits so long, in a shop that goes on like that.

    A page of which r a second are asked for is kept for `ttl_s`, then missed by one customer, and by r times the wait
    more until it is there. With single flight these do not ask.
    """
    asked = rate_per_s * np.array(popularity(PRODUCTS))
    more = 0.0 if single_flight else asked * wait_s
    return float((asked * (1 + more) / (1 + asked * (ttl_s + wait_s))).sum())


def wait_that_lasts_s(rate_per_s: float = RATE_PER_S, ttl_s: float = TTL_S) -> float:
    """Return the wait from which, without single flight, more queries come than the database can do. inf: never.

    A shop whose waits stay below recovers. One whose waits are longer does, too, if they are over soon.
    """
    waits_s = np.geomspace(QUERY_S, 1000.0, 2000)
    found = (wait for wait in waits_s if asked_per_s(float(wait), rate_per_s, ttl_s) > DATABASE_PER_S)
    return float(next(found, inf))


# Ten seeds -------------------------------------------------------------------------------------------------


def _row(seed: int, way: str, rate_per_s: float, ttl_s: float) -> tuple[float, float, float, float]:
    run = lost(seed, way, rate_per_s, ttl_s)
    return run.in_time(), run.recovered_s(), run.sent(until_s=ttl_s), run.longest_s(ttl_s)


def compare(
    rate_per_s: float = RATE_PER_S, ttl_s: float = TTL_S, seeds: Iterable[int] = range(10)
) -> pd.DataFrame:
    """Return a row a way, each figure with its value a seed.

    Columns: `way`; `in_time_percent` of the pages after the loss; `recovered`, with how many seeds it did by the end;
    `recovered_s` (inf when it did not); `queries` sent in the first time to live; `longest_s`, the longest wait in it.
    """
    chosen, rows = list(seeds), []
    for way in WAYS:
        of_seeds = in_parallel(joblib.delayed(_row)(seed, way, rate_per_s, ttl_s) for seed in chosen)
        shares, recovered_s, queries, longest_s = zip(*of_seeds, strict=True)
        figures = OverSeeds(100 * share for share in shares), sum(np.isfinite(recovered_s))
        rows.append((way, *figures, OverSeeds(recovered_s), OverSeeds(queries), OverSeeds(longest_s)))
    columns = ["way", "in_time_percent", "recovered", "recovered_s", "queries", "longest_s"]
    return pd.DataFrame(rows, columns=columns)


def _late_percent(seed: int, way: str, workers: int, from_s: float, until_s: float) -> float:
    return 100 * lost(seed, way, seconds=until_s + IN_TIME_S, workers=workers).in_time(from_s, until_s)


def late(
    way: str = WAYS[0],
    seeds: Iterable[int] = range(10),
    workers: int = MANY,
    from_s: float = 12.0,
    until_s: float = 18.0,
) -> OverSeeds:
    """Return the percent of pages in time, of those asked for so late after the loss, with a value a run.

    Raises `ValueError` when an argument is not allowed.
    """
    require_positive("until_s - from_s", until_s - from_s)
    job = joblib.delayed(_late_percent)
    return OverSeeds(in_parallel(job(seed, way, workers, from_s, until_s) for seed in seeds))


def _spare(run: Lost) -> float:
    """The share of pages in time in the last third of the run, beyond what counts as recovered."""
    return run.in_time(2 * SECONDS / 3, SECONDS - IN_TIME_S) - RECOVERED


def _recovers(seed: int, rate_per_s: float, way: str, ttl_s: float) -> float:
    return _spare(lost(seed, way, rate_per_s, ttl_s))


def _recovers_with(seed: int, workers: float, rate_per_s: float) -> float:
    return _spare(lost(seed, WAYS[0], rate_per_s, workers=int(workers)))


def recovers_up_to_per_s(way: str, ttl_s: float = TTL_S, seeds: Iterable[int] = range(10)) -> Limit:
    """Return the load up to which the shop comes back after the cache was lost. inf: at all that was tried."""
    require_one_of("way", way, WAYS)
    margin = partial(_recovers, way=way, ttl_s=ttl_s)
    return bisect(margin, TRIED_PER_S, "up to", seeds, tolerance=0.1, log=True)


def recovers_up_to_workers(rate_per_s: float = RATE_PER_S, seeds: Iterable[int] = range(10)) -> Limit:
    """Return up to how many workers, all of which may send a query, it comes back without single flight."""
    margin = partial(_recovers_with, rate_per_s=rate_per_s)
    return bisect(margin, TRIED_WORKERS, "up to", seeds, whole=True, log=True)


# Figure ----------------------------------------------------------------------------------------------------


def over_seconds(
    rate_per_s: float = RATE_PER_S,
    ttl_s: float = TTL_S,
    seeds: Iterable[int] = range(3),
    ways: Iterable[str] = WAYS,
    workers: int = MANY,
) -> pd.DataFrame:
    """Return a row a way and second, over all runs: `way`, `since_s`, `in_time_percent`, `queries_per_s`.

    `workers`: requests that the program works on at the same time.
    """
    chosen, rows = list(seeds), []
    for way in ways:
        job = joblib.delayed(lost)
        runs = in_parallel(job(seed, way, rate_per_s, ttl_s, workers=workers) for seed in chosen)
        shares = pd.concat([run.shares() for run in runs], axis=1).mean(axis=1)
        for second, share in shares.items():
            sent = np.mean([run.sent(float(second), float(second) + 1) for run in runs])
            rows.append((way, float(second) + 0.5, 100 * share, sent))
    return pd.DataFrame(rows, columns=["way", "since_s", "in_time_percent", "queries_per_s"])


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw `over_seconds`: the share of pages in time, and below it the queries that are sent, a line a way."""
    words = []
    with canvas(title, size, panels=(1, 1), tall=True) as drawing:
        upper, lower = drawing.panels
        for way, look in variants("layered", table.way.unique()).items():
            rows = table[table.way == way]
            for panel, y in ((upper, "in_time_percent"), (lower, "queries_per_s")):
                (line,) = panel.plot(rows.since_s, rows[y], color=look.colour, linestyle=look.dash, label=way)
                drawing.name_end(panel, line, way)
            words.append(in_words(f"{way}, pages in time in %:", rows.since_s, rows.in_time_percent))
            words.append(in_words("queries a second:", rows.since_s, rows.queries_per_s))
        lower.axhline(DATABASE_PER_S, color=GREY, linestyle=":")
        named = lower.text(
            table.since_s.max(), DATABASE_PER_S, "all the database can do", color=for_text(GREY)
        )
        named.set(ha="right", va="bottom")
        for panel in (upper, lower):
            scale(panel, log=False)
            panel.axvline(0.0, color=GREY, linestyle=":")
        drawing.name_line(upper, 0.0, "cache lost", GREY)
        upper.set(ylabel=wrapped(f"Pages within {IN_TIME_S:.0f} s [%]"), ylim=(0, 104))
        lower.set(ylabel=wrapped("Queries sent [1/s]"), xlabel="Since the cache was lost [s]")
    can = f"The database can do {DATABASE_PER_S:.0f} a second."
    return Picture(drawing.figure, f"{title.rstrip('.')}. {' '.join(words)} {can}")
