"""What became of the requests of several runs: one bar a run, one piece an outcome.

>>> import pandas as pd
>>> run = pd.DataFrame({"outcome": ["ok", "ok", "ok", "crashed"]})
>>> outcomes({"one clone": run}, "A crash costs a quarter of the requests").alt.split(". ", 1)[1]
'one clone: ok 75 %, crashed 25 %.'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from archlab.course.figures.bars import BAR, name_rows
from archlab.course.figures.canvas import canvas
from archlab.course.figures.outcome import OutcomeLook, look_of_outcome, shares
from archlab.course.figures.picture import Picture
from archlab.course.figures.spread import LINE_HEIGHT
from archlab.course.quantity import percent
from archlab.course.style import INK, LAB, Size, contrast

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes

LETTERS_INSIDE = 60
"""Letters that a bar across the whole panel holds, in both sizes."""


def outcomes(runs: Mapping[str, pd.DataFrame], title: str, size: Size = LAB) -> Picture:
    """Draw what became of the requests of each run, as shares of those that arrived.

    Args:
        runs: name -> a row a request, with `outcome` (as `Result.requests`).
        title: your conclusion.

    Raises:
        ValueError: when there is no run, or one has no requests.
    """
    table = shares(runs)
    with canvas(title, size, tall=_is_tall(table, size)) as drawing:
        panel = drawing.panels[0]
        left = pd.Series(0.0, index=table.index)
        for outcome in table.columns:
            _draw_pieces(panel, outcome, left, table[outcome])
            left = left + table[outcome]
        for place, text in enumerate(_beside(table)):
            panel.annotate(text, (100, place), (8, 0), textcoords="offset points", va="center")
        name_rows(panel, list(table.index))
        panel.set(xlabel="Share of arrived requests [%]", xlim=(0, 100))
        handles, names = panel.get_legend_handles_labels()
        drawing.figure.legend(handles, names, loc="outside lower center", ncols=len(names), **LEGEND)
    return Picture(drawing.figure, f"{title.rstrip('.')}. {_in_words(table)}")


LEGEND: dict[str, Any] = {
    "frameon": False,
    "fontsize": "small",
    "handlelength": 1.5,
    "columnspacing": 1.0,
    "handletextpad": 0.5,
}


def _is_tall(table: pd.DataFrame, size: Size) -> bool:
    """Whether the texts beside the bars need more height than the lower figure has."""
    lines = max(1 + text.count("\n") for text in _beside(table))
    return len(table) * lines * LINE_HEIGHT * size.font_pt > 0.6 * size.height_in * 72


def _draw_pieces(panel: Axes, outcome: str, left: pd.Series, widths: pd.Series) -> None:
    """Draw one outcome's piece of every bar, with its name and share where it is wide enough for them."""
    look, name = look_of_outcome(outcome), outcome.replace("_", " ")
    style: dict[str, Any] = {"color": look.colour, "hatch": look.hatch, "edgecolor": INK, "linewidth": 0.8}
    panel.barh(range(len(widths)), widths, left=left, height=BAR, label=name, **style)
    for place, (start, width) in enumerate(zip(left, widths, strict=True)):
        if _fits(outcome, width):
            _write_inside(panel, start + width / 2, place, _label(outcome, width), look)


def _write_inside(panel: Axes, x: float, place: int, text: str, look: OutcomeLook) -> None:
    ink = INK if contrast(INK, look.colour) > contrast("white", look.colour) else "white"
    paper = {"facecolor": look.colour, "edgecolor": "none", "pad": 1.5}
    panel.text(x, place, text, ha="center", va="center", color=ink, bbox=paper)


def _label(outcome: str, share: float) -> str:
    return f"{outcome.replace('_', ' ')} {percent(share / 100)}"


def _fits(outcome: str, share: float) -> bool:
    return share / 100 * LETTERS_INSIDE > len(_label(outcome, share)) + 1


def _beside(table: pd.DataFrame) -> list[str]:
    """For each bar, the outcomes whose piece is too small for its name, one a line."""
    small = [
        [(str(o), s) for o, s in row.items() if s > 0 and not _fits(str(o), s)]
        for row in table.to_dict("records")
    ]
    return ["\n".join(_label(str(outcome), share) for outcome, share in row) for row in small]


def _in_words(table: pd.DataFrame) -> str:
    rows = table.to_dict("index").items()
    parts = {
        name: ", ".join(_label(str(o), share) for o, share in row.items() if share > 0) for name, row in rows
    }
    return " ".join(f"{name}: {text}." for name, text in parts.items())
