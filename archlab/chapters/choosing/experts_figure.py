"""The picture of the stars beside our ranks: a panel a characteristic, with the two editions and our ranking.

>>> import pandas as pd
>>> ours = pd.DataFrame({"characteristic": "scalability", "architecture": ["layered", "microservices"],
...     "value": [90.0, 60.0], "is_better_high": True})
>>> stars_figure(ours, "They see services scale").alt.split(". ", 1)[1]
'Scalability: layered 1 and 1 of 5, 1st of ours; microservices 5 and 5 of 5, 2nd of ours.'
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from archlab.chapters.choosing.experts import FIRST, SECOND, compared
from archlab.course.figures.canvas import write_title
from archlab.course.figures.picture import Picture
from archlab.course.figures.spread import DPI
from archlab.course.style import GREY, LAB, Size, look_of, rc

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 4
APART_X = 0.2
"""How far marks of the same height stand apart."""
ORDINALS = ("1st", "2nd", "3rd", "4th", "5th", "6th")


def stars_figure(ours: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw, for each characteristic, the stars of both editions and our ranks, the best on top.

    Takes the frame that `archlab.chapters.choosing.experts.compared` takes, and raises what it raises.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    table = compared(ours)
    names = list(dict.fromkeys(table.characteristic))
    rows = math.ceil(len(names) / COLUMNS)
    with mpl.rc_context(rc(size)):
        height_in = size.tall_in if rows > 1 else 0.62 * size.tall_in
        drawing = Figure(figsize=(size.width_in, height_in), dpi=DPI, layout="constrained")
        FigureCanvasAgg(drawing)
        panels = drawing.subplots(rows, min(COLUMNS, len(names)), sharey=True, squeeze=False)
        for panel, name in zip(panels.flat, names, strict=False):
            _panel(panel, table[table.characteristic == name].reset_index(drop=True), str(name))
        for panel in list(panels.flat)[len(names) :]:
            panel.set_visible(False)
        for row in panels:
            row[0].set_ylabel("Stars; our ranks, best on top")
        _legend(drawing)
        write_title(drawing, title, size)
    return Picture(drawing, f"{title.rstrip('.')}. {_told(table)}")


def _panel(panel: Axes, rows: pd.DataFrame, name: str) -> None:
    import matplotlib as mpl

    ranks = heights(rows.our_rank.tolist())
    for number, row in rows.iterrows():
        shift = float(number) - (len(rows) - 1) / 2
        look = look_of(str(row.architecture))
        assert look is not None  # only architectures are rated
        y = [row[f"stars_{FIRST}"], row[f"stars_{SECOND}"], ranks[int(number)]]
        points = [(x + APART_X * shift, height) for x, height in enumerate(y) if not math.isnan(height)]
        style: dict[str, Any] = {
            "color": look.colour,
            "marker": look.marker,
            "markersize": 9,
            "label": str(row.architecture),
        }
        panel.plot(*zip(*points, strict=True), linestyle=look.dash, linewidth=1.5, **style)
    panel.axvline(1.5, color=GREY, linewidth=0.8, linestyle=":")
    panel.set_title(name, fontweight="bold", fontsize=mpl.rcParams["font.size"])
    panel.set(xlim=(-0.5, 2.5), ylim=(0.4, 5.6), yticks=range(1, 6))
    panel.set_xticks(range(3), [str(FIRST), str(SECOND), "ours"])


def _legend(drawing: Figure) -> None:
    """Name the marks below, once for all panels."""
    known: dict[str, Any] = {}
    for axes in drawing.axes:
        handles, labels = axes.get_legend_handles_labels()
        known |= dict(zip(labels, handles, strict=True))
    drawing.legend(
        list(known.values()),
        list(known),
        loc="outside lower center",
        ncols=4,
        frameon=False,
        handlelength=2.8,
    )


def _told(table: pd.DataFrame) -> str:
    told = []
    for name, rows in table.groupby("characteristic", sort=False):
        each = [
            f"{row.architecture} {_stars(row)}, {ORDINALS[row.our_rank - 1]} of ours"
            for _, row in rows.iterrows()
        ]
        told.append(f"{str(name).capitalize()}: {'; '.join(each)}")
    return f"{'. '.join(told)}."


def _stars(row: pd.Series) -> str:
    known = [f"{row[f'stars_{year}']:.0f}" for year in (FIRST, SECOND) if pd.notna(row[f"stars_{year}"])]
    return f"{' and '.join(known)} of 5"


def heights(ranks: Sequence[int]) -> list[float]:
    """Return ranks on the scale of stars, for a picture: the best at 5, the last place at 1; equal ones in the middle.

    >>> heights([1, 2, 2, 4])
    [5.0, 3.0, 3.0, 1.0]
    """
    from scipy.stats import rankdata  # SciPy is loaded when it is used: that takes a while

    if len(ranks) < 2:
        return [5.0] * len(ranks)
    places = rankdata(ranks, method="average")
    return [float(5 - 4 * (place - 1) / (len(ranks) - 1)) for place in places]
