"""A crowd: requests as dots that come in from the left, wait in rows, and are served one at a time.

Below it stands how many have waited, over the last minute.

>>> from archlab.course.style import LAB
>>> crowd = Crowd(LAB)
>>> crowd.show(Moment(time_s=3, load_percent=80, waiting=12, came_now=2, is_busy=True, came=60, answered=47))
>>> len(crowd.dots.get_offsets()), len(crowd.newcomers.get_offsets())
(11, 2)
"""

from collections import deque
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from archlab.course.explorer.axes import round_up
from archlab.course.explorer.plot import quick_png
from archlab.course.quantity import number
from archlab.course.style import ARCHITECTURES, INK, Size, rc

DPI = 120
ROWS, APART = 5, 2.1
"""Dots above each other in the queue, and the distance of two columns."""
ENTRANCE, DOOR, SERVER = 2.0, 84.0, 91.0
"""Where requests come in, where the queue begins, and where the server is, from 0 to 100."""
MOST_DOTS = ROWS * int((DOOR - ENTRANCE) / APART - 4)
WINDOW_S = 60.0
LEAST_MOST = 10.0
"""The axis of the waiting reaches up to this at least."""
WAITS, COMES = ARCHITECTURES["monolithic"].colour, ARCHITECTURES["microservices"].colour


@dataclass(frozen=True)
class Moment:
    """A queue at one moment: how many wait, came since the moment before, came and were answered in all.

    `spent_s`: the mean time from arrival to answer of those answered last; None before the first answer.
    """

    time_s: float
    load_percent: float
    waiting: int
    came_now: int
    is_busy: bool
    came: int
    answered: int
    spent_s: float | None = None

    @property
    def words(self) -> str:
        """The moment in a sentence, for those who cannot see it."""
        spent = "" if self.spent_s is None else f" The last answers took {number(self.spent_s)} s each."
        served = "1 is served" if self.is_busy else "the server has nothing to do"
        return (
            f"At {number(self.time_s)} s, load {number(self.load_percent)} %: {self.waiting} wait, {served}; "
            f"{self.came} came, {self.answered} were answered.{spent}"
        )


class Crowd:
    """The figure, its two panels, and the artists that it moves."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self._times_s: deque[float] = deque()
        self._waiting: deque[int] = deque()
        with mpl.rc_context(rc(size)):
            self.figure = Figure(figsize=(size.width_in, size.height_in), dpi=DPI)
            self._canvas = FigureCanvasAgg(self.figure)
            self._draw_place(self.figure.add_axes((0.01, 0.42, 0.98, 0.57)))
            self._draw_history(self.figure.add_axes((0.11, 0.17, 0.78, 0.22)))
        self._still_key, self._still = "", None

    def show(self, moment: Moment) -> None:
        """Move the artists to a moment, and remember it for the lower panel. Nothing is drawn yet."""
        self._remember(moment)
        waiting = max(0, moment.waiting - moment.came_now)
        places = [(SERVER, 2.0)] * moment.is_busy + self.places(waiting)
        self.dots.set_offsets(np.reshape(places, (-1, 2)))
        new = min(moment.came_now, moment.waiting, ROWS)
        self.newcomers.set_offsets(np.reshape([(ENTRANCE, row) for row in range(new)], (-1, 2)))
        more = moment.waiting - MOST_DOTS
        self._count.set_text(f"{moment.waiting:,} waiting" + (f" ({more:,} not drawn)" if more > 0 else ""))
        spent = "" if moment.spent_s is None else f"\nlast answers: {number(moment.spent_s)} s each"
        self._clock.set_text(f"{moment.time_s:,.0f} s{spent}")

    def png(self) -> bytes:
        """Draw, and return the picture: quickly rather than small."""
        with mpl.rc_context(rc(self.size)):
            self._restore_what_stands_still()
            for artist in self._moving:
                artist.draw(self._canvas.get_renderer())
        return quick_png(self._canvas)

    @staticmethod
    def places(waiting: int) -> list[tuple[float, float]]:
        """Return a place for each that waits, the next one first; not for more than fit."""
        shown = min(waiting, MOST_DOTS)
        return [(DOOR - APART * (k // ROWS), float(k % ROWS)) for k in range(shown)]

    @property
    def _moving(self) -> list[Artist]:
        return [self.dots, self.newcomers, self._line, self._count, self._clock]

    def _draw_place(self, axes: Axes) -> None:
        """The server, and empty dots for those who will wait."""
        axes.set(xlim=(0, 100), ylim=(-1.9, ROWS + 1.6))
        axes.axis("off")
        box = Rectangle((SERVER - 3.5, 0.4), 7, 3.2, facecolor="white", edgecolor=INK, linewidth=1.5)
        axes.add_patch(box)
        axes.text(SERVER, -0.7, "server", ha="center", va="top")
        axes.text(ENTRANCE - 1, -0.7, "requests come", ha="left", va="top")
        area = (0.62 * self.size.font_pt) ** 2
        self.dots = axes.scatter([], [], s=area, color=WAITS, zorder=3)
        self.newcomers = axes.scatter(
            [], [], s=area, facecolors="white", edgecolors=COMES, linewidths=2, zorder=3
        )
        self._count = axes.text(ENTRANCE - 1, ROWS + 1.5, "", va="top", fontweight="bold")
        self._clock = axes.text(99.5, ROWS + 1.5, "", ha="right", va="top", linespacing=1.4)

    def _draw_history(self, axes: Axes) -> None:
        (self._line,) = axes.plot([], [], color=WAITS, drawstyle="steps-post")
        axes.set(
            xlim=(-WINDOW_S, 0), ylim=(0, LEAST_MOST), xlabel="Seconds ago", ylabel="Waiting\n[requests]"
        )
        axes.xaxis.set_major_formatter(lambda x, _: number(abs(x)))
        axes.yaxis.set_major_locator(MaxNLocator(2, integer=True))
        self._history = axes

    def _remember(self, moment: Moment) -> None:
        self._times_s.append(moment.time_s)
        self._waiting.append(moment.waiting)
        while self._times_s[0] < moment.time_s - WINDOW_S:
            self._times_s.popleft()
            self._waiting.popleft()
        self._line.set_data(np.array(self._times_s) - moment.time_s, list(self._waiting))
        self._history.set_ylim(0, round_up(max(LEAST_MOST, *self._waiting)))

    def _restore_what_stands_still(self) -> None:
        """Put back what does not move. It is drawn anew only when the axis has changed."""
        key = repr(self._history.get_ylim())
        if key != self._still_key:
            for artist in self._moving:
                artist.set_visible(False)
            self._canvas.draw()
            for artist in self._moving:
                artist.set_visible(True)
            self._still_key, self._still = key, self._region()
        self._canvas.restore_region(self._still)

    def _region(self) -> Any:
        return self._canvas.copy_from_bbox(self.figure.bbox)
