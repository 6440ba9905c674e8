"""A shop that is known to meet a brief, and which briefs the check of task 5 of lab 04 draws.

>>> known = drawn(np.random.default_rng(1), "small")
>>> known.config == cheapest(known.brief)
True
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from archlab.chapters.layered.lab_objective import (
    MOST_WORKERS,
    TIERS,
    Brief,
    capacity_per_s,
    p99_s,
    smallest,
    usd_per_h,
)
from archlab.shop.layered import LayeredConfig

AT_WORK = 0.7
"""The known shop has so many servers that none of its stations is busier. An assumption, a usual rule of thumb."""
TIME_ROOM = 1.15
"""How many times as long as the known shop's a brief's time is. Of runs with other seeds the 99th percentile differs
by less, see `test_lab_objective`."""
NEAR_S, FAR_S, FARTHER_S = (0.0002, 0.0008), (0.007, 0.016), (0.013, 0.018)
"""A message from tier to tier. The last two overlap, so a long way alone does not tell that a brief cannot be met."""
LOOSE, TIGHT = (2.0, 3.0), (1.35, 1.5)
"""The budget: so many times what the known shop costs."""
ON_THE_EDGE = 0.99
"""So busy would the smallest shop be that carries the load of a "busy" brief at all. It is too slow."""
NO_MONEY, NO_TIME = 0.97, 0.87
"""What cannot be met: so much of the least price that carries the load, and of the time when nobody waits. The second
one is too little also with what the check allows for other customers."""
MUCH_TIME = 1.5
"""As `TIME_ROOM`, where money is short: time is not what is missing there."""
KINDS: Mapping[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "small": ((60, 150), NEAR_S, LOOSE),
    "busy": ((500, 800), NEAR_S, TIGHT),
    "far": ((250, 450), FAR_S, LOOSE),
    "busy and far": ((450, 600), FAR_S, TIGHT),
    "no money": ((400, 700), NEAR_S, TIGHT),
    "no time": ((200, 400), FARTHER_S, LOOSE),
}
"""A kind of brief -> its load a second, hop and budget."""


@dataclass(frozen=True)
class Known:
    """A brief, and a shop that is known to meet it; None when none can."""

    brief: Brief
    config: LayeredConfig | None


def drawn(random: np.random.Generator, kind: str) -> Known:
    """Return a brief of one of `KINDS`. Figures are drawn evenly between its limits.

    Where money is short, the cheapest shop that carries the load would also be in time: nothing but money is missing.
    """
    load_per_s, hop_s, room = (float(random.uniform(*limits)) for limits in KINDS[kind])
    order = float(random.uniform(0.08, 0.16))
    mix = {"browse": 0.9 - order, "place_order": order, "track_order": 0.1}
    brief = Brief(round(load_per_s), mix, round(hop_s, 5), 1.0, 1.0, int(random.choice([2, 4])))
    if kind == "busy":
        brief = replace(
            brief, load_per_s=round(ON_THE_EDGE * _most_per_s(cheapest(brief, at_work=1.0), brief))
        )
    while kind == "no money" and usd_per_h(cheapest(brief)) > usd_per_h(cheapest(brief, at_work=1.0)):
        brief = replace(brief, load_per_s=round(float(random.uniform(*KINDS[kind][0]))))
    config = cheapest(brief)
    seed = int(random.integers(2**31))
    time_s = TIME_ROOM * p99_s(config, brief, seed)
    money = room * usd_per_h(config)
    if kind == "no money":
        money, time_s = NO_MONEY * usd_per_h(config), time_s * MUCH_TIME / TIME_ROOM
    if kind == "no time":
        time_s = NO_TIME * p99_s(config, brief, seed, load_per_s=20.0)
    met = replace(brief, p99_s=round(time_s, 3), budget_usd_per_h=round(money, 2))
    return Known(met, None if kind in ("no money", "no time") else config)


def cheapest(brief: Brief, at_work: float = AT_WORK) -> LayeredConfig:
    """Return the cheapest shop of which no station is busier than `at_work`, all changes of an order in one call."""
    rooms = range(1, brief.largest_cores + 1)
    return min((_fitting(brief, cores, at_work) for cores in rooms), key=usd_per_h)


def _most_per_s(config: LayeredConfig, brief: Brief) -> float:
    return float(capacity_per_s(config, brief).iloc[0])


def _fitting(brief: Brief, cores: int, at_work: float) -> LayeredConfig:
    """The smallest shop of copies with so many cores."""
    config = replace(smallest(brief), cores=cores, chatty=False, workers=MOST_WORKERS)
    capacity = capacity_per_s(config, brief)
    copies = {
        program: ceil(
            brief.load_per_s / at_work / min(capacity[f"{program} cpu"], capacity[f"{program} workers"])
        )
        for program in TIERS
    }
    database = min(brief.largest_cores, ceil(brief.load_per_s / at_work / capacity["database"]))
    return replace(config, instances=copies, database_cores=database)
