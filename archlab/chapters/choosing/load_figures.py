"""Figures of `archlab.chapters.choosing.against_load`: latency and throughput against load, six shops of one budget.

Shops whose figures are the same to the last digit are drawn once, in the colour of the first, and named together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from archlab.course.figures.canvas import Canvas, canvas, wrapped
from archlab.course.figures.line import draw_theory, in_words, require_columns, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import ARCHITECTURES, LAB, Look, Size

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes

LATENCIES = {"page": "Page", "order": "Order"}
NOT_YET = "event-driven"
"""Who answers before an order is done."""


def together(table: pd.DataFrame, columns: Sequence[str]) -> Iterator[tuple[str, Look, pd.DataFrame]]:
    """Give the name, the look and the rows of each line; those that are the same to the last digit are one line."""
    rest = list(table.architecture.unique())
    while rest:
        first = rest[0]
        rows = _of(table, first)
        same = [name for name in rest if _is_same(rows, _of(table, name), columns)]
        yield " = ".join(same), ARCHITECTURES[first], rows
        rest = [name for name in rest if name not in same]


def _of(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table[table.architecture == name].reset_index(drop=True)


def _is_same(one: pd.DataFrame, other: pd.DataFrame, columns: Sequence[str]) -> bool:
    return len(one) == len(other) and bool((one[list(columns)] == other[list(columns)]).all().all())


def steady(table: pd.DataFrame, full_percent: float = 1.0) -> pd.DataFrame:
    """Return the rows of loads that a shop bears: no more than so many in a hundred are left without an answer.

    Beyond them, queues grow for as long as a run lasts, and a percentile says how long that was.
    """
    return table[table.not_completed_percent <= full_percent]


def latency_figure(table: pd.DataFrame, title: str, percentile: int = 99, size: Size = LAB) -> Picture:
    """Draw a percentile (50 or 99) of pages and of orders against the load, a panel each.

    For the shop that answers before an order is done a thin line says when it is. Lines end at the last load that a
    shop bears, see `steady`.
    """
    columns = {name: f"{name}_p{percentile}_ms" for name in (*LATENCIES, "done")}
    require_columns("table", table, "architecture", "per_s", "not_completed_percent", *columns.values())
    borne, words = steady(table), []
    with canvas(title, size, panels=(1, 1), tall=True) as drawing:
        for panel, (name, said) in zip(drawing.panels, LATENCIES.items(), strict=True):
            for label, look, rows in together(borne, list(columns.values())):
                _draw(panel, rows, columns[name], look, label)
                words.append(in_words(f"{said}, {label}", rows.per_s, rows[columns[name]]))
            scale(panel, log=True)
            panel.set_ylabel(wrapped(f"{said}, p{percentile} [ms]"))
        words.append(_draw_done(drawing.panels[-1], borne, columns["done"]))
        _finish(drawing)
    told = f"p{percentile} in ms against requests/s. {' '.join(words)}"
    return Picture(drawing.figure, f"{title.rstrip('.')}. {told}")


def _draw_done(panel: Axes, borne: pd.DataFrame, column: str) -> str:
    """Draw until when an order is done that is answered before, and return it in words."""
    rows, look = _of(borne, NOT_YET), ARCHITECTURES[NOT_YET]
    name = f"{NOT_YET}: done"
    panel.plot(
        rows.per_s, rows[column], color=look.colour, linewidth=1, marker=look.marker, mfc="white", label=name
    )
    panel.legend(
        *[[handles[-1]] for handles in panel.get_legend_handles_labels()], loc="center right", frameon=False
    )
    return in_words(name, rows.per_s, rows[column])


def throughput_figure(
    table: pd.DataFrame, title: str, planned_per_s: Mapping[str, float], size: Size = LAB
) -> Picture:
    """Draw what is answered against what comes; dashed: all of it; a ring: the load that a shop was planned for.

    `planned_per_s`: architecture -> that load. Raises `ValueError` when one has none.
    """
    require_columns("table", table, "architecture", "per_s", "answered_per_s")
    if missing := [name for name in table.architecture.unique() if name not in planned_per_s]:
        raise ValueError(
            f"planned_per_s knows {sorted(planned_per_s)}; it must know {', '.join(missing)}, too"
        )
    words = []
    with canvas(title, size, tall=False) as drawing:
        (panel,) = drawing.panels
        ends = pd.Series([0.0, float(table.per_s.max())])
        draw_theory(panel, ends, ends)
        for label, look, rows in together(table, ["per_s", "answered_per_s"]):
            _draw(panel, rows, "answered_per_s", look, label)
            planned = planned_per_s[str(rows.architecture.iloc[0])]
            panel.plot(planned, planned, "o", mfc="none", mec=look.colour, markersize=15, mew=2)
            words.append(f"{in_words(label, rows.per_s, rows.answered_per_s)} Planned for {number(planned)}.")
        scale(panel, log=False)
        panel.set_ylabel(wrapped("Answered well [requests/s]"))
        drawing.note("dashed: all who come are answered\nring: planned for this load")
        _finish(drawing)
    return Picture(
        drawing.figure, f"{title.rstrip('.')}. Answered against coming, in requests/s: {' '.join(words)}"
    )


def _draw(panel: Axes, rows: pd.DataFrame, column: str, look: Look, label: str) -> None:
    values = rows[column].replace(np.inf, np.nan)
    panel.plot(rows.per_s, values, color=look.colour, linestyle=look.dash, marker=look.marker, label=label)


def _finish(drawing: Canvas) -> None:
    drawing.name_beside(drawing.panels[0])
    last = drawing.panels[-1]
    last.set_xlabel("Load [requests/s]")
    last.xaxis.set_major_formatter(lambda value, _: number(value))
    last.set_xlim(left=0)
