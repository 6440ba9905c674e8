"""Workload: when requests arrive, and what they ask for.

Each kind of arrivals knows its rate at any time, so that a picture can show what was offered beside what was served.

>>> import numpy as np
>>> day = Diurnal(mean_per_s=100, peak_to_mean=1.8)
>>> round(day.rate_at(6 * 3600), 6), round(day.rate_at(12 * 3600), 6)
(100.0, 180.0)
>>> times = Deterministic(rate_per_s=10).times(np.random.default_rng(1), start_s=0)
>>> [next(times), next(times)]
[0.1, 0.2]
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat

import numpy as np

from archlab.sim.distributions import BATCH
from archlab.sim.validation import (
    is_finite,
    numbers_in,
    refuse,
    require_non_negative,
    require_positive,
    shown,
)


class Arrivals(ABC):
    """When requests arrive: `rate_at` for the expected rate, `times` for the moments themselves."""

    @abstractmethod
    def rate_at(self, time_s: float) -> float:
        """The expected arrival rate at `time_s`, in requests per second."""

    @abstractmethod
    def times(self, rng: np.random.Generator, start_s: float) -> Iterator[float]:
        """The arrival times after `start_s`, in order, in seconds. It may be endless."""


def in_order(arrivals: Arrivals, rng: np.random.Generator, start_s: float) -> Iterator[float]:
    """The times of `arrivals`. One that is no number, or before the last one, raises `ValueError` when its turn comes.

    The kit's own arrivals are in order, so only others are looked at.
    """
    times = arrivals.times(rng, start_s)
    own = type(arrivals).times.__module__ == __name__
    return times if own else _looked_at(iter(times), arrivals, start_s)


def _looked_at(times: Iterator[float], arrivals: Arrivals, last_s: float) -> Iterator[float]:
    for time_s in times:
        try:
            is_next = last_s <= time_s < math.inf
        except TypeError:
            is_next = False
        if not is_next:
            allowed = f"a finite time, {last_s} or later: arrivals must be in order"
            refuse(ValueError, f"times of {shown(arrivals)}", time_s, allowed)
        yield time_s
        last_s = time_s


@dataclass(frozen=True)
class Poisson(Arrivals):
    """Independent customers: exponential gaps with the mean 1 / `rate_per_s`."""

    rate_per_s: float

    def __post_init__(self) -> None:
        require_positive("rate_per_s", self.rate_per_s)

    def rate_at(self, time_s: float) -> float:
        return self.rate_per_s

    def times(self, rng: np.random.Generator, start_s: float) -> Iterator[float]:
        return chain.from_iterable(self._batches(rng, start_s))

    def _batches(self, rng: np.random.Generator, start_s: float) -> Iterator[list[float]]:
        while True:
            batch = start_s + np.cumsum(rng.exponential(1 / self.rate_per_s, BATCH))
            yield batch.tolist()
            start_s = float(batch[-1])


@dataclass(frozen=True)
class Deterministic(Arrivals):
    """One request every 1 / `rate_per_s` seconds, as from a load generator. Kinder to a queue than real customers."""

    rate_per_s: float

    def __post_init__(self) -> None:
        require_positive("rate_per_s", self.rate_per_s)

    def rate_at(self, time_s: float) -> float:
        return self.rate_per_s

    def times(self, rng: np.random.Generator, start_s: float) -> Iterator[float]:
        number = 0
        while True:
            number += 1
            yield start_s + number / self.rate_per_s


class Varying(Arrivals):
    """Poisson arrivals whose rate changes with time, by thinning (Lewis and Shedler 1979).

    Candidates come at the highest rate; each is kept with the probability rate now / highest rate.
    """

    @property
    @abstractmethod
    def highest_per_s(self) -> float:
        """The highest rate that ever occurs, in requests per second."""

    def times(self, rng: np.random.Generator, start_s: float) -> Iterator[float]:
        highest = self.highest_per_s
        while True:
            candidates = start_s + np.cumsum(rng.exponential(1 / highest, BATCH))
            luck = rng.random(BATCH)
            for time_s, chance in zip(candidates.tolist(), luck.tolist(), strict=True):
                if chance * highest < self.rate_at(time_s):
                    yield time_s
            start_s = float(candidates[-1])


@dataclass(frozen=True)
class Bursts(Varying):
    """`base_per_s`, and `burst_per_s` for the first `burst_s` seconds of every `every_s` seconds."""

    base_per_s: float
    burst_per_s: float
    every_s: float
    burst_s: float

    def __post_init__(self) -> None:
        require_non_negative("base_per_s", self.base_per_s)
        require_positive("burst_per_s", self.burst_per_s)
        require_positive("every_s", self.every_s)
        require_positive("burst_s", self.burst_s)
        if self.burst_s > self.every_s:
            raise ValueError(
                f"burst_s is {self.burst_s}; it must be at most every_s, which is {self.every_s}"
            )

    @property
    def highest_per_s(self) -> float:
        return max(self.base_per_s, self.burst_per_s)

    def rate_at(self, time_s: float) -> float:
        return self.burst_per_s if time_s % self.every_s < self.burst_s else self.base_per_s


@dataclass(frozen=True)
class Diurnal(Varying):
    """A day as a sine wave: the mean at 6 and 18 o'clock, the peak at noon. Time 0 is midnight.

    `peak_to_mean` is from 1 (no swing) to 2 (nobody at midnight).
    """

    mean_per_s: float
    peak_to_mean: float
    day_s: float = 86_400

    def __post_init__(self) -> None:
        require_positive("mean_per_s", self.mean_per_s)
        require_positive("day_s", self.day_s)
        if not (is_finite(self.peak_to_mean) and 1 <= self.peak_to_mean <= 2):
            refuse(ValueError, "peak_to_mean", self.peak_to_mean, "between 1 and 2")

    @property
    def highest_per_s(self) -> float:
        return self.mean_per_s * self.peak_to_mean

    def rate_at(self, time_s: float) -> float:
        swing = self.peak_to_mean - 1
        return self.mean_per_s * (1 - swing * math.cos(2 * math.pi * time_s / self.day_s))


@dataclass(frozen=True)
class Ramp(Varying):
    """From `start_per_s` in a straight line to `end_per_s` over the first `over_s` seconds, then level."""

    start_per_s: float
    end_per_s: float
    over_s: float

    def __post_init__(self) -> None:
        require_non_negative("start_per_s", self.start_per_s)
        require_non_negative("end_per_s", self.end_per_s)
        require_positive("over_s", self.over_s)
        if self.highest_per_s == 0:
            raise ValueError("start_per_s and end_per_s are both 0; one must be above 0")

    @property
    def highest_per_s(self) -> float:
        return max(self.start_per_s, self.end_per_s)

    def rate_at(self, time_s: float) -> float:
        share = min(max(time_s / self.over_s, 0.0), 1.0)
        return self.start_per_s + share * (self.end_per_s - self.start_per_s)


@dataclass(frozen=True)
class Trace(Arrivals):
    """Arrivals at the recorded `times_s`, counted from the start of the load; each runs once."""

    times_s: Sequence[float]

    def __post_init__(self) -> None:
        times = numbers_in("times_s", self.times_s, "one or more finite numbers")
        if not np.isfinite(times).all():
            refuse(ValueError, "times_s", self.times_s, "a list of one or more finite numbers")
        if times[0] < 0 or (np.diff(times) < 0).any():
            refuse(
                ValueError, "times_s", self.times_s, "a list that starts at 0 or later and never goes back"
            )
        object.__setattr__(self, "times_s", tuple(times.tolist()))

    def rate_at(self, time_s: float) -> float:
        """The mean rate of the whole trace: a record has no rate at one moment."""
        length_s = self.times_s[-1]
        return len(self.times_s) / length_s if length_s > 0 else math.inf

    def times(self, rng: np.random.Generator, start_s: float) -> Iterator[float]:
        return (start_s + time_s for time_s in self.times_s)


@dataclass(frozen=True, init=False)
class Mix:
    """What is asked for: kinds of request with their shares. Weights need not add up to 1.

    >>> Mix(browse=80, place_order=20).shares
    {'browse': 0.8, 'place_order': 0.2}

    Raises `ValueError` when there is no kind, a weight is negative, or all are 0.
    """

    shares: dict[str, float] = field(default_factory=dict)

    def __init__(self, **weights: float) -> None:
        if not weights:
            raise ValueError("a mix needs at least one kind, such as Mix(browse=0.9, place_order=0.1)")
        for kind, weight in weights.items():
            require_non_negative(kind, weight)
        total = sum(weights.values())
        require_positive("the sum of the weights", total)
        object.__setattr__(self, "shares", {kind: weight / total for kind, weight in weights.items()})

    @classmethod
    def of(cls, mix: Mix | Mapping[str, float] | None) -> Mix:
        """A mix from weights by kind. None: every request is of the kind "request"."""
        if isinstance(mix, Mix):
            return mix
        weights = {"request": 1.0} if mix is None else mix
        are_weights = isinstance(weights, Mapping) and len(weights) > 0
        if not are_weights or not all(isinstance(kind, str) and kind for kind in weights):
            refuse(
                TypeError, "mix", mix, "a Mix or weights by kind, such as {'browse': 0.9, 'place_order': 0.1}"
            )
        return cls(**weights)

    def kinds(self, rng: np.random.Generator) -> Callable[[], str]:
        """A function that draws the kind of the next request."""
        if len(self.shares) == 1:
            return repeat(next(iter(self.shares))).__next__
        return self._draw(rng).__next__

    def _draw(self, rng: np.random.Generator) -> Iterator[str]:
        names = list(self.shares)
        bounds = np.cumsum(list(self.shares.values()))[:-1]
        while True:
            codes = np.searchsorted(bounds, rng.random(BATCH), side="right")
            yield from [names[code] for code in codes.tolist()]
