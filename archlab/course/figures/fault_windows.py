"""Fault windows: the times of faults, shaded in every panel and named above the first.

>>> import pandas as pd
>>> faults = pd.DataFrame({"fault": ["SlowDown"], "part": ["payments"], "start_s": [40.0], "end_s": [70.0]})
>>> in_words(faults)
'payments: slow down from 40 to 70 s'
"""

import math
import re

import pandas as pd

from archlab.course.figures.canvas import LETTER_WIDTH, Canvas
from archlab.course.figures.spread import LINE_HEIGHT
from archlab.course.quantity import number
from archlab.course.style import INK

SHADE = "#F4D6C6"
"""It has a dotted edge too, so that it can be seen without its colour."""
PANEL_WIDTH = 0.7
"""Share of the figure's width that a panel has at least, beside labels and legends."""


def shade(drawing: Canvas, faults: pd.DataFrame, start_s: float, end_s: float) -> None:
    """Shade what lies between `start_s` and `end_s` of each fault (a row of `Result.faults`), and name it."""
    row_ends_s = [-math.inf] * len(faults)
    letters = drawing.size.width_in * 72 * PANEL_WIDTH / (LETTER_WIDTH * drawing.size.font_pt)
    for begin_s, until_s, text in _visible(faults, start_s, end_s):
        for panel in drawing.panels:
            panel.axvspan(begin_s, until_s, facecolor=SHADE, edgecolor=INK, lw=0.8, linestyle=":", zorder=0)
        width_s = len(text) / letters * (end_s - start_s)
        left_s = max(start_s, min(begin_s, end_s - width_s))
        row = next(k for k, taken_s in enumerate(row_ends_s) if left_s >= taken_s)
        row_ends_s[row] = left_s + width_s
        _write_above(drawing, text, left_s, row)


def in_words(faults: pd.DataFrame) -> str:
    """Return part, kind and times of each fault; "none" when there is none."""
    return "; ".join(_name(row) + _times(row["start_s"], row["end_s"]) for row in _rows(faults)) or "none"


def _rows(faults: pd.DataFrame) -> list[dict]:
    return faults.sort_values("start_s", kind="stable").to_dict("records")


def _visible(faults: pd.DataFrame, start_s: float, end_s: float) -> list[tuple[float, float, str]]:
    windows = [(max(row["start_s"], start_s), min(row["end_s"], end_s), _name(row)) for row in _rows(faults)]
    return [window for window in windows if window[0] < window[1]]


def _name(row: dict) -> str:
    """ "SlowDown" of payments -> "payments: slow down"."""
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", row["fault"]).lower()
    return f"{row['part']}: {kind}"


def _times(start_s: float, end_s: float) -> str:
    return (
        f" from {number(start_s)} to {number(end_s)} s"
        if math.isfinite(end_s)
        else f" from {number(start_s)} s on"
    )


def _write_above(drawing: Canvas, text: str, left_s: float, row: int) -> None:
    offset = (0, 4 + LINE_HEIGHT * row * drawing.size.font_pt)
    place = ("data", "axes fraction")
    drawing.panels[0].annotate(
        text, (left_s, 1), offset, xycoords=place, textcoords="offset points", va="bottom"
    )
