"""The figure of the ten requests: a row each, and how many layers and how many modules it touches.

>>> from archlab.chapters.layered.maintainable import changes
>>> requests_figure(changes(), "Technical changes stay in few layers").alt[:36]
'Technical changes stay in few layers'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from archlab.chapters.layered.maintainable import MEASURES
from archlab.course.figures.bars import name_rows
from archlab.course.figures.canvas import canvas
from archlab.course.figures.picture import Picture
from archlab.course.style import GREY, INK, LAB, Look, Size, for_text, look_of
from archlab.sim.validation import require_one_of

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes

APART = 0.16
"""How far two dots at the same number stand above and below the middle of their row."""
DOT_PT = 11
AXES = {
    "parts": "Parts touched (of 4 layers; of 5 modules and their kernel)",
    "part_lines": "Lines of code of the parts touched",
    "files": "Files touched",
    "places": "Functions, classes and constants touched",
    "lines": "Lines added or taken away",
    "tests": "Tests that must be written anew",
}
"""What is counted -> the label of its axis."""


def requests_figure(table: pd.DataFrame, title: str, measure: str = "parts", size: Size = LAB) -> Picture:
    """Draw two dots for each request: what it touches in layers, and in modules.

    First the requests about the domain, then the technical ones. Among each, those come first in which the layers touch
    most beyond the modules.

    Args:
        table: from `changes`.
        title: your conclusion.
        measure: what is counted; a column of the table.

    Raises:
        ValueError: when there is no such measure.
    """
    require_one_of("measure", measure, MEASURES)
    wide = _rows(table, measure)
    with canvas(title, size, tall=True) as drawing:
        _draw(drawing.panels[0], wide)
        drawing.panels[0].set_xlabel(AXES[measure])
    told = [f"{row.words}: {row.layers} in layers, {row.modules} in modules" for row in wide.itertuples()]
    domain = int((~wide.is_technical).sum())
    kinds = f"about the domain: {'; '.join(told[:domain])}; technical: {'; '.join(told[domain:])}"
    return Picture(drawing.figure, f"{title.rstrip('.')}. {AXES[measure]}: {kinds}.")


def _rows(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    wide = table.pivot(index="request", columns="cut", values=measure)
    first = table.drop_duplicates("request").set_index("request")
    wide = wide.assign(words=first.words, is_technical=first.is_technical, more=wide.layers - wide.modules)
    return wide.sort_values(["is_technical", "more", "layers"], ascending=[True, False, False])


def _draw(panel: Axes, wide: pd.DataFrame) -> None:
    from matplotlib.ticker import MaxNLocator

    name_rows(panel, list(wide.words))
    panel.set_ylim(len(wide) - 0.4, -0.9)
    looks = {"layers": _look("layered"), "modules": _look("monolithic")}
    for place, row in enumerate(wide.itertuples()):
        panel.plot([row.layers, row.modules], [place, place], color=GREY, linewidth=2, zorder=1)
        for cut, side in (("layers", -1), ("modules", 1)):
            up = side * APART * (row.layers == row.modules)
            look = looks[cut]
            panel.plot(
                getattr(row, cut),
                place + up,
                look.marker,
                color=look.colour,
                markersize=DOT_PT,
                clip_on=False,
            )
    _name_cuts(panel, wide, looks)
    _name_kinds(panel, wide)
    panel.set_xlim(left=0)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))


def _look(architecture: str) -> Look:
    look = look_of(architecture)
    assert look is not None  # both are architectures of the course
    return look


def _name_cuts(panel: Axes, wide: pd.DataFrame, looks: dict[str, Look]) -> None:
    """Name the dots above the first row, or where they are farthest apart if those of the first are not."""
    widest = 0 if wide.more.iloc[0] else int(wide.more.abs().to_numpy().argmax())
    for cut, look in looks.items():
        at = (float(wide[cut].iloc[widest]), widest - 0.28)
        panel.annotate(cut, at, ha="center", va="bottom", color=for_text(look.colour), fontweight="bold")


def _name_kinds(panel: Axes, wide: pd.DataFrame) -> None:
    """Say at the right which rows are about the domain and which are technical, with a line between them."""
    domain = int((~wide.is_technical).sum())
    panel.axhline(domain - 0.5, color=GREY, linewidth=1)
    middles = {"about the domain": (domain - 1) / 2, "technical": (domain + len(wide) - 1) / 2}
    for kind, place in middles.items():
        panel.annotate(
            kind,
            (1.02, place),
            xycoords=("axes fraction", "data"),
            rotation=270,
            va="center",
            color=INK,
            fontweight="bold",
        )
