"""Bisection: the limit of a claim, seed by seed, to a tolerance of your choice.

With each seed the claim is tried at five points first, the ends among them. So a claim that holds everywhere, nowhere,
or here and there is found out. Then the piece in which it flips is halved until it is narrow enough: about nine runs a
seed. A line between two points of a grid would say less: where it crosses 0 depends on the grid.

>>> def spare_percent(seed, load_percent):
...     return 77 + seed - load_percent
>>> bisect(spare_percent, between=(50, 100), holds="up to", seeds=range(10))
<81 (77 to 85) over 10 seeds>
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import joblib

from archlab.course.claims.limit import Bracket, Holds, Limit, require_side
from archlab.course.quantity import require_figure
from archlab.sim.parallel import in_parallel
from archlab.sim.validation import require_positive

Margin = Callable[[int, float], float]
"""A function of a seed and of the value to vary, that runs an experiment. The claim holds where it is above 0."""

PROBES = 5
"""The points tried first, the ends among them: for one more run than bisection alone, a second flip is seen."""

FINENESS = 64
"""Where no tolerance is given, a limit is known to this part of the range."""

DUST = 1e-9
"""By so little may a width be above the tolerance: floats."""


def bisect(
    margin: Margin,
    between: tuple[float, float],
    holds: Holds,
    seeds: Iterable[int] = range(10),
    tolerance: float | None = None,
    whole: bool = False,
    log: bool = False,
) -> Limit:
    """Return the limit from which, or up to which (`holds`), `margin` is above 0.

    The seeds run side by side through `joblib`, as `archlab.sim.sweep` does, and the limit does not depend on how
    many at a time. Every value is tried with the same seeds. A percentile of a short run is low: let `margin` pool
    several runs, such as those with the seeds `10 * seed` to `10 * seed + 9`.

    Args:
        margin: takes a seed and a value (an int when `whole`). It must be a function that can be sent to another
            process.
        between: the smallest and the largest value to try. Where the claim holds in all of it, or nowhere, the limit
            of that seed is inf or -inf.
        tolerance: how wide the piece may be in which a limit is known to lie; with `log` as a share of its lower end.
            A 64th of the range when it is not given. Each further halving is one more run a seed.
        whole: try whole numbers alone, and return one.
        log: halve on a logarithmic scale, for ranges from 1 to 1,000.

    Raises:
        ValueError: when with some seed `margin` is NaN, or changes its sign more than once or in the other direction;
            or when a parameter is not allowed.
    """
    search = Search(between, holds, tolerance, whole, log)
    chosen = list(seeds)
    if not chosen or len(set(chosen)) != len(chosen):
        raise ValueError(f"seeds is {chosen}; it must be one or more different seeds")
    brackets = in_parallel(joblib.delayed(search.bracket)(margin, seed) for seed in chosen)
    return Limit(holds, brackets, whole, tried=(float(between[0]), float(between[1])))


@dataclass(frozen=True)
class Search:
    """Where and how finely to look for a limit. The parameters are those of `bisect`."""

    between: tuple[float, float]
    holds: Holds
    tolerance: float | None = None
    whole: bool = False
    log: bool = False

    def __post_init__(self) -> None:
        require_side(self.holds)
        low, high = self.between
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(f"between is {self.between!r}; it must be two finite numbers, the second larger")
        if self.log and low <= 0:
            raise ValueError(f"between is {self.between!r}; on a logarithmic scale it must be above 0")
        if self.whole and not (low == round(low) and high == round(high)):
            raise ValueError(f"between is {self.between!r}; with whole=True it must be two whole numbers")
        if self.tolerance is not None:
            require_positive("tolerance", self.tolerance)
        if self.tolerance is not None and self.whole:
            raise ValueError(
                f"tolerance is {self.tolerance!r}; with whole=True it must be left out, for it is 1"
            )

    def bracket(self, margin: Margin, seed: int) -> Bracket:
        """Return two values between which the limit lies with this seed; twice the same where it is known."""
        points = self._probes()
        held = [_holds(margin, seed, point) for point in points]
        self._require_one_flip(seed, points, held)
        if held[0] == held[-1]:
            beyond = math.inf if held[0] == (self.holds == "up to") else -math.inf
            return beyond, beyond
        flip = held.index(held[-1])
        below, above = points[flip - 1], points[flip]
        while self._width(below, above) > self._narrow * (1 + DUST):
            middle = self._on_the_way(below, above, 0.5)
            is_below = _holds(margin, seed, middle) == held[0]
            below, above = (middle, above) if is_below else (below, middle)
        return self._known(below, above)

    def _probes(self) -> list[float]:
        """The points to try first: different ones, in rising order, the ends among them."""
        low, high = self.between
        inner = (self._on_the_way(low, high, number / (PROBES - 1)) for number in range(1, PROBES - 1))
        ends = (round(low), round(high)) if self.whole else (low, high)
        return sorted({*ends, *inner})

    def _on_the_way(self, low: float, high: float, share: float) -> float:
        """The value at this share of the way from `low` to `high`. Half way between whole numbers lies another."""
        value = low * (high / low) ** share if self.log else low + share * (high - low)
        return round(value) if self.whole else value

    def _width(self, below: float, above: float) -> float:
        return above / below - 1 if self.log and not self.whole else above - below

    @property
    def _narrow(self) -> float:
        """The width at which to stop."""
        low, high = self.between
        if self.whole:
            return 1
        fine = (high / low) ** (1 / FINENESS) - 1 if self.log else (high - low) / FINENESS
        return fine if self.tolerance is None else self.tolerance

    def _known(self, below: float, above: float) -> Bracket:
        """Of whole numbers the limit is the last one that holds, or the first; else it is somewhere between."""
        if not self.whole:
            return below, above
        return (above, above) if self.holds == "from" else (below, below)

    def _require_one_flip(self, seed: int, points: Sequence[float], held: Sequence[bool]) -> None:
        flips = sum(one != other for one, other in pairwise(held))
        wrong_way = flips == 1 and held[0] != (self.holds == "up to")
        if flips > 1 or wrong_way:
            tried = ", ".join(
                f"{point:.4g}: {'holds' if h else 'not'}" for point, h in zip(points, held, strict=True)
            )
            raise ValueError(
                f"margin flips where no limit is, with seed {seed} ({tried}); it must flip once, and hold "
                f"{self.holds!r} its limit. Narrow `between`, or make the runs longer"
            )


def _holds(margin: Margin, seed: int, value: float) -> bool:
    spare = margin(seed, value)
    require_figure(f"margin with seed {seed} at {value:.4g}", spare)
    return bool(spare > 0)
