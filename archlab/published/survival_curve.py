"""A distribution drawn through points of its survival curve, with a power law between each two.

Papers tell the tail of a latency in a few points: 1 in 100 takes longer than 10 ms, 1 in 1,000 longer than 69 ms. On
paper with two logarithmic axes this distribution is the straight lines through such points. Before the first point
there is nothing, and behind the last the last line goes on. So the ends are a guess: read nothing from the tail behind
the last point, and nothing from the fast side but that it is fast.

>>> key_ms = SurvivalCurve(((1, 1), (10, 0.02), (69, 0.001)))
>>> [round(key_ms.percentile(q), 6) for q in (0, 98, 99.9)]
[1.0, 10.0, 69.0]
>>> round(key_ms.survival(69), 9)
0.001
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from archlab.sim.distributions import Batched, Values
from archlab.sim.validation import require_percent, require_positive


@dataclass(frozen=True)
class SurvivalCurve(Batched):
    """Values with the survival probabilities `points`: pairs of a value and the probability that one is larger.

    Raises:
        ValueError: when there are fewer than two points, the first probability is not 1, a value is not above 0, or
            values do not rise or probabilities do not fall from point to point.
    """

    points: Sequence[tuple[float, float]]
    _log_values: Values = field(init=False, repr=False, compare=False)
    _log_survival: Values = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        points = _checked(self.points)
        object.__setattr__(self, "points", tuple((float(value), float(share)) for value, share in points))
        object.__setattr__(self, "_log_values", np.log(points[:, 0]))
        object.__setattr__(self, "_log_survival", np.log(points[:, 1]))

    @property
    def exponents(self) -> Values:
        """How steeply each piece falls, shape (points - 1,): doubling the value divides the share by 2 ** exponent."""
        return -np.diff(self._log_survival) / np.diff(self._log_values)

    @property
    def mean(self) -> float:
        return self._moment(1)

    @property
    def cv(self) -> float:
        mean, square = self._moment(1), self._moment(2)
        return math.sqrt(max(square - mean**2, 0)) / mean if math.isfinite(square) else math.inf

    def sample(self, rng: np.random.Generator, size: int) -> Values:
        return self.exceeded_with(1 - rng.random(size))

    def exceeded_with(self, share: Values) -> Values:
        """The values that are exceeded with these probabilities, each above 0 and at most 1. Any shape."""
        wanted = np.log(share)
        piece = np.searchsorted(-self._log_survival[1:-1], -wanted)
        below = (self._log_survival[piece] - wanted) / self.exponents[piece]
        return np.exp(self._log_values[piece] + below)

    def survival(self, value: float) -> float:
        """The probability of a larger value."""
        if value <= self.points[0][0]:
            return 1.0
        wanted = math.log(value)
        piece = int(np.searchsorted(self._log_values[1:-1], wanted))
        fallen = self.exponents[piece] * (wanted - self._log_values[piece])
        return math.exp(self._log_survival[piece] - fallen)

    def percentile(self, q: float) -> float:
        require_percent("q", q)
        return math.inf if q == 100 else float(self.exceeded_with(np.array([1 - q / 100]))[0])

    def _moment(self, power: int) -> float:
        """The mean of value ** power: first value ** power + integral of power x**(power-1) S(x), piece by piece."""
        values = [*np.exp(self._log_values[:-1]).tolist(), math.inf]
        moment = values[0] ** power
        for number, exponent in enumerate(self.exponents.tolist()):
            share = math.exp(self._log_survival[number])
            moment += share * power * _integral(values[number], values[number + 1], exponent, power)
        return moment


def _integral(low: float, high: float, exponent: float, power: int) -> float:
    """The integral of x ** (power - 1) * (low / x) ** exponent from `low` to `high`."""
    from scipy.special import exprel  # SciPy is loaded when it is used: that takes a while

    grows = power - exponent
    if math.isinf(high):
        return math.inf if grows >= 0 else -(low**power) / grows
    wide = math.log(high / low)
    return low**power * wide * float(exprel(grows * wide))  # exprel(x) = (e**x - 1) / x, and 1 at 0


def _checked(points: Sequence[tuple[float, float]]) -> Values:
    """The points as an array of shape (points, 2), or what is wrong with them."""
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2 or len(array) < 2:
        raise ValueError(f"points is {points!r}; it must be two or more pairs of a value and its survival")
    require_positive("the smallest value of points", float(array[:, 0].min()))
    require_positive("the smallest survival of points", float(array[:, 1].min()))
    if array[0, 1] != 1:
        raise ValueError(
            f"the first survival of points is {array[0, 1]}; it must be 1: every value is larger"
        )
    if not (np.diff(array[:, 0]) > 0).all() or not (np.diff(array[:, 1]) < 0).all():
        raise ValueError(f"points is {points!r}; values must rise and survivals fall from point to point")
    return array
