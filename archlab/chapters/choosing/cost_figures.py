"""Figures of what the architectures cost: against the load, and how far each assumption moves where functions end."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from archlab.chapters.choosing.cost_against_load import Crossing
from archlab.chapters.choosing.load_figures import together
from archlab.course.figures.bars import name_rows
from archlab.course.figures.canvas import canvas, wrapped
from archlab.course.figures.line import in_words, require_columns, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import ARCHITECTURES, GREY, INK, LAB, Size, for_text

NEAR = 8.0
"""Labels of loads that are less than so many times apart would lie on one another."""
COLUMNS = {"usd_per_h": "An hour [USD]", "usd_per_million": "A million requests [USD]"}


def cost_figure(
    table: pd.DataFrame, title: str, changes: Sequence[Crossing] = (), size: Size = LAB
) -> Picture:
    """Draw `costs`: an hour and a million requests against the load, all on logarithmic axes.

    `changes`: the loads at which the cheapest changes hands, drawn dotted.
    """
    require_columns("table", table, "architecture", "per_s", *COLUMNS)
    words = []
    with canvas(title, size, panels=(1, 1), tall=True) as drawing:
        for panel, (column, label) in zip(drawing.panels, COLUMNS.items(), strict=True):
            for name, look, rows in together(table, ["per_s", column]):
                panel.plot(rows.per_s, rows[column], color=look.colour, linestyle=look.dash, label=name)
                words.append(in_words(f"{name}, {label}", rows.per_s, rows[column]))
            for change in changes:
                panel.axvline(float(change.per_s), color=GREY, linestyle=":", linewidth=1.5)
            panel.set_xscale("log")
            scale(panel, log=True)
            panel.set_ylabel(wrapped(label))
        drawing.name_beside(drawing.panels[0], upside_down=False)
        for first_per_s, words_there in _labels(changes):
            drawing.name_line(drawing.panels[0], first_per_s, words_there, GREY)
        last = drawing.panels[-1]
        last.set_xlabel("Load [requests/s]")
        last.xaxis.set_major_formatter(lambda value, _: number(value))
    return Picture(drawing.figure, f"{title.rstrip('.')}. {' '.join(words)} {_in_words(changes)}".strip())


def _labels(changes: Sequence[Crossing]) -> list[tuple[float, str]]:
    """Where a label stands and what it says; loads that lie too close together for two have one."""
    groups: list[list[float]] = []
    for per_s in (float(change.per_s) for change in changes):
        if groups and per_s < NEAR * groups[-1][-1]:
            groups[-1].append(per_s)
        else:
            groups.append([per_s])
    return [(group[0], " and ".join(map(number, group)) + "/s") for group in groups]


def _in_words(changes: Sequence[Crossing]) -> str:
    return " ".join(
        f"From {number(one.per_s)} requests/s on the cheapest is {' or '.join(one.after)}." for one in changes
    )


def _ends(low_per_s: float, high_per_s: float) -> str:
    """The two loads in words, or one where three digits do not tell them apart."""
    low, high = (number(end) if end else "never" for end in (low_per_s, high_per_s))
    return high if low == high else f"{low} to {high}"


def assumptions_figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw `spread`: up to which load functions are cheapest, when each assumption is halved and doubled.

    Where they never are, the bar goes to the left end.
    """
    require_columns("table", table, "assumption", "low_per_s", "high_per_s", "usual_per_s")
    usual = float(table.usual_per_s.iloc[0])
    look, left = ARCHITECTURES["serverless"], usual / 8
    with canvas(title, size, tall=True) as drawing:
        (panel,) = drawing.panels
        for place, row in enumerate(table.itertuples()):
            low = max(float(row.low_per_s), left)
            panel.barh(place, float(row.high_per_s) - low, left=low, height=0.6, color=look.colour)
            ends = _ends(float(row.low_per_s), float(row.high_per_s))
            at = (max(float(row.high_per_s), usual), place)
            panel.annotate(ends, at, (8, 0), textcoords="offset points", va="center", color=INK)
        panel.axvline(usual, color=GREY, linestyle=":", linewidth=1.5)
        drawing.name_line(panel, usual, f"as it is: {number(usual)}", GREY)
        name_rows(panel, [str(name) for name in table.assumption])
        panel.set_xscale("log")
        panel.set_xlim(left, 1.6 * float(table.high_per_s.max()))
        ticks = [usual / 4, usual / 2, usual, 2 * usual, 4 * usual]
        panel.set_xticks([], minor=True)
        panel.set_xticks([tick for tick in ticks if tick < panel.get_xlim()[1]])
        panel.xaxis.set_major_formatter(lambda value, _: number(value))
        panel.set_xlabel("Functions are cheapest up to [requests/s]", color=for_text(INK))
    parts = " ".join(
        f"{row.assumption}: {number(row.low_per_s)} to {number(row.high_per_s)}."
        for row in table.itertuples()
    )
    return Picture(drawing.figure, f"{title.rstrip('.')}. As it is up to {number(usual)} requests/s. {parts}")
