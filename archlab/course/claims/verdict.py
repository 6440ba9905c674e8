"""Verdicts: what the figures of an experiment say about a claim. They are computed, never typed.

>>> holds_if(15.4 > 1.1 * 12.3).words
'Holds'
>>> holds_up_to(Limit("up to", [6, 5, 6, 6, 5, 6, 6, 7, 6, 6], whole=True), "teams").words
'Holds when: up to about 6 (5 to 6) teams'
>>> largest = Assumption("the largest database", usual=2, flips_at=4, unit="cores")
>>> holds_from(1.9, "USD an hour", decided_by=largest).words
'Holds when: from 1.9 USD an hour, with the largest database at most 4 cores (here 2)'
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.limit import Holds, Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.quantity import about

ENOUGH_SEEDS = 10
"""A verdict counts as stable when so many seeds, at least, give the same."""


class Outcome(StrEnum):
    """The ways a claim can come out, and the words for them."""

    HOLDS = "Holds"
    HOLDS_WHEN = "Holds when"
    DOES_NOT_HOLD = "Does not hold"
    CANNOT_BE_SHOWN = "Cannot be shown here"
    BY_LUCK = "Depends on luck"


SYMBOLS = {
    Outcome.HOLDS: "✔",
    Outcome.HOLDS_WHEN: "◐",
    Outcome.DOES_NOT_HOLD: "✘",
    Outcome.CANNOT_BE_SHOWN: "○",
    Outcome.BY_LUCK: "⚄",
}

WHY = {Outcome.BY_LUCK: " (run again with other chances, it comes out otherwise)"}

NEEDS_DETAIL = (Outcome.HOLDS_WHEN, Outcome.CANNOT_BE_SHOWN, Outcome.BY_LUCK)


@dataclass(frozen=True)
class Verdict:
    """What came out. Make it with the functions below.

    Attributes:
        outcome: one of the five. "Depends on luck" when seeds differ: then the experiment is too short, the range too
            narrow, or the claim's limit lies just there. No chapter is finished with one.
        detail: for "holds when" the condition, for "cannot be shown here" the reason, for "depends on luck" what the
            seeds say; else what decides, or empty.
        flips_at: the measured number at which "holds when" turns into "does not hold"; None for the others.
        seeds: how many seeds gave this outcome, each by itself; None when the figures do not say.

    Raises:
        ValueError: when "holds when" has no finite `flips_at`, or a detail is missing.
    """

    outcome: Outcome
    detail: str = ""
    flips_at: float | None = None
    seeds: int | None = None

    def __post_init__(self) -> None:
        conditional = self.outcome is Outcome.HOLDS_WHEN
        if conditional != (self.flips_at is not None and math.isfinite(self.flips_at)):
            raise ValueError(f"flips_at is {self.flips_at!r}; it must be finite for 'holds when', else None")
        if self.outcome in NEEDS_DETAIL and not self.detail.strip():
            raise ValueError(
                f"detail is {self.detail!r}; it must say the condition, the reason or what differs"
            )

    @property
    def symbol(self) -> str:
        return SYMBOLS[self.outcome]

    @property
    def words(self) -> str:
        """The verdict in words, with its condition or reason."""
        if self.outcome is Outcome.HOLDS_WHEN and self.detail.startswith("when "):
            return f"{Outcome.HOLDS} {self.detail}"
        return (
            f"{self.outcome}{WHY.get(self.outcome, '')}: {self.detail}" if self.detail else str(self.outcome)
        )

    @property
    def is_stable(self) -> bool:
        """Whether `ENOUGH_SEEDS` seeds, each by itself, gave this outcome."""
        return self.outcome is not Outcome.BY_LUCK and (self.seeds or 0) >= ENOUGH_SEEDS


def holds_if(condition: bool, decided_by: Assumption | None = None) -> Verdict:
    """Return "holds" when the condition is true, else "does not hold".

    With `decided_by` "holds" becomes "holds when", with the value at which the assumption flips it, and "does not hold"
    says what would make it hold.
    """
    outcome = Outcome.HOLDS if condition else Outcome.DOES_NOT_HOLD
    if decided_by is None:
        return Verdict(outcome)
    detail = decided_by.words(bool(condition))
    if condition and decided_by.decides:
        return Verdict(Outcome.HOLDS_WHEN, detail, decided_by.flips_at)
    return Verdict(outcome, detail)


def holds_up_to(limit: float, unit: str, decided_by: Assumption | None = None) -> Verdict:
    """Return "holds when: up to `limit`"; "holds" when the limit is inf, "does not hold" when it is -inf.

    A `Limit` is written with its interval; when its seeds do not agree whether there is one, the verdict "depends on
    luck". The words of `decided_by` follow.

    Raises:
        ValueError: when `limit` is a `Limit` from which on a claim holds.
    """
    return _holds_beside("up to", limit, unit, decided_by)


def holds_from(limit: float, unit: str, decided_by: Assumption | None = None) -> Verdict:
    """Return "holds when: from `limit`"; "holds" when the limit is -inf, "does not hold" when it is inf.

    As `holds_up_to`, the other way round.
    """
    return _holds_beside("from", limit, unit, decided_by)


def _holds_beside(side: Holds, limit: float, unit: str, decided_by: Assumption | None) -> Verdict:
    if isinstance(limit, Limit) and limit.holds != side:
        raise ValueError(
            f"limit is one that holds {limit.holds!r} its value; it must be one that holds {side!r} it"
        )
    if isinstance(limit, OverSeeds):
        each = [_holds_beside(side, value, unit, decided_by) for value in limit.per_seed]
        return agreed(_beside(side, limit, unit, decided_by), each)
    return _beside(side, limit, unit, decided_by)


def _beside(side: Holds, limit: float, unit: str, decided_by: Assumption | None) -> Verdict:
    if math.isinf(limit):
        return holds_if((limit > 0) == (side == "up to"), decided_by)
    conditions = [f"{side} {about(limit)} {unit}", *([decided_by.words(True)] if decided_by else [])]
    return Verdict(Outcome.HOLDS_WHEN, ", ".join(conditions), limit)


def cannot_be_shown(reason: str) -> Verdict:
    """Return "cannot be shown here", with the reason."""
    return Verdict(Outcome.CANNOT_BE_SHOWN, reason)


def all_of(*verdicts: Verdict) -> Verdict:
    """Return "holds when A and B", with the `flips_at` of A; "holds" when all do.

    One that does not hold, cannot be shown or depends on luck decides, in this order.
    """
    for outcome in (Outcome.DOES_NOT_HOLD, Outcome.CANNOT_BE_SHOWN, Outcome.BY_LUCK):
        for verdict in verdicts:
            if verdict.outcome is outcome:
                return verdict
    conditions = [verdict for verdict in verdicts if verdict.outcome is Outcome.HOLDS_WHEN]
    if not conditions:
        return holds_if(True)
    detail = ", and ".join(verdict.detail for verdict in conditions)
    return Verdict(Outcome.HOLDS_WHEN, detail, conditions[0].flips_at, conditions[0].seeds)


def agreed(verdict: Verdict, each: Sequence[Verdict]) -> Verdict:
    """Return `verdict`, made from all seeds together, with the number of seeds when `each` of them comes out alike.

    Else "depends on luck", and what they say.
    """
    counts = Counter(one.outcome for one in each)
    if set(counts) == {verdict.outcome}:
        return replace(verdict, seeds=len(each))
    if len(counts) == 1:
        return replace(each[0], seeds=len(each))
    said = [f"{outcome.lower()!r} with {count}" for outcome, count in counts.most_common()]
    said[0] += f" of {len(each)} seeds"
    return Verdict(Outcome.BY_LUCK, ", ".join(said), seeds=len(each))


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
