"""Cost against load: what each architecture costs from one request a minute to ten thousand a second.

At each load stands the cheapest shop of the best form (`archlab.chapters.choosing.buying.cheapest`). Servers cost in
steps, functions by the request. So the cheapest changes hands, and `crossings` finds where, by bisection.

Each program and each database has cores of its own here. Who runs containers lets programs share machines: then only
the cores that are asked for are paid (`Sharing`), rounded up once. That a cluster has a price of its own, and that
programs on one machine disturb one another, is left out: it errs in favour of shops of many programs.

A line ends where no money helps: at the largest database, or at a log that writes one commit after the other
(`archlab.chapters.choosing.growing`). How many cores the largest database has is an assumption, and that real databases
write several commits at once is left out. So where a line ends says more about these two than about its architecture.

>>> shops = costs(loads_per_s=[1, 100])
>>> shops[shops.per_s == 1].set_index("architecture").usd_per_h.idxmin()
'serverless'
>>> first = crossings()[0]
>>> first.before, first.after
(('serverless',), ('monolithic', 'layered'))
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, inf
from typing import Literal, get_args

import numpy as np
import pandas as pd

from archlab.chapters.choosing.buying import HOUR_S, Offer, asked_s, cheapest_of_form
from archlab.chapters.choosing.forms import ARCHITECTURES, forms_of
from archlab.chapters.choosing.prices import usd_per_h_of_one
from archlab.chapters.choosing.terms import USUAL, Terms
from archlab.course.claims.limit import Limit
from archlab.shop.config import CORES_PER_MACHINE
from archlab.sim.validation import require_one_of

Sharing = Literal["nothing", "programs", "programs and databases"]
"""What shares machines: then all its cores are rounded up once, and not for each program."""
BETWEEN_PER_S = (1 / 60, 10_000.0)
"""From one request a minute on."""
LOADS_PER_S = tuple(float(load) for load in np.geomspace(*BETWEEN_PER_S, 301))
SAME = 1e-6
"""Costs that differ by less than this share are the same."""
CLOSE = 1e-4
"""So near together, as a share, are the two loads between which a crossing lies."""


def usd_per_h(offer: Offer, terms: Terms = USUAL, sharing: Sharing = "nothing") -> float:
    """Return what a shop costs at the load it was bought for, when so much of it shares machines."""
    require_one_of("sharing", sharing, get_args(Sharing))
    if sharing == "nothing":
        return offer.usd_per_h
    endings = ("cpu",) if sharing == "programs" else ("cpu", "database")
    servers = offer.config.servers()
    asked = asked_s(offer.form, terms)
    shared = {name: time_s for name, time_s in asked.items() if name.endswith(endings)}
    needed = ceil(offer.serves_per_s * sum(shared.values()) / terms.busy_at_most)
    core_usd = usd_per_h_of_one()["m5.large"] / CORES_PER_MACHINE * terms.price_times.get("m5.large", 1.0)
    return float(offer.usd_per_h - core_usd * (sum(servers[name] for name in shared) - needed))


@dataclass(frozen=True)
class Cost:
    """What an architecture costs at a load, in its cheapest form; `offer` is None and the cost infinite when no money
    buys it."""

    usd_per_h: float
    offer: Offer | None


def cost(architecture: str, per_s: float, terms: Terms = USUAL, sharing: Sharing = "nothing") -> Cost:
    """Return what an architecture costs at a load. Raises `ValueError` when there is no such architecture or load."""
    offers = [cheapest_of_form(form, per_s, terms) for form in forms_of(architecture)]
    found = [Cost(usd_per_h(offer, terms, sharing), offer) for offer in offers if offer]
    return min(found, key=lambda one: one.usd_per_h, default=Cost(inf, None))


def costs(
    loads_per_s: Iterable[float] = LOADS_PER_S, terms: Terms = USUAL, sharing: Sharing = "nothing"
) -> pd.DataFrame:
    """Return a row an architecture and load that it can be bought for: `architecture`, `per_s`, `usd_per_h`,
    `usd_per_million` requests, the `form`, and the station that is `scarce`.
    """
    rows = []
    for per_s in loads_per_s:
        for name in ARCHITECTURES:
            one = cost(name, per_s, terms, sharing)
            if one.offer:
                million = 1e6 * one.usd_per_h / (HOUR_S * per_s)
                rows.append((name, per_s, one.usd_per_h, million, one.offer.form.key, one.offer.scarce))
    columns = ["architecture", "per_s", "usd_per_h", "usd_per_million", "form", "scarce"]
    return pd.DataFrame(rows, columns=columns)


# Who is cheapest -----------------------------------------------------------------------------------------------


def ranking(per_s: float, terms: Terms = USUAL, sharing: Sharing = "nothing") -> list[tuple[str, ...]]:
    """Return who is cheapest at a load, the next, and so on; those that cost the same are together.

    Who cannot be bought for it is left out.
    """
    usd = {name: cost(name, per_s, terms, sharing).usd_per_h for name in ARCHITECTURES}
    ranks: list[list[str]] = []
    for name in sorted((name for name in usd if usd[name] < inf), key=lambda name: usd[name]):
        if ranks and usd[name] <= usd[ranks[-1][0]] * (1 + SAME):
            ranks[-1].append(name)
        else:
            ranks.append([name])
    return [tuple(sorted(rank, key=ARCHITECTURES.index)) for rank in ranks]


def in_words(ranks: list[tuple[str, ...]]) -> str:
    """Return a ranking in words.

    >>> in_words([("serverless",), ("monolithic", "layered")])
    'serverless < monolithic = layered'
    """
    return " < ".join(" = ".join(rank) for rank in ranks)


@dataclass(frozen=True)
class Crossing:
    """A load at which the cheapest changes hands: the requests a second, and who is cheapest below and above."""

    per_s: Limit
    before: tuple[str, ...]
    after: tuple[str, ...]


def crossings(
    terms: Terms = USUAL, sharing: Sharing = "nothing", among: Iterable[float] = LOADS_PER_S
) -> list[Crossing]:
    """Return the loads at which the cheapest changes hands, each found by bisection between two loads of `among`.

    Who shares the first place without losing it is not a change: somebody has to leave it. Loads that nobody can be
    bought for are left out.
    """
    ranks = {per_s: ranking(per_s, terms, sharing) for per_s in among}
    first = {per_s: rank[0] for per_s, rank in ranks.items() if rank}
    found, held = [], set(next(iter(first.values()), ()))
    for below, above in pairwise(first):
        if not held & set(first[above]):
            limit = _between(below, above, held, terms, sharing)
            found.append(Crossing(limit, first[below], first[above]))
            held = set(first[above])
        held &= set(first[above])
    return found


def _between(below: float, above: float, held: set[str], terms: Terms, sharing: Sharing) -> Limit:
    """Up to which load somebody of `held` is among the cheapest; it is one of them at `below`, and none at `above`."""
    while above / below > 1 + CLOSE:
        middle = (below * above) ** 0.5
        if held & set(*ranking(middle, terms, sharing)[:1]):
            below = middle
        else:
            above = middle
    return Limit("up to", [(below, above)], tried=BETWEEN_PER_S)


def bought_up_to_per_s(architecture: str, terms: Terms = USUAL) -> Limit:
    """Return up to which load an architecture can be bought; infinite when it can at all that was tried."""
    below, above = BETWEEN_PER_S
    if cost(architecture, above, terms).offer:
        return Limit("up to", [inf], tried=BETWEEN_PER_S)
    while above / below > 1 + CLOSE:
        middle = (below * above) ** 0.5
        below, above = (middle, above) if cost(architecture, middle, terms).offer else (below, middle)
    return Limit("up to", [(below, above)], tried=BETWEEN_PER_S)
