"""Confidence intervals: how far a simulated figure may be from the one you would get by running for ever.

A simulation's mean is one draw of luck. Run it with several seeds, or cut one long run into batches, and say
the interval instead. When the intervals of two designs overlap widely, you have not shown a difference.

>>> interval = mean_interval([10.2, 9.8, 10.5, 9.9, 10.1])
>>> print(f"{interval.mean:.2f} s, between {interval.low:.2f} and {interval.high:.2f}")
10.10 s, between 9.76 and 10.44
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit

from archlab.sim.validation import require_whole

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A figure with its confidence interval, from `low` to `high`, made from `n` observations.

    `confidence` 0.95 means: of many intervals made like this one, 95 % contain the true mean.
    """

    mean: float
    low: float
    high: float
    n: int
    confidence: float

    @property
    def half_width(self) -> float:
        """Half the distance from `low` to `high`: the "plus or minus"."""
        return (self.high - self.low) / 2

    def contains(self, value: float) -> bool:
        """Say whether `value` lies inside, both ends included."""
        return self.low <= value <= self.high


def mean_interval(values: Sequence[float] | Values, confidence: float = 0.95) -> Interval:
    """Return the mean of independent observations with its Student t interval.

    Use one value for each replication, never one for each request: requests of one run wait in the same
    queues, so they are not independent, and the interval would be far too narrow.

    Args:
        values: at least two finite numbers, independent of one another.
        confidence: between 0 and 1, both excluded.

    Raises:
        ValueError: when there are fewer than two values, one is not finite, or the confidence is not allowed.
    """
    sample = _finite(values, at_least=2)
    _require_confidence(confidence)
    mean = float(sample.mean())
    standard_error = float(sample.std(ddof=1)) / math.sqrt(sample.size)
    half_width = standard_error * float(stdtrit(sample.size - 1, (1 + confidence) / 2))
    return Interval(mean, mean - half_width, mean + half_width, int(sample.size), confidence)


def batch_means(values: Sequence[float] | Values, batches: int = 20) -> Values:
    """Cut one long run into `batches` pieces of equal length and return the mean of each, shape (batches,).

    When the number of values is no multiple of `batches`, the first few values are left out.

    Raises:
        ValueError: when there are fewer than two batches, or fewer values than batches.
    """
    require_whole("batches", batches, at_least=2)
    sample = _finite(values, at_least=batches)
    means: Values = sample[sample.size % batches :].reshape(batches, -1).mean(axis=1)
    return means


def batch_interval(values: Sequence[float] | Values, batches: int = 20, confidence: float = 0.95) -> Interval:
    """Return the mean of one long run with an interval by the method of batch means.

    Neighbours in a queue wait alike, but long batches hardly know of one another, so their means count as
    independent. Batches that are too short make the interval too narrow. Twenty batches are usual
    (A. M. Law, *Simulation Modeling and Analysis*, output analysis of a single system).

    Raises:
        ValueError: as `batch_means` and `mean_interval` do.
    """
    return mean_interval(batch_means(values, batches), confidence)


def proportion_interval(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Return a share of independent trials with its Wilson score interval (Wilson 1927).

    It stays within 0 and 1 and is honest when nothing, or everything, succeeded.

    Raises:
        ValueError: when there are fewer than two trials, or more successes than trials.
    """
    require_whole("trials", trials, at_least=2)
    require_whole("successes", successes, at_least=0)
    if successes > trials:
        raise ValueError(f"successes is {successes}; it must not be above trials, which is {trials}")
    _require_confidence(confidence)
    share, z2 = successes / trials, float(ndtri((1 + confidence) / 2)) ** 2 / trials
    centre = (share + z2 / 2) / (1 + z2)
    half_width = math.sqrt(z2 * share * (1 - share) + z2 * z2 / 4) / (1 + z2)
    low, high = max(0.0, centre - half_width), min(1.0, centre + half_width)
    return Interval(share, low, high, trials, confidence)


def _finite(values: Sequence[float] | Values, at_least: int) -> Values:
    """Return the values as an array, or say what is wrong with them."""
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1 or sample.size < at_least:
        raise ValueError(
            f"values has the shape {sample.shape}; it must be a list of {at_least} or more numbers"
        )
    if not np.isfinite(sample).all():
        raise ValueError("values holds a number that is not finite; every one must be")
    return sample


def _require_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence!r}; it must be above 0 and below 1")
