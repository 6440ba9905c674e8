"""Change requests: what a change touches in each architecture, as the chapters measured it, and by one list for all.

Three lists of changes, which must not be compared with one another:

- *a word changes*: the same words in all six shops, found in the source (`archlab.chapters.choosing.renamed_words`).
  This alone puts all six side by side. It says how many places know a thing, not what a new feature costs.
- *two new functions*: a loyalty programme and a fraud check, really written for three shops, and run (chapter 03).
- *ten requests*: really written for layers and for modules of one shop, and run (chapter 04). Modules stand here as the
  monolith.

Two more measurements have no row: chapter 05 counts the lines that change with the cloud, which is a change that only
functions have, and chapter 06 counts none. So nobody has measured here what a new function costs in serverless or CQRS.

A deployment is a program that must be released again, or for the first time. A monolith is one program, whatever is
changed in it, and then all of it is released: fewer deployments are not smaller ones.

>>> table = side_by_side()
>>> table.groupby("list", sort=False).architecture.nunique().to_dict()
{'a word changes': 6, 'two new functions': 3, 'ten requests': 2}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import joblib
import pandas as pd

from archlab.chapters.choosing import renamed_words
from archlab.chapters.event_driven import coupling
from archlab.chapters.layered import maintainable
from archlab.course.figures.canvas import write_title
from archlab.course.figures.line import require_columns
from archlab.course.figures.picture import Picture
from archlab.course.figures.spread import DPI
from archlab.course.quantity import number
from archlab.course.style import INK, LAB, Size, lighter, looks, rc
from archlab.sim.parallel import in_parallel

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes

WORD, FUNCTIONS, REQUESTS = "a word changes", "two new functions", "ten requests"
FUNCTIONS_COUNTED = ("loyalty", "fraud")
"""Of chapter 03's changes. The fraud check beside the inventory, which all three shops have."""
CUTS: Mapping[str, str] = {"modules": "monolithic", "layers": "layered"}
MEASURES: Mapping[str, str] = {"files": "Files", "units": "Units", "deployments": "Deployments"}
"""A measure -> its heading. Units are modules, services, components, layers, functions or sides."""
COLUMNS = (
    "list",
    "changes",
    "architecture",
    "files",
    "units",
    "units_low",
    "deployments",
    "deployments_low",
    "lines",
)


def side_by_side() -> pd.DataFrame:
    """Return the means over the changes of each list: a row a list and architecture.

    Columns: list, changes (how many), architecture, files, units, deployments, lines; units_low and deployments_low,
    smaller where source that the shops share leaves it open (`archlab.chapters.choosing.renamed_words`). Files and
    lines are those that name the word in the first list, and those added, changed or removed in the others.
    """
    lists = in_parallel(joblib.delayed(rows_of)() for rows_of in (_words, _functions, _requests))
    return pd.DataFrame([row for rows in lists for row in rows], columns=list(COLUMNS))


def _words() -> list[tuple[object, ...]]:
    count = len(renamed_words.words())
    return [
        (
            WORD,
            count,
            name,
            row.files,
            row.units_high,
            row.units_low,
            row.programs_high,
            row.programs_low,
            row.lines,
        )
        for name, row in renamed_words.means().iterrows()
    ]


def _functions() -> list[tuple[object, ...]]:
    table = coupling.changes()
    wanted = table[table.function.isin(FUNCTIONS_COUNTED)]
    rows: list[tuple[object, ...]] = []
    for shop, each in wanted.groupby("shop", sort=False):
        both = {what: float((each[f"{what}_new"] + each[f"{what}_changed"]).mean()) for what in _BOTH}
        files, units, programs, lines = (both[what] for what in _BOTH)
        rows.append((FUNCTIONS, len(each), shop, files, units, units, programs, programs, lines))
    return rows


_BOTH = ("files", "parts", "programs", "lines")


def _requests() -> list[tuple[object, ...]]:
    table = maintainable.changes()
    rows: list[tuple[object, ...]] = []
    for cut, architecture in CUTS.items():
        each = table[table.cut == cut]
        units, files, lines = (float(each[what].mean()) for what in ("parts", "files", "lines"))
        rows.append((REQUESTS, len(each), architecture, files, units, units, 1.0, 1.0, lines))
    return rows


# Picture ---------------------------------------------------------------------------------------------------

GAP = 1.1
"""Between two lists, in bars."""


def changes_figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw a panel for files, units and deployments, with a bar for each architecture under the name of each list.

    Where the shared source leaves it open, the bar is full up to the low count and light up to the high one.

    Takes `side_by_side`. Raises `ValueError` when a column is missing.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    require_columns("table", table, *COLUMNS)
    places = _places(table)
    with mpl.rc_context(rc(size)):
        drawing = Figure(figsize=(size.width_in, size.tall_in), dpi=DPI, layout="constrained")
        FigureCanvasAgg(drawing)
        panels = drawing.subplots(1, len(MEASURES), sharey=True)
        for panel, (measure, heading) in zip(panels, MEASURES.items(), strict=True):
            _bars(panel, table, measure, places, size)
            _explain_light(panel, table, measure, places)
            panel.set_xlabel(f"{heading} for a change", fontweight="bold")
            panel.tick_params(axis="y", length=0)
        _name_rows(panels[0], table, places)
        write_title(drawing, title, size)
    return Picture(drawing, f"{title.rstrip('.')}. {_told(table)}")


def _places(table: pd.DataFrame) -> list[float]:
    """How far down each bar stands: one after the other, with room for a heading above each list."""
    begins = table["list"].ne(table["list"].shift())
    return [float(k + GAP * n) for k, n in enumerate(begins.cumsum())]


def _bars(panel: Axes, table: pd.DataFrame, measure: str, places: Sequence[float], size: Size) -> None:
    colours = {name: look.colour for name, look in looks(table.architecture).items()}
    low = table.get(f"{measure}_low", table[measure])
    for place, name, least, most in zip(places, table.architecture, low, table[measure], strict=True):
        edge: dict[str, Any] = {"edgecolor": colours[name], "linewidth": 1, "height": 0.7}
        panel.barh(place, most, facecolor=lighter(colours[name], 0.65), **edge)
        panel.barh(place, least, facecolor=colours[name], **edge)
        panel.annotate(
            _range(least, most),
            (most, place),
            (6, 0),
            textcoords="offset points",
            va="center",
            fontsize=0.9 * size.font_pt,
        )
    panel.set_xlim(0, 1.45 * float(table[measure].max()))


def _explain_light(panel: Axes, table: pd.DataFrame, measure: str, places: Sequence[float]) -> None:
    """Say above the bars what their light part is, where one has it."""
    low = table.get(f"{measure}_low", table[measure])
    if (low < table[measure]).any():
        panel.text(0, places[0] - 0.85, " light: at most", va="center", color=INK, clip_on=False)


def _range(least: float, most: float) -> str:
    low, high = (number(round(value, 1)) for value in (least, most))
    return high if low == high else f"{low} to {high}"


def _name_rows(panel: Axes, table: pd.DataFrame, places: Sequence[float]) -> None:
    panel.set_yticks(list(places), list(table.architecture))
    panel.set_ylim(places[-1] + 0.6, places[0] - GAP - 0.5)
    for name, rows in table.groupby("list", sort=False):
        first = places[int(rows.index[0])]
        words = f"{str(name).capitalize()} (mean of {int(rows.changes.iloc[0])})"
        panel.text(0, first - 0.85, words, va="center", color=INK, fontweight="bold", clip_on=False)


def _told(table: pd.DataFrame) -> str:
    told = []
    for name, rows in table.groupby("list", sort=False):
        each = [
            f"{row.architecture} {_range(row.files, row.files)} files, {_range(row.units_low, row.units)} units, "
            f"{_range(row.deployments_low, row.deployments)} deployments"
            for row in rows.itertuples()
        ]
        told.append(f"{str(name).capitalize()}: {'; '.join(each)}")
    return f"{'. '.join(told)}."
