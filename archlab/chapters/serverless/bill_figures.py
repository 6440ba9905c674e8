"""The figures of the money section: the bill against the load, the price of waiting, and of transitions.

>>> from archlab.chapters.serverless import transitions
>>> print(moved_back(transitions.against_transitions(), "It flips at 16 a minute").alt.split(". ")[0])
It flips at 16 a minute
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import pandas as pd

from archlab.chapters.serverless import transitions
from archlab.chapters.serverless.crossings import DESIGNS
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import in_words, require_columns
from archlab.course.figures.picture import Picture
from archlab.course.figures.scaling import scaling
from archlab.course.quantity import number
from archlab.course.style import INK, Look, look_of, variants

WORDS: Mapping[str, str] = {
    "steady": "steady: the peak is the mean",
    "daily wave": "daily wave: the peak is 1.8 times the mean",
    "spikes": "spikes: the peak is 10 times the mean, unforeseen",
}


def _looks() -> dict[str, Look]:
    functions, *rented = DESIGNS
    return {functions: _own("serverless")} | variants("monolithic", rented)


def _own(name: str) -> Look:
    look = look_of(name)
    assert look is not None
    return look


def crossing(table: pd.DataFrame, title: str, crossings: Mapping[str, float]) -> Picture:
    """Draw a frame of `crossings.against_load`, a panel a shape, and dotted lines where functions cross a design, if
    they do.
    """
    require_columns("table", table, "shape", "mean_per_s", "design", "usd_per_hour")
    shapes, looks, told = list(table["shape"].unique()), _looks(), []
    with canvas(title, panels=[1] * len(shapes), tall=True) as drawing:
        for panel, shape in zip(drawing.panels, shapes, strict=True):
            for design, rows in table[table["shape"] == shape].groupby("design", sort=False):
                look = looks[str(design)]
                (line,) = panel.plot(
                    rows.mean_per_s, rows.usd_per_hour, color=look.colour, linestyle=look.dash
                )
                drawing.name_end(panel, line, str(design))
                told.append(in_words(f"{shape}, {design}", rows.mean_per_s, rows.usd_per_hour))
            panel.set(xscale="log", yscale="log", ylabel="USD/h")
            panel.set_title(WORDS[shape], loc="left", fontsize="small", color=INK, pad=3)
            for axis in (panel.xaxis, panel.yaxis):
                axis.set_major_formatter(lambda value, _: number(value))
            panel.minorticks_off()
        found = {name: x for name, x in crossings.items() if isfinite(x)}
        for name, x in found.items():
            for panel in drawing.panels[:2]:
                panel.axvline(x, color=INK, linestyle=":", linewidth=1.3)
            drawing.panels[0].annotate(name, (x, 1), (-4, -4), **_BESIDE)
        drawing.panels[-1].set_xlabel("Mean load [requests/s]")
    dotted = " ".join(f"{name}: {number(x)}." for name, x in found.items())
    return Picture(drawing.figure, f"{title.rstrip('.')}. USD/h against load. {' '.join(told)} {dotted}")


_BESIDE: dict[str, Any] = {
    "xycoords": ("data", "axes fraction"),
    "textcoords": "offset points",
    "ha": "right",
    "va": "top",
    "fontsize": "small",
}


def waiting(table: pd.DataFrame, title: str) -> Picture:
    """Draw a frame of `paid_for.against_waiting`."""
    names = list(table.design.unique())
    functions = [name for name in names if name.startswith("functions")]
    looks = variants("serverless", functions) | {"a full server": _own("monolithic")}
    label = "USD for a million requests"
    return scaling(
        table, title, x="waiting_s", y="usd_per_million", log=True, line_looks=looks, y_label=label
    )


def moved_back(table: pd.DataFrame, title: str) -> Picture:
    """Draw a frame of `transitions.against_transitions`, with our assumption and the flip beside seven streams."""
    names = list(table.design.unique())
    looks = {names[0]: _own("serverless")} | variants("monolithic", names[1:])
    uprights = {"flips": transitions.cheaper_below_per_min(7), "assumed": 60 * transitions.TRANSITIONS_PER_S}
    return scaling(
        table,
        title,
        x="transitions_per_minute",
        y="usd_per_hour",
        y_label="USD/h for a stream",
        line_looks=looks,
        upright=uprights,
    )
