"""Verdicts: what the figures of an experiment say about a claim. They are computed, never typed.

>>> holds_if(15.4 > 1.1 * 12.3).words
'Holds'
>>> holds_up_to(last_holding([1, 2, 4, 8], [3.0, 2.0, 1.0, -1.0]), "teams").words
'Holds when: up to 6 teams'
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from archlab.course.quantity import number


class Outcome(StrEnum):
    """The four ways a claim can come out, and the words for them."""

    HOLDS = "Holds"
    HOLDS_WHEN = "Holds when"
    DOES_NOT_HOLD = "Does not hold"
    CANNOT_BE_SHOWN = "Cannot be shown here"


SYMBOLS = {
    Outcome.HOLDS: "✔",
    Outcome.HOLDS_WHEN: "◐",
    Outcome.DOES_NOT_HOLD: "✘",
    Outcome.CANNOT_BE_SHOWN: "○",
}


@dataclass(frozen=True)
class Verdict:
    """What came out. Make it with the functions below.

    Attributes:
        outcome: one of the four.
        detail: for "holds when" the condition, for "cannot be shown here" the reason, else empty.
        flips_at: the measured number at which "holds when" turns into "does not hold"; None for the others.

    Raises:
        ValueError: when "holds when" has no finite `flips_at`, or the detail does not fit the outcome.
    """

    outcome: Outcome
    detail: str = ""
    flips_at: float | None = None

    def __post_init__(self) -> None:
        conditional = self.outcome is Outcome.HOLDS_WHEN
        if conditional != (self.flips_at is not None and math.isfinite(self.flips_at)):
            raise ValueError(f"flips_at is {self.flips_at!r}; it must be finite for 'holds when', else None")
        if bool(self.detail.strip()) != (conditional or self.outcome is Outcome.CANNOT_BE_SHOWN):
            raise ValueError(
                f"detail is {self.detail!r}; it must say the condition or the reason, where there is one"
            )

    @property
    def symbol(self) -> str:
        return SYMBOLS[self.outcome]

    @property
    def words(self) -> str:
        """The verdict in words, with its condition or reason."""
        return f"{self.outcome}: {self.detail}" if self.detail else str(self.outcome)


def holds_if(condition: bool) -> Verdict:
    """Return "holds" when the condition is true, else "does not hold"."""
    return Verdict(Outcome.HOLDS if condition else Outcome.DOES_NOT_HOLD)


def holds_up_to(limit: float, unit: str) -> Verdict:
    """Return "holds when: up to `limit`"; "holds" when the limit is inf, "does not hold" when it is -inf."""
    if math.isinf(limit):
        return holds_if(limit > 0)
    return Verdict(Outcome.HOLDS_WHEN, f"up to {number(limit)} {unit}", limit)


def holds_from(limit: float, unit: str) -> Verdict:
    """Return "holds when: from `limit`"; "holds" when the limit is -inf, "does not hold" when it is inf."""
    if math.isinf(limit):
        return holds_if(limit < 0)
    return Verdict(Outcome.HOLDS_WHEN, f"from {number(limit)} {unit}", limit)


def cannot_be_shown(reason: str) -> Verdict:
    """Return "cannot be shown here", with the reason."""
    return Verdict(Outcome.CANNOT_BE_SHOWN, reason)


def last_holding(x: Sequence[float], margin: Sequence[float]) -> float:
    """Return the x up to which a claim holds: where `margin` falls through 0, between the points tried.

    `x` rises; the claim holds where `margin` is above 0. The crossing is on the straight line between two
    points. inf when it holds at every point, -inf when at none.

    Raises:
        ValueError: when `x` does not rise, the lengths differ or a value is NaN, or the claim holds again
            further on.
    """
    return -first_holding([-value for value in reversed(x)], list(reversed(margin)))


def first_holding(x: Sequence[float], margin: Sequence[float]) -> float:
    """Return the x from which on a claim holds: where `margin` rises through 0.

    As `last_holding`, the other way round: -inf when it holds at every point, inf when at none.
    """
    points, margins = np.asarray(x, dtype=float), np.asarray(margin, dtype=float)
    _require_curve(points, margins)
    holds = margins > 0
    if holds.all() or not holds.any():
        return -math.inf if holds.all() else math.inf
    first = int(np.argmax(holds))
    if first == 0 or not holds[first:].all():
        raise ValueError(
            f"margin is {list(margins)}; it must change its sign once, and in the direction asked for"
        )
    return float(np.interp(0.0, margins[first - 1 : first + 1], points[first - 1 : first + 1]))


def _require_curve(x: np.ndarray, margin: np.ndarray) -> None:
    if len(x) != len(margin) or len(x) == 0 or np.isnan([*x, *margin]).any():
        raise ValueError(
            f"x and margin have {len(x)} and {len(margin)} values; they must be as many, and no NaN"
        )
    if (np.diff(x) <= 0).any():
        raise ValueError("x does not rise; it must, from point to point")
