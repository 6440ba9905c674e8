"""Axes of a figure that is drawn again and again: placed by arithmetic, with limits that move in round steps.

Limits depend on the data alone, not on what was drawn before. Rounded, they mostly stand still while a
slider moves, which is easier to watch and quicker to draw.

>>> round_up(0.37), round_up(1234)
(0.4, 1500.0)
>>> limits([np.array([3.0, 480.0])], log=True)
(2.0, 500.0)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from archlab.course.explorer.view import Panel
from archlab.course.quantity import number
from archlab.course.style import Size

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROUND = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
LOG_ROUND = (1, 2, 5, 10)
LEFT, RIGHT, TOP, BOTTOM = 5.4, 6.2, 0.9, 3.2
"""Room around a panel, in letter heights: tick labels such as 10,000 and a label; names of lines; ticks."""
WINDOW_ROOM = 1.6
"""More room at the top for the names of shaded windows, in letter heights."""


def place(figure: Figure, panels: Sequence[Panel], size: Size) -> list[Axes]:
    """Add the panels to the figure, from left to right, with room for their labels."""
    width = size.width_in * 72 / size.font_pt
    height = size.height_in * 72 / size.font_pt
    each = width / len(panels)
    room_y = (height - TOP - WINDOW_ROOM - BOTTOM) / height
    axes = []
    for k, panel in enumerate(panels):
        box = (k * each + LEFT) / width, BOTTOM / height, (each - LEFT - RIGHT) / width, room_y
        axes.append(_axes(figure, panel, box))
    return axes


def _axes(figure: Figure, panel: Panel, box: tuple[float, float, float, float]) -> Axes:
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

    axes = figure.add_axes(box)
    axes.set(xlabel=panel.x_label, ylabel=panel.y_label)
    axes.set(xscale="log" if panel.log_x else "linear", yscale="log" if panel.log_y else "linear")
    for axis, log in ((axes.xaxis, panel.log_x), (axes.yaxis, panel.log_y)):
        axis.set_major_locator(LogLocator(numticks=4) if log else MaxNLocator(5, steps=[1, 2, 5, 10]))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(lambda value, _: number(value))
    return axes


def set_limits(axes: Axes, panel: Panel, xs: Sequence[np.ndarray], ys: Sequence[np.ndarray]) -> None:
    """Show all of the data: a linear vertical axis starts at 0, a linear horizontal one where the data do."""
    axes.set_ylim(limits(ys, panel.log_y))
    axes.set_xlim(limits(xs, panel.log_x) if panel.log_x else extent(xs))


def limits(values: Sequence[np.ndarray], log: bool) -> tuple[float, float]:
    """Return round limits around what is finite, and above 0 on a logarithmic axis; (0, 1) or (1, 10) if none."""
    low, high = extent([v[v > 0] if log else v for v in values], (1.0, 10.0) if log else (0.0, 1.0))
    if not log:
        return -round_up(-low) if low < 0 else 0.0, round_up(high) if high > 0 else 1.0
    below, above = round_down(low), round_up(high, LOG_ROUND)
    return below, above if above > below else 10 * below


def extent(values: Sequence[np.ndarray], empty: tuple[float, float] = (0.0, 1.0)) -> tuple[float, float]:
    """Return the least and the greatest finite value; `empty` when there is none, or only one."""
    seen = [v[np.isfinite(v)] for v in values]
    seen = [v for v in seen if len(v)]
    if not seen:
        return empty
    low, high = min(float(v.min()) for v in seen), max(float(v.max()) for v in seen)
    return (low, high) if high > low else (low, low + 1.0) if empty[0] == 0 else (low, low)


def round_up(value: float, steps: Sequence[float] = ROUND) -> float:
    """Return the next round number that is not below the value, which must be above 0."""
    power = 10.0 ** math.floor(math.log10(value))
    return float(next(s * power for s in (*steps, 10) if s * power >= value * (1 - 1e-9)))


def round_down(value: float) -> float:
    """Return the next of 1, 2, 5, 10, 20 ... that is not above the value, which must be above 0."""
    power = 10.0 ** math.floor(math.log10(value))
    return float(next(s * power for s in (5, 2, 1) if s * power <= value * (1 + 1e-9)))
