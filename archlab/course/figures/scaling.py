"""Scaling: a figure against the number of something, one line a design, with the law fitted to it.

>>> import pandas as pd
>>> sweep = pd.DataFrame({"design": "monolithic", "clones": [1, 2, 4], "throughput_per_s": [90.0, 160, 210]})
>>> scaling(sweep, "Four clones do the work of two and a bit", x="clones").alt.split(": ", 1)[1]
'monolithic from 90 at 1 to 210 at 4.'
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from archlab.course.figures.canvas import Canvas, canvas, wrapped
from archlab.course.figures.line import (
    draw_points,
    draw_theory,
    draw_with_band,
    in_words,
    require_columns,
    scale,
)
from archlab.course.figures.picture import Picture
from archlab.course.quantity import axis_label, number
from archlab.course.style import GREY, LAB, Look, Size, looks


def scaling(
    sweep: pd.DataFrame,
    title: str,
    x: str,
    y: str = "throughput_per_s",
    by: str = "design",
    fit: pd.DataFrame | None = None,
    fit_name: str = "fitted curve",
    line_looks: Mapping[str, Look] | None = None,
    y_label: str = "",
    log: bool = False,
    across: Mapping[str, float] | None = None,
    upright: Mapping[str, float] | None = None,
    size: Size = LAB,
) -> Picture:
    """Draw `y` against `x`, one line for each value of column `by`; points when a fitted curve joins them.

    Args:
        sweep: a row a point, with columns `by`, `x`, `y`, and `<y>_low` and `<y>_high` when known.
        title: your conclusion.
        fit: curves drawn dashed: columns `x` and `y`, and `by` when there is more than one. `fit_name` says
            what they are.
        line_looks: the look of each line, for instance from `style.variants`. By default architectures have
            their own.
        y_label: what `y` is, with its unit, where its name alone leaves open of what: "Extra cost of clones [%]".
        log: whether `y` has a logarithmic axis.
        across, upright: values to compare with, drawn dotted: name -> `y`, or name -> `x`.

    Raises:
        ValueError: when the sweep or the fit lacks rows or columns.
    """
    require_columns("sweep", sweep, by, x, y)
    groups = {str(name): rows for name, rows in sweep.groupby(by, sort=False)}
    chosen = looks(groups) if line_looks is None else line_looks
    draw = draw_with_band if fit is None else draw_points
    label = y_label or axis_label(y)
    with canvas(title, size) as drawing:
        if fit is not None:
            _draw_fits(drawing, fit, x, y, by, fit_name)
        for name, rows in groups.items():
            line = draw(drawing.panels[0], rows, x, y, chosen[name])
            drawing.name_end(drawing.panels[0], line, name)
        _finish_axes(drawing, x, label, log)
        _draw_marks(drawing, across or {}, upright or {}, log)
    lines = " ".join(in_words(name, rows[x], rows[y]) for name, rows in groups.items())
    dashed = f" Dashed: {fit_name}." if fit is not None else ""
    dotted = "".join(f" {name}: {number(at)}." for name, at in {**(across or {}), **(upright or {})}.items())
    told = f"{label} against {axis_label(x)}: {lines}{dashed}{dotted}"
    return Picture(drawing.figure, f"{title.rstrip('.')}. {told}")


def _draw_fits(drawing: Canvas, fit: pd.DataFrame, x: str, y: str, by: str, fit_name: str) -> None:
    require_columns("fit", fit, x, y)
    curves = [rows for _, rows in fit.groupby(by, sort=False)] if by in fit else [fit]
    for rows in curves:
        draw_theory(drawing.panels[0], rows[x], rows[y])
    drawing.note(f"dashed: {fit_name}")


def _draw_marks(
    drawing: Canvas, across: Mapping[str, float], upright: Mapping[str, float], below: bool
) -> None:
    """Draw dotted lines at values to compare with, and write what they are: of those across above or `below`."""
    panel = drawing.panels[0]
    style: dict[str, Any] = {"color": GREY, "linestyle": ":", "linewidth": 1.5, "zorder": 1.5}
    for name, y in across.items():
        panel.axhline(y, **style)
        place: dict[str, Any] = {
            "xy": (1, y),
            "xycoords": ("axes fraction", "data"),
            "xytext": (-4, -3 if below else 3),
        }
        text: dict[str, Any] = {
            "ha": "right",
            "va": "top" if below else "bottom",
            "color": GREY,
            "fontsize": "small",
        }
        panel.annotate(name, textcoords="offset points", **place, **text)
    for name, x in upright.items():
        panel.axvline(x, **style)
        drawing.name_line(panel, x, name, GREY)


def _finish_axes(drawing: Canvas, x: str, label: str, log: bool) -> None:
    panel = drawing.panels[0]
    panel.set(xlabel=axis_label(x), ylabel=wrapped(label))
    panel.xaxis.set_major_formatter(lambda value, _: number(value))
    scale(panel, log)
