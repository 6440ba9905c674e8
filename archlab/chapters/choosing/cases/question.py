"""Questions: what is asked of a model of a published case, and what is put into it.

A model has three kinds of numbers. *Published* ones are put in. *Guesses* are ours, with a reason: each is also tried
at other values, halved and doubled unless it says otherwise. The *unknown* is the one number that decides and that
nobody published with the case. It is never set, since it could be set so that the right answer comes out.

>>> unknown = Unknown("load", "the load", between=(1, 100), holds="up to")
>>> question = Question(lambda seed, load, half: 20 / half - load, unknown, (Guess("half", "a guess", 0.5, "why"),))
>>> round(float(question.limit())), round(float(question.limit(half=1.0)))
(40, 20)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from math import inf, isfinite, nan

from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Holds, Limit
from archlab.sim.validation import require_number, require_text

Margin = Callable[..., float]
"""margin(seed, **values): above 0 where the model says what was published. Values: the unknown's, and each guess's."""
FACTOR = 2.0
FINE = 0.0005
"""To this part of itself a limit is known where no luck is in it."""
FARTHEST = 64.0
"""A guess is moved by this factor at most, to see whether the answer flips."""


@dataclass(frozen=True)
class Guess:
    """A number of ours: its name in the margin, what it is in words, its usual value, and the reason for it.

    `tried`: the other values; None: half and twice the usual one. `most`: it cannot be larger than that.
    """

    name: str
    words: str
    usual: float
    reason: str
    tried: tuple[float, float] | None = None
    most: float = inf

    def __post_init__(self) -> None:
        require_number("usual", self.usual)
        require_text("reason", self.reason)

    @property
    def values(self) -> tuple[float, float]:
        """The other values that are tried."""
        return self.tried or (self.usual / FACTOR, min(self.usual * FACTOR, self.most))


@dataclass(frozen=True)
class Unknown:
    """The number that decides and was not published with the case.

    `between`: the least and the most it could be. `holds`: on which side of its limit the model says what was
    published. `seen`: the least and the most that was published elsewhere, if anything was.
    """

    name: str
    words: str
    between: tuple[float, float]
    holds: Holds
    unit: str = ""
    whole: bool = False
    log: bool = True
    seen: tuple[float, float] | None = None


@dataclass(frozen=True)
class Question:
    """What is asked of a model.

    `seeds`: one is enough for a model without luck. `few`: so many of them for other values of the guesses. `fine`:
    to which part of itself limits are looked for.
    """

    margin: Margin
    unknown: Unknown
    guesses: tuple[Guess, ...]
    seeds: tuple[int, ...] = (0,)
    few: int = 3
    fine: float = FINE

    @property
    def usual(self) -> dict[str, float]:
        """Each guess at its usual value."""
        return {guess.name: guess.usual for guess in self.guesses}

    def limit(self, seeds: Iterable[int] | None = None, **changed: float) -> Limit:
        """Return the limit of the unknown, with the guesses at their usual values but for those `changed`."""
        known = self.usual | changed
        unknown = self.unknown
        at = partial(_margin_at, margin=self.margin, name=unknown.name, known=known)
        tolerance = None if unknown.whole else self.fine * (1.0 if unknown.log else unknown.between[1])
        chosen = self.seeds if seeds is None else seeds
        return bisect(at, unknown.between, unknown.holds, chosen, tolerance, unknown.whole, unknown.log)

    def rough(self, **changed: float) -> Limit:
        """The same with few seeds."""
        return self.limit(self.seeds[: self.few], **changed)

    def no_at(self, guess: Guess) -> float:
        """Return the nearest value of a guess at which the answer turns to "no", or back; inf when none does.

        There the unknown does it no more, even where that is easiest. NaN: not looked for, since luck is in it.
        """
        return self._turn(guess, self._ends()[0])

    def yes_at(self, guess: Guess) -> float:
        """Return the nearest value of a guess at which the answer turns to "yes", or back; inf when none does.

        There the unknown does it even where that is hardest.
        """
        return self._turn(guess, self._ends()[1])

    def _ends(self) -> tuple[float, float]:
        """The easiest and the hardest value that the unknown could have, of those seen if there are any."""
        low, high = self.unknown.seen or self.unknown.between
        return (high, low) if self.unknown.holds == "from" else (low, high)

    def _turn(self, guess: Guess, at: float) -> float:
        if len(self.seeds) > 1 or guess.usual <= 0:
            return nan
        spare = partial(_spare, question=self, guess=guess, at=at)
        is_above = spare(self.seeds[0], guess.usual) > 0
        ends = (guess.usual / FARTHEST, min(guess.usual * FARTHEST, guess.most))
        found = [_between(spare, self, guess.usual, end, is_above) for end in ends]
        turns = [value for value in found if isfinite(value)]
        return min(turns, key=lambda value: max(value / guess.usual, guess.usual / value), default=inf)


def _margin_at(seed: int, value: float, margin: Margin, name: str, known: Mapping[str, float]) -> float:
    return margin(seed, **{name: value}, **known)


def _spare(seed: int, value: float, question: Question, guess: Guess, at: float) -> float:
    known = question.usual | {guess.name: value}
    return _margin_at(seed, at, question.margin, question.unknown.name, known)


def _between(spare: Margin, question: Question, usual: float, end: float, is_above: bool) -> float:
    """The flip between the usual value and an end, if there is one."""
    low, high = sorted((usual, end))
    if low == high:
        return inf
    side: Holds = "up to" if is_above == (end == high) else "from"
    return float(bisect(spare, (low, high), side, question.seeds[: question.few], question.fine, log=True))
