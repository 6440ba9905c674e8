"""Sensitivity: which single answer would change the decision, and how near it is.

Each need is moved by itself, in both directions, until the form that is first is not among the leaders any more: by
doubling and halving as far as `FARTHEST`, then by bisection between the last value that leaves it and the first that
does not. Then others lead without it: cheaper by more than 10 %, or with fewer needs missed. Where two cross they are
alike, and that is no change yet. A need that is no number is set to what else it can be; a fault that takes a copy
brings a second copy of each program with it.

>>> from archlab.chapters.choosing.decide import Measured, decide
>>> from archlab.chapters.choosing.needs import Needs
>>> changes = changes_of(decide(Needs(per_s=60), Measured.nothing()))
>>> [(change.need, change.leader) for change in changes][:2]
[('copies', 'serverless'), ('per_s', 'serverless')]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, log, sqrt
from typing import Any, get_args

import pandas as pd

from archlab.chapters.choosing.cost_against_load import Sharing
from archlab.chapters.choosing.decide import Decision, decide
from archlab.chapters.choosing.needs import NEED_TWO_COPIES, RANGES, WORDS, Needs
from archlab.course.quantity import number

NUMBERS = (
    "per_s",
    "order_percent",
    "peak_times",
    "peak_h",
    "budget_usd_per_h",
    "old_up_to_s",
    "keeps_percent",
    "crossing_percent",
    "lead_h",
)
WHOLE = ("copies", "teams", "largest_database_cores")
FLAGS = ("is_foreseen", "are_tests_parallel")
FARTHEST = 64.0
"""So many times as much, or as little, is tried."""
FACTOR = 2.0
NOBODY = "nobody"
"""Leads where no form can be had."""
LEADS_THEN = "leads then, by more than 10 % or a need"
"""The heading of who leads then: without the one that is first now, which costs more than 10 % more or misses more."""
LEAD_TIMES_H = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Tried where any lead time will do."""
NEAR = 1.01
"""Bisection ends within a hundredth."""


@dataclass(frozen=True)
class Change:
    """A single answer that would change the decision: the need, its value now, the one that does it, who leads then.

    `leader` leads then without the one that is first now: by more than 10 % of the cost, or with fewer needs missed.
    `times`: how far it is from now, as a factor of 1 or more; infinite for what is no number.
    """

    need: str
    now: Any
    value: Any
    leader: str
    times: float

    @property
    def words(self) -> str:
        """What would have to be so, and who would lead, as a sentence."""
        who = f'"{self.leader}"' if "," in self.leader else self.leader
        return f"If {_condition(self.need, self.now, self.value)}, {who} leads."


def changes_of(decision: Decision) -> list[Change]:
    """Return the single answers that would change the decision, the nearest first; those that are no numbers last."""
    found = [
        *_of_numbers(decision, NUMBERS, is_whole=False),
        *_of_numbers(decision, WHOLE, is_whole=True),
        *_of_flags(decision),
        *_of_sharing(decision),
        *_of_lead_time(decision),
        *_of_faults(decision),
    ]
    return sorted(found, key=lambda change: change.times)


def frame(changes: Sequence[Change]) -> pd.DataFrame:
    """Return a row a change: `need` in words, `now`, `would be`, and who leads then (`LEADS_THEN`): alone, or with
    others that are alike, but without the one that is first now.
    """
    rows = [(WORDS[one.need], _said(one.now), _said(one.value), one.leader) for one in changes]
    return pd.DataFrame(rows, columns=["need", "now", "would be", LEADS_THEN])


CONDITIONS: Mapping[str, str] = {
    "per_s": "{value} requests/s come usually instead of {now}",
    "order_percent": "{value} % of the requests are orders instead of {now} %",
    "peak_times": "the peak is {value} times the usual load instead of {now}",
    "peak_h": "the peak lasts {value} h a day instead of {now}",
    "budget_usd_per_h": "the budget is {value} USD/h instead of {now}",
    "old_up_to_s": "an answer may be {value} s old instead of {now}",
    "copies": "you need {value} copies of each program instead of {now}",
    "keeps_percent": "{value} % of pages and orders must be kept during a fault instead of {now} %",
    "teams": "the number of teams is {value} instead of {now}",
    "crossing_percent": "{value} % of the changes touch two teams' parts instead of {now} %",
    "lead_h": "a change must be out within {value} working hours instead of {now}",
    "largest_database_cores": "the largest database server has {value} cores instead of {now}",
}
CHOICE_CONDITIONS: Mapping[str, Mapping[Any, str]] = {
    "is_foreseen": {False: "the peak is not foreseen", True: "the peak is foreseen"},
    "are_tests_parallel": {
        False: "one program's tests run on one machine only",
        True: "one program's tests run on several machines",
    },
    "sharing": {
        "nothing": "nothing shares machines",
        "programs": "programs share machines",
        "programs and databases": "programs and databases share machines",
    },
}


def _condition(need: str, now: Any, value: Any) -> str:
    if need == "faults":
        return _fault_condition(now, value)
    if need in CHOICE_CONDITIONS:
        return CHOICE_CONDITIONS[need][value]
    words = CONDITIONS[need].format(value=_said(value), now=_said(now))
    return words.removesuffix(" instead of any")


def _fault_condition(now: tuple[str, ...], value: tuple[str, ...]) -> str:
    for fault in now:
        if fault not in value:
            return f'"{fault}" need not be borne'
    more = value[-1]
    copies = ", with two copies of each program at least," if more in NEED_TWO_COPIES else ""
    return f'"{more}" must be borne, too{copies}'.rstrip(",")


def _first(decision: Decision) -> str:
    """Who leads now."""
    return decision.leaders[0] if decision.leaders else NOBODY


def _leaders(decision: Decision, **answers: Any) -> list[str] | None:
    """Who leads with other answers; None when they are not allowed."""
    try:
        return decide(replace(decision.needs, **answers), decision.measured).leaders or [NOBODY]
    except ValueError:
        return None


def _of_numbers(decision: Decision, names: Sequence[str], is_whole: bool) -> Iterator[Change]:
    for name in names:
        now = getattr(decision.needs, name)
        for factor in (FACTOR, 1 / FACTOR):
            if now:
                change = _moved(decision, name, now, factor, is_whole)
                if change is not None:
                    yield change


def _moved(decision: Decision, name: str, now: float, factor: float, is_whole: bool) -> Change | None:
    """The nearest value in one direction at which the first leads no more; None when there is none."""
    first, before, value = _first(decision), now, now
    while 1 / FARTHEST <= value / now <= FARTHEST:
        value = _next(name, before, factor, is_whole)
        leaders = _leaders(decision, **{name: value}) if value != before else None
        if leaders is None:
            return None
        if first not in leaders:
            return _between(decision, name, before, value, leaders[0], is_whole)
        before = value
    return None


def _next(name: str, value: float, factor: float, is_whole: bool) -> float:
    """The next value to try, up to the end of what is allowed."""
    low, high = RANGES.get(name, (0.0, inf))
    moved = min(high, max(low, value * factor))
    return int(moved) if is_whole else moved


def _between(
    decision: Decision, name: str, stays: float, changes: float, leader: str, is_whole: bool
) -> Change:
    now = getattr(decision.needs, name)
    while abs(log(changes / stays)) > log(NEAR) and not (is_whole and abs(changes - stays) <= 1):
        middle = (stays + changes) // 2 if is_whole else sqrt(stays * changes)
        leaders = _leaders(decision, **{name: middle}) or []
        if _first(decision) in leaders or not leaders:
            stays = middle
        else:
            changes, leader = middle, leaders[0]
    return Change(name, now, changes, leader, max(changes / now, now / changes))


def _of_flags(decision: Decision) -> Iterator[Change]:
    for name in FLAGS:
        now = getattr(decision.needs, name)
        leaders = _leaders(decision, **{name: not now}) or []
        if leaders and _first(decision) not in leaders:
            yield Change(name, now, not now, leaders[0], inf)


def _of_sharing(decision: Decision) -> Iterator[Change]:
    """The least that would have to share machines, or not to, to change it."""
    now = decision.needs.sharing
    for sharing in get_args(Sharing):
        leaders = _leaders(decision, sharing=sharing) or []
        if leaders and _first(decision) not in leaders:
            yield Change("sharing", now, sharing, leaders[0], inf)
            return


def _of_lead_time(decision: Decision) -> Iterator[Change]:
    """The longest lead time that would change it, where any will do now."""
    if decision.needs.lead_h is None:
        for lead_h in reversed(LEAD_TIMES_H):
            leaders = _leaders(decision, lead_h=lead_h) or []
            if leaders and _first(decision) not in leaders:
                yield Change("lead_h", None, lead_h, leaders[0], inf)
                return


def _of_faults(decision: Decision) -> Iterator[Change]:
    """Each fault left out, or one more asked for."""
    now = decision.needs.faults
    for fault in decision.measured.fault_names:
        other = tuple(one for one in now if one != fault) if fault in now else (*now, fault)
        copies = max(decision.needs.copies, 2 if set(other) & set(NEED_TWO_COPIES) else 1)
        leaders = _leaders(decision, faults=other, copies=copies) or []
        if leaders and _first(decision) not in leaders:
            yield Change("faults", now, other, leaders[0], inf)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    if isinstance(value, str):
        return value
    return "any" if value is None else number(value)


def need_in_words(needs: Needs) -> pd.DataFrame:
    """Return a row a need: what it is, and the answer given."""
    rows = [(words, _said(getattr(needs, name))) for name, words in WORDS.items()]
    return pd.DataFrame(rows, columns=["need", "answer"])
