"""Distributions: how long things take, how large they are, and how far apart they come.

Each distribution knows its own mean, coefficient of variation (cv: standard deviation divided by mean)
and percentiles, so that theory can be drawn beside a simulation. The unit is yours: seconds, bytes, items.

>>> service_s = Lognormal.from_median_p99(median=0.010, p99=0.100)
>>> round(service_s.mean, 4), round(service_s.cv, 2), round(service_s.percentile(99), 3)
(0.0163, 1.29, 0.1)
>>> as_distribution(0.25)
Constant(value=0.25)
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from numbers import Real
from typing import Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt

from archlab.sim.validation import (
    is_finite,
    numbers_in,
    refuse,
    require_non_negative,
    require_percent,
    require_positive,
    shown,
)

FIRST, BATCH = 64, 4096
"""How many values a sampler draws at a time: one NumPy call for many is far cheaper than many calls. It begins with
few and doubles, for a shop has dozens of samplers, and a short run needs few values of each."""

NORMAL_P99 = 2.3263478740408408
"""The 99th percentile of the standard normal distribution: `scipy.special.ndtri(0.99)`."""

Values = npt.NDArray[np.float64]


@runtime_checkable
class Distribution(Protocol):
    """What every distribution offers. Your own class needs no more than this."""

    @property
    def mean(self) -> float:
        """The mean; `inf` when it does not exist."""

    @property
    def cv(self) -> float:
        """The coefficient of variation: standard deviation / mean; `inf` when the variance does not exist."""

    def sample(self, rng: np.random.Generator, size: int) -> Values:
        """Return `size` independent values, shape (size,)."""

    def sampler(self, rng: np.random.Generator) -> Callable[[], float]:
        """Return a function that gives one value a call: the values of `sample`, in the same order."""

    def percentile(self, q: float) -> float:
        """Return the value that `q` percent of all values do not exceed, `q` from 0 to 100."""


class Batched(ABC):
    """Gives a distribution a fast `sampler`, made from its `sample`."""

    @abstractmethod
    def sample(self, rng: np.random.Generator, size: int) -> Values: ...

    def sampler(self, rng: np.random.Generator) -> Callable[[], float]:
        """Return a function that gives one value a call.

        It takes from `rng` in batches of up to `BATCH` values, so give each sampler a stream of its own.
        """
        return chain.from_iterable(self._batches(rng)).__next__

    def _batches(self, rng: np.random.Generator) -> Iterator[list[float]]:
        size = FIRST
        while True:
            yield self.sample(rng, size).tolist()
            size = min(2 * size, BATCH)


@dataclass(frozen=True)
class Constant:
    """Always the same value, 0 or more."""

    value: float

    def __post_init__(self) -> None:
        require_non_negative("value", self.value)

    @property
    def mean(self) -> float:
        return self.value

    @property
    def cv(self) -> float:
        return 0.0

    def sample(self, rng: np.random.Generator, size: int) -> Values:
        """Return `size` times the value. Takes nothing from `rng`."""
        return np.full(size, self.value, dtype=np.float64)

    def sampler(self, rng: np.random.Generator) -> Callable[[], float]:
        value = float(self.value)
        return lambda: value

    def percentile(self, q: float) -> float:
        require_percent("q", q)
        return self.value


@dataclass(frozen=True)
class Exponential(Batched):
    """The exponential distribution: no memory, cv 1. The time between the arrivals of a Poisson process."""

    mean: float

    def __post_init__(self) -> None:
        require_positive("mean", self.mean)

    @property
    def cv(self) -> float:
        return 1.0

    def sample(self, rng: np.random.Generator, size: int) -> Values:
        return rng.exponential(self.mean, size)

    def percentile(self, q: float) -> float:
        require_percent("q", q)
        return math.inf if q == 100 else -self.mean * math.log1p(-q / 100)


@dataclass(frozen=True)
class Uniform(Batched):
    """Every value from `low` to `high` equally likely."""

    low: float
    high: float

    def __post_init__(self) -> None:
        require_non_negative("low", self.low)
        if not (is_finite(self.high) and self.low < self.high):
            refuse(ValueError, "high", self.high, f"finite and above low, which is {self.low!r}")

    @property
    def mean(self) -> float:
        return (self.low + self.high) / 2

    @property
    def cv(self) -> float:
        return (self.high - self.low) / math.sqrt(12) / self.mean

    def sample(self, rng: np.random.Generator, size: int) -> Values:
        return rng.uniform(self.low, self.high, size)

    def percentile(self, q: float) -> float:
        require_percent("q", q)
        return self.low + (self.high - self.low) * q / 100


@dataclass(frozen=True)
class Lognormal(Batched):
    """The lognormal distribution: most values near the median, a few many times larger.

    `sigma` is the standard deviation of the value's natural logarithm. It is easier to say what you
    measured: `from_median_p99`, or `from_mean_cv`.
    """

    median: float
    sigma: float

    def __post_init__(self) -> None:
        require_positive("median", self.median)
        require_non_negative("sigma", self.sigma)

    @classmethod
    def from_median_p99(cls, median: float, p99: float) -> Self:
        """Return the lognormal with this median and this 99th percentile."""
        require_positive("median", median)
        require_positive("p99", p99)
        if p99 < median:
            raise ValueError(f"p99 is {p99!r}; it must not be below median, which is {median!r}")
        return cls(median, math.log(p99 / median) / NORMAL_P99)

    @classmethod
    def from_mean_cv(cls, mean: float, cv: float) -> Self:
        """Return the lognormal with this mean and this coefficient of variation."""
        require_positive("mean", mean)
        require_non_negative("cv", cv)
        return cls(mean / math.sqrt(1 + cv * cv), math.sqrt(math.log1p(cv * cv)))

    @property
    def mean(self) -> float:
        return self.median * math.exp(self.sigma**2 / 2)

    @property
    def cv(self) -> float:
        return math.sqrt(math.expm1(self.sigma**2))

    def sample(self, rng: np.random.Generator, size: int) -> Values:
        return rng.lognormal(math.log(self.median), self.sigma, size)

    def percentile(self, q: float) -> float:
        from scipy.special import ndtri  # SciPy is loaded when it is used: that takes a while

        require_percent("q", q)
        if self.sigma == 0:
            return self.median
        return self.median * math.exp(self.sigma * float(ndtri(q / 100)))


@dataclass(frozen=True)
class Pareto(Batched):
    """The Pareto distribution: P(value > x) = (minimum / x) ** alpha. A heavy tail.

    With `alpha` 2 or less the variance is infinite, with 1 or less the mean is too: averages never settle.
    """

    minimum: float
    alpha: float

    def __post_init__(self) -> None:
        require_positive("minimum", self.minimum)
        require_positive("alpha", self.alpha)

    @property
    def mean(self) -> float:
        return self.minimum * self.alpha / (self.alpha - 1) if self.alpha > 1 else math.inf

    @property
    def cv(self) -> float:
        return 1 / math.sqrt(self.alpha * (self.alpha - 2)) if self.alpha > 2 else math.inf

    def sample(self, rng: np.random.Generator, size: int) -> Values:
        return self.minimum * (1 + rng.pareto(self.alpha, size))

    def percentile(self, q: float) -> float:
        require_percent("q", q)
        return math.inf if q == 100 else self.minimum * (1 - q / 100) ** (-1 / self.alpha)


@dataclass(frozen=True)
class Empirical(Batched):
    """Measured values, drawn again with replacement: nothing between them, nothing beyond them.

    It errs on the low side in the tail: a value larger than the largest one measured never comes.

    Args:
        values: the measurements, 0 or more, in any order.
        weights: how often each value comes, relative to the others (a histogram's counts). None: all alike.
    """

    values: Sequence[float]
    weights: Sequence[float] | None = None
    _cumulative: Values = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        values, weights = _checked(self.values, self.weights)
        order = np.argsort(values, kind="stable")
        cumulative = np.cumsum(weights[order])
        object.__setattr__(self, "values", tuple(values[order].tolist()))
        if self.weights is not None:
            object.__setattr__(self, "weights", tuple(weights[order].tolist()))
        object.__setattr__(self, "_cumulative", cumulative / cumulative[-1])

    @property
    def mean(self) -> float:
        return float(np.average(self.values, weights=self.weights))

    @property
    def cv(self) -> float:
        mean = self.mean
        variance = float(np.average((np.asarray(self.values) - mean) ** 2, weights=self.weights))
        return math.sqrt(variance) / mean if mean else 0.0

    def sample(self, rng: np.random.Generator, size: int) -> Values:
        chosen = np.searchsorted(self._cumulative, rng.random(size), side="right")
        return np.asarray(self.values, dtype=np.float64)[chosen]

    def percentile(self, q: float) -> float:
        """Return the smallest measured value that at least `q` percent do not exceed."""
        require_percent("q", q)
        rounding = 1e-12
        return self.values[int(np.searchsorted(self._cumulative, q / 100 - rounding))]


OWN = (Constant, Exponential, Uniform, Lognormal, Pareto, Empirical)
"""The kit's own distributions. Their constructors see to it that no value is negative."""


def _checked(values: Sequence[float], weights: Sequence[float] | None) -> tuple[Values, Values]:
    """Return values and weights as arrays of one length, or say what is wrong with them."""
    numbers = numbers_in("values", values, "at least one number")
    require_non_negative("the smallest of values", float(numbers.min()))
    require_non_negative("the largest of values", float(numbers.max()))
    shares = np.ones_like(numbers)
    if weights is not None:
        shares = numbers_in("weights", weights, f"one number for each of {numbers.size} values")
    if shares.shape != numbers.shape:
        refuse(ValueError, "weights", weights, f"a list of one number for each of {numbers.size} values")
    require_positive("the smallest of weights", float(shares.min()))
    require_positive("the sum of weights", float(shares.sum()))
    return numbers, shares


def as_distribution(value: float | Distribution, name: str = "value") -> Distribution:
    """Return a distribution as it is, and a plain number as `Constant`. `name` is used in messages.

    Raises:
        ValueError: when it is neither, or the number is negative or not finite.
    """
    if isinstance(value, Batched):  # a protocol takes long to look at
        return value  # type: ignore[return-value]
    if isinstance(value, Real):
        require_non_negative(name, value)  # type: ignore[arg-type]
        return Constant(float(value))
    if isinstance(value, Distribution) and not isinstance(value, type):
        return value
    refuse(ValueError, name, value, "a finite number, 0 or more, or a distribution")


def durations(
    distribution: Distribution, rng: np.random.Generator, name: str = "distribution"
) -> Callable[[], float]:
    """Return a function that gives a duration a call: a draw that cannot be one raises `ValueError`.

    The kit's own distributions give nothing else, so only others are looked at draw by draw.
    """
    draw = distribution.sampler(rng)
    return draw if type(distribution) in OWN else _looked_at(draw, distribution, name)


def _looked_at(draw: Callable[[], float], distribution: Distribution, name: str) -> Callable[[], float]:
    def duration() -> float:
        value = draw()
        try:
            require_non_negative(name, value)
        except ValueError as error:
            raise ValueError(f"{error}; it was drawn from {shown(distribution)}") from None
        return value

    return duration
