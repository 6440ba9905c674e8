"""The deck: play button, time slider and picture of a replay in the browser. It knows no recording.

>>> from archlab.course.style import LAB
>>> deck = Deck(start_s=0, end_s=60, step_s=0.5, size=LAB)
>>> deck.time_s
0.0
"""

import threading
from collections.abc import Callable

import ipywidgets as widgets  # type: ignore[import-untyped]

from archlab.course.accessible_names import PANEL_CLASS, Names
from archlab.course.explorer.panel import css, image, size_class
from archlab.course.style import Size


class Deck:
    """`on_move` is called with the time when a hand moves the slider; the others at their buttons."""

    def __init__(self, start_s: float, end_s: float, step_s: float, size: Size) -> None:
        self.size = size
        self.on_move: Callable[[float], object] = lambda time_s: None
        self.on_play: Callable[[], object] = lambda: None
        self.on_worst: Callable[[], object] = lambda: None
        self._here = threading.local()  # JupyterLab's messages may be handled in several threads
        self._play = widgets.Button(description="Play", layout=widgets.Layout(width="8em"))
        self._slider = widgets.FloatSlider(
            description="Time [s]",
            min=start_s,
            max=end_s,
            step=step_s,
            value=start_s,
            readout_format=".1f",
            style={"description_width": "initial"},
            layout=widgets.Layout(flex="1 1 20em", width="auto"),
        )
        self._slider.observe(self._moved, names="value")
        self._picture = widgets.HTML()
        self.box = self._arranged()

    @property
    def time_s(self) -> float:
        return float(self._slider.value)

    def show(self, png: bytes, alt: str) -> None:
        """Show a picture with its alternative text."""
        self._picture.value = image(png, alt, self.size)

    def move_to(self, time_s: float) -> None:
        """Move the slider, without calling `on_move`."""
        self._here.moves_slider = True
        try:
            self._slider.value = time_s
        finally:
            self._here.moves_slider = False

    def show_playing(self, is_playing: bool) -> None:
        """Let the button offer what can be done next."""
        self._play.description = "Pause" if is_playing else "Play"

    def _arranged(self) -> widgets.VBox:
        worst = widgets.Button(description="Worst moment", layout=widgets.Layout(width="10em"))
        self._play.on_click(lambda _: self.on_play())
        worst.on_click(lambda _: self.on_worst())
        controls = widgets.HBox([self._play, worst, self._slider])
        names = Names(layout=widgets.Layout(display="none"))
        style = widgets.HTML(f"<style>{css(self.size)}</style>", layout=widgets.Layout(display="none"))
        box = widgets.VBox([controls, self._picture, names, style])
        box.add_class(PANEL_CLASS)
        box.add_class(size_class(self.size))
        return box

    def _moved(self, change: dict[str, float]) -> None:
        if not getattr(self._here, "moves_slider", False):
            self.on_move(change["new"])
