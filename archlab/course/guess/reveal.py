"""The guess beside what was measured, without a judgement.

>>> Reveal(measured=6.41, yours=2.0, unit="times")
you: 2 times, measured: 6.41 times
>>> Reveal(measured="the workers")
answer: the workers
"""

from dataclasses import dataclass
from html import escape
from typing import Any

from archlab.course.figures.picture import Picture
from archlab.course.guess.store import Guesses
from archlab.course.quantity import in_unit, number


@dataclass(frozen=True, repr=False)
class Reveal:
    """A reader's guess, None when there is none, and the measured value. It shows itself.

    `interval`: the ends of the measured value's confidence interval, if it has one.
    """

    measured: float | str
    yours: float | str | None = None
    unit: str = ""
    interval: tuple[float, float] | None = None

    def __repr__(self) -> str:
        return self._before + self._told

    @property
    def _before(self) -> str:
        return "" if self.yours is None else f"you: {self._words(self.yours)}, "

    @property
    def _told(self) -> str:
        """A choice that came out may not have been measured, so it is an answer."""
        return f"{'answer' if isinstance(self.measured, str) else 'measured'}: {self._measured}"

    @property
    def _measured(self) -> str:
        if isinstance(self.measured, str):
            return self.measured
        return in_unit(self.measured, self.unit, *(self.interval or ()))

    def _words(self, value: float | str) -> str:
        return value if isinstance(value, str) else f"{number(value)} {self.unit}".rstrip()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        html = f"<p>{escape(self._before)}<b>{escape(self._told)}</b></p>"
        return {"text/html": html, "text/plain": repr(self)}

    def under(self, picture: Picture) -> "Shown":
        """Return the picture with this line under it. Make it the last line of a cell."""
        return Shown(picture, self)


@dataclass(frozen=True, repr=False)
class Shown:
    """A picture, and under it the guess and the measured value."""

    picture: Picture
    reveal: Reveal

    def __repr__(self) -> str:
        return f"{self.picture!r}\n{self.reveal!r}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        one, other = self.picture._repr_mimebundle_(), self.reveal._repr_mimebundle_()
        return {kind: f"{one[kind]}\n{other[kind]}" for kind in ("text/html", "text/plain")}


def reveal(
    name: str, measured: float | str, unit: str = "", interval: tuple[float, float] | None = None
) -> Reveal:
    """Return the reader's guess of that name, if there is one, beside the measured value.

    Args:
        name: as in `guess`.
        measured: the value, or the choice that came out.
        unit: of both.
        interval: the ends of the measured value's confidence interval; they decide how many digits are shown.
    """
    return Reveal(measured, Guesses().get(name), unit, interval)
