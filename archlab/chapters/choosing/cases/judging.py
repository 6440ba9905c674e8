"""Judging: would a model have foretold what somebody published, and under which condition?

The verdict is a condition on the unknown of a `Question`, and where others published it elsewhere (`seen`), whether
that meets the condition. The rule, from the limit of the unknown up to which, or from which, the model says what was
published:

- "no" when there is no such value, or when none of those seen is on the right side;
- "yes" when all values are, or all that were seen, with every guess at every value tried;
- "yes, when" otherwise, with the limit;
- "not testable here" when seeds do not agree whether there is a limit, or nothing published can be compared.

>>> from archlab.chapters.choosing.cases.question import Guess, Question, Unknown
>>> unknown = Unknown("load", "the load", between=(1, 100), holds="up to")
>>> guess = Guess("half", "a guess", 0.5, "why")
>>> judge(Question(lambda seed, load, half: 20 / half - load, unknown, (guess,))).words
'Yes, when the load is at most 40'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape
from itertools import product
from math import inf, isinf

import pandas as pd

from archlab.chapters.choosing.cases.question import Guess, Question, Unknown
from archlab.course.claims.limit import Limit
from archlab.course.claims.settled import CARD, shown
from archlab.course.quantity import about, number
from archlab.sim.validation import require_text


class Foretold(StrEnum):
    """The answers."""

    YES = "yes"
    NO = "no"
    WHEN = "yes, when"
    NOT_TESTABLE = "not testable here"


@dataclass(frozen=True, eq=False, repr=False)
class Judgement:
    """A verdict: whether the model would have foretold it. A notebook shows it in words.

    Attributes:
        foretold: one of the four.
        condition: on the unknown, in words; or the reason why it is not testable.
        limit: of the unknown; None where nothing was asked.
        together: the smallest and the largest limit over all combinations of the guesses' other values.
        sensitivity: a row a guess: `guess`, `usual`, `low`, `high`, `limit_at_low`, `limit_at_high`, `times` (the
            largest of the limits over the smallest), `no_at` and `yes_at` as of `Question`, `reason`.
    """

    foretold: Foretold
    condition: str
    limit: Limit | None = None
    together: tuple[float, float] | None = None
    sensitivity: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def words(self) -> str:
        """The verdict in a sentence."""
        join = " " if self.foretold is Foretold.WHEN else ": "
        return f"{self.foretold.capitalize()}{join}{self.condition}"

    @property
    def decides(self) -> str:
        """The guess that moves the limit most, in words."""
        if len(self.sensitivity) == 0:
            is_open = self.foretold is Foretold.NOT_TESTABLE
            return "nothing published to compare with" if is_open else "no guess of ours"
        return str(self.sensitivity.sort_values("times", ascending=False, kind="stable").guess.iloc[0])

    def __repr__(self) -> str:
        return f"Foretold? {self.words}\nWhat decides: {self.decides}"

    def _repr_html_(self) -> str:
        return (
            f'<div role="group" aria-label="{escape(f"Foretold? {self.foretold.capitalize()}")}" style="{CARD}">'
            f"<p><em>Foretold?</em> <strong>{shown(self.words)}</strong></p>"
            f"<p><em>What decides:</em> {shown(self.decides)}</p></div>"
        )


def not_testable(reason: str) -> Judgement:
    """Return "not testable here". Raises `ValueError` without a reason."""
    require_text("reason", reason)
    return Judgement(Foretold.NOT_TESTABLE, reason)


def judge(question: Question) -> Judgement:
    """Apply the rule of this module to a question."""
    limit = question.limit()
    rows = [_moved(question, guess) for guess in question.guesses]
    table = pd.DataFrame(rows)
    corners = [
        float(question.rough(**dict(zip(question.usual, values, strict=True))))
        for values in product(*(guess.values for guess in question.guesses))
    ]
    foretold = _foretold(question.unknown, limit, [*corners, *_singles(rows)])
    ends = (min(corners), max(corners))
    return Judgement(foretold, _condition(question.unknown, limit, foretold), limit, ends, table)


def _foretold(unknown: Unknown, limit: Limit, others: Iterable[float]) -> Foretold:
    kinds = {(isinf(one), one > 0) if isinf(one) else (False, True) for one in limit.per_seed}
    if len(kinds) > 1:
        return Foretold.NOT_TESTABLE
    nowhere = float(limit) == (inf if unknown.holds == "from" else -inf)
    seen = unknown.seen or unknown.between
    met = [_meets(unknown, float(limit), value) for value in seen]
    if nowhere or not any(met):
        return Foretold.NO
    always = all(_meets(unknown, other, value) for other in others for value in seen)
    return Foretold.YES if all(met) and always else Foretold.WHEN


def _meets(unknown: Unknown, limit: float, value: float) -> bool:
    return value >= limit if unknown.holds == "from" else value <= limit


def _condition(unknown: Unknown, limit: Limit, foretold: Foretold) -> str:
    if foretold is Foretold.NOT_TESTABLE:
        return f"whether there is a limit of {unknown.words} depends on luck"
    seen = "" if unknown.seen is None else f" (seen elsewhere: {_range(unknown.seen)})"
    if isinf(limit):
        tried = f"{_range(unknown.between)} {unknown.unit}".rstrip()
        which = "no value" if foretold is Foretold.NO else "any value"
        if foretold is Foretold.WHEN:
            which = f"our guesses are right: then {which}"
        return f"{which} of {unknown.words} from {tried} gives it{seen}"
    side = "at least" if unknown.holds == "from" else "at most"
    value = about(limit) if len(limit.per_seed) > 1 else number(float(limit))
    needs = "it would need that " if foretold is Foretold.NO else ""
    return f"{needs}{unknown.words} is {side} {value} {unknown.unit}".rstrip() + seen


def _range(ends: tuple[float, float]) -> str:
    low, high = (number(end) for end in ends)
    return low if low == high else f"{low} to {high}"


def _moved(question: Question, guess: Guess) -> dict[str, object]:
    low, high = guess.values
    usual, *moved = (float(question.rough(**{guess.name: value})) for value in (guess.usual, low, high))
    limits = sorted([usual, *moved])
    is_apart = limits[0] != limits[-1]
    reaches_beyond = isinf(limits[0]) or isinf(limits[-1])
    return {
        "guess": guess.words,
        "usual": guess.usual,
        "low": low,
        "high": high,
        "limit_at_low": moved[0],
        "limit_at_high": moved[1],
        "times": (inf if reaches_beyond else limits[-1] / limits[0]) if is_apart else 1.0,
        "no_at": question.no_at(guess),
        "yes_at": question.yes_at(guess),
        "reason": guess.reason,
    }


def _singles(rows: Iterable[Mapping[str, object]]) -> list[float]:
    return [float(str(row[column])) for row in rows for column in ("limit_at_low", "limit_at_high")]
