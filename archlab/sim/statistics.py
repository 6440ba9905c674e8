"""Confidence intervals: how far a simulated figure may be from the one you would get by running for ever.

A simulation's mean is one draw of luck. Run it with several seeds, or cut one long run into batches, and say
the interval instead. When the intervals of two designs overlap widely, you have not shown a difference.

A mean of means is right on average. A mean of percentiles is not: the p99 of a short run is low, since the rare bad
minutes are in few of the runs. Pool the requests of all runs first, with `pooled_percentile`.

>>> interval = mean_interval([10.2, 9.8, 10.5, 9.9, 10.1])
>>> print(f"{interval.mean:.2f} s, between {interval.low:.2f} and {interval.high:.2f}")
10.10 s, between 9.76 and 10.44
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from archlab.sim.validation import is_finite, numbers_in, refuse, require_percent, require_whole, shown

Values = npt.NDArray[np.float64]

ROUNDING = 1e-9
"""Parts of a place in the sorted values that do not matter: a percentage is seldom a round binary number."""


@dataclass(frozen=True)
class Interval:
    """A figure with its confidence interval, from `low` to `high`, made from `n` observations.

    The figure is `mean`: a mean, a share, or a percentile, whichever the function that made the interval says.
    `confidence` 0.95 means: of many intervals made like this one, 95 % contain the true figure.
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
    queues, so they are not independent, and the interval would be far too narrow. For percentiles of requests see
    `pooled_percentile`. Of means of an M/M/1 queue it contains the true one 92 to 95 times in 100 up to a load of 0.9,
    and 90 at 0.95 (six runs of 20,000 service times): the rare long runs of bad luck are missing from most samples.

    To compare two designs, give it the differences of their figures, seed by seed: the luck that both share falls out.

    Args:
        values: at least two finite numbers, independent of one another.
        confidence: between 0 and 1, both excluded.

    Raises:
        ValueError: when there are fewer than two values, one is not finite, or the confidence is not allowed.
    """
    from scipy.special import stdtrit  # SciPy is loaded when it is used: that takes a while

    sample = _finite(values, at_least=2)
    require_confidence(confidence)
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
    from scipy.special import ndtri

    require_whole("trials", trials, at_least=2)
    require_whole("successes", successes, at_least=0)
    if successes > trials:
        raise ValueError(f"successes is {successes}; it must not be above trials, which is {trials}")
    require_confidence(confidence)
    share, z2 = successes / trials, float(ndtri((1 + confidence) / 2)) ** 2 / trials
    centre = (share + z2 / 2) / (1 + z2)
    half_width = math.sqrt(z2 * share * (1 - share) + z2 * z2 / 4) / (1 + z2)
    low, high = max(0.0, centre - half_width), min(1.0, centre + half_width)
    return Interval(share, low, high, trials, confidence)


def percentile(values: Sequence[float] | Values, q: float) -> float:
    """Return the value that `q` percent of the values do not exceed, between two neighbours in a straight line.

    That is NumPy's rule, for values that may be plus infinity, too: between a finite and an infinite neighbour it is
    infinite.

    Raises:
        ValueError: when there is no value, or `q` is not between 0 and 100.
    """
    require_percent("q", q)
    sample = numbers_in("values", values, "one or more numbers")
    infinite = np.isposinf(sample)
    if not infinite.any():
        return float(np.percentile(sample, q))
    place, last_finite = (sample.size - 1) * (q / 100), sample.size - infinite.sum() - 1
    if place > last_finite + ROUNDING:
        return math.inf
    return float(np.percentile(np.where(infinite, sample[~infinite].max(), sample), q))


def pooled_percentile(runs: Sequence[Values], q: float, confidence: float = 0.95) -> Interval:
    """Return a percentile of the requests of all runs together, with an interval that treats runs as independent.

    Requests of one run wait in the same queues, so only the differences between whole runs say how far the percentile
    may be off. They are looked at in two ways, and the wider end counts on either side, because each alone is too
    narrow when few busy spells make the slow requests:

    - how much the *share* of requests above the percentile differs from run to run. It gives the number of independent
      requests that would be worth as much, the exact interval of the share for so many, and by the sorted
      requests the interval of the percentile (R. S. Woodruff, JASA 1952; E. L. Korn and B. I. Graubard, Survey
      Methodology 1998). It does not ask for a shape of the distribution, and values may be infinite.
    - how much the *percentile* of each run differs from that of all (sectioning: S. Asmussen and P. W. Glynn,
      Stochastic Simulation 2007), on a logarithmic scale, since slow requests are spread out by factors. Left out
      where a percentile is not positive and finite.

    How honest it is: in an M/M/1 queue, with 4 to 10 runs of 20,000 service times each, 91 to 96 of 100 intervals of
    95 % contain the true p95 and p99, up to a load of 0.9. The mean of each run's p99 with its Student t interval: 84
    to 94. A bootstrap of six whole runs: 80 for the p99 at 0.9. It is less where a few busy spells make all slow
    requests, and then the upper end is too low: 86 for the p99 at a load of 0.95, 85 at 0.9 with five runs of 5,000
    service times, 88 at 0.7 with service times of a coefficient of variation of 3 (six runs of 10,000 requests).
    `python run.py bench` measures it again.

    Args:
        runs: the values of each run, of two or more runs; runs may differ in length.
        q: above 0 and below 100.

    Raises:
        ValueError: when there are fewer than two runs, a run has no values or a NaN, or `q` or the confidence is not
            allowed.
    """
    if not isinstance(runs, Sequence) or isinstance(runs, str):
        refuse(ValueError, "runs", runs, "a list of the values of each run")
    samples = [_run(run) for run in runs]
    if len(samples) < 2:
        refuse(ValueError, "runs", runs, "a list of 2 or more runs")
    if not (is_finite(q) and 0 < q < 100):
        refuse(ValueError, "q", q, "above 0 and below 100")
    require_confidence(confidence)
    everything = np.concatenate(samples)
    figure = percentile(everything, q)
    shares = _interval_of_share(samples, figure, 1 - q / 100, confidence)
    by_share = [percentile(everything, 100 * (1 - share)) for share in shares]
    times = _spread(samples, q, figure, confidence)
    low, high = min(by_share[1], figure / times), max(by_share[0], figure * times)
    return Interval(figure, low, high, len(samples), confidence)


def _interval_of_share(
    runs: list[Values], figure: float, share: float, confidence: float
) -> tuple[float, float]:
    """Between which shares the true share of values above `figure` lies, when it should be `share`."""
    from scipy.special import betaincinv, stdtrit

    above = np.array([(run > figure).sum() for run in runs])
    sizes = np.array([run.size for run in runs])
    total, count = int(sizes.sum()), sizes.size
    off = above - above.sum() / total * sizes
    variance = (off**2).sum() * count / (count - 1) / total**2
    alike = share * (1 - share) / variance if variance > 0 else math.inf
    quantile = (1 + confidence) / 2
    alike *= float(stdtrit(total - 1, quantile) / stdtrit(count - 1, quantile)) ** 2
    worth = min(alike, float(total))
    seen = worth * share
    low = float(betaincinv(seen, worth - seen + 1, 1 - quantile))
    return low, float(betaincinv(seen + 1, worth - seen, quantile))


def _spread(runs: list[Values], q: float, figure: float, confidence: float) -> float:
    """The factor by which the percentile of all runs may be off, from how far those of the runs lie around it."""
    from scipy.special import stdtrit

    each = np.array([percentile(run, q) for run in runs] + [figure])
    if not (np.isfinite(each) & (each > 0)).all():
        return 1.0
    logs = np.log(each[:-1]) - np.log(figure)
    error = math.sqrt(float((logs**2).sum()) / (logs.size - 1) / logs.size)
    with np.errstate(over="ignore"):  # two runs that have nothing in common say nothing: any factor will do
        return float(np.exp(error * stdtrit(logs.size - 1, (1 + confidence) / 2)))


def _run(values: Sequence[float] | Values) -> Values:
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1 or not sample.size or np.isnan(sample).any():
        raise ValueError(
            f"runs holds {shown(values)}; every run must be a list of one or more numbers without NaN"
        )
    return sample


def _finite(values: Sequence[float] | Values, at_least: int) -> Values:
    """Return the values as an array, or say what is wrong with them."""
    sample = numbers_in("values", values, f"{at_least} or more numbers")
    if sample.size < at_least:
        refuse(ValueError, "values", values, f"a list of {at_least} or more numbers")
    if not np.isfinite(sample).all():
        raise ValueError("values holds a number that is not finite; every one must be")
    return sample


def require_confidence(confidence: float) -> None:
    """Raise `ValueError` unless `confidence` is between 0 and 1, both excluded."""
    if not (is_finite(confidence) and 0 < confidence < 1):
        refuse(ValueError, "confidence", confidence, "above 0 and below 1")
