"""Scaling: what the same money serves when all layers are one program, and when each is a tier that grows by itself.

Each shop gets what the money rents, spent on the station that is scarce until it is gone or the database cannot grow.
The bottleneck law counts the rest: no waiting, and workers without limit. Machines are rented by the core
(`LayeredConfig.rented`), and each copy of a program has `cores` = 2 here, so a program grows by two cores at a time and
the database by one. So what the money serves rises in steps, of one shop here and of the other there, and how much more
one process serves (`advantage`) goes up and down with the budget: read no single one. With more money the steps matter
less, and so do the tiers that are too large for what they do.

Machines are alike, so that a tier which needs another kind has no advantage here: that errs against the tiers. The data
tier has nothing to do on its cores but to read and write messages. That errs in their favour.

>>> apart, together = (capacity(tiers, budget_usd_per_h=1.0) for tiers in ("three tiers", "one process"))
>>> bool(apart < together)
True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from itertools import count

import pandas as pd

from archlab.course.figures.canvas import canvas, wrapped
from archlab.course.figures.line import in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import GREY, LAB, Size, for_text, variants
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
FINE_USD_PER_H = tuple(round(0.5 + 0.05 * step, 2) for step in range(71))
"""So fine that each step is seen: a core costs about 0.05 USD an hour."""


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
    if usd_per_h(WAYS[way]) > budget_usd_per_h:
        least = usd_per_h(WAYS[way])
        raise ValueError(
            f"budget_usd_per_h is {budget_usd_per_h!r}; it must pay for the smallest, {least:.2f}"
        )
    steps = _steps(way)
    for place in count(1):
        if place == len(steps):
            larger = _larger(steps[-1], str(steps[-1].capacity_per_s(SHOP_MIX.shares).idxmin()))
            if larger is None:
                break
            steps.append(larger)
        if usd_per_h(steps[place]) > budget_usd_per_h:
            break
    return steps[place - 1]


@cache
def _steps(way: str) -> list[LayeredConfig]:
    """The shops of a kind, each one step larger than the one before, as far as somebody asked for. `best` adds more."""
    return [WAYS[way]]


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


def advantage(budgets_usd_per_h: Iterable[float] = FINE_USD_PER_H) -> pd.DataFrame:
    """Return a row a budget: `usd_per_hour`, and `more_percent`, how much more one process serves than three tiers.

    Raises `ValueError` when a budget does not pay for the smallest shop on three tiers.
    """
    rows = [
        (budget, 100 * (capacity("one process", budget) / capacity("three tiers", budget) - 1))
        for budget in budgets_usd_per_h
    ]
    return pd.DataFrame(rows, columns=["usd_per_hour", "more_percent"])


def advantage_figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw `advantage` against the rent, in steps, with the mean of all budgets dotted."""
    (look,), mean = variants("layered", ["one process"]).values(), float(table.more_percent.mean())
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        panel.plot(table.usd_per_hour, table.more_percent, color=look.colour, drawstyle="steps-post")
        scale(panel, log=False)
        panel.axhline(mean, color=GREY, linestyle=":")
        text = panel.text(table.usd_per_hour.max(), mean, f"mean: {mean:.0f} %", color=for_text(GREY))
        text.set(ha="right", va="bottom")
        panel.set(xlabel="Rent [USD/h]", ylabel=wrapped("One process serves more by [%]"))
    words = in_words("more in %", table.usd_per_hour, table.more_percent)
    ends = (
        f"Between {number(table.more_percent.min())} and {number(table.more_percent.max())}, mean {mean:.0f}."
    )
    return Picture(drawing.figure, f"{title.rstrip('.')}. One process over three tiers: {words} {ends}")
