"""Four ways to answer questions, at one budget: where each saturates, by the bottleneck law.

Each way gets what the money rents, spent on the station that is scarce until it is gone or nothing helps any more.

Sessions do not slow one another here (`coherency`), as the law knows nothing of it. The mix is of questions and orders.
How many questions there are for an order decides, and how much dearer they are on the normalised tables
(`archlab.shop.cqrs.JOINED_QUERIES`).

How a shop grows: `archlab.chapters.cqrs.growing`.

What this leaves out: waiting, which makes people unhappy before anything is full; and replicas that serve some
questions while read models serve others.

>>> one, beside = (capacity(models, reads_per_order=100) for models in ("one", "same database"))
>>> bool(beside > 1.1 * one)
True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import joblib
import pandas as pd

from archlab.chapters.cqrs.growing import (
    LARGEST_DATABASE_CORES,
    MODELS,
    best,
    cheapest_usd_per_h,
    mix_of,
    smallest_of_each_kind,
    usd_per_h,
)
from archlab.course.figures.canvas import canvas, wrapped
from archlab.course.figures.line import draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import LAB, Size, variants
from archlab.sim.parallel import in_parallel

BUDGET_USD_PER_H = 1.25
MOST_CORES = 96
BUDGETS_USD_PER_H = (0.3, 0.6, 1.25, 2.5, 5.0, 10.0, 20.0)
FACEBOOK, USUAL = 500.0, 10.0
"""Questions for a command: what Facebook has published for its social graph (2013), and our shop's, about."""


def capacity(
    models: str,
    reads_per_order: float,
    budget_usd_per_h: float = BUDGET_USD_PER_H,
    largest_cores: int = LARGEST_DATABASE_CORES,
) -> float:
    """Return how many requests a second the best shop of a kind serves at most."""
    mix = mix_of(reads_per_order)
    return float(best(models, mix, budget_usd_per_h, largest_cores).capacity_per_s(mix).min())


def replicas_lead_up_to_cores(reads_per_order: float = FACEBOOK, budget_usd_per_h: float = 20.0) -> int:
    """Return up to how many cores of the largest database replicas serve most, from `LARGEST_DATABASE_CORES` to
    `MOST_CORES`. They do with the fewest.
    """
    leads, falls = LARGEST_DATABASE_CORES, MOST_CORES
    while falls - leads > 1:
        cores = (leads + falls) // 2
        served = {models: capacity(models, reads_per_order, budget_usd_per_h, cores) for models in MODELS}
        if max(served, key=lambda models: served[models]) == "replicas":
            leads = cores
        else:
            falls = cores
    return leads


def against_reads(
    reads_per_order: Iterable[float] = (1, 3, 10, 30, 100, FACEBOOK),
    budget_usd_per_h: float = BUDGET_USD_PER_H,
) -> pd.DataFrame:
    """Return a row a way and ratio: `models`, `reads_per_order`, `per_s`, and the station that is `scarce`."""
    cases = [(models, ratio) for models in MODELS for ratio in reads_per_order]
    rows = [(models, ratio, *_served(models, mix_of(ratio), budget_usd_per_h)) for models, ratio in cases]
    return pd.DataFrame(rows, columns=["models", "reads_per_order", "per_s", "scarce"])


def against_budget(
    budgets_usd_per_h: Iterable[float] = BUDGETS_USD_PER_H,
    ratios: Iterable[float] = (USUAL, FACEBOOK),
    largest_cores: int = LARGEST_DATABASE_CORES,
) -> pd.DataFrame:
    """Return a row a ratio, way and budget that pays for its smallest shop: `reads_per_order`, `models`,
    `usd_per_hour`, `per_s`, `scarce`.
    """
    jobs = [
        (ratio, models, budget)
        for ratio in ratios
        for models in MODELS
        for budget in budgets_usd_per_h
        if min(map(usd_per_h, smallest_of_each_kind(models, mix_of(ratio)))) <= budget
    ]
    found = in_parallel(
        joblib.delayed(_served)(models, mix_of(ratio), budget, largest_cores)
        for ratio, models, budget in jobs
    )
    frame = pd.DataFrame(jobs, columns=["reads_per_order", "models", "usd_per_hour"])
    return frame.join(pd.DataFrame(found, columns=["per_s", "scarce"]))


def _served(
    models: str,
    mix: Mapping[str, float],
    budget_usd_per_h: float,
    largest_cores: int = LARGEST_DATABASE_CORES,
) -> tuple[float, str]:
    found = best(models, mix, budget_usd_per_h, largest_cores).capacity_per_s(mix)
    return float(found.min()), str(found.idxmin())


def apart(reads_per_s: float = 2000.0, orders_per_s: float = 50.0, times: float = 4.0) -> pd.DataFrame:
    """Return what it costs to serve so many page views and orders, and `times` as many of one of them: a row a way, in
    USD/h, and inf where it cannot be had. The columns are named by both.
    """
    loads = [(1.0, 1.0), (times, 1.0), (1.0, times)]
    cases = {
        f"{reads_per_s * more:,.0f} page views/s, {orders_per_s * ordered:,.0f} orders/s": (
            reads_per_s * more,
            orders_per_s * ordered,
        )
        for more, ordered in loads
    }
    return pd.DataFrame(
        {
            name: {models: cheapest_usd_per_h(models, *case) for models in MODELS}
            for name, case in cases.items()
        }
    )


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw `against_budget`: a panel a ratio, a line a way, both axes logarithmic."""
    ratios = table.reads_per_order.unique()
    words = []
    with canvas(title, size, panels=(1,) * len(ratios), tall=True) as drawing:
        for panel, ratio in zip(drawing.panels, ratios, strict=True):
            rows = table[table.reads_per_order == ratio]
            for models, look in variants("cqrs", MODELS).items():
                line = draw_with_band(panel, rows[rows.models == models], "usd_per_hour", "per_s", look)
                drawing.name_end(panel, line, models)
                one = rows[rows.models == models]
                words.append(
                    in_words(f"{ratio:.0f} page views an order, {models}", one.usd_per_hour, one.per_s)
                )
            scale(panel, log=True)
            panel.set_xscale("log")
            panel.set_ylabel(wrapped(f"Requests/s at most, {ratio:.0f} page views an order"))
        panel.set_xticks(sorted(table.usd_per_hour.unique()))
        panel.minorticks_off()
        panel.xaxis.set_major_formatter(lambda value, _: number(value))
        panel.set_xlabel("Budget [USD/h]")
    return Picture(drawing.figure, f"{title}. {' '.join(words)}")
