"""What a trigger guarantees: whether each event is acted on, how often, in which order, and beside it a plain loop.

The designs of `trigger_designs` get the same events, and the troubles of `event_desk`. Counted is what is written: an
event that is written twice, never, or after a later one of the same customer.

What this leaves out: clouds deliver some events twice without any failure, and miss some; how many is not published, so
there are none. That errs in favour of the triggers.

>>> over_failures(seed=1, design="queue", with_keys=True)["twice_percent"]
0.0
>>> never(seed=1, design="queue", away_min=10), never(seed=1, design="queue", away_min=60)
(0, 3)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isinf
from typing import Any

import joblib
import pandas as pd

from archlab.chapters.serverless.event_desk import Desk, Trouble
from archlab.chapters.serverless.trigger_designs import (
    CUSTOMERS,
    DESIGNS,
    LOOP,
    RECEIVES,
    TIME_LIMIT_S,
    TRIGGERS,
)
from archlab.course.claims.assumption import Assumption
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.course.quantity import about, number
from archlab.sim import Crash, Simulation
from archlab.sim.parallel import in_parallel
from archlab.sim.validation import require_one_of, require_positive, require_whole

EVENTS, EVERY_S = 200, 60.0
"""How many events, and the mean time between two; a timer fires at this interval."""
FAILING_PERCENT = 2.0
"""So many calls fail before their work, and as many after it. An assumption."""
JUST_S = 1.0
"""Events that come when the function has just gone away come within so many seconds."""
DOWN_S = 300.0
"""For so long the function cannot run once: a deployment that is broken, and rolled back."""
AFTER_S = 3600.0
"""Longer than any trigger needs for what it has when the function runs again."""


def _moments_s(sim: Simulation, design: str, events: int, within_s: float) -> list[float]:
    """When the events come: at random, but those of a timer at a fixed interval."""
    if design == "timer":
        return [within_s * (number_ + 1) / events for number_ in range(events)]
    return sorted(sim.stream("moments").uniform(0, within_s, events).tolist())


def _run(seed: int, design: str, events: int, within_s: float, with_keys: bool, trouble: Trouble) -> Desk:
    """Send the events, let go wrong what does, and wait until all is done or given up."""
    require_one_of("design", design, tuple(DESIGNS))
    require_whole("events", events, at_least=2)
    sim = Simulation(seed)
    desk = Desk(sim, with_keys, trouble, _moments_s(sim, design, events, within_s))
    send = DESIGNS[design](sim, desk)
    for event, at_s in enumerate(desk.sent_s):
        sim.call_at(at_s, send, event)
    if trouble.down_s:
        sim.inject(Crash("books", trouble.down_at_s, trouble.down_s))
    sim.run(until=max(within_s, trouble.down_at_s + trouble.down_s) + AFTER_S)
    return desk


def over_failures(
    seed: int, design: str, with_keys: bool, failing_percent: float = FAILING_PERCENT, events: int = EVENTS
) -> dict[str, float]:
    """Return what becomes of the events when calls fail after their work and the function is once away for `DOWN_S`.

    In percent of the events: `twice_percent`, written again; `never_percent`; `late_percent`, written first after a
    later event of the same customer. `with_keys`: whether an event that is written is not written again.
    Raises `ValueError` when there is no such design or an argument is not allowed.
    """
    within_s = events * EVERY_S
    down_at_s = float(Simulation(seed).stream("down").uniform(0.1, 0.9)) * within_s
    failing = failing_percent / 100
    trouble = Trouble(failing, failing, down_at_s, DOWN_S)
    desk = _run(seed, design, events, within_s, with_keys, trouble)
    per_event = 100 / events
    return {
        "twice_percent": per_event * (len(desk.written) - len(desk.known)),
        "never_percent": per_event * (events - len(desk.known)),
        "late_percent": per_event * _overtaken(desk),
    }


def _overtaken(desk: Desk) -> int:
    """How many events were first written after a later one of the same customer."""
    first = {event: place for place, (event, _) in reversed(list(enumerate(desk.written)))}
    overtaken = 0
    for customer in range(CUSTOMERS):
        places = [first[event] for event in range(customer, len(desk.sent_s), CUSTOMERS) if event in first]
        overtaken += sum(place > min(places[n:]) for n, place in enumerate(places))
    return overtaken


def never(seed: int, design: str, away_min: float, events: int = 3) -> int:
    """Return how many events are never acted on that come when the function has just gone away for so many minutes."""
    require_positive("away_min", away_min)
    desk = _run(seed, design, events, JUST_S, True, Trouble(down_s=60 * away_min))
    return events - len(desk.known)


def given_up_percent(seed: int, design: str, failing: float, events: int = EVENTS) -> float:
    """Return how many events are never acted on when this share of calls fails before any work, in percent."""
    desk = _run(seed, design, events, events * EVERY_S, True, Trouble(before=failing))
    return 100 * (1 - len(desk.known) / events)


# Limits ------------------------------------------------------------------------------------------------------

AWAY_MIN = (1.0, 3000.0)
"""Tried: from a minute to two days."""
LOST_PERCENT = 1.0
"""One event in a hundred given up. Fewer can be looked through by hand, and a newsletter or a thumbnail may lose more.
Where each event is a payment or an order, none may be lost, and somebody must watch the dead letters."""
SEEDS = range(10)


@dataclass(frozen=True)
class NoneLost:
    """Above 0 when no event is lost; a margin that can be sent to another process."""

    design: str

    def __call__(self, seed: int, away_min: float) -> float:
        return 0.5 - never(seed, self.design, away_min)


def away_up_to_min(design: str, seeds: Iterable[int] = SEEDS) -> Limit:
    """Return for how many minutes the function may be away without an event being given up."""
    return bisect(NoneLost(design), between=AWAY_MIN, holds="up to", seeds=seeds, log=True, tolerance=0.03)


def _few_given_up(seed: int, failing_percent: float) -> float:
    return LOST_PERCENT - given_up_percent(seed, "asynchronous", failing_percent / 100)


def failing_up_to_percent(seeds: Iterable[int] = SEEDS) -> Limit:
    """Return up to which share of failing calls few asynchronous events are given up, which have the fewest tries."""
    return bisect(_few_given_up, between=(0.1, 60), holds="up to", seeds=seeds, tolerance=1)


def table(seeds: Iterable[int] = SEEDS) -> pd.DataFrame:
    """Return what each design does: a row a design.

    Columns: design; away_up_to_min, a `Limit`; never_percent, late_percent and twice_percent without keys, and
    twice_with_keys_percent, each an `OverSeeds`.
    """
    chosen = list(seeds)
    return pd.DataFrame([_row(design, chosen) for design in DESIGNS], dtype=object)


def _row(design: str, seeds: list[int]) -> dict[str, Any]:
    jobs = [(seed, design, with_keys) for with_keys in (False, True) for seed in seeds]
    runs = in_parallel(joblib.delayed(over_failures)(*job) for job in jobs)
    bare, guarded = runs[: len(seeds)], runs[len(seeds) :]
    return {
        "design": design,
        "away_up_to_min": away_up_to_min(design, seeds),
        **{name: OverSeeds(run[name] for run in bare) for name in bare[0]},
        "twice_with_keys_percent": OverSeeds(run["twice_percent"] for run in guarded),
    }


# The rule ----------------------------------------------------------------------------------------------------


def figures(told: pd.DataFrame, seeds: Iterable[int] = SEEDS) -> dict[str, float]:
    """Return the figures of `event_triggers`. `told`: of `table` with the same seeds."""
    rows = told.set_index("design")
    triggers = rows.loc[list(TRIGGERS)]
    others = triggers.away_up_to_min.drop("queue")
    return {
        "queue_up_to_min": rows.away_up_to_min["queue"],
        "others_up_to_min": min(others, key=float),
        "loop_up_to_min": rows.away_up_to_min[LOOP],
        "failing_up_to_percent": failing_up_to_percent(seeds),
        "twice_percent": _worst(triggers.twice_percent),
        "twice_with_keys_percent": _worst(triggers.twice_with_keys_percent),
        "late_percent": _worst(triggers.late_percent),
    }


def _worst(each: pd.Series) -> OverSeeds:
    """The largest of several figures, with each seed."""
    return OverSeeds(max(values) for values in zip(*(one.per_seed for one in each), strict=True))


SAYS = {
    "queue_up_to_min": "the queue gives none up while its function is away for up to, in minutes",
    "others_up_to_min": "the other triggers, at worst, in minutes",
    "loop_up_to_min": "a loop on a server, in minutes",
    "failing_up_to_percent": "share of failing calls up to which asynchronous events are not given up",
    "twice_percent": "events written twice without keys, at worst",
    "twice_with_keys_percent": "the same, with keys",
    "late_percent": "events overtaken by a later one of the same customer, at worst",
}


@settles("characteristics.event-triggers", evidence=Evidence.SIMULATED, says=SAYS)
def event_triggers(
    queue_up_to_min: float,
    others_up_to_min: float,
    loop_up_to_min: float,
    failing_up_to_percent: float,
    twice_percent: float,
    twice_with_keys_percent: float,
    late_percent: float,
) -> Verdict:
    """Holds when every event is acted on, and with keys only once, as by a loop on a server: up to the time for which
    the function may be unable to run before a trigger gives an event up. The queue is set as AWS recommends at least:
    {RECEIVES} receives, with six time limits between two, here of {TIME_LIMIT_S} s. What decides is the share of calls
    that fail, here {FAILING_PERCENT} %: with a larger one more than {LOST_PERCENT} % of the events are given up.
    """
    if twice_with_keys_percent > 0:
        return holds_if(False)
    failing = Assumption("the share of failing calls", FAILING_PERCENT, failing_up_to_percent, "%")
    if failing_up_to_percent < FAILING_PERCENT:
        return holds_if(False, failing)
    first = min(queue_up_to_min, others_up_to_min)
    if first >= loop_up_to_min:
        return holds_if(True, failing)
    loop = "a loop on a server gives none up" if isinf(loop_up_to_min) else f"a loop: {about(loop_up_to_min)}"
    without = (
        f"without keys up to {number(twice_percent)} % are acted on twice, {number(late_percent)} % overtaken"
    )
    queue = f"a queue with {RECEIVES} receives and a time limit of {TIME_LIMIT_S:.0f} s"
    others = f"the other triggers {about(others_up_to_min)}"
    unit = f"minutes that the function cannot run ({queue}; {others}; {loop}; {without})"
    return holds_up_to(first, unit, decided_by=failing)
