"""The picture of `archlab.chapters.cqrs.wrong_order`: a cell a read model, fault and guard, darker where more is wrong.

>>> row = {"question": "search", "fault": "late", "guard": "none", "seed": 1, "wrong": 0.25, "stuck": False}
>>> figure(pd.DataFrame([row]), "A quarter is wrong").alt
'A quarter is wrong. Wrong answers. late, guard none: search 25 %.'
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from archlab.course.figures.canvas import canvas
from archlab.course.figures.picture import Picture
from archlab.course.style import INK, LAB, Size, contrast, lighter, look_of

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes

Column = tuple[str, str]
"""A fault and a guard."""
SHOWN = (
    ("twice", "none"),
    ("twice", "errors skipped"),
    ("twice", "place kept"),
    ("late", "none"),
    ("late", "place kept"),
    ("late", "waits for gaps"),
    ("twice and late", "waits for gaps"),
)
"""The faults and guards that are shown, from left to right, where the frame has them. A place that is kept does the
same for events that are late, whether they come twice or not.
"""
NAMES = {"none": "no guard"}
GAP, WIDER = 0.25, 1.45
"""Between the columns of two faults, and the width of a column in which somebody is stuck, in columns."""
STUCK = 0.5
"""The share of runs in which a projector was stuck, from which on its cell says so."""


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw the mean of `wrong` over the seeds of `every_case`; a cell says "stuck" where most projectors were."""
    means = table.groupby(["fault", "guard", "question"])[["wrong", "stuck"]].mean()
    columns = [column for column in SHOWN if column in means.index.droplevel("question")]
    questions = list(table.question.unique())
    cells = {column: means.loc[column].loc[questions] for column in columns}
    spans = _spans(cells)
    words = []
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for (fault, guard), rows in cells.items():
            texts = [_text(wrong, stuck) for wrong, stuck in zip(rows.wrong, rows.stuck, strict=True)]
            for row, (wrong, text) in enumerate(zip(rows.wrong, texts, strict=True)):
                _cell(panel, spans[fault, guard], row, float(wrong), text)
            parts = ", ".join(f"{name} {text}" for name, text in zip(questions, texts, strict=True))
            words.append(f"{fault}, guard {guard}: {parts}.")
        _name(panel, spans, questions, size)
    return Picture(drawing.figure, f"{title.rstrip('.')}. Wrong answers. {' '.join(words)}")


def _spans(cells: Mapping[Column, pd.DataFrame]) -> dict[Column, tuple[float, float]]:
    """Where each column begins and ends."""
    spans: dict[Column, tuple[float, float]] = {}
    left, before = 0.0, ""
    for (fault, guard), rows in cells.items():
        left += GAP if before not in ("", fault) else 0.0
        width = WIDER if rows.stuck.max() >= STUCK else 1.0
        spans[fault, guard] = left, left + width
        left, before = left + width, fault
    return spans


def _cell(panel: Axes, span: tuple[float, float], row: int, wrong: float, text: str) -> None:
    """A cell: white where nothing is wrong, of the architecture's colour where everything is."""
    from matplotlib.patches import Rectangle

    own = look_of("cqrs")
    assert own is not None
    paper, (left, right) = lighter(own.colour, 1 - wrong), span
    panel.add_patch(Rectangle((left + 0.02, row - 0.46), right - left - 0.04, 0.92, facecolor=paper))
    ink = "white" if contrast("white", paper) > contrast(INK, paper) else INK
    panel.text((left + right) / 2, row, text, ha="center", va="center", color=ink)


def _text(wrong: float, stuck: float) -> str:
    share = "0" if wrong == 0 else "< 1 %" if wrong < 0.01 else f"{100 * wrong:.0f} %"
    return f"{share}, stuck" if stuck >= STUCK else share


def _name(panel: Axes, spans: Mapping[Column, tuple[float, float]], questions: list[str], size: Size) -> None:
    """Name the rows, the guards above their columns, and the faults above these."""
    panel.set(xlim=(0, max(right for _, right in spans.values())), ylim=(len(questions) - 0.5, -0.5))
    panel.set_yticks(range(len(questions)), questions)
    middles = [(left + right) / 2 for left, right in spans.values()]
    panel.set_xticks(middles, [NAMES.get(guard) or textwrap.fill(guard, 8) for _, guard in spans])
    panel.tick_params(length=0, labelsize=0.95 * size.font_pt)
    panel.set_xlabel("Answers, or rows of lists, that are wrong at the end")
    panel.xaxis.set_ticks_position("top")
    for spine in panel.spines.values():
        spine.set_visible(False)
    up: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
    for fault in dict.fromkeys(fault for fault, _ in spans):
        own = [span for (one, _), span in spans.items() if one == fault]
        middle, above = (own[0][0] + own[-1][1]) / 2, (0, 3.1 * size.font_pt)
        panel.annotate(fault, (middle, 1), above, ha="center", va="bottom", fontweight="bold", **up)
