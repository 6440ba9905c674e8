"""Lines in a panel: a curve with its band of uncertainty, the theory beside it, and both in words.

>>> import pandas as pd
>>> in_words("p99", pd.Series([10, 50]), pd.Series([2.0, 30.0]))
'p99 from 2 at 10 to 30 at 50.'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from archlab.course.quantity import number
from archlab.course.style import INK, Look

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

BAND = 0.16
"""How much of its line's colour a band of uncertainty has. Its edges have more, so that bands stay apart."""
EDGE = 0.5


def draw_with_band(panel: Axes, frame: pd.DataFrame, x: str, y: str, look: Look) -> Line2D:
    """Draw column `y` against `x`, and the band from `y_low` to `y_high` where the frame has them."""
    from matplotlib.colors import to_rgb

    (line,) = panel.plot(frame[x], frame[y], color=look.colour, linestyle=look.dash, marker=look.marker)
    if {f"{y}_low", f"{y}_high"} <= set(frame.columns):
        low, high = frame[f"{y}_low"], frame[f"{y}_high"]
        edge = (*to_rgb(look.colour), EDGE)
        panel.fill_between(frame[x], low, high, color=look.colour, alpha=BAND, linewidth=0, zorder=1)
        panel.fill_between(frame[x], low, high, facecolor="none", edgecolor=edge, linewidth=0.8, zorder=1.1)
    return line


def draw_theory(panel: Axes, x: pd.Series, y: pd.Series) -> None:
    """Draw a dashed thin line: what theory or a publication says."""
    panel.plot(x, y, color=INK, linestyle=(0, (4, 3)), linewidth=1.3, zorder=2.6)


def draw_points(panel: Axes, frame: pd.DataFrame, x: str, y: str, look: Look) -> Line2D:
    """Draw column `y` against `x` as points, with bars from `y_low` to `y_high` where the frame has them."""
    (line,) = panel.plot(
        frame[x], frame[y], color=look.colour, linestyle="none", marker=look.marker, zorder=3
    )
    if {f"{y}_low", f"{y}_high"} <= set(frame.columns):
        panel.vlines(frame[x], frame[f"{y}_low"], frame[f"{y}_high"], color=look.colour, zorder=3)
    return line


def scale(panel: Axes, log: bool) -> None:
    """Make the vertical axis start at 0, or logarithmic, and write plain numbers with thousands set apart.

    With values below 0 the axis starts where they do, and a thin line marks 0.
    """
    if log:
        panel.set_yscale("log")
        panel.yaxis.set_minor_formatter(lambda value, _: minor_label(value, *panel.get_ylim()))
    elif min((np.nanmin(line.get_ydata(), initial=0) for line in panel.get_lines()), default=0) < 0:
        panel.axhline(0, color=INK, linewidth=0.8)
    else:
        panel.set_ylim(bottom=0)
    panel.yaxis.set_major_formatter(lambda value, _: number(value))


def minor_label(value: float, low: float, high: float) -> str:
    """A number for the steps 2 and 5 of an axis that spans less than two decades; nothing for other steps."""
    return number(value) if high < 100 * low and number(value)[:1] in "25" else ""


def require_columns(name: str, frame: pd.DataFrame, *columns: str) -> None:
    """Raise `ValueError` unless the frame has rows and these columns."""
    missing = [column for column in columns if column not in frame.columns]
    if missing or len(frame) == 0:
        has = ", ".join(map(str, frame.columns))
        raise ValueError(
            f"{name} has {len(frame)} rows and the columns {has}; it must have rows and {columns}"
        )


def in_words(name: str, x: pd.Series, y: pd.Series) -> str:
    """Return where a line starts and ends, and its highest point when that is in between."""
    seen = np.isfinite(np.asarray(y, dtype=float))
    xs, ys = np.asarray(x, dtype=float)[seen], np.asarray(y, dtype=float)[seen]
    if len(ys) == 0:
        return f"{name}: no values."
    text = f"{name} from {number(ys[0])} at {number(xs[0])} to {number(ys[-1])} at {number(xs[-1])}"
    top = int(np.argmax(ys))
    inside = 0 < top < len(ys) - 1
    return f"{text}, highest {number(ys[top])} at {number(xs[top])}." if inside else f"{text}."
