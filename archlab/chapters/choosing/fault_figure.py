"""The picture of the fault matrix: two panels, pages and orders; a row a fault, a column a form.

The darker, the more is lost; the number says how much is kept. Where nothing is lost there is a dot, so that the eye
finds what is. Where a fault does not apply there is a dash.

>>> import pandas as pd
>>> known = {"form": "cqrs", "fault": "one machine dies", "applies": True}
>>> picture = figure(pd.DataFrame([{**known, "pages_percent": 98.0, "orders_percent": 40.0}]), "Orders suffer")
>>> picture.alt.split(". ", 1)[1]
'One machine dies: cqrs keeps 98 % of the pages and 40 % of the orders.'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from archlab.course.figures.canvas import write_title
from archlab.course.figures.line import require_columns
from archlab.course.figures.picture import Picture
from archlab.course.figures.spread import DPI
from archlab.course.style import GREY, INK, LAB, Size, contrast, lighter, rc

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes

PANELS: Mapping[str, str] = {"pages_percent": "Pages kept [%]", "orders_percent": "Orders kept [%]"}
NOTHING_LOST_PERCENT = 99.5
ALL_KEPT = "•"
DARK = "#5A2600"
"""Of a cell in which nothing is kept. Lightness alone tells the cells apart, so that every eye sees it."""
SHORT: Mapping[str, str] = {
    "monolithic, pays later": "  pays later",
    "layered, one process": "layered",
    "cqrs, same database": "cqrs, same db",
}


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw what `archlab.chapters.choosing.fault_matrix.matrix` returns.

    Raises `ValueError` when a column is missing.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    require_columns("table", table, "form", "fault", "applies", *PANELS)
    forms, faults = list(table.form.unique()), list(table.fault.unique())
    with mpl.rc_context(rc(size)):
        drawing = Figure(figsize=(size.width_in, size.tall_in), dpi=DPI, layout="constrained")
        FigureCanvasAgg(drawing)
        panels = drawing.subplots(1, len(PANELS), sharey=True)
        for panel, (column, words) in zip(panels, PANELS.items(), strict=True):
            _cells(panel, table, column, forms, faults, size)
            panel.set_xlabel(words, fontweight="bold")
            panel.set_xticks(range(len(forms)), [SHORT.get(name, name) for name in forms], rotation=55)
            for label in panel.get_xticklabels():
                label.set(ha="left", rotation_mode="anchor")
            panel.tick_params(length=0, top=False, labeltop=True, labelbottom=False)
        panels[0].set_yticks(range(len(faults)), faults)
        write_title(drawing, title, size)
        drawing.supxlabel(
            f"{ALL_KEPT}  all kept      –  does not apply", fontsize=0.9 * size.font_pt, color=INK
        )
    return Picture(drawing, f"{title.rstrip('.')}. {_told(table)}")


def _cells(
    panel: Axes, table: pd.DataFrame, column: str, forms: list[str], faults: list[str], size: Size
) -> None:
    from matplotlib.patches import Rectangle

    values = table.set_index(["fault", "form"])
    for y, fault in enumerate(faults):
        for x, form in enumerate(forms):
            there = bool(values.loc[(fault, form), "applies"])
            kept = float(values.loc[(fault, form), column]) if there else float("nan")
            colour = shade(kept) if there else "white"
            panel.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=colour, edgecolor="white", lw=2))
            ink = letters_on(colour)
            panel.text(
                x,
                y,
                sign(kept, there),
                ha="center",
                va="center",
                color=ink if there else GREY,
                fontsize=0.85 * size.font_pt,
            )
    panel.set(xlim=(-0.5, len(forms) - 0.5), ylim=(len(faults) - 0.5, -0.5))
    for side in panel.spines.values():
        side.set_visible(False)


def sign(kept_percent: float, applies: bool) -> str:
    """Return what stands in a cell. Less than all is never rounded up to all."""
    if not applies:
        return "–"
    return ALL_KEPT if kept_percent >= NOTHING_LOST_PERCENT else f"{min(99, round(kept_percent))}"


def shade(kept_percent: float) -> str:
    """Return the colour of a cell: the darker, the less is kept."""
    return lighter(DARK, 0.06 + 0.88 * min(1.0, max(0.0, kept_percent / 100)))


def letters_on(colour: str) -> str:
    """Return black or white, whichever can be read better on the colour: a contrast of 4.5 or more on any."""
    return max(("black", "white"), key=lambda ink: contrast(colour, ink))


def _told(table: pd.DataFrame) -> str:
    told = []
    for fault, here in table.groupby("fault", sort=False):
        words = [
            _kept(row.form, row.pages_percent, row.orders_percent)
            if row.applies
            else f"does not apply to {row.form}"
            for row in here.itertuples()
        ]
        told.append(f"{str(fault)[:1].upper()}{str(fault)[1:]}: {'; '.join(words)}.")
    return " ".join(told)


def _kept(form: str, pages_percent: float, orders_percent: float) -> str:
    return f"{form} keeps {round(pages_percent)} % of the pages and {round(orders_percent)} % of the orders"
