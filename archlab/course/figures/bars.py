"""Bars: one figure of several designs, each with its interval and its value beside it.

>>> import pandas as pd
>>> frame = pd.DataFrame({"design": ["one clone", "two clones"], "p99_ms": [180.0, 95.0]})
>>> comparison(frame, "A second clone halves p99", value="p99_ms").alt.split(". ", 1)[1]
'p99 [ms]: one clone 180, two clones 95.'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import require_columns
from archlab.course.figures.picture import Picture
from archlab.course.quantity import axis_label, number, rounded, with_interval
from archlab.course.style import INK, LAB, Look, Size, looks

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes

BAR = 0.6
"""Height of a bar; the distance of two is 1."""
MOST_ROWS = 7
"""More bars than this get a taller figure."""
Row = dict[Any, Any]


def comparison(
    frame: pd.DataFrame,
    title: str,
    value: str,
    by: str = "design",
    bar_looks: Mapping[str, Look] | None = None,
    label: str = "",
    size: Size = LAB,
) -> Picture:
    """Draw one bar a row, the first on top.

    Args:
        frame: columns `by` and `value`, and `<value>_low` and `<value>_high` when known.
        title: your conclusion.
        bar_looks: the look of each bar. By default architectures have their own.
        label: what the value is, with its unit, where its name alone leaves open of what: "Saved by HTTP/2 [%]".

    Raises:
        ValueError: when the frame lacks rows or columns, or a value is NaN.
    """
    require_columns("frame", frame, by, value)
    if frame[value].isna().any():
        raise ValueError(f"{value} has values that are NaN; leave these rows out, and say why")
    rows: list[Row] = frame.to_dict("records")
    names = [str(row[by]) for row in rows]
    chosen = looks(names) if bar_looks is None else bar_looks
    with canvas(title, size, tall=len(rows) > MOST_ROWS) as drawing:
        panel = drawing.panels[0]
        panel.barh(range(len(rows)), frame[value], height=BAR, color=[chosen[name].colour for name in names])
        for place, row in enumerate(rows):
            _write_value(panel, place, row, value)
        name_rows(panel, names)
        panel.xaxis.set_major_formatter(lambda x, _: number(x))
        panel.set(xlabel=label or axis_label(value))
    parts = ", ".join(f"{name} {_in_words(row, value)}" for name, row in zip(names, rows, strict=True))
    return Picture(drawing.figure, f"{title.rstrip('.')}. {label or axis_label(value)}: {parts}.")


def _interval(row: Row, value: str) -> tuple[float, float] | None:
    """The ends of the interval, when the frame has them and they are numbers."""
    low, high = row.get(f"{value}_low", np.nan), row.get(f"{value}_high", np.nan)
    return (low, high) if np.isfinite([low, high]).all() else None


def _write_value(panel: Axes, place: int, row: Row, value: str) -> None:
    """Draw the interval, and write the value to the right of bar and interval."""
    ends = _interval(row, value) or (row[value], row[value])
    if ends[0] < ends[1]:
        panel.plot(ends, [place, place], color="white", linewidth=5, solid_capstyle="butt")
        panel.plot(ends, [place, place], color=INK, marker="|", markersize=10)
    right = max(row[value], ends[1], 0)
    panel.annotate(_in_words(row, value), (right, place), (8, 0), textcoords="offset points", va="center")


def _in_words(row: Row, value: str) -> str:
    """The value, and its interval when there is one."""
    ends = _interval(row, value)
    return with_interval(row[value], *ends) if ends else number(row[value])


def label_numbers(frame: pd.DataFrame, value: str, by: str = "design") -> dict[Any, str]:
    """Return the number on each bar's label, without its interval: for a title that agrees with the labels.

    >>> calls = pd.DataFrame({"design": ["queue"], "calls": [742.3], "calls_low": [553], "calls_high": [931]})
    >>> label_numbers(calls, "calls")["queue"]
    '740'

    Args:
        frame, value, by: as in `comparison`.

    Raises:
        ValueError: when the frame lacks rows or columns.
    """
    require_columns("frame", frame, by, value)
    rows: list[Row] = frame.to_dict("records")
    return {row[by]: rounded(row[value], *(_interval(row, value) or ())) for row in rows}


def name_rows(panel: Axes, names: list[str]) -> None:
    """Name the bars at their left ends, the first on top."""
    panel.set_yticks(range(len(names)), names)
    panel.tick_params(axis="y", length=0)
    panel.invert_yaxis()
