"""Beside the experts: the stars that M. Richards and N. Ford give architecture styles, beside a ranking by our figures.

Their stars, 1 to 5, are judgements of two people with long practice, about a style in general. Ours are figures of one
shop, under one load. This module ranks ours, lays both side by side, and says by Kendall's tau how far the orders agree
(1: the same order, -1: the opposite), and how often chance alone would agree as much. There are so few styles that this
is counted out: four have 24 orders, three have 6, so even a perfect agreement comes about by chance in one case of 24,
or of 6. Ties make it more.

What agreement would mean: that our shop does not contradict what people with practice expect. What it would not mean:
that the stars are right, or that we are. Both could share a prejudice, for we know the same books. And one shop is one
point. What disagreement would mean: look at what the style is compared with. A layered shop gets one star for scaling
because it is one unit; here it may buy as many clones as the others for the same money.

The experts moved stars themselves between the editions (`moved`). Whoever wants to agree with them better than they do
with themselves five years later asks too much.

Both tables were read in other people's transcriptions. Serverless and CQRS have no ratings in the book, and are left
out. The first edition has no modular monolith, which is what our monolith is: it is compared in the second one only.

>>> changes = moved()
>>> int((changes.change.abs() > 1).sum()), int((changes.change != 0).sum())
(0, 8)
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from archlab.course.figures.line import require_columns
from archlab.data import load

ARCHITECTURE_OF: Mapping[str, str] = MappingProxyType(
    {
        "layered": "layered",
        "modular monolith": "monolithic",
        "event-driven": "event-driven",
        "microservices": "microservices",
    }
)
"""A style of the book -> our architecture of that style."""
FIRST, SECOND = 2020, 2025
"""The years of the two editions."""
SAME = 1e-9
ALIKE_PERCENT = 1.0
"""Of ours: values this near to each other are the same. Means of ten seeds seldom say more."""


@dataclass(frozen=True)
class Beside:
    """What of ours stands beside a characteristic of the book, and how far the two are about the same thing.

    Attributes:
        figure: ours, in words.
        why: the reason to lay it beside their stars.
        differs: what the stars mean besides.
    """

    figure: str
    why: str
    differs: str


BESIDE: Mapping[str, Beside] = MappingProxyType(
    {
        "scalability": Beside(
            "requests a second within the objective, at one budget",
            "who scales serves more for more money",
            "stars are about growing by machines at any price; ours stops at a budget",
        ),
        "performance": Beside(
            "p99 of a page at one budget and load",
            "the book names response times and network calls",
            "the first edition's; ours is one kind of request",
        ),
        "responsiveness": Beside(
            "p99 of the answer to an order at one budget and load",
            "the second edition's word for the time until the user gets an answer",
            "an answer that accepts an order counts in theirs as in ours, however late the order is done",
        ),
        "fault tolerance": Beside(
            "share of orders kept, mean over the same faults",
            "it asks what goes on while a part is away",
            "the mean gives each fault the same weight; experts weigh by what they have seen",
        ),
        "overall cost": Beside(
            "US dollars an hour for one load",
            "the first edition gives stars for cheapness",
            "theirs has people and licences in it; ours has machines and functions",
        ),
        "deployability": Beside(
            "mean lead time of a change, with four teams",
            "what is easy to deploy is soon out",
            "theirs has the risk of a deployment in it; ours is a model of trains and queues",
        ),
        "modularity": Beside(
            "units that a changed word touches",
            "modular is what can be changed in one place",
            "theirs is about parts in general; ours is one kind of change in one shop",
        ),
    }
)
"""A characteristic of the book -> our figure beside it."""

NO_FIGURE: Mapping[str, str] = MappingProxyType(
    {
        "simplicity": "what is simple needs people; parts can be counted, and that is not the same",
        "evolutionary": "it takes years of changes",
        "evolvability": "it takes years of changes",
        "maintainability": "chapter 04 counts what changes touch in layers and modules, and in no other style",
        "testability": "chapters 01 and 04 measure tests of two styles, and of no other",
        "reliability": "the first edition does not say what of it is not fault tolerance",
        "elasticity": "only chapter 05 measures a sudden load, of functions and a cluster",
    }
)
"""A characteristic of the book -> why no figure of ours can stand beside it."""


def stars() -> pd.DataFrame:
    """Return the stars of the styles that we have built: columns year, characteristic, style, architecture, stars."""
    table = load("expert_ratings")
    ours = table[table["style"].isin(list(ARCHITECTURE_OF))]
    named = ours.assign(architecture=ours["style"].map(dict(ARCHITECTURE_OF)))
    return named[["year", "characteristic", "style", "architecture", "stars"]].reset_index(drop=True)


def moved() -> pd.DataFrame:
    """Return what both editions rate: columns characteristic, style, before, after, change.

    Characteristics and styles count as the same when they have the same name; so nothing is here of "evolutionary" and
    "evolvability". Of the styles that we have not built, too.
    """
    wide = load("expert_ratings").pivot(index=["characteristic", "style"], columns="year", values="stars")
    both = wide.dropna().astype(int).rename(columns={FIRST: "before", SECOND: "after"})
    both.columns.name = None
    return both.assign(change=both.after - both.before).reset_index()


def mean_absolute_change() -> float:
    """Return by how many stars the experts moved a rating between the editions, on average over those in both."""
    return float(moved().change.abs().mean())


def compared(ours: pd.DataFrame) -> pd.DataFrame:
    """Return our figures and ranks beside their stars: a row a characteristic and architecture that is rated.

    Columns: characteristic, architecture, value, our_rank (1 is best), stars_2020 and stars_2025 (NaN where the edition
    has none). Values that are next to each other and differ by at most `ALIKE_PERCENT` share a rank: luck and rounding
    make no order. Architectures without ratings are left out.

    Args:
        ours: columns characteristic (of `BESIDE`), architecture, value, is_better_high: a row each.

    Raises:
        ValueError: when a column is missing, a characteristic is not one of `BESIDE`, a value is NaN, a pair is there
            twice, or a characteristic says both that more is better and that less is.
    """
    _require_ours(ours)
    rated = stars().pivot(index=["characteristic", "architecture"], columns="year", values="stars")
    wide = rated.rename(columns=lambda year: f"stars_{year}").reset_index()
    rows = ours.merge(wide, on=["characteristic", "architecture"])
    good = rows.value.where(rows.is_better_high.astype(bool), -rows.value)
    ranks = good.groupby(rows.characteristic).transform(_ranks).astype(int)
    names = ["characteristic", "architecture", "value", "our_rank", f"stars_{FIRST}", f"stars_{SECOND}"]
    return rows.assign(our_rank=ranks)[names]


def _ranks(good: pd.Series) -> pd.Series:
    """The rank of each value, the largest first; neighbours that are alike share the better place."""
    ordered = good.sort_values(ascending=False, kind="stable")
    ranks: list[int] = []
    before = math.nan
    for place, value in enumerate(ordered, start=1):
        is_alike = place > 1 and math.isclose(before, value, rel_tol=ALIKE_PERCENT / 100)
        ranks.append(ranks[-1] if is_alike else place)
        before = value
    return pd.Series(ranks, index=ordered.index).reindex(good.index)


def _require_ours(ours: pd.DataFrame) -> None:
    require_columns("ours", ours, "characteristic", "architecture", "value", "is_better_high")
    unknown = sorted(set(ours.characteristic) - set(BESIDE))
    if unknown:
        raise ValueError(f"ours has the characteristic {unknown[0]!r}; it must be one of {', '.join(BESIDE)}")
    if ours.value.isna().any():
        raise ValueError("ours has a value that is NaN; leave its architecture out, and say why")
    if ours.duplicated(["characteristic", "architecture"]).any():
        raise ValueError("ours has a characteristic of an architecture twice; it must have it once")
    if (ours.groupby("characteristic").is_better_high.nunique() > 1).any():
        raise ValueError("ours has an is_better_high that differs within a characteristic; it must not")


def agreement(ours: pd.DataFrame) -> pd.DataFrame:
    """Return how far the orders agree: a row a characteristic and edition, and one for all of an edition ("all").

    Columns: characteristic, year, styles (how many are compared), tau (Kendall's tau-b; NaN when either side has all
    alike), chance_percent: how many of all orders of our figures agree as well or better. "all" is the mean of the
    taus, and its chance exchanges the styles in all characteristics at a time, for who leads in one leads in others.

    Takes what `compared` takes, and raises what it raises.
    """
    table = compared(ours)
    rows = []
    for year in (FIRST, SECOND):
        rated = table.dropna(subset=f"stars_{year}")
        groups = [(name, _pairs(group, year)) for name, group in rated.groupby("characteristic", sort=False)]
        fit = [(name, pairs) for name, pairs in groups if len(pairs) > 1]
        rows += [_row(str(name), year, [pairs]) for name, pairs in fit]
        if len(fit) > 1:
            rows.append(_row("all", year, [pairs for _, pairs in fit]))
    return pd.DataFrame(rows, columns=["characteristic", "year", "styles", "tau", "chance_percent"])


Pairs = Mapping[str, tuple[float, float]]
"""Architecture -> how good it is by our rank, and their stars. More is better in both."""


def _pairs(group: pd.DataFrame, year: int) -> Pairs:
    return {
        row["architecture"]: (-float(row["our_rank"]), float(row[f"stars_{year}"]))
        for row in group.to_dict("records")
    }


def _row(name: str, year: int, tables: Sequence[Pairs]) -> tuple[str, int, int, float, float]:
    styles = sorted(set.intersection(*(set(pairs) for pairs in tables)))
    observed = _tau(tables, styles, styles)
    orders = [_tau(tables, styles, order) for order in itertools.permutations(styles)]
    as_good = sum(tau >= observed - SAME for tau in orders)
    chance = math.nan if math.isnan(observed) else 100 * as_good / len(orders)
    return name, year, len(styles), observed, chance


def _tau(tables: Sequence[Pairs], styles: Sequence[str], order: Sequence[str]) -> float:
    """The mean tau over the tables when our figures of `order` stand beside their stars of `styles`."""
    from scipy.stats import kendalltau  # SciPy is loaded when it is used: that takes a while

    taus = [
        float(kendalltau([pairs[one][0] for one in order], [pairs[one][1] for one in styles]).statistic)
        for pairs in tables
    ]
    known = [tau for tau in taus if not math.isnan(tau)]
    return float(np.mean(known)) if known else math.nan
