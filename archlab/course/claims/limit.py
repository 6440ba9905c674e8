"""Limits: the value from which, or up to which, a claim holds, with one value a seed.

Find one with `archlab.course.claims.bisect`, or make it from the limits of your seeds.

>>> limit = Limit("up to", [2.4, 1.9, 2.1, 2.0, 2.2, 2.1, 2.3, 1.9, 2.1, 2.0])
>>> print(limit, "and with another seed", limit.per_seed[0])
2.1 (1.9 to 2.3) and with another seed 2.4
>>> print(Limit("from", [4, 5, 4, 4, 4, 5, 4, 5, 4, 4], whole=True))
4 (4 to 5)
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any, Literal, Self, get_args

from archlab.course.claims.over_seeds import OverSeeds, ends_of_median, middle, require_values
from archlab.course.quantity import beyond

Holds = Literal["from", "up to"]
"""On which side of its limit a claim holds."""

Bracket = tuple[float, float]
"""Two values between which a limit lies."""


class Limit(OverSeeds):
    """A limit with one value a seed. inf: above all that was tried with this seed; -inf: below all.

    Args:
        holds: on which side the claim holds.
        per_seed: for each seed its limit, or the two values between which it lies. These widen the interval: what was
            not measured more finely is not known.
        tried: the least and the most that was tried, for the words of an infinite limit; None: not known.
        whole: whether only whole numbers make sense, as for clones and teams. Then the limit itself still holds, and
            of two in the middle it is the more careful one.

    Raises:
        ValueError: when there is no value, one is NaN, one is not whole where it must be, or `holds` is something else.
    """

    holds: Holds
    brackets: tuple[Bracket, ...]
    whole: bool
    tried: Bracket | None

    def __new__(
        cls,
        holds: Holds,
        per_seed: Iterable[float | Bracket],
        whole: bool = False,
        tried: Bracket | None = None,
    ) -> Self:
        require_side(holds)
        brackets = tuple(_bracket(value) for value in per_seed)
        values = tuple(middle(bracket) for bracket in brackets)
        require_values(values)
        if whole:
            _require_whole(values)
        limit = float.__new__(cls, _careful(holds, values) if whole else middle(values))
        limit.per_seed, limit.holds, limit.brackets, limit.whole = values, holds, brackets, whole
        limit.tried = tried
        return limit

    def __getnewargs__(self) -> tuple[Any, ...]:
        return self.holds, self.brackets, self.whole, self.tried

    def __format__(self, spec: str) -> str:
        """As a number is, but words for an infinite one: "Up to more than 6 teams"."""
        return beyond(self, self.tried) if math.isinf(self) and spec else super().__format__(spec)

    @property
    def low(self) -> float:
        return ends_of_median([below for below, _ in self.brackets])[0]

    @property
    def high(self) -> float:
        return ends_of_median([above for _, above in self.brackets])[1]


def require_side(holds: str) -> None:
    """Raise `ValueError` unless `holds` says on which side of its limit a claim holds."""
    if holds not in get_args(Holds):
        raise ValueError(f"holds is {holds!r}; it must be one of {', '.join(get_args(Holds))}")


def _bracket(value: float | Bracket) -> Bracket:
    below, above = value if isinstance(value, tuple) else (value, value)
    return float(below), float(above)


def _careful(holds: Holds, values: Sequence[float]) -> float:
    """Return the middle value; of two in the middle the one that claims less."""
    n = len(values)
    return sorted(values)[n // 2 if holds == "from" else (n - 1) // 2]


def _require_whole(values: Sequence[float]) -> None:
    for value in values:
        if math.isfinite(value) and value != round(value):
            raise ValueError(f"per_seed has {value!r}; with whole=True it must hold whole numbers alone")
