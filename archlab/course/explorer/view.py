"""A view: what to show of a model's answer. It knows neither the model nor the controls.

A view has panels, side by side, and reads curves and figures out of an answer. Anything with `panels` and
`read` is a view. This one shows a list of numbers:

>>> class Squares:
...     panels = (Panel("Number", "Its square"),)
...     def read(self, answer):
...         return Reading((Curve(0, "square", answer, [x * x for x in answer]),), {"highest": max(answer)})
>>> Squares().read([1, 2, 3]).curves[0].y
[1, 4, 9]
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Panel:
    """One pair of axes: their labels with units, and whether they are logarithmic."""

    x_label: str
    y_label: str
    log_x: bool = False
    log_y: bool = False


@dataclass(frozen=True)
class Curve:
    """A line in the panel number `panel`: its name, and its points; NaN where there is none."""

    panel: int
    name: str
    x: ArrayLike
    y: ArrayLike
    steps: bool = False


@dataclass(frozen=True)
class Window:
    """A time from `start` to `end` on the horizontal axis that is shaded in every panel: a fault."""

    start: float
    end: float
    name: str


@dataclass(frozen=True)
class Reading:
    """What a view reads out of one answer: curves, figures (name with unit -> value), shaded windows."""

    curves: tuple[Curve, ...]
    figures: Mapping[str, float | str]
    windows: tuple[Window, ...] = ()


class View(Protocol):
    """What an explorer needs to show an answer."""

    @property
    def panels(self) -> tuple[Panel, ...]:
        """The panels from left to right; the same whatever the answer."""

    def read(self, answer: Any) -> Reading:
        """Return what to draw and to tabulate."""
