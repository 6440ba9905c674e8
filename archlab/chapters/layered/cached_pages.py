"""A cache of product pages in the data access layer: how often it knows the page, what that saves, how old pages are.

The cache (`archlab.chapters.layered.page_cache`) keeps the pages that were asked for last (LRU: the least recently used
one goes when it is full), each until its *time to live* is over. It sits in each copy of a program, in one of two
`places`: in the data tier, in front of the database; or in the app tier, where a page that is known spares the call to
the data tier, too. Requests go to the copies in turn, and each copy's cache knows only what it was asked. Nobody tells
a cache that a price has changed, so a page can be as old as its time to live. (The lab of this chapter does better.)

How often the cache knows the page follows from how popular pages are. With a limit on the size Che's approximation says
it (H. Che, Y. Tung and Z. Wang, *Hierarchical Web Caching Systems*, IEEE JSAC 2002; C. Fricker, P. Robert and
J. Roberts say why it is so good, *A Versatile and Accurate Approximation for LRU Cache Performance*, ITC 2012): each
page stays for about the same time, in which as many different pages are asked for as there is room. With a time to live
alone, a page of which r a second are asked for is known r t times for each time that it is not (`known_by_ttl`).

By construction a page from the cache takes no time but that of the program. What this leaves out: the memory of the
cache; and the stock on the page, which changes with every order, so it is old nearly always. Prices are counted here.

>>> run = cached(seed=1, size=50, seconds=30.0)
>>> bool(abs(run["known"] - known_by_size(50)) < 0.04)
True
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, isfinite
from typing import Any

import numpy as np
import pandas as pd

from archlab.chapters.layered.page_cache import PLACES, CachedShop, Place
from archlab.course.figures.canvas import canvas, wrapped
from archlab.course.figures.line import draw_points, draw_theory, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.figures.scaling import scaling
from archlab.course.quantity import number
from archlab.course.style import LAB, Size, variants
from archlab.shop.customers import popularity
from archlab.shop.day import BROWSE_ONLY
from archlab.shop.layered import LayeredConfig
from archlab.sim.experiment import sweep
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_positive, require_whole
from archlab.sim.workload import Poisson

PRODUCTS = LayeredConfig().assortment.products
RATE_PER_S, SECONDS, WARM_UP_S = 100.0, 60.0, 10.0
"""About a quarter of what the cores can do, so that waiting is short. Assumptions."""
DRAWN_S = 20.0
"""Of a run for a figure."""
PRICE_CHANGES_PER_S = 5.0
"""Of all products together, each as likely as any other. Far more than in real shops, so that short runs see many. With
fewer, as many fewer pages are old."""
SIZES = (5, 10, 20, 50, 100, 150)
TTLS_S = (0.1, 0.3, 1.0, 3.0, 10.0, 20.0)


def config_of(copies: int = 1, hop_s: float = 0.00025) -> LayeredConfig:
    """Return a shop on three tiers, with so many copies of the two that can have a cache."""
    require_whole("copies", copies, at_least=1)
    return LayeredConfig(
        tiers="three tiers", instances={"app": copies, "data": copies}, hop_s=hop_s, settle_every_s=1e6
    )


def cached(
    seed: int,
    size: int = PRODUCTS,
    ttl_s: float = inf,
    place: Place = "data",
    copies: int = 1,
    hop_s: float = 0.00025,
    rate_per_s: float = RATE_PER_S,
    seconds: float = SECONDS,
) -> dict[str, float]:
    """Look at product pages through a cache, after a warm-up: two times to live, if pages have one, or some seconds.

    Returns `known`, the share of pages from a cache; `mean_ms` and `p99_ms` of a page; `queries_per_page` of the
    database; `stale`, the share of pages with an old price, and `oldest_s`, how long the price had been another one at
    most (0 when none was old). Raises `ValueError` when an argument is not allowed.
    """
    sim = Simulation(seed)
    shop = CachedShop(sim, config_of(copies, hop_s), size, ttl_s, place)
    shop.change_prices(PRICE_CHANGES_PER_S)
    sim.open_load(Poisson(rate_per_s), shop.handle, BROWSE_ONLY)
    sim.run(until=max(WARM_UP_S, 2 * ttl_s) if isfinite(ttl_s) else WARM_UP_S)
    before, fetched = shop.shown, shop.cached.fetched
    stale, known = len(shop.stale_s), shop.cached.known
    result = sim.measure(seconds)
    shown, known, fetched = shop.shown - before, shop.cached.known - known, shop.cached.fetched - fetched
    return {
        "known": known / (known + fetched),
        "mean_ms": 1000 * result.mean_latency_s("browse"),
        "p99_ms": 1000 * result.latency_s(99, "browse"),
        "queries_per_page": fetched / shown,
        "stale": (len(shop.stale_s) - stale) / shown,
        "oldest_s": max(shop.stale_s[stale:], default=0.0),
    }


# Arithmetic ------------------------------------------------------------------------------------------------


def known_by_size(size: int, products: int = PRODUCTS, exponent: float = 1.0) -> float:
    """Return the share of pages that a cache of this size knows, by Che's approximation; 1 with room for all."""
    from scipy.optimize import brentq  # SciPy is loaded when it is used: that takes a while

    require_whole("size", size, at_least=1)
    if size >= products:
        return 1.0
    shares = np.array(popularity(products, exponent))
    stays = brentq(lambda time: (1 - np.exp(-shares * time)).sum() - size, 1e-9, 1e9)
    return float((shares * (1 - np.exp(-shares * stays))).sum())


def known_by_ttl(
    ttl_s: float, rate_per_s: float = RATE_PER_S, products: int = PRODUCTS, exponent: float = 1.0
) -> float:
    """Return the share of pages that a cache knows which has room for all and keeps each for so long.

    With several copies `rate_per_s` is what one of them is asked.
    """
    require_positive("ttl_s", ttl_s)
    shares = np.array(popularity(products, exponent))
    asked_meanwhile = shares * rate_per_s * ttl_s
    return float((shares * asked_meanwhile / (1 + asked_meanwhile)).sum())


def expected_ms(known: float, place: Place, hop_s: float = 0.00025) -> float:
    """Return the mean latency of a page in an idle shop: what a known page takes, and what another one does.

    Raises `ValueError` when an argument is not allowed.
    """
    require_one_of("place", place, PLACES)
    config = config_of(hop_s=hop_s)
    asked = config.demands_s().loc["browse"]
    call_s = 2 * hop_s + 2 * config.message_cpu_s
    saved_s = asked["database"] + (call_s if place == "app" else 0.0)
    return 1000 * float(asked.sum() - known * saved_s)


def expected_stale(ttl_s: float, rate_per_s: float = RATE_PER_S, products: int = PRODUCTS) -> float:
    """Return the share of pages with an old price, for a cache with room for all: by arithmetic.

    A page that is looked at a time u after it was fetched is old when its price has changed since. Looks at a kept page
    come at any time of its life alike.
    """
    require_positive("ttl_s", ttl_s)
    shares, changes = np.array(popularity(products)), PRICE_CHANGES_PER_S / products * ttl_s
    asked_meanwhile = shares * rate_per_s * ttl_s
    old = 1 - (1 - np.exp(-changes)) / changes
    return float((shares * asked_meanwhile / (1 + asked_meanwhile)).sum() * old)


# Curves ----------------------------------------------------------------------------------------------------


def against_size(
    sizes: Iterable[int] = SIZES, places: Iterable[Place] = PLACES, seeds: Iterable[int] = range(3)
) -> pd.DataFrame:
    """Return a row a place and size: `place`, `size`, and the figures of `cached`, with intervals."""
    grid: dict[str, list[Any]] = {"place": list(places), "size": list(sizes), "seconds": [DRAWN_S]}
    return sweep(cached, grid, seeds)


def against_ttl(ttls_s: Iterable[float] = TTLS_S, seeds: Iterable[int] = range(5)) -> pd.DataFrame:
    """Return a row a time to live: `ttl_s`, and the figures of `cached`, with intervals. All pages have room."""
    return sweep(cached, {"ttl_s": list(ttls_s), "seconds": [DRAWN_S]}, seeds)


def figure_of_size(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw what share of the pages the cache knows against its size as points, and Che's approximation, dashed."""
    x, name = "pages_it_has_room_for", "simulated"
    rows = table.drop_duplicates("size").rename(columns={"size": x})
    known = {f"known_percent{end}": 100 * rows[f"known{end}"] for end in ("", "_low", "_high")}
    sizes = list(range(1, PRODUCTS + 1))
    theory = pd.DataFrame({x: sizes, "known_percent": [100 * known_by_size(room) for room in sizes]})
    return scaling(
        rows.assign(design=name, **known),
        title,
        x=x,
        y="known_percent",
        fit=theory.assign(design=name),
        fit_name="Che's approximation",
        line_looks=variants("layered", [name]),
        y_label="Pages that the cache knows [%]",
        size=size,
    )


def figure_of_ttl(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw `against_ttl` on a logarithmic axis: the pages from the cache and, below, those with an old price.

    Dashed: what arithmetic says of both.
    """
    shares = {"known": "Pages from the cache [%]", "stale": "Pages with an old price [%]"}
    theory = {"known": known_by_ttl, "stale": expected_stale}
    ttls_s, words = np.geomspace(table.ttl_s.min(), table.ttl_s.max(), 50), []
    with canvas(title, size, panels=(1, 1), tall=True) as drawing:
        looks = variants("layered", shares).values()
        for panel, (column, name), look in zip(drawing.panels, shares.items(), looks, strict=True):
            columns = [f"{column}{end}" for end in ("", "_low", "_high")]
            rows = table[["ttl_s"]].join(100 * table[columns])
            expected = [100 * theory[column](float(ttl_s)) for ttl_s in ttls_s]
            draw_theory(panel, pd.Series(ttls_s), pd.Series(expected))
            draw_points(panel, rows, "ttl_s", column, look)
            scale(panel, log=False)
            panel.set_ylabel(wrapped(name))
            words.append(in_words(name, rows.ttl_s, rows[column]))
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter(lambda value, _: number(value))
        panel.set_xlabel("Time to live [s]")
        drawing.note("dashed: arithmetic")
    return Picture(drawing.figure, f"{title.rstrip('.')}. {' '.join(words)} Dashed: arithmetic.")
