"""Against load: the shop that one budget buys of each architecture, under the same customers, ever more of them.

`BUDGET_USD_PER_H` is about the least round sum that pays for the smallest shop of all six and leaves each of them
something to choose. Each load is run with the same seeds, so all shops see the same arrivals, and the requests of all
runs are put together before percentiles are read.

A shop is run up to a little above what it can serve by the bottleneck law. Functions have no such end here: their
database is far from full when the money is gone. So their line ends at the load that the budget pays for.

`order` is the time until the customer is answered, `done` until all work for the order is over. The event-driven shop
answers when it has written the order down, before stock is reserved and money is held; so look at `done` beside it. In
all other shops both are the same.

>>> shops = bought()
>>> sorted(shops, key=lambda name: shops[name].serves_per_s)[0]
'serverless'
"""

from __future__ import annotations

from collections.abc import Sequence

import joblib
import pandas as pd

from archlab.chapters.choosing.buying import HOUR_S, Offer, best, law_per_s
from archlab.chapters.choosing.forms import ARCHITECTURES
from archlab.chapters.choosing.in_time import Served, served, together
from archlab.chapters.choosing.terms import USUAL, Terms
from archlab.sim.parallel import in_parallel
from archlab.sim.statistics import percentile

BUDGET_USD_PER_H = 1.0
LOADS_PER_S = (50.0, 200.0, 400.0, 700.0, 1100.0, 1600.0, 2100.0, 2600.0)
SEEDS = range(2)
ABOVE = 1.03
"""So many times the law's capacity is run at most. Far above it every shop only shows how long the run was."""
MEASURED_S, REQUESTS = 1.0, 1000
"""A run measures for so long, or longer where fewer come: until there are so many."""
TAIL_S = 1.0
"""After the measured time a run goes on for so long. What is not over then stands as infinite."""


def bought(budget_usd_per_h: float = BUDGET_USD_PER_H, terms: Terms = USUAL) -> dict[str, Offer]:
    """Return what the budget buys of each architecture. Raises `ValueError` when it is too small for one."""
    return {name: best(name, budget_usd_per_h, terms) for name in ARCHITECTURES}


def ends_at_per_s(offer: Offer) -> float:
    """Return up to which load a shop is run: a little above the law, or what the budget pays for."""
    if offer.scarce == "money":
        return offer.serves_per_s
    return ABOVE * law_per_s(offer.form, offer.config)


def against_load(
    budget_usd_per_h: float = BUDGET_USD_PER_H,
    loads_per_s: Sequence[float] = LOADS_PER_S,
    seeds: Sequence[int] = SEEDS,
) -> pd.DataFrame:
    """Return a row an architecture and load: `architecture`, `form`, `per_s`; `page_p50_ms`, `page_p99_ms`, the same
    for `order` and `done`; `answered_per_s`; `not_completed_percent`, of those who came in the measured time; and
    `usd_per_h`.

    A percentile is infinite when more than the rest were not answered before the end.
    """
    shops = bought(budget_usd_per_h)
    cases = [(shop, load) for shop in shops.values() for load in _loads(shop, loads_per_s)]
    runs = in_parallel(joblib.delayed(_run)(shop, load, seed) for shop, load in cases for seed in seeds)
    pooled = [together(runs[first : first + len(seeds)]) for first in range(0, len(runs), len(seeds))]
    return pd.DataFrame([_row(*case, what) for case, what in zip(cases, pooled, strict=True)])


def _run(shop: Offer, load_per_s: float, seed: int) -> Served:
    measured_s = max(MEASURED_S, REQUESTS / load_per_s)
    return served(shop.form, shop.config, load_per_s, [seed], USUAL, measured_s, TAIL_S)


def _loads(shop: Offer, loads_per_s: Sequence[float]) -> list[float]:
    end_per_s = ends_at_per_s(shop)
    inside = [load for load in loads_per_s if load < end_per_s]
    return [*inside, end_per_s]


def _row(shop: Offer, load_per_s: float, what: Served) -> dict[str, object]:
    times = {
        "page": what.answered_s["browse"],
        "order": what.answered_s["place_order"],
        "done": what.done_s["place_order"],
    }
    latencies = {
        f"{name}_p{q}_ms": 1000 * percentile(times_s, q) for name, times_s in times.items() for q in (50, 99)
    }
    came = sum(times_s.size for times_s in what.answered_s.values())
    answered = sum(int((times_s < float("inf")).sum()) for times_s in what.answered_s.values())
    return {
        "architecture": shop.form.architecture,
        "form": shop.form.key,
        "per_s": load_per_s,
        **latencies,
        "answered_per_s": sum(what.per_s) / len(what.per_s),
        "not_completed_percent": 100 * (1 - answered / came),
        "usd_per_h": shop.rent_usd_per_h + HOUR_S * load_per_s * shop.usd_per_request,
    }
