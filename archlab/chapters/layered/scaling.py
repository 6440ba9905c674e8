"""Scaling: what the same money serves when all layers are one program, and when each is a tier that grows by itself.

Each shop gets what the money rents, spent on the station that is scarce until it is gone or the database cannot grow.
The bottleneck law counts the rest: no waiting, and workers without limit. Machines are alike and rented by two cores,
so that a tier which needs another kind of machine has no advantage here: that errs against the tiers. The data tier has
nothing to do on its cores but to read and write messages. That errs in their favour.

>>> apart, together = (capacity(tiers, budget_usd_per_h=1.0) for tiers in ("three tiers", "one process"))
>>> bool(apart < together)
True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache

import pandas as pd

from archlab.course.figures.picture import Picture
from archlab.course.figures.scaling import scaling
from archlab.course.style import LAB, Size, variants
from archlab.data import load
from archlab.shop.architecture import HOURS_PER_MONTH, SHOP_MIX
from archlab.shop.layered.config import LayeredConfig
from archlab.sim.validation import require_one_of, require_positive

WAYS: Mapping[str, LayeredConfig] = {
    "one process": LayeredConfig(workers=1000, coherency=0.0, database_cores=1),
    "two tiers": LayeredConfig(tiers="two tiers", workers=1000, coherency=0.0, database_cores=1),
    "three tiers": LayeredConfig(tiers="three tiers", workers=1000, coherency=0.0, database_cores=1),
}
"""How the layers are spread -> the smallest shop of that kind."""
LARGEST_DATABASE_CORES = 16
"""An assumption; real ones have up to some hundred."""
BUDGETS_USD_PER_H = (0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)


@cache
def _prices_usd_per_h() -> Mapping[str, float]:
    prices = load("prices").set_index("item")
    hours = prices.per.map({"hour": 1, "month": HOURS_PER_MONTH})
    return dict((prices.price_usd / hours).dropna())


def usd_per_h(config: LayeredConfig) -> float:
    """Return what a shop costs an hour, by data/prices.csv."""
    return float(sum(_prices_usd_per_h()[item] * count for item, count in config.rented().items()))


def best(way: str, budget_usd_per_h: float) -> LayeredConfig:
    """Return the shop of a kind that serves most for the money.

    Raises:
        ValueError: when there is no such kind, or the money does not pay for its smallest shop.
    """
    require_one_of("way", way, WAYS)
    require_positive("budget_usd_per_h", budget_usd_per_h)
    config = WAYS[way]
    if usd_per_h(config) > budget_usd_per_h:
        raise ValueError(
            f"budget_usd_per_h is {budget_usd_per_h!r}; it must pay for the smallest, {usd_per_h(config):.2f}"
        )
    while True:
        larger = _larger(config, str(config.capacity_per_s(SHOP_MIX.shares).idxmin()))
        if larger is None or usd_per_h(larger) > budget_usd_per_h:
            return config
        config = larger


def _larger(config: LayeredConfig, scarce: str) -> LayeredConfig | None:
    """The shop with more of what is scarce; None when that cannot be had."""
    program = scarce.removesuffix(" cpu")
    if program in config.programs:
        return replace(config, instances={**config.instances, program: config.count(program) + 1})
    if scarce == "database" and config.database_cores < LARGEST_DATABASE_CORES:
        return replace(config, database_cores=config.database_cores + 1)
    return None


def capacity(way: str, budget_usd_per_h: float) -> float:
    """Return how many requests a second the best shop of a kind serves at most."""
    return float(best(way, budget_usd_per_h).capacity_per_s(SHOP_MIX.shares).min())


def against_budget(budgets_usd_per_h: Iterable[float] = BUDGETS_USD_PER_H) -> pd.DataFrame:
    """Return a row a way and budget that pays for it: `way`, `usd_per_hour`, `throughput_per_s`."""
    rows = [
        (way, budget, capacity(way, budget))
        for way, smallest in WAYS.items()
        for budget in budgets_usd_per_h
        if usd_per_h(smallest) <= budget
    ]
    return pd.DataFrame(rows, columns=["way", "usd_per_hour", "throughput_per_s"])


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw how many requests a second the money serves, a line a way."""
    return scaling(
        table.rename(columns={"usd_per_hour": "rent [USD/h]"}),
        title,
        x="rent [USD/h]",
        by="way",
        line_looks=variants("layered", WAYS),
        y_label="Requests that it serves at most [1/s]",
        size=size,
    )
