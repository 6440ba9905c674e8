"""Four ways to answer questions, at one budget: where each saturates, by the bottleneck law.

Each way gets what the money rents: beginning with the smallest shop, the station that is scarce is made larger until
the money is spent or nothing helps any more. What cannot be bought is the write model's log and, beyond the largest
machine, its database; and a follower, which applies one statement after the other.

Sessions do not slow one another here (`coherency`), as the law knows nothing of it. The mix is of questions and orders.
How many questions there are for an order decides, and how much dearer they are on the normalised tables
(`archlab.shop.cqrs.JOINED_QUERIES`).

Two rules of ours err against somebody. A follower applies one statement after the other, each at the price of a query:
real replicas apply several at once, and cheaper. And each read model has a database of its own with a core at least.

What this leaves out: waiting, which makes people unhappy before anything is full; and replicas that serve some
questions while read models serve others.

>>> one, beside = (capacity(models, reads_per_order=100) for models in ("one", "same database"))
>>> bool(beside > 1.1 * one)
True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import joblib
import pandas as pd

from archlab.course.figures.canvas import canvas, wrapped
from archlab.course.figures.line import draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import LAB, Size, variants
from archlab.data import load
from archlab.shop.architecture import HOURS_PER_MONTH
from archlab.shop.config import CORES_PER_MACHINE
from archlab.shop.cqrs import CqrsConfig, Question
from archlab.shop.cqrs.config import KINDS
from archlab.sim.validation import require_one_of, require_positive

MODELS = ("one", "replicas", "same database", "separate")
QUESTIONS: Mapping[str, float] = {
    "browse": 0.60,
    "search": 0.15,
    "history": 0.10,
    "track_order": 0.10,
    "best_sellers": 0.05,
}
"""What is asked, of all questions. An assumption."""
BUDGET_USD_PER_H = 1.25
LARGEST_DATABASE_CORES = 16
"""Of the write model's database, of a replica, and of each read model's. An assumption; real ones have up to some
hundred."""
BUDGETS_USD_PER_H = (0.3, 0.6, 1.25, 2.5, 5.0, 10.0, 20.0)
FACEBOOK, USUAL = 500.0, 10.0
"""Questions for a command: what Facebook has published for its social graph (2013), and our shop's, about."""


def mix_of(reads_per_order: float) -> dict[str, float]:
    """Return the shares of a load with so many questions for an order."""
    require_positive("reads_per_order", reads_per_order)
    asked = reads_per_order / (1 + reads_per_order)
    return {"place_order": 1 - asked} | {kind: share * asked for kind, share in QUESTIONS.items()}


def usd_per_h(config: CqrsConfig) -> float:
    """Return what a shop costs an hour, by data/prices.csv."""
    prices = load("prices").set_index("item")
    hours = prices.per.map({"hour": 1, "month": HOURS_PER_MONTH})
    return float(sum(prices.price_usd[item] / hours[item] * count for item, count in config.rented().items()))


def smallest(models: str) -> CqrsConfig:
    """Return the smallest shop of a kind: with the read models of what is asked."""
    require_one_of("models", models, MODELS)
    asked = [KINDS[kind] for kind in QUESTIONS]
    return CqrsConfig(
        models=models,  # type: ignore[arg-type]
        read_models=[question for question in Question if question in asked],
        cores=CORES_PER_MACHINE,
        database_cores=1,
        workers=1000,
        coherency=0.0,
    )


def best(models: str, mix: Mapping[str, float], budget_usd_per_h: float = BUDGET_USD_PER_H) -> CqrsConfig:
    """Return the shop of a kind that serves most for the money.

    Raises `ValueError` when there is no such kind or the budget does not pay for its smallest shop.
    """
    config = smallest(models)
    if usd_per_h(config) > budget_usd_per_h:
        raise ValueError(
            f"budget_usd_per_h is {budget_usd_per_h!r}; it must pay for the smallest shop, {usd_per_h(config):.2f}"
        )
    while True:
        scarce = str(config.capacity_per_s(mix).idxmin())
        larger = _larger(config, scarce)
        if larger is None or usd_per_h(larger) > budget_usd_per_h:
            return config
        config = larger


def _larger(config: CqrsConfig, scarce: str) -> CqrsConfig | None:
    """The shop with more of what is scarce; None when that cannot be had."""
    program = scarce.removesuffix(" cpu")
    if program in ("commands", "queries"):
        return replace(config, instances={**config.instances, program: config.count(program) + 1})
    if scarce == "database" and config.database_cores < LARGEST_DATABASE_CORES:
        return replace(config, database_cores=config.database_cores + 1)
    if scarce in config.read_servers and config.models == "replicas":
        more, other = (
            replace(config, read_cores=config.read_cores + 1),
            replace(config, replicas=config.replicas + 1),
        )
        return more if config.read_cores < config.replicas * 2 else other
    if scarce in config.read_servers and config.read_cores < LARGEST_DATABASE_CORES:
        return replace(config, read_cores=config.read_cores + 1)
    return None


def capacity(models: str, reads_per_order: float, budget_usd_per_h: float = BUDGET_USD_PER_H) -> float:
    """Return how many requests a second the best shop of a kind serves at most."""
    mix = mix_of(reads_per_order)
    return float(best(models, mix, budget_usd_per_h).capacity_per_s(mix).min())


def against_reads(
    reads_per_order: Iterable[float] = (1, 3, 10, 30, 100, FACEBOOK),
    budget_usd_per_h: float = BUDGET_USD_PER_H,
) -> pd.DataFrame:
    """Return a row a way and ratio: `models`, `reads_per_order`, `per_s`, and the station that is `scarce`."""
    cases = [(models, ratio) for models in MODELS for ratio in reads_per_order]
    rows = [(models, ratio, *_served(models, mix_of(ratio), budget_usd_per_h)) for models, ratio in cases]
    return pd.DataFrame(rows, columns=["models", "reads_per_order", "per_s", "scarce"])


def against_budget(
    budgets_usd_per_h: Iterable[float] = BUDGETS_USD_PER_H, ratios: Iterable[float] = (USUAL, FACEBOOK)
) -> pd.DataFrame:
    """Return a row a ratio, way and budget that pays for its smallest shop: `reads_per_order`, `models`,
    `usd_per_hour`, `per_s`, `scarce`.
    """
    jobs = [
        (ratio, models, budget)
        for ratio in ratios
        for models in MODELS
        for budget in budgets_usd_per_h
        if usd_per_h(smallest(models)) <= budget
    ]
    found = joblib.Parallel()(
        joblib.delayed(_served)(models, mix_of(ratio), budget) for ratio, models, budget in jobs
    )
    frame = pd.DataFrame(jobs, columns=["reads_per_order", "models", "usd_per_hour"])
    return frame.join(pd.DataFrame(found, columns=["per_s", "scarce"]))


def _served(models: str, mix: Mapping[str, float], budget_usd_per_h: float) -> tuple[float, str]:
    found = best(models, mix, budget_usd_per_h).capacity_per_s(mix)
    return float(found.min()), str(found.idxmin())


def cheapest_usd_per_h(models: str, reads_per_s: float, orders_per_s: float) -> float:
    """Return what the shop of a kind costs that serves so many questions and orders; inf when none does.

    Raises `ValueError` when an argument is not allowed.
    """
    require_positive("orders_per_s", orders_per_s)
    mix, config = mix_of(reads_per_s / orders_per_s), smallest(models)
    while True:
        found = config.capacity_per_s(mix)
        if found.min() >= reads_per_s + orders_per_s:
            return usd_per_h(config)
        larger = _larger(config, str(found.idxmin()))
        if larger is None:
            return float("inf")
        config = larger


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
