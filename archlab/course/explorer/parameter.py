"""Parameters: what a learner can turn, made from short tuples.

Three numbers are a range with its lowest, highest and first value. Anything else is a choice, the first one
first.

>>> parameter("rate_per_s", (1, 200, 80))
Range(name='rate_per_s', low=1, high=200, start=80)
>>> parameter("discipline", ("fifo", "lifo")).start
'fifo'
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from archlab.course.quantity import axis_label, number, words_and_unit

STEPS = 100
"""A range of fractions has about so many steps."""


@dataclass(frozen=True)
class Range:
    """A number from `low` to `high`. Whole when all three numbers are whole.

    Raises:
        ValueError: when `low` is not below `high`, or `start` is not between them.
    """

    name: str
    low: float
    high: float
    start: float

    def __post_init__(self) -> None:
        if not (self.low < self.high and self.low <= self.start <= self.high):
            raise ValueError(
                f"{self.name} is {(self.low, self.high, self.start)}; "
                "it must be (lowest, highest, first value), with the first value between the others"
            )

    @property
    def is_whole(self) -> bool:
        return all(isinstance(value, int) for value in (self.low, self.high, self.start))

    @property
    def step(self) -> float:
        """1 for whole numbers, else the power of ten, or its double or half, that makes about 100 steps."""
        if self.is_whole:
            return 1
        wanted = (self.high - self.low) / STEPS
        power = 10.0 ** math.floor(math.log10(wanted))
        return next(step * power for step in (1, 2, 5, 10) if step * power >= wanted * (1 - 1e-9))

    @property
    def decimals(self) -> int:
        """How many digits after the point tell two steps apart."""
        return max(0, -math.floor(math.log10(self.step) + 1e-9))

    @property
    def label(self) -> str:
        return axis_label(self.name)

    def checked(self, value: Any) -> float:
        """Return the value as it goes to the model. Raises `ValueError` when it is out of range."""
        fits = _is_number(value) and self.low <= value <= self.high
        if not fits or (self.is_whole and value != int(value)):
            kind = "a whole number" if self.is_whole else "a number"
            raise ValueError(f"{self.name} is {value!r}; it must be {kind} from {self.low} to {self.high}")
        return int(value) if self.is_whole else float(value)

    def words(self, value: float) -> str:
        """The value as a reader sees it, without its unit."""
        return number(value)


@dataclass(frozen=True)
class Choice:
    """One of a few values.

    Raises:
        ValueError: when there are fewer than two, or one is there twice.
    """

    name: str
    options: tuple[Any, ...]

    def __post_init__(self) -> None:
        if len(self.options) < 2 or len(set(map(repr, self.options))) < len(self.options):
            raise ValueError(f"{self.name} is {self.options}; it must hold two or more different values")

    @property
    def start(self) -> Any:
        return self.options[0]

    @property
    def label(self) -> str:
        return axis_label(self.name)

    def checked(self, value: Any) -> Any:
        """Return the option that equals the value. Raises `ValueError` when none does."""
        for option in self.options:
            if option == value and isinstance(option, bool) == isinstance(value, bool | np.bool_):
                return option
        raise ValueError(f"{self.name} is {value!r}; it must be one of {', '.join(map(repr, self.options))}")

    def words(self, value: Any) -> str:
        """The option as a reader sees it; a number without its unit."""
        if value is None:
            return "none"
        return number(value) if isinstance(value, int | float) else str(value)


Parameter = Range | Choice


def parameter(name: str, spec: Sequence[Any]) -> Parameter:
    """Make a parameter from a tuple.

    Raises:
        ValueError: when `spec` is no tuple or list, or what it holds is not allowed.
    """
    if not isinstance(spec, tuple | list):
        raise ValueError(
            f"{name} is {spec!r}; it must be a tuple: (lowest, highest, first value), or the choices"
        )
    if len(spec) == 3 and isinstance(spec, tuple) and all(map(_is_number, spec)):
        return Range(name, *spec)
    return Choice(name, tuple(spec))


def describe_value(known: Parameter, value: Any) -> str:
    """Return name, value and unit in words: "rate 80 requests/s"."""
    words, unit = words_and_unit(known.name)
    return " ".join(filter(None, [words, known.words(value), unit]))


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
