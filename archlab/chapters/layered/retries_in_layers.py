"""Retries in layers: what is sent to the database for one request, and which layer may repeat what.

The layers are the shop's own, in one process, and the rows are real. One request after the other. The database fails
each query with the probability `failure`, at once, and not more for more load; real failures last, and grow with load,
which errs in favour of retries. A layer that retries makes up to `ATTEMPTS` attempts:

- data access repeats one query;
- business repeats one call of data access: a reservation, say, or an order with its lines;
- application repeats the transaction of an order, from its beginning to its commit;
- presentation repeats the request, as a browser's user would who asks again.

A page is one query, so attempts multiply by construction: `archlab.published.retry_layers.expected_attempts`. For an
order `expected` goes the same way through its steps. What it does not know is what became of the first attempt.

What became of the first attempt decides who may repeat what. If only the statement is undone, whoever repeats one query
is right, and who repeats a call of two statements writes the first of them twice. If the whole transaction is undone,
only who holds all of it, from its beginning to its commit, may repeat: the others commit what was written after the
failure. And if the answer to a commit is lost, who repeats it above the place where the order gets its number makes a
second order. An order that has its number from the customer can be repeated by every layer.

>>> all_of_them = model(seed=1, retrying=LAYERS[1:], failure=1.0, kind="browse", requests=5)
>>> all_of_them["queries"], all_of_them["queries_formula"]
(64.0, 64.0)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any, Literal, get_args

import pandas as pd

from archlab.chapters.layered.flaky_shop import NUMBERS_APART, FlakyShop, Numbers, Undoes
from archlab.course.figures.canvas import canvas, wrapped
from archlab.course.figures.line import draw_theory, draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import GREY, LAB, Look, Size, variants
from archlab.sim.experiment import sweep
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_fraction, require_one_of, require_whole

LAYERS = ("presentation", "application", "business", "data access")
ATTEMPTS = 4
"""In each layer that retries: three retries, as in the example of *Site Reliability Engineering* (2016), chapter 22."""
BUDGET = 0.1
"""Retries for each success that a budget allows: ten per cent, as there."""
Kind = Literal["browse", "place_order"]
BASKET = {1: 2, 2: 1}
ORDER_CALLS = (1, 1, 1, 1, 1, 1 + len(BASKET), 1)
"""The queries of each call that the business layer makes for an order of `BASKET`: products and stock are read; for
each product a reservation, the payment, the order with its lines, and the message."""


def model(
    seed: int,
    retrying: Sequence[str],
    failure: float,
    kind: Kind = "place_order",
    budget: float | None = None,
    undoes: Undoes = "statement",
    lost_commits: float = 0.0,
    numbers: Numbers = "customer",
    requests: int = 300,
) -> dict[str, float]:
    """Send requests one after the other. `retrying`: the layers that retry; the rest as in `FlakyShop`.

    Returns for each request on average `queries` and `success` beside `queries_formula` and `success_formula` (NaN with
    a budget); `refused`, told that the order is not possible, though it is; and of all that were sent, in percent:
    `doubled_percent`, orders that stand twice or more; `untold_percent`, that stand though their customer was told that
    they failed; `lost_percent`, that do not though their customer was told so; and `anomalies`, what the audit
    counts in the rows. Raises `ValueError` when an argument is not allowed.
    """
    _require(retrying, failure, kind, requests)
    shop = FlakyShop(Simulation(seed), retrying, ATTEMPTS, failure, undoes, lost_commits, numbers, budget)
    send = shop.look if kind == "browse" else lambda number: shop.place(number, BASKET)
    told = pd.Series([send(1 if kind == "browse" else number) for number in range(requests)])
    success, queries = expected(retrying, failure, kind) if budget is None else (nan, nan)
    return {
        "queries": shop.queries / requests,
        "queries_formula": queries,
        "success": float((told == "ok").mean()),
        "success_formula": success,
        "refused": float((told == "refused").mean()),
        **_of_the_rows(shop, told, kind),
    }


def _require(retrying: Sequence[str], failure: float, kind: str, requests: int) -> None:
    for layer in retrying:
        require_one_of("retrying", layer, LAYERS)
    require_fraction("failure", failure)
    require_one_of("kind", kind, get_args(Kind))
    require_whole("requests", requests, at_least=1)


def _of_the_rows(shop: FlakyShop, told: pd.Series, kind: Kind) -> dict[str, float]:
    """What became of the orders, from the rows."""
    sent = shop.rows("orders").order_id // NUMBERS_APART
    untold = set(sent) & set(told[told != "ok"].index)
    lost = set(told[told == "ok"].index) - set(sent) if kind == "place_order" else ()
    return {
        "doubled_percent": 100 * float(len(sent) - sent.nunique()) / len(told),
        "untold_percent": 100 * len(untold) / len(told),
        "lost_percent": 100 * len(lost) / len(told),
        "anomalies": float(shop.anomalies()),
    }


# The formula --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """A piece of work: with which probability it succeeds, and how many queries it sends on average."""

    success: float
    queries: float

    def retried(self, attempts: int) -> Step:
        """Up to so many attempts, each independent of the others. The means multiply (Wald's equation)."""
        fails = 1 - self.success
        return Step(1 - fails**attempts, self.queries * sum(fails**number for number in range(attempts)))


def in_turn(steps: Iterable[Step]) -> Step:
    """One after the other, up to the first that fails."""
    success, queries = 1.0, 0.0
    for step in steps:
        queries += success * step.queries
        success *= step.success
    return Step(success, queries)


def expected(retrying: Sequence[str], failure: float, kind: Kind = "place_order") -> tuple[float, float]:
    """Return the share of requests that succeed and their mean queries, if no attempt harms another.

    >>> from archlab.published.retry_layers import expected_attempts
    >>> expected(LAYERS, 0.5, "browse")[1] == expected_attempts(layers=4, attempts=4, failure=0.5)
    True
    """
    attempts = {layer: ATTEMPTS if layer in retrying else 1 for layer in LAYERS}
    query = Step(1 - failure, 1.0).retried(attempts["data access"])
    calls = ORDER_CALLS if kind == "place_order" else (1,)
    step = in_turn(in_turn([query] * call).retried(attempts["business"]) for call in calls)
    step = step.retried(attempts["application"]).retried(attempts["presentation"])
    return step.success, step.queries


# Tables and figures -------------------------------------------------------------------------------------------

DESIGNS: Mapping[str, tuple[Sequence[str], float | None]] = {
    "all four layers": (LAYERS, None),
    "three layers": (LAYERS[1:], None),
    "one layer": (LAYERS[3:], None),
    "all four, with a budget": (LAYERS, BUDGET),
}


def multiplied(
    failures: Sequence[float] = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0), seeds: Iterable[int] = range(10)
) -> pd.DataFrame:
    """Return what a page costs: a row a design and `failure`, with `design`, `failed_queries_percent`, and the columns
    of `model` with their intervals."""
    frames = [
        sweep(_of_design, {"design": [design], "failure": failures}, seeds).assign(design=design)
        for design in DESIGNS
    ]
    both = pd.concat(frames, ignore_index=True)
    return both.assign(failed_queries_percent=100 * both.failure)


def _of_design(seed: int, design: str, failure: float) -> dict[str, float]:
    retrying, budget = DESIGNS[design]
    return model(seed, retrying, failure, "browse", budget, requests=100)


def which_layer(
    failures: Sequence[float] = (0.01, 0.02, 0.05, 0.1, 0.2),
    undoes: Sequence[Undoes] = ("statement",),
    seeds: Iterable[int] = range(10),
    requests: int = 100,
) -> pd.DataFrame:
    """Return what an order costs when one layer retries, or none: a row a `layer`, `failure` and `undoes`, with the
    columns of `model` and their intervals."""
    grid = {"layer": ("none", *LAYERS), "undoes": undoes, "failure": failures, "requests": [requests]}
    table = sweep(_of_layer, grid, seeds)
    return table.assign(failed_queries_percent=100 * table.failure, success_percent=100 * table.success)


def commits_lost(
    lost: float = 0.1,
    numbers: Sequence[Numbers] = ("customer", "application"),
    seeds: Iterable[int] = range(10),
) -> pd.DataFrame:
    """Return what becomes of orders when the answer to a commit is lost with the probability `lost`.

    A row a `layer` that retries and who numbers an order (`numbers`), with the columns of `model` and their intervals.
    """
    grid = {"layer": ("none", *LAYERS), "numbers": numbers, "lost_commits": [lost]}
    return sweep(_of_layer, grid, seeds)


def _of_layer(seed: int, layer: str, failure: float = 0.0, **changed: Any) -> dict[str, float]:
    return model(seed, () if layer == "none" else (layer,), failure, **changed)


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw `multiplied`: queries for a page against the share that fails, and the formula dashed."""
    words = []
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for design, look in variants("layered", DESIGNS).items():
            rows = table[table.design == design]
            line = draw_with_band(panel, rows, "failed_queries_percent", "queries", look)
            drawing.name_end(panel, line, design)
            draw_theory(panel, rows.failed_queries_percent, rows.queries_formula)
            words.append(in_words(design, rows.failed_queries_percent, rows.queries))
        scale(panel, log=True)
        panel.set(xlabel="Queries that fail [%]", ylabel=wrapped("Queries for one page"))
    return Picture(drawing.figure, f"{title}. Queries for one page: {' '.join(words)}")


def layer_figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw `which_layer`: orders that succeed against the share of queries that fail, a line a layer that retries."""
    layers, words = list(dict.fromkeys(table.layer)), []
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        looks = {"none": Look(GREY)} | variants("layered", [layer for layer in layers if layer != "none"])
        for layer in layers:
            rows, look = table[table.layer == layer], looks[layer]
            (line,) = panel.plot(
                rows.failed_queries_percent, rows.success_percent, color=look.colour, linestyle=look.dash
            )
            drawing.name_end(panel, line, layer)
            draw_theory(panel, rows.failed_queries_percent, 100 * rows.success_formula)
            words.append(in_words(layer, rows.failed_queries_percent, rows.success_percent))
        scale(panel, log=False)
        ticks = sorted(table.failed_queries_percent.unique())
        panel.set_xticks(ticks, [number(tick) for tick in ticks])
        panel.set(xlabel="Queries that fail [%]", ylabel=wrapped("Orders that succeed [%]"))
    return Picture(drawing.figure, f"{title}. Orders that succeed [%]: {' '.join(words)}")
