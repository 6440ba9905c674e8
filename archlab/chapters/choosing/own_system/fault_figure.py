"""The picture of the fault matrix: a row a fault, a column a kind of request, and how soon all is well again.

>>> import pandas as pd
>>> row = {"part": "web", "fault": "crash", "kind": "browse", "p99_ms": float("nan"), "well_after_s": 2.0}
>>> row |= {"ok_percent": 0.0, "ok_percent_low": 0.0, "ok_percent_high": 0.0}
>>> fault_matrix_figure(pd.DataFrame([row]), "No web, no pages").alt
'No web, no pages. Good answers in % during the fault: web, crash: browse 0, well again after 2 s.'
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isinf
from typing import TYPE_CHECKING, Any

import pandas as pd

from archlab.course.figures.canvas import canvas
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import INK, LAB, Size, contrast

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes

ROW_IN, HEAD_IN = 0.34, 1.5
"""Inches that a row needs, and what stands above the rows."""
GAP = 0.04
FAR_APART = 10.0
"""Per cent between the least and the greatest share over the seeds, from which on both are written."""
SAID = ("not while watched", "at once")
"""How soon all is well again, where that is no time in seconds."""
MOST_NAMED = 2
"""The title names so many faults at most."""
LOST = 99.0
"""Less than so many per cent of good answers are a loss that the title counts."""


def fault_matrix_figure(table: pd.DataFrame, title: str = "", size: Size = LAB) -> Picture:
    """Draw what `fault_matrix` returns: the share of good answers as numbers on a colour, dark where most are lost.

    `title`: your conclusion; by default made from the table.
    """
    title = title or _title(table)
    names = list(dict.fromkeys(zip(table.part, table.fault, strict=True)))
    kinds = list(dict.fromkeys(table.kind))
    height_in = max(size.height_in, (HEAD_IN + ROW_IN * len(names)) * size.font_pt / LAB.font_pt)
    with canvas(title, replace(size, height_in=height_in)) as drawing:
        (panel,) = drawing.panels
        for row in table.itertuples():
            cell = (kinds.index(row.kind), names.index((row.part, row.fault)))
            _draw_cell(panel, cell, row.ok_percent, _interval(row))
        beside = _beside(table)
        for y, (_, cells) in enumerate(table.groupby(["part", "fault"], sort=False)):
            for x, text in enumerate(says(cells) for says in beside.values()):
                panel.text(len(kinds) + x + 0.5, y + 0.5, text, ha="center", va="center")
        _name(panel, [f"{part}, {fault}" for part, fault in names], [*kinds, *beside])
        panel.set_xlabel(_same_well(table), loc="left")
    return Picture(drawing.figure, f"{title.rstrip('.')}. {_in_words(table)}")


def _beside(table: pd.DataFrame) -> dict[str, Callable[[pd.DataFrame], str]]:
    """The heads of the columns beside the kinds of requests, and what they say of a fault."""
    slowest: dict[str, Callable[[pd.DataFrame], str]] = {"p99,\nslowest kind": _slowest}
    return slowest if _same_well(table) else {**slowest, "well again\nafter": _well_of}


def _same_well(table: pd.DataFrame) -> str:
    """How soon all is well again, in a sentence, when that is the same after every one of several faults."""
    said = {_well(after_s) for after_s in table.well_after_s}
    several = len(table[["part", "fault"]].drop_duplicates()) > 1
    if len(said) > 1 or not several:
        return ""
    (well,) = said
    return f"After every fault all is well again {well if well in SAID else f'after {well}'}"


def _well_of(cells: pd.DataFrame) -> str:
    return _well(cells.well_after_s.iloc[0])


def _draw_cell(panel: Axes, place: tuple[int, int], ok_percent: float, interval: str) -> None:
    import matplotlib as mpl
    from matplotlib.colors import to_hex
    from matplotlib.patches import Rectangle

    x, y = place
    fill = (
        to_hex(mpl.colormaps["YlOrBr"](0.9 * (1 - ok_percent / 100))) if ok_percent == ok_percent else "white"
    )
    ink = INK if contrast(INK, fill) >= contrast("white", fill) else "white"
    panel.add_patch(Rectangle((x + GAP, y + GAP), 1 - 2 * GAP, 1 - 2 * GAP, facecolor=fill, edgecolor="none"))
    text = f"{_share(ok_percent)} %{interval}" if ok_percent == ok_percent else "none came"
    panel.text(x + 0.5, y + 0.5, text, color=ink, ha="center", va="center")


def _interval(row: Any) -> str:
    """The least and the greatest share over the seeds, where they are far apart."""
    low, high = row.ok_percent_low, row.ok_percent_high
    return f" ({_share(low)} to {_share(high)})" if high - low > FAR_APART else ""


def _share(percent: float) -> str:
    """A share without digits; but less than all is never written as 100, nor some as 0."""
    if 0 < percent < 1 or 99 < percent < 100:
        return f"{min(99.9, max(0.1, percent)):.1f}"
    return f"{percent:.0f}"


def _slowest(cells: pd.DataFrame) -> str:
    """The p99 of the kind that is slowest; none when nobody got a good answer."""
    slowest_ms = cells.p99_ms.max()
    return f"{number(slowest_ms)} ms" if slowest_ms == slowest_ms else "-"


def _well(after_s: float) -> str:
    never, at_once = SAID
    if isinf(after_s):
        return never
    return at_once if after_s == 0 else f"{number(after_s)} s"


def _name(panel: Axes, rows: list[str], columns: list[str]) -> None:
    panel.set(xlim=(0, len(columns)), ylim=(len(rows), 0))
    panel.set_yticks([place + 0.5 for place in range(len(rows))], rows)
    panel.set_xticks([place + 0.5 for place in range(len(columns))], columns)
    panel.tick_params(length=0, labeltop=True, labelbottom=False)
    for side in ("left", "bottom"):
        panel.spines[side].set_visible(False)


def _title(table: pd.DataFrame) -> str:
    worst = table.groupby(["part", "fault"], sort=False).ok_percent.max()
    all_lost = [f"{part} ({fault})" for (part, fault), percent in worst.items() if percent < LOST]
    if not all_lost:
        return f"None of {len(worst)} faults harms every kind of request"
    named, more = ", ".join(all_lost[:MOST_NAMED]), len(all_lost) - MOST_NAMED
    named += f" and {more} more" if more > 0 else ""
    harm = "harms" if len(all_lost) == 1 else "harm"
    return f"{len(all_lost)} of {len(worst)} faults {harm} every kind of request: {named}"


def _in_words(table: pd.DataFrame) -> str:
    rows = []
    for (part, fault), cells in table.groupby(["part", "fault"], sort=False):
        shares = ", ".join(f"{row.kind} {_share(row.ok_percent)}" for row in cells.itertuples())
        after_s = cells.well_after_s.iloc[0]
        after = _well(after_s) if after_s == 0 or isinf(after_s) else f"after {_well(after_s)}"
        rows.append(f"{part}, {fault}: {shares}, well again {after}")
    return f"Good answers in % during the fault: {'; '.join(rows)}."
