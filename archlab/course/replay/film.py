"""A film: the scene above the traces, drawn moment by moment on one figure.

What does not move is drawn once and kept as an image; a frame draws the parts, the cursors and the clock on
top of it.

>>> film_size(LAB).height_in
6.2
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlab.course.explorer.plot import quick_png
from archlab.course.figures.canvas import write_title
from archlab.course.replay.recording import Recording, clock
from archlab.course.replay.scene import Scene
from archlab.course.replay.traces import Traces
from archlab.course.style import ARCHITECTURES, LAB, Size, look_of, rc

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

DPI = 120
LETTERS = 0.75
"""Letters in parts, in letters of the other text."""
LEFT, RIGHT, BOTTOM, PANEL, GAP, LINE = 4.8, 11.2, 3.2, 3.1, 1.4, 1.3
"""Room in letter heights: beside and below the panels, of each and above it; a line of the title."""


def film_size(size: Size) -> Size:
    """Return the size of a film: as wide, and as tall as a laptop's screen has room for."""
    height_in = round(6.2 * size.width_in / LAB.width_in, 1)
    return Size(size.width_in, height_in, height_in, size.font_pt)


class Film:
    """The figure of one recording."""

    def __init__(self, recording: Recording, graph: nx.DiGraph, title: str, size: Size) -> None:
        # Matplotlib is loaded when something is drawn.
        import matplotlib as mpl
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.recording = recording
        self.size = film_size(size)
        look = look_of(str(graph.graph.get("architecture", "monolithic"))) or ARCHITECTURES["monolithic"]
        with mpl.rc_context(rc(self.size)):
            self.figure = Figure(figsize=(self.size.width_in, self.size.height_in), dpi=DPI)
            self._canvas = FigureCanvasAgg(self.figure)
            write_title(self.figure, title, self.size)
            self._place(graph, look.colour)
        self._still: Any = None

    def _place(self, graph: nx.DiGraph, colour: str) -> None:
        """Add the axes, from the bottom: three panels, and the scene in what is left."""
        width = self.size.width_in * 72 / self.size.font_pt
        height = self.size.height_in * 72 / self.size.font_pt
        box = (LEFT / width, (width - LEFT - RIGHT) / width)
        bottoms = [BOTTOM + k * (PANEL + GAP) for k in (2, 1, 0)]
        panels = [self.figure.add_axes((box[0], b / height, box[1], PANEL / height)) for b in bottoms]
        self.traces = Traces(panels, self.recording.result, colour)
        low = bottoms[0] + PANEL + GAP
        top = height - 0.6 - LINE * len(self.figure.get_suptitle().splitlines())
        scene = self.figure.add_axes((0.005, low / height, 0.99, (top - low) / height))
        self._clock = self.figure.text(0.99, top / height, "", ha="right", va="top", fontweight="bold")
        self.scene = Scene(scene, graph, LETTERS * self.size.font_pt, self.recording.largest_queue)

    def set(self, moment: int) -> None:
        """Move the artists to a moment. Nothing is drawn yet."""
        time_s = float(self.recording.times_s[moment])
        self.scene.show(self.recording.states(moment))
        self.traces.show(time_s)
        self._clock.set_text(clock(time_s, float(self.recording.times_s[-1]), digits=1))

    def png(self, moment: int) -> bytes:
        """Draw a moment, and return the picture: quickly rather than small."""
        import matplotlib as mpl

        with mpl.rc_context(rc(self.size)):
            if self._still is None:
                self._still = self._draw_what_stands_still()
            self.set(moment)
            self._canvas.restore_region(self._still)
            for artist in self._moving:
                artist.draw(self._canvas.get_renderer())
        return quick_png(self._canvas)

    @property
    def _moving(self) -> list[Any]:
        return [*self.scene.animated, *self.traces.animated, self._clock]

    def _draw_what_stands_still(self) -> Any:
        for artist in self._moving:
            artist.set_visible(False)
        self._canvas.draw()
        for artist in self._moving:
            artist.set_visible(True)
        return self._canvas.copy_from_bbox(self.figure.bbox)
