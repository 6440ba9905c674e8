"""Briefs whose simplest way is known, and clear. Task 6 of lab 06.

What a way must have for a load follows station by station: so many cores as its demand takes, by the bottleneck law.
So the cheapest shop of each way is worked out and not searched. The exception is how many replicas there are.

What this leaves out: briefs that a way meets by a hair. A brief is kept only when the same way is the simplest one with
a budget and an age that are a fifth larger or smaller, and with a load that is a little so.

>>> brief = drawn(np.random.default_rng(1), "small")
>>> config = cheapest("one", brief)
>>> simplest(brief), broken(config, brief)
('one', [])
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from math import ceil

import numpy as np
import pandas as pd

from archlab.chapters.cqrs.growing import usd_per_h
from archlab.chapters.cqrs.lab_decide import MOST_REPLICAS, WAYS, Brief, broken, smallest
from archlab.shop.cqrs import CqrsConfig
from archlab.shop.cqrs.config import PROGRAMS
from archlab.sim.validation import require_one_of

ROOM, LOAD_ROOM = 1.2, 1.03
"""How many times larger or smaller a budget and an age may be, and a load, without another answer. So no brief is
decided by a rounded figure, or by a slightly better configuration."""


def cheapest(models: str, brief: Brief) -> CqrsConfig | None:
    """Return the cheapest shop of a way that serves the load, whatever its pages' age. None when there is none.

    Each station gets as much as its own demand takes, and no more. Of replicas, as few as will do, or up to two more:
    each more repeats all writes and has a storage of its own.
    """
    smallest_one, found = smallest(models, brief), list[CqrsConfig]()
    if not _can_be_built(smallest_one, brief):
        return None
    for count in range(1, MOST_REPLICAS + 1 if models == "replicas" else 2):
        config = _fitting(replace(smallest_one, replicas=count), brief)
        found += [config] if config is not None else []
        if len(found) > 2:
            break
    return min(found, key=usd_per_h, default=None)


def _asked(config: CqrsConfig, brief: Brief) -> pd.Series:
    """How many servers each station keeps at work at this load."""
    demands = _demands_s(config.models, brief.joins_times, config.replicas)
    return demands.mul(pd.Series(brief.mix), axis=0).sum() * brief.load_per_s


def _can_be_built(config: CqrsConfig, brief: Brief) -> bool:
    """Whether the write model, its log and each follower can do their work, which no replica more makes less."""
    asked = _asked(config, brief)
    single = [
        asked[name] for name in asked.index if name == "log" or name.endswith((" projector", " follower"))
    ]
    return bool(max(single) <= 1 and asked["database"] <= brief.largest_cores)


def _fitting(config: CqrsConfig, brief: Brief) -> CqrsConfig | None:
    """This shop with as many cores and instances as it takes; None when its read side would need larger machines."""
    asked = _asked(config, brief)
    read = max([1, *(ceil(asked[name]) for name in config.read_servers)])
    if read > brief.largest_cores:
        return None
    instances = {
        program: max(
            1,
            ceil(asked[f"{program} cpu"] / config.cores),
            ceil(asked[f"{program} workers"] / config.workers),
        )
        for program in PROGRAMS
    }
    return replace(
        config, instances=instances, database_cores=max(1, ceil(asked["database"])), read_cores=read
    )


@lru_cache(maxsize=500)
def _demands_s(models: str, joins_times: float, replicas: int) -> pd.DataFrame:
    """What each kind of request asks of each station, with what holds workers."""
    brief = Brief(1.0, joins_times, 1.0, 0.0, 0.0, 1.0)  # of these figures only the joins matter here
    config = replace(smallest(models, brief), replicas=replicas)
    return config.demands_s().join(config.held_s())


def simplest(brief: Brief) -> str | None:
    """Return the way with the fewest parts that meets a brief; None when none does."""
    return next((models for models in WAYS if meets(models, brief)), None)


def meets(models: str, brief: Brief) -> bool:
    """Whether a way meets a brief, with the cheapest shop that serves the load."""
    config = cheapest(models, brief)
    return config is not None and not broken(config, brief)


def is_clear(brief: Brief) -> bool:
    """Whether no way meets a brief, or fails to, by less than `ROOM`."""
    looser = replace(
        brief, budget_usd_per_h=brief.budget_usd_per_h * ROOM, oldest_page_s=brief.oldest_page_s * ROOM
    )
    tighter = replace(
        brief, budget_usd_per_h=brief.budget_usd_per_h / ROOM, oldest_page_s=brief.oldest_page_s / ROOM
    )
    busier, idler = (
        replace(brief, load_per_s=brief.load_per_s * times) for times in (LOAD_ROOM, 1 / LOAD_ROOM)
    )
    return len({simplest(one) for one in (brief, looser, tighter, busier, idler)}) == 1


# Drawing -----------------------------------------------------------------------------------------------------

Ranges = Mapping[str, tuple[float, float]]
SMALL: Ranges = {"reads_per_order": (2, 100), "joins_times": (0.3, 2), "load_per_s": (100, 1500)}
DEAR_JOINS: Ranges = {"reads_per_order": (20, 200), "joins_times": (1.5, 4), "load_per_s": (1000, 6000)}
MANY_LOOKS: Ranges = {"reads_per_order": (200, 500), "joins_times": (0.02, 0.2), "load_per_s": (5000, 15_000)}
LARGE: Ranges = {"reads_per_order": (15, 32), "joins_times": (0.5, 2), "load_per_s": (6000, 10_000)}
"""Kinds of shops: the ranges that their figures are drawn from. Assumptions."""
LOOSE_AGES, TIGHT_AGES = (2.0, 30.0), (0.2, 0.8)
"""How many times as old as `tail_s` a page may be."""
LOOSE_BUDGETS, TIGHT_BUDGETS = (1.5, 4.0), (0.3, 0.7)
"""The budget: so many times what the work costs at the price of a processor, about, and the smallest shop besides."""
KINDS: Mapping[str, tuple[Ranges, tuple[float, float], tuple[float, float], str | None]] = {
    "small": (SMALL, TIGHT_AGES, LOOSE_BUDGETS, "one"),
    "small, and old pages will do": (SMALL, LOOSE_AGES, LOOSE_BUDGETS, "one"),
    "dear joins": (DEAR_JOINS, LOOSE_AGES, LOOSE_BUDGETS, "same database"),
    "dear joins, and no old pages": (DEAR_JOINS, TIGHT_AGES, LOOSE_BUDGETS, "same database"),
    "many looks": (MANY_LOOKS, LOOSE_AGES, LOOSE_BUDGETS, "replicas"),
    "large": (LARGE, LOOSE_AGES, LOOSE_BUDGETS, "separate"),
    "many looks, and no old pages": (MANY_LOOKS, TIGHT_AGES, LOOSE_BUDGETS, None),
    "large, and no old pages": (LARGE, TIGHT_AGES, LOOSE_BUDGETS, None),
    "no money": (DEAR_JOINS, LOOSE_AGES, TIGHT_BUDGETS, None),
}
"""A kind of brief -> its ranges, ages and budgets, and the simplest way that meets it."""
SMALL_MACHINES, LARGE_MACHINES = (2, 4), (4,)
"""The cores of the largest machine. Large shops are not built from small ones."""
LAGS_S = (0.02, 2.0)


def proposed(random: np.random.Generator, kind: str) -> Brief:
    """Return a brief of one of `KINDS`, whatever meets it. Figures are drawn evenly on a logarithmic scale."""
    require_one_of("kind", kind, tuple(KINDS))
    ranges, ages, budgets, _ = KINDS[kind]

    def between(limits: tuple[float, float]) -> float:
        low, high = limits
        return float(np.exp(random.uniform(np.log(low), np.log(high))))

    figures = {name: _short(between(limits)) for name, limits in ranges.items()}
    tail_s = _short(between(LAGS_S))
    return Brief(
        **figures,
        oldest_page_s=_short(tail_s * between(ages)),
        tail_s=tail_s,
        budget_usd_per_h=_short((0.3 + figures["load_per_s"] / 6000) * between(budgets)),
        largest_cores=int(random.choice(LARGE_MACHINES if ranges is LARGE else SMALL_MACHINES)),
    )


def _short(figure: float) -> float:
    """A figure of three digits."""
    return float(f"{figure:.3g}")


ALSO_MET_BY: Mapping[str, str] = {"small, and old pages will do": "separate", "dear joins": "replicas"}
"""A kind of brief -> a way with more parts that meets it as well. So one brief at least tells which is simpler."""


def drawn(random: np.random.Generator, kind: str) -> Brief:
    """Return a brief of one of `KINDS` that is met by the way that is said there, and clearly."""
    while True:
        brief = proposed(random, kind)
        also = ALSO_MET_BY.get(kind)
        if simplest(brief) == KINDS[kind][3] and (also is None or meets(also, brief)) and is_clear(brief):
            return brief
