"""A toy: a queue that goes on by itself, and whose load the reader turns meanwhile.

It knows no model: whatever `advance`s and tells its `moment` can be played with. Moving the slider starts it. When
nobody touched it for a while it pauses.

>>> class Tap:
...     waiting, time_s = 0, 0.0
...     def advance(self, load_percent, seconds):
...         self.time_s += seconds
...         self.waiting += int(load_percent > 100)
...     def moment(self, load_percent):
...         return Moment(self.time_s, load_percent, self.waiting, 0, True, self.waiting, 0)
>>> toy = Toy(Tap, "A tap", load_percent=(0, 120, 50))
>>> toy.set(110).run(seconds=1.2).moment.waiting
10
"""

import threading
from collections.abc import Callable
from typing import Any, Protocol

import ipywidgets as widgets  # type: ignore[import-untyped]

from archlab.course.accessible_names import PANEL_CLASS, Names
from archlab.course.explorer.panel import css, heading, image, size_class
from archlab.course.explorer.parameter import Range
from archlab.course.figures.picture import Picture
from archlab.course.live import bundle
from archlab.course.replay.player import EVERY_S, Player
from archlab.course.style import LAB, Size
from archlab.course.toy.crowd import Crowd, Moment

TICK_S = EVERY_S
"""Simulated time from picture to picture: as much as passes in the room, when pictures are drawn in time."""
FIRST_S = 14.4
"""The toy has gone on for so long when it is first seen."""
REST_S = 120.0
"""Untouched for so long, it pauses."""
NEVER = 2**62
WITHOUT_CONTROLS = "<p><i>Run this cell, then move the slider with the mouse or the arrow keys.</i></p>"


class Model(Protocol):
    """What can be played with."""

    def advance(self, load_percent: float, seconds: float) -> None:
        """Go on for some simulated seconds at this load."""

    def moment(self, load_percent: float) -> Moment:
        """Return what is to be seen now."""


class Toy:
    """A model, its picture, and the load that is set.

    Args:
        model: makes a new model; the same one every time.
        title: what it is. It stands above the slider.
        load_percent: (lowest, highest, first value) of the slider.
        size: of the picture.
    """

    def __init__(
        self,
        model: Callable[[], Model],
        title: str,
        load_percent: tuple[float, float, float],
        size: Size = LAB,
    ) -> None:
        self.title = title
        self._new_model, self._range, self._size = model, Range("load_percent", *load_percent), size
        self._lock = threading.RLock()  # one goes on at a time
        self._ticks = self._touched = 0
        self._box: Any = None
        self._player = Player(lambda: self._ticks, lambda _: self._go_on(), last=NEVER)
        self._begin()
        self._first = self.picture()._repr_mimebundle_()

    # Without a browser -----------------------------------------------------------------------------------

    @property
    def load_percent(self) -> float:
        """The load that is set."""
        return self._load_percent

    def set(self, load_percent: float) -> "Toy":
        """Set the load, and return this toy. Raises `ValueError` when it is out of the slider's range."""
        self._load_percent = self._range.checked(load_percent)
        self._touched = self._ticks
        return self

    def run(self, seconds: float) -> "Toy":
        """Let so many simulated seconds pass, and return this toy."""
        with self._lock:
            for _ in range(round(seconds / TICK_S)):
                self._tick()
        return self

    def reset(self) -> "Toy":
        """Begin again, with the first load."""
        self._player.pause()
        with self._lock:
            self._begin()
        return self

    def picture(self) -> Picture:
        """Return the picture of this moment."""
        with self._lock:
            return Picture(self._crowd.figure, self._alt)

    # In a notebook ---------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return self._alt

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The slider; where there is none, the first picture, whatever was done with the toy since."""
        if self._box is None:
            self._box = self._arranged()
            self._show()
        html = f"<p>{heading(self.title)}</p>{self._first['text/html']}{WITHOUT_CONTROLS}"
        return bundle(self._box, html, self._first["text/plain"])

    # Inside ----------------------------------------------------------------------------------------------

    @property
    def _alt(self) -> str:
        return f"{self.title.rstrip('.')}. {self.moment.words}"

    def _begin(self) -> None:
        self._ticks = self._touched = 0
        self._load_percent = self._range.start
        self._model, self._crowd = self._new_model(), Crowd(self._size)
        self.run(FIRST_S)

    def _tick(self) -> None:
        self._model.advance(self._load_percent, TICK_S)
        self._ticks += 1
        self.moment = self._model.moment(self._load_percent)
        self._crowd.show(self.moment)

    def _go_on(self) -> None:
        """One tick of a toy that plays."""
        with self._lock:
            self._tick()
            self._show()
        if (self._ticks - self._touched) * TICK_S > REST_S:
            self._pause()

    def _show(self) -> None:
        with self._lock:
            if self._box is not None:
                self._picture.value = image(self._crowd.png(), self._alt, self._size)

    def _arranged(self) -> Any:
        """The controls, above them the title, below them the picture."""
        self._button = widgets.Button(description="Play", layout=widgets.Layout(width="8em"))
        again = widgets.Button(description="Begin again", layout=widgets.Layout(width="9em"))
        self._slider = self._new_slider()
        self._button.on_click(lambda _: self._pause() if self._player.is_playing else self._play())
        again.on_click(lambda _: self._begin_again())
        self._slider.observe(lambda change: self._turned(change["new"]), names="value")
        self._picture = widgets.HTML()
        hidden = widgets.Layout(display="none")
        style = widgets.HTML(f"<style>{css(self._size)}</style>", layout=hidden)
        controls = widgets.HBox([self._button, again, self._slider])
        head = widgets.HTML(heading(self.title))
        box = widgets.VBox([head, controls, self._picture, Names(layout=hidden), style])
        box.add_class(PANEL_CLASS)
        box.add_class(size_class(self._size))
        return box

    def _new_slider(self) -> Any:
        return widgets.FloatSlider(
            description=self._range.label,
            min=self._range.low,
            max=self._range.high,
            step=self._range.step,
            value=self._load_percent,
            readout_format=".0f",
            style={"description_width": "initial"},
            layout=widgets.Layout(flex="1 1 20em", width="auto"),
        )

    def _turned(self, load_percent: float) -> None:
        """The slider was moved: the toy goes on, if it does not already."""
        self.set(load_percent)
        self._play()

    def _play(self) -> None:
        self._touched = self._ticks
        self._player.play()
        self._button.description = "Pause"

    def _pause(self) -> None:
        self._player.pause()
        if self._box is not None:
            self._button.description = "Play"

    def _begin_again(self) -> None:
        self._slider.value = self._range.start  # which starts it
        self._pause()
        self.reset()
        self._show()
