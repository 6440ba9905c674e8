"""Scalability: what more processors, workers or users do to throughput.

Amdahl's law (1967): the part of the work that only one can do at a time sets the limit. The Universal
Scalability Law (N. J. Gunther, *Guerrilla Capacity Planning*, Springer 2007) adds the work that every pair
does to agree with each other. It grows with the square of their number: beyond a peak, more gives less.

>>> fit = fit_usl([1, 2, 4, 8, 16, 32], [95.0, 180.0, 325.0, 540.0, 705.0, 650.0])
>>> round(fit.peak_n), fit.r_squared > 0.99
(19, True)
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from archlab.sim.validation import (
    numbers_in,
    refuse,
    require_fraction,
    require_non_negative,
    require_positive,
    shown,
)

Values = npt.NDArray[np.float64]
Count = float | Sequence[float] | Values
"""A number of processors, workers or users, or an array of such numbers; 1 or more each."""


@dataclass(frozen=True)
class UslFit:
    """The Universal Scalability Law fitted to measurements.

    Attributes:
        alpha: contention, the share of the work that only one can do at a time.
        beta: coherency, the cost of each pair's agreement, as a share of one's work.
        gamma: throughput of one alone, in the unit of the measurements.
        r_squared: share of the measurements' variance that the curve explains, at most 1.
    """

    alpha: float
    beta: float
    gamma: float
    r_squared: float

    @property
    def peak_n(self) -> float:
        """The number at which throughput is largest; `inf` when it never falls."""
        return usl_peak(self.alpha, self.beta)

    @property
    def peak_throughput(self) -> float:
        """The largest throughput the curve reaches, or comes near to when it never falls."""
        if math.isinf(self.peak_n):
            return self.gamma / self.alpha if self.alpha > 0 else math.inf
        return float(self.throughput(self.peak_n))

    def throughput(self, n: Count) -> Values:
        """Return the fitted throughput at `n`; same shape as `n`."""
        return usl(n, self.alpha, self.beta, self.gamma)


def amdahl(n: Count, serial_fraction: float) -> Values:
    """Return the speed-up by `n` processors, by Amdahl's law; same shape as `n`.

    Raises:
        ValueError: when `n` is below 1 or `serial_fraction` is not between 0 and 1.
    """
    require_fraction("serial_fraction", serial_fraction)
    return usl(n, alpha=serial_fraction, beta=0.0)


def usl(n: Count, alpha: float, beta: float, gamma: float = 1.0) -> Values:
    """Return the throughput of `n`: gamma n / (1 + alpha (n - 1) + beta n (n - 1)); same shape as `n`.

    Raises:
        ValueError: when `n` is below 1, `alpha` or `beta` is negative, or `gamma` is not above 0.
    """
    require_non_negative("alpha", alpha)
    require_non_negative("beta", beta)
    require_positive("gamma", gamma)
    return _usl(_counts(n), alpha, beta, gamma)


def usl_peak(alpha: float, beta: float) -> float:
    """Return the number at which throughput is largest: sqrt((1 - alpha) / beta), but never below 1.

    Without coherency cost (`beta` 0) throughput never falls and the answer is `inf`.

    Raises:
        ValueError: when `alpha` is not between 0 and 1 or `beta` is negative.
    """
    require_fraction("alpha", alpha)
    require_non_negative("beta", beta)
    return math.inf if beta == 0 else max(1.0, math.sqrt((1 - alpha) / beta))


def fit_usl(n: Sequence[float] | Values, throughput: Sequence[float] | Values) -> UslFit:
    """Return the law's parameters that fit the measurements best, by least squares.

    `alpha` is kept between 0 and 1, `beta` and `gamma` at 0 or more.

    Args:
        n: at least four different numbers of processors, workers or users: three parameters pass through any
            three points, which would show nothing.
        throughput: the throughput measured at each, above 0, in any unit.

    Raises:
        ValueError: when the two differ in length, there are too few points, or a value is not allowed.
    """
    from scipy.optimize import curve_fit  # SciPy is loaded when it is used: that takes a while

    counts, measured = _measurements(n, throughput)
    guess = (0.01, 0.0001, float((measured / counts).max()))
    limits = ((0.0, 0.0, 0.0), (1.0, np.inf, np.inf))
    best, _ = curve_fit(
        _usl,
        counts,
        measured,
        p0=guess,
        bounds=limits,
        x_scale=(0.01, 0.0001, guess[2]),
        xtol=1e-14,
        ftol=1e-14,
    )
    alpha, beta, gamma = best.tolist()
    residual = float(((measured - _usl(counts, alpha, beta, gamma)) ** 2).sum())
    spread = float(((measured - measured.mean()) ** 2).sum())
    return UslFit(alpha, beta, gamma, 1 - residual / spread)


def _usl(n: Values, alpha: float, beta: float, gamma: float) -> Values:
    return gamma * n / (1 + alpha * (n - 1) + beta * n * (n - 1))


def _counts(n: Count) -> Values:
    try:
        counts = np.asarray(n, dtype=np.float64)
    except (TypeError, ValueError):
        counts = np.empty(0)
    if not counts.size or not (np.isfinite(counts) & (counts >= 1)).all():
        raise ValueError(f"n is {shown(n)}; every number in it must be finite, 1 or more")
    return counts


def _measurements(n: Count, throughput: Count) -> tuple[Values, Values]:
    """Return both as arrays, or say what is wrong with them."""
    counts, measured = _counts(n), numbers_in("throughput", throughput, "one number for each in n")
    if counts.ndim != 1:
        refuse(ValueError, "n", n, "a list of numbers")
    if counts.shape != measured.shape:
        raise ValueError(
            f"throughput is {shown(throughput)}; it must have one number for each in n, {shown(n)}"
        )
    if not (np.isfinite(measured) & (measured > 0)).all():
        raise ValueError(f"throughput is {throughput!r}; every number in it must be finite and above 0")
    if np.unique(counts).size < 4:
        raise ValueError(f"n is {n!r}; it must hold at least four different numbers")
    return counts, measured
