"""The ten largest surprises, chosen by a rule from the table of all claims, not by taste.

A bullet list says of a pattern that something is so. It surprises

1. when an advantage that it promises does not hold (a pro, or a benefit);
2. when a disadvantage that it warns of does not hold;
3. when anything else that it says does not hold;
4. when the same words stand twice about a pattern, and come out in two ways; the later one of the two is told;
5. when an advantage holds only under a condition. There are many of these. They fill the list only where the first four
   kinds leave room.

Inside a kind the order is that of the claims' table. There is no order by size: milliseconds, lines of code and US
dollars have no common scale, and to count in "times as much" would put whatever has a limit of zero first. So the
first of the ten is no larger than the last.

"Does not hold" means: not in our shop with its defaults, by the rule on the chapter's card. Most of these verdicts say
what would make the claim hold, and somebody has a shop like that.

>>> found = surprises()
>>> len(found), found.kind.iloc[0]
(10, 'an advantage that does not hold')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from archlab.chapters.choosing.all_claims import all_claims
from archlab.chapters.choosing.experiments import Experiment, experiments
from archlab.course.claims.settled import CARD, shown
from archlab.course.claims.verdict import Outcome
from archlab.sim.validation import require_whole

TEN = 10
ADVANTAGES, DISADVANTAGES = ("pros", "benefits"), ("cons",)
"""Sections of the bullet lists."""
KINDS = (
    "an advantage that does not hold",
    "a disadvantage that does not hold",
    "another claim that does not hold",
    "the same words twice, with two verdicts",
    "an advantage that holds only when",
)
"""The kinds of surprises, the first ones first."""


def surprises(claims: pd.DataFrame | None = None, count: int = TEN) -> pd.DataFrame:
    """Return the rows of the claims that surprise most by the rule above, with the columns kind and twin.

    `twin`: for the same words with two verdicts, section and verdict of the other one; else empty.

    Args:
        claims: from `archlab.chapters.choosing.all_claims`; by default all.
        count: how many at most.

    Raises:
        ValueError: when `count` is not 1 or more.
    """
    require_whole("count", count, at_least=1)
    found = all_claims() if claims is None else claims
    twins = _twins(found)
    rows = found.assign(twin=[twins.get(claim, "") for claim in found.claim])
    rows = rows.assign(kind=[_kind(row) for row in rows.itertuples()])
    rows = rows[rows.kind != ""]
    order = rows.kind.map(KINDS.index)
    return rows.assign(order=order).sort_values("order", kind="stable").drop(columns="order").head(count)


def _kind(row: Any) -> str:
    """Which kind of surprise a claim is; empty when it is none."""
    advantage, disadvantage, statement, twin, conditional = KINDS
    if row.verdict == Outcome.DOES_NOT_HOLD:
        kinds = dict.fromkeys(ADVANTAGES, advantage) | dict.fromkeys(DISADVANTAGES, disadvantage)
        return kinds.get(row.section, statement)
    if row.twin:
        return twin
    is_conditional = row.verdict == Outcome.HOLDS_WHEN and row.section in ADVANTAGES
    return conditional if is_conditional else ""


def _twins(claims: pd.DataFrame) -> Mapping[str, str]:
    """The later claim of two with the same words about one pattern and two verdicts -> the other one, in words."""
    twins = {}
    for _, same in claims.groupby(["pattern", claims.text.str.lower()], sort=False):
        if same.verdict.nunique() > 1:
            first, last = same.iloc[0], same.iloc[-1]
            twins[str(last.claim)] = f"{first.section}: {first.words}, {first.evidence}"
    return twins


@dataclass(frozen=True)
class Surprises:
    """The surprises as cards, each with its claim, verdict, figures, the reason in one sentence, and a link."""

    rows: pd.DataFrame
    settled: Mapping[str, Experiment]

    @property
    def words(self) -> str:
        """How many there are of each kind, in one line."""
        counted = self.rows.kind.value_counts().reindex(KINDS).dropna().astype(int)
        return "; ".join(f"{kind}: {number}" for kind, number in counted.items())

    def __str__(self) -> str:
        told = [f"{row.symbol} {row.pattern}: {row.text}: {row.words}" for row in self.rows.itertuples()]
        return "\n".join([self.words, *told])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        cards = "".join(self._card(number, row) for number, row in enumerate(self.rows.itertuples(), start=1))
        return {"text/html": f"<p>{escape(self.words)}.</p>{cards}", "text/plain": str(self)}

    def _card(self, number: int, row: Any) -> str:
        where = self.settled[row.claim]
        link = f'<a href="{escape(where.link)}">{where.notebook[:2]}: {escape(where.heading)}</a>'
        twin = f"<p>The same words stand in {shown(row.twin)}.</p>" if row.twin else ""
        figures = "; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in row.figures.items())
        return (
            f'<div role="group" aria-label="{escape(f"Surprise {number}: {row.text}")}" style="{CARD}">'
            f"<p><strong>{number}. {escape(row.pattern)}: {escape(row.text)}</strong> ({escape(row.kind)})</p>"
            f'<p><span aria-hidden="true">{row.symbol}</span> {shown(row.words)}</p>{twin}'
            f"<p>{escape(row.because)}</p><details><summary>Figures</summary>{shown(figures)}</details>"
            f"<p>Experiment: {link}</p></div>"
        )


def surprise_cards(count: int = TEN) -> Surprises:
    """Return the surprises of the course as cards for a notebook. Raises `ValueError` as `surprises` does."""
    return Surprises(surprises(count=count), experiments())
