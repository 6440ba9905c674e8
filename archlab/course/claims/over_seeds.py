"""Figures over seeds: one value a seed, so that a verdict can be asked whether luck made it.

As a number such a figure is its median. Its interval is where the median of many more seeds would be: from one of the
ordered values to another, whatever their distribution. With ten seeds that is from the second smallest to the second
largest.

>>> lost_percent = OverSeeds([76.0, 79.3, 79.1, 80.2, 81.6, 78.8, 79.9, 77.2, 83.0, 79.4])
>>> f"{lost_percent:.1f}", lost_percent.low, lost_percent.high
('79.3', 77.2, 81.6)
>>> print(lost_percent)
79 (77 to 82)
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np

from archlab.course.quantity import number, require_figure

CONFIDENCE = 0.95
"""Of many intervals, at least so many contain the median of all seeds there could be."""


class OverSeeds(float):
    """A figure with one value a seed, in the order of the seeds; as a number it is their median.

    Attributes:
        per_seed: the values.
        n: how many there are.
        low, high: the ends of the interval of the median. With fewer than six seeds these are the smallest and the
            largest value, and the confidence is below `CONFIDENCE`.

    Raises:
        ValueError: when there is no value, or one is NaN.
    """

    per_seed: tuple[float, ...]

    def __new__(cls, per_seed: Iterable[float]) -> Self:
        values = tuple(per_seed)
        require_values(values)
        figure = super().__new__(cls, middle(values))
        figure.per_seed = tuple(float(value) for value in values)
        return figure

    def __getnewargs__(self) -> tuple[Any, ...]:
        """What a copy in another process is made from."""
        return (self.per_seed,)

    @property
    def n(self) -> int:
        return len(self.per_seed)

    @property
    def low(self) -> float:
        return ends_of_median(self.per_seed)[0]

    @property
    def high(self) -> float:
        return ends_of_median(self.per_seed)[1]

    def __str__(self) -> str:
        return number(self)

    def __repr__(self) -> str:
        return f"<{self} over {self.n} seeds>"


def middle(values: Sequence[float]) -> float:
    """Return the median. Of an even number where one of the two in the middle is infinite, the lower one."""
    ordered = sorted(values)
    below, above = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return float(below if math.isinf(below) or math.isinf(above) else (below + above) / 2)


def ends_of_median(values: Sequence[float]) -> tuple[float, float]:
    """Return the two of the values between which the median of all seeds lies, with `CONFIDENCE` at least.

    Each value is below the true median with probability 1/2, so the number of those below it is binomial (David and
    Nagaraja, *Order Statistics*, 2003, section 7.1).
    """
    from scipy.special import bdtr  # SciPy is loaded when it is used: that takes a while

    n = len(values)
    unlikely = bdtr(np.arange(n), n, 0.5) < (1 - CONFIDENCE) / 2  # so few below the median, 0 to n - 1
    outside = max(0, int(unlikely.sum()) - 1)
    ordered = sorted(values)
    return ordered[outside], ordered[-1 - outside]


def require_values(values: Sequence[float]) -> None:
    """Raise `ValueError` unless there is a value for each seed, and none is NaN."""
    if not values:
        raise ValueError("per_seed is empty; it must have a value for each seed")
    for seed, value in enumerate(values):
        require_figure(f"per_seed[{seed}]", value)
