"""A canvas: an empty figure in the course's style, whose layout is solved once when the drawing is done.

Lines carry their names, and never need a legend when there is room for them (see `archlab.course.figures.naming`).

>>> with canvas("Twice the load, four times the wait") as drawing:
...     (line,) = drawing.panels[0].plot([1, 2], [1, 4])
...     drawing.name_end(drawing.panels[0], line, "wait")
>>> drawing.figure.get_suptitle()
'Twice the load, four times the wait'
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from archlab.course.figures.naming import Name, place_all_along, place_at_ends
from archlab.course.figures.spread import BESIDE_PT, DPI
from archlab.course.style import INK, LAB, Size, for_text, rc

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.text import Text

CORNERS = (("left", "top"), ("right", "bottom"), ("right", "top"), ("left", "bottom"))
"""Where a note may stand, the best place first."""
LETTERS_UP = 24
"""Letters of a line of a label beside a vertical axis."""
LETTER_WIDTH = 0.6
"""Mean width of a bold letter, in letter heights; measured on DejaVu Sans, rounded up."""


@dataclass(frozen=True)
class Canvas:
    """A figure under construction: its panels from top to bottom, and the names to place beside lines."""

    figure: Figure
    panels: tuple[Axes, ...]
    size: Size
    _at_ends: list[Name] = field(default_factory=list)
    _along: list[Name] = field(default_factory=list)
    _notes: list[Text] = field(default_factory=list)

    def name_end(self, panel: Axes, line: Line2D, name: str) -> None:
        """Write `name` at the right of a line's last point that is a number; nothing when there is none."""
        self._at_ends.extend(_names(panel, line, name))

    def name_along(self, panel: Axes, line: Line2D, name: str) -> None:
        """Write `name` along the line, or in a legend when a line of the panel has no room for its name."""
        line.set_label(name)
        names = _names(panel, line, name)
        for one in names:
            one.text.set_in_layout(False)
        self._along.extend(names)

    def name_line(self, panel: Axes, x: float, name: str, colour: str = INK) -> None:
        """Write the name of a vertical line above its upper end."""
        place = panel.get_xaxis_transform()
        panel.text(x, 1.01, name, transform=place, ha="center", va="bottom", color=for_text(colour))

    def name_beside(self, panel: Axes, upside_down: bool = False) -> None:
        """List what has a label at the right of the panel, for lines whose ends lie too close together."""
        handles, names = panel.get_legend_handles_labels()
        turn = slice(None, None, -1 if upside_down else 1)
        style: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5), "frameon": False}
        panel.legend(
            handles[turn], names[turn], handlelength=1.8, labelspacing=0.3, borderaxespad=0.3, **style
        )

    def note(self, text: str) -> None:
        """Write a note in that corner of the first panel where it hides least of the lines."""
        panel = self.panels[0]
        self._notes.append(panel.text(0.02, 0.98, text, transform=panel.transAxes, va="top", color=INK))

    def finish(self) -> None:
        """Solve the layout and keep it, then move names that overlap."""
        self.figure.draw_without_rendering()
        if not all([place_all_along(_in(panel, self._along), panel) for panel in self.panels]):
            self._list_what_has_no_room()
        self.figure.set_layout_engine("none")
        for panel in self.panels:
            place_at_ends(_in(panel, self._at_ends), panel)
        for note in self._notes:
            move_to_free_corner(note, self.panels[0])

    def _list_what_has_no_room(self) -> None:
        """Replace the names along lines by legends, and solve the layout again."""
        named = [panel for panel in self.panels if _in(panel, self._along)]
        for name in self._along:
            name.text.remove()
        for panel in named:
            self.name_beside(panel)
        self.figure.draw_without_rendering()


def _names(panel: Axes, line: Line2D, name: str) -> list[Name]:
    """The name of a line at its last point that is a number; none when there is no such point."""
    from matplotlib.colors import to_hex

    points = np.asarray(line.get_xydata(), dtype=float)
    points = points[np.isfinite(points).all(axis=1)]
    style: dict[str, Any] = {
        "textcoords": "offset points",
        "va": "center",
        "color": for_text(to_hex(line.get_color())),
        "annotation_clip": False,
        "bbox": {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5},
    }
    ends = [(float(x), float(y)) for x, y in points[-1:]]
    return [Name(panel.annotate(name, end, (BESIDE_PT, 0), **style), line) for end in ends]


def _in(panel: Axes, names: Sequence[Name]) -> list[Name]:
    return [name for name in names if name.text.axes is panel]


@contextmanager
def canvas(
    title: str, size: Size = LAB, panels: Sequence[float] = (1,), tall: bool = False
) -> Iterator[Canvas]:
    """Give an empty canvas with a title, and panels of these relative heights on one horizontal axis.

    Its height is the size's own, or the taller one.

    Raises:
        ValueError: when the title is empty: it says what the figure shows.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if not title.strip():
        raise ValueError(f"title is {title!r}; it must be the conclusion, in a sentence")
    height_in = size.tall_in if tall else size.height_in
    with mpl.rc_context(rc(size)):
        figure = Figure(figsize=(size.width_in, height_in), dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False, height_ratios=list(panels))[:, 0]
        write_title(figure, title, size)
        drawing = Canvas(figure, tuple(axes), size)
        yield drawing
        drawing.finish()


def wrapped(label: str) -> str:
    """A label for a vertical axis, in lines that are not longer than the axis."""
    return textwrap.fill(label, LETTERS_UP)


def write_title(figure: Figure, title: str, size: Size) -> None:
    """Write the title at the top left, in as many lines as it needs."""
    letters = int(size.width_in * 72 / (size.font_pt * LETTER_WIDTH)) - 4
    figure.suptitle(
        textwrap.fill(title, letters), x=0.01, ha="left", fontsize=size.font_pt, fontweight="bold", color=INK
    )


def move_to_free_corner(note: Text, panel: Axes) -> None:
    """Move a note to the first corner in which it hides no part of a line, or else to the one where it hides least."""
    hidden = {corner: _hidden_by(note, panel, corner) for corner in CORNERS}
    _place(note, min(CORNERS, key=lambda corner: hidden[corner]))


def _place(note: Text, corner: tuple[str, str]) -> None:
    across, up = corner
    note.set(x={"left": 0.02, "right": 0.98}[across], y={"bottom": 0.03, "top": 0.98}[up], ha=across, va=up)


def _hidden_by(note: Text, panel: Axes, corner: tuple[str, str]) -> int:
    """How many points of the panel's lines the note would cover in this corner."""
    _place(note, corner)
    box = note.get_window_extent()
    covered = 0
    for line in panel.get_lines():
        points = line.get_transform().transform(np.asarray(line.get_xydata(), dtype=float))
        steps = np.linspace(0, max(len(points) - 1, 0), 40 * max(len(points), 1))
        across, up = (np.interp(steps, np.arange(len(points)), points[:, k]) for k in (0, 1))
        covered += int(((across > box.x0) & (across < box.x1) & (up > box.y0) & (up < box.y1)).sum())
    return covered
