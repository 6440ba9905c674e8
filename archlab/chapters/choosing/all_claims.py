"""All 100 claims in one table, from what the six chapters saved: nothing is run again, and nothing is typed here.

Each chapter keeps its scorecard as data in its notebook, with the outputs. This module gathers them and makes sure that
they are all there: every claim of the course once.

>>> found = all_claims()
>>> len(found), int(counts(found).to_numpy().sum())
(100, 100)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from archlab.course.claims import claim as table
from archlab.course.claims.rule import Evidence
from archlab.course.claims.scorecard import WAYS, gather
from archlab.course.claims.settled import BUILT_SO
from archlab.course.claims.verdict import SYMBOLS, Outcome, Verdict
from archlab.course.figures.bars import name_rows
from archlab.course.figures.canvas import canvas
from archlab.course.figures.picture import Picture
from archlab.course.source import ROOT
from archlab.course.style import ARCHITECTURES, INK, LAB, Size, contrast

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes

NOTEBOOKS: Mapping[str, Path] = MappingProxyType(
    {
        pattern: ROOT / "notebooks" / f"{number:02d}_{pattern.replace('-', '_')}.ipynb"
        for number, pattern in enumerate(ARCHITECTURES, start=1)
    }
)
"""A pattern -> its chapter's notebook, wherever you work from."""

FILLS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        Outcome.HOLDS: ("#003452", ""),
        Evidence.BY_CONSTRUCTION: ("#8FB8D6", "///"),
        Outcome.HOLDS_WHEN: ("#F2E6B8", ""),
        Outcome.DOES_NOT_HOLD: ("#D55E00", ""),
        Outcome.CANNOT_BE_SHOWN: ("#FFFFFF", "..."),
        Outcome.BY_LUCK: ("#767676", ""),
    }
)
"""A way to come out -> colour and hatch of its part of a bar. Neighbours differ in lightness, too."""


def all_claims(notebooks: Sequence[Path] = tuple(NOTEBOOKS.values())) -> pd.DataFrame:
    """Return a row a claim, in the order of `data/claims.csv`, from the scorecards that the notebooks hold.

    Columns: those of `archlab.course.claims.scorecard.Scorecard.frame`, and `way`, how it came out, with what is true
    by construction apart (one of `WAYS`), `symbol`, and `words`, the verdict with its condition.

    Raises:
        ValueError: when a claim is missing, is there twice, or is none of the course's, with the ids; or when a
            notebook holds no scorecard.
    """
    rows = gather(notebooks)
    known = [claim.id for claim in table.all_claims()]
    _require_each_once(list(rows.claim), known)
    ordered = rows.set_index("claim").loc[known].reset_index()
    ways = [_way(row.verdict, row.evidence) for row in ordered.itertuples()]
    symbols = [BUILT_SO if way == Evidence.BY_CONSTRUCTION else SYMBOLS[Outcome(way)] for way in ways]
    return ordered.assign(way=ways, symbol=symbols, words=[_words(row) for _, row in ordered.iterrows()])


def _require_each_once(found: Sequence[str], known: Sequence[str]) -> None:
    problems = {
        "lack": sorted(set(known) - set(found)),
        "have twice": sorted({claim for claim in found if found.count(claim) > 1}),
        "have, and the course has not,": sorted(set(found) - set(known)),
    }
    told = [f"{what} {', '.join(claims)}" for what, claims in problems.items() if claims]
    if told:
        raise ValueError(f"notebooks {'; '.join(told)}; they must have each of the {len(known)} claims once")


def _way(verdict: str, evidence: str) -> str:
    """As `Scorecard.summary` counts."""
    by_construction = evidence == Evidence.BY_CONSTRUCTION and verdict != Outcome.DOES_NOT_HOLD
    return Evidence.BY_CONSTRUCTION.value if by_construction else Outcome(verdict).value


def _words(row: pd.Series) -> str:
    """The verdict as the chapter's card says it."""
    flips_at = None if pd.isna(row.flips_at) else row.flips_at
    return Verdict(Outcome(row.verdict), row.detail, flips_at).words


def counts(claims: pd.DataFrame) -> pd.DataFrame:
    """Return how many claims came out in each way: a row a pattern, a column a way, in the order of `WAYS`.

    "Depends on luck" is a column only where there is one.
    """
    found = pd.crosstab(claims.pattern, claims.way)
    ways = [way for way in map(str, WAYS) if way in found or way != Outcome.BY_LUCK]
    patterns = [pattern for pattern in ARCHITECTURES if pattern in found.index]
    return found.reindex(index=patterns, columns=ways, fill_value=0)


def totals(claims: pd.DataFrame) -> dict[str, int]:
    """Return how many of all claims came out in each way."""
    return {str(way): int(number) for way, number in counts(claims).sum().items()}


def counts_figure(claims: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw a bar a pattern, with a part for each way in which claims came out, and the last bar for all of them.

    A part's number stands in it, so no colour is needed to read it. The bars are shares of a pattern's claims; how many
    it has stands beside its name.
    """
    found = counts(claims)
    with_all = pd.concat([found, found.sum().to_frame("all").T])
    with canvas(title, size, tall=True) as drawing:
        panel = drawing.panels[0]
        _draw_parts(panel, with_all, size)
        name_rows(panel, [f"{name} ({number})" for name, number in with_all.sum(axis=1).items()])
        panel.axhline(len(found) - 0.5, color=INK, linewidth=0.8)
        panel.set(xlim=(0, 100), xlabel="Share of the pattern's claims [%], with their number")
    told = [f"{name}: {_told(row)}" for name, row in with_all.iterrows()]
    return Picture(drawing.figure, f"{title.rstrip('.')}. {'; '.join(told)}.")


def _draw_parts(panel: Axes, found: pd.DataFrame, size: Size) -> None:
    shares = 100 * found.div(found.sum(axis=1), axis=0)
    left = shares.cumsum(axis=1) - shares
    for way in found:
        colour, hatch = FILLS[str(way)]
        style: dict[str, Any] = {"facecolor": colour, "hatch": hatch, "edgecolor": INK, "linewidth": 0.8}
        panel.barh(
            range(len(found)), shares[way], left=left[way], height=0.66, label=_capital(str(way)), **style
        )
        for place, number in enumerate(found[way]):
            if number:
                ink = INK if contrast(colour, INK) > contrast(colour, "white") else "white"
                middle = left[way].iloc[place] + shares[way].iloc[place] / 2
                box = {"facecolor": colour, "edgecolor": "none", "pad": 1.2}
                panel.text(middle, place, f"{number}", ha="center", va="center", color=ink, bbox=box)
    panel.legend(
        loc="lower center",
        bbox_to_anchor=(0.42, 1.0),
        ncols=3,
        frameon=False,
        fontsize=0.9 * size.font_pt,
        handleheight=1.2,
    )


def _told(row: pd.Series) -> str:
    return ", ".join(f"{str(way).lower()} {number}" for way, number in row.items() if number)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
