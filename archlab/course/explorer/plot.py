"""A plot: one figure that shows a run and the pinned ones, and is used again for every picture.

Making a figure, solving its layout and writing its text cost more than drawing lines. So lines are made once
and only their points are set; axes and their text are kept as an image for as long as the limits stand.

>>> from archlab.course.explorer.view import Curve, Panel, Reading
>>> from archlab.course.style import LAB
>>> plot = Plot((Panel("Time [s]", "Waiting"),), LAB)
>>> plot.show({"now": Reading((Curve(0, "web", [0, 1], [0, 2]),), {})})
>>> plot.png()[:4]
b'\\x89PNG'
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from archlab.course.explorer import axes as axes_
from archlab.course.explorer.run import NOW
from archlab.course.explorer.view import Curve, Panel, Reading, Window
from archlab.course.figures.fault_windows import SHADE
from archlab.course.figures.spread import DPI, spread
from archlab.course.style import ARCHITECTURES, INK, MOST_SHADES, Look, Size, for_text, look_of, rc, shades

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle
    from matplotlib.text import Annotation

LOOKS = {
    NOW: Look("#0072B2", "-"),
    "A": Look("#D55E00", "--"),
    "B": Look("#661100", "-."),
    "C": Look("#332288", ":"),
}
"""The run that is set, and up to three pinned ones: told apart by colour, by dash, and by name."""
PINS = tuple(name for name in LOOKS if name != NOW)


def looks_of(architecture: str) -> dict[str, Look]:
    """Return `LOOKS` in which the run that is set has an architecture's colour; a pinned one gives it up.

    >>> looks_of("cqrs")[NOW].colour, looks_of("cqrs")["B"].colour
    ('#661100', '#0072B2')
    """
    own = ARCHITECTURES[architecture].colour
    swapped = {LOOKS[NOW].colour: own, own: LOOKS[NOW].colour}
    return {name: replace(look, colour=swapped.get(look.colour, look.colour)) for name, look in LOOKS.items()}


THIN = 0.55
"""Lines after the first of a panel are so much thinner, and of other shades."""
LETTERS_A_LINE = 11
NAME_SIZE = 0.85
"""Names of lines, in letters of the other text."""


class Plot:
    """The figure, its panels, and the artists that it moves. The run that is set has the colour of `architecture`; a
    line of it that is named after an architecture has that one's look.
    """

    def __init__(self, panels: Sequence[Panel], size: Size, architecture: str = "monolithic") -> None:
        import matplotlib as mpl
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.panels = tuple(panels)
        self._looks = looks_of(architecture)
        self.size = size
        with mpl.rc_context(rc(size)):
            self.figure = Figure(figsize=(size.width_in, size.height_in), dpi=DPI)
            self._canvas = FigureCanvasAgg(self.figure)
            self.axes = axes_.place(self.figure, panels, size)
        self._lines: dict[tuple[str, int, int], tuple[Line2D, Annotation]] = {}
        self._windows: list[tuple[list[Rectangle], Annotation]] = []
        self._shown_windows: tuple[Window, ...] = ()
        self._still_key, self._still = "", None

    def show(self, readings: Mapping[str, Reading]) -> None:
        """Move the artists to these runs, named as in `LOOKS`. Nothing is drawn yet."""
        import matplotlib as mpl

        for artist in (*self._lines.values(), *self._windows):
            _hide(artist)
        shown: dict[int, list[Annotation]] = {k: [] for k in range(len(self.panels))}
        with mpl.rc_context(rc(self.size)):
            self._limit([curve for reading in readings.values() for curve in reading.curves])
            for name, reading in readings.items():
                for panel, curves in _by_panel(reading.curves).items():
                    shown[panel] += [self._draw(name, k, curve) for k, curve in enumerate(curves)]
            windows = (reading.windows for reading in readings.values() if reading.windows)
            self._shown_windows = next(windows, ())
            for k, window in enumerate(self._shown_windows):
                self._shade(k, window)
        for panel, names in shown.items():
            spread([name for name in names if name.get_visible()], self.axes[panel])

    def png(self) -> bytes:
        """Draw, and return the picture: quickly rather than small."""
        import matplotlib as mpl

        with mpl.rc_context(rc(self.size)):
            self._restore_what_stands_still()
            for artist in self._moving:
                artist.draw(self._canvas.get_renderer())
        return quick_png(self._canvas)

    @property
    def _moving(self) -> list[Artist]:
        from matplotlib.artist import Artist

        return sorted((artist for pair in self._lines.values() for artist in pair), key=Artist.get_zorder)

    def _restore_what_stands_still(self) -> None:
        """Put back the picture without its lines. It is drawn anew only when limits or windows have changed."""
        limits = [(*axes.get_xlim(), *axes.get_ylim()) for axes in self.axes]
        key = repr((limits, self._shown_windows))
        if key != self._still_key:
            seen = [artist.get_visible() for artist in self._moving]
            for artist in self._moving:
                artist.set_visible(False)
            self._canvas.draw()
            for artist, was_visible in zip(self._moving, seen, strict=True):
                artist.set_visible(was_visible)
            self._still_key, self._still = key, self._canvas.copy_from_bbox(self.figure.bbox)
        self._canvas.restore_region(self._still)

    def _limit(self, curves: Sequence[Curve]) -> None:
        """Set the limits of every panel. Panels with the same horizontal axis show the same stretch of it."""
        for k, (axes, panel) in enumerate(zip(self.axes, self.panels, strict=True)):
            ys = [_array(curve.y) for curve in curves if curve.panel == k]
            xs = [_array(curve.x) for curve in curves if self.panels[curve.panel].x_label == panel.x_label]
            axes_.set_limits(axes, panel, xs, ys)

    def _draw(self, name: str, k: int, curve: Curve) -> Annotation:
        """Set the points of a run's line number `k` in its panel, and its name at its last point."""
        key = (name, curve.panel, k)
        if key not in self._lines:
            own = look_of(curve.name) if name == NOW else None
            look = own or _thinner(self._looks[name], k)
            self._lines[key] = _new_line(
                self.axes[curve.panel], look, THIN if k and not own else 1, name == NOW
            )
        line, text = self._lines[key]
        points = np.array([_array(curve.x), _array(curve.y)])
        line.set(data=points, drawstyle="steps-post" if curve.steps else "default", visible=True)
        seen = points[:, np.isfinite(points).all(axis=0)]
        text.set(visible=seen.shape[1] > 0, text=_label(name, curve.name))
        if seen.shape[1]:
            text.xy = (float(seen[0, -1]), float(seen[1, -1]))
        return text

    def _shade(self, k: int, window: Window) -> None:
        if k == len(self._windows):
            self._windows.append(_new_window(self.axes))
        rectangles, text = self._windows[k]
        for axes, rectangle in zip(self.axes, rectangles, strict=True):
            end = min(window.end, axes.get_xlim()[1])  # a fault may never end
            rectangle.set(x=window.start, width=end - window.start, visible=True)
        text.set(text=window.name, visible=True)
        text.xy = (window.start, 1)


def quick_png(canvas: FigureCanvasAgg) -> bytes:
    """Return what was drawn as PNG: quickly rather than small."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").save(buffer, "png", compress_level=1)
    return buffer.getvalue()


def _label(run: str, curve: str) -> str:
    """What stands at the end of a line: its own name, and which pinned run it belongs to."""
    text = (curve or NOW) if run == NOW else f"{curve} {run}".strip()
    return textwrap.fill(text, LETTERS_A_LINE, break_long_words=False, break_on_hyphens=False)


def _by_panel(curves: Sequence[Curve]) -> dict[int, list[Curve]]:
    panels: dict[int, list[Curve]] = {}
    for curve in curves:
        panels.setdefault(curve.panel, []).append(curve)
    return panels


def _array(values: ArrayLike) -> np.ndarray:
    return np.asarray(values, dtype=float)


def _thinner(look: Look, k: int) -> Look:
    """The look of the line number `k` of a run in a panel: another shade."""
    return replace(look, colour=shades(look.colour, MOST_SHADES)[k % MOST_SHADES])


def _new_line(axes: Axes, look: Look, width: float, is_now: bool) -> tuple[Line2D, Annotation]:
    """Make a line, `width` times as wide as lines are, and its name."""
    import matplotlib as mpl

    zorder = 3 if is_now else 2
    (line,) = axes.plot([], [], color=look.colour, linestyle=look.dash, zorder=zorder)
    line.set_linewidth(line.get_linewidth() * width)
    style: dict[str, Any] = {"va": "center", "color": for_text(look.colour), "annotation_clip": False}
    style["bbox"] = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.3}
    style["fontsize"] = NAME_SIZE * mpl.rcParams["font.size"]
    return line, axes.annotate("", (0, 0), (8, 0), textcoords="offset points", **style)


def _new_window(panels: Sequence[Axes]) -> tuple[list[Rectangle], Annotation]:
    """A rectangle in each panel, and a name above the first."""
    style: dict[str, Any] = {"facecolor": SHADE, "edgecolor": INK, "lw": 0.8, "linestyle": ":", "zorder": 0}
    rectangles = [axes.axvspan(0, 1, **style) for axes in panels]
    place = ("data", "axes fraction")
    offset = (0, 4)
    return rectangles, panels[0].annotate("", (0, 1), offset, xycoords=place, textcoords="offset points")


def _hide(artists: tuple[Any, Annotation]) -> None:
    first, text = artists
    for artist in [*first, text] if isinstance(first, list) else [first, text]:
        artist.set_visible(False)
