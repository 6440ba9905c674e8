"""What a trigger guarantees: whether each event is acted on, how often, in which order, and beside it a plain loop.

Five triggers of functions and a loop on a server get the same events. A call may fail, before its work or after it, and
the function, or the server, cannot run for a while. Counted is what is written: an event that is written twice, never,
or after a later one of the same customer. Everybody gets the same guard, a key for each event.

Each stands in its strongest usual form. The queue is set as AWS recommends, and its handler names what failed. The
stream halves a batch that fails, and tries until a record expires. Asynchronous events, the notices of an object store
and a timer's firings have AWS's two retries. The loop takes what its table says is open, the oldest first.

What this leaves out: clouds deliver some events twice without any failure, and miss some; how many is not published, so
there are none. That errs in favour of the triggers. How long a notice of an object store takes is drawn through AWS's
words: "seconds", and for one in a hundred a minute.

>>> over_failures(seed=1, design="queue", with_keys=True)["twice_percent"]
0.0
>>> never(seed=1, design="queue", away_min=10), never(seed=1, design="queue", away_min=60)
(0, 3)
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from math import isinf
from statistics import fmean
from typing import Any

import joblib
import pandas as pd
from simpy.events import Event

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.course.figures.bars import BAR, name_rows
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import require_columns
from archlab.course.figures.picture import Picture
from archlab.course.quantity import about, number
from archlab.course.style import GREY, INK, LAB, Size, look_of
from archlab.sim import (
    Crash,
    Failure,
    Function,
    Lognormal,
    MessageQueue,
    ShardStream,
    Simulation,
    Station,
)
from archlab.sim.functions import (
    AsyncInvocations,
    Firing,
    Invocation,
    ObjectStore,
    QueueTrigger,
    ScheduleTrigger,
    StoredObject,
    StreamTrigger,
)
from archlab.sim.functions.asynchronous import NOT_RUN
from archlab.sim.messaging import BatchPolicy, EnhancedFanOut
from archlab.sim.validation import require_fraction, require_one_of, require_positive, require_whole

WORK_S, INIT_S, KEEP_ALIVE_S, TIME_LIMIT_S = 0.1, 0.085, 300.0, 30.0
"""As in `archlab.chapters.serverless.poison`."""
RECEIVES = 5
"""What AWS recommends at least before a message becomes a dead letter."""
NOTICE = Lognormal.from_median_p99(1.0, 60.0)
"""How many seconds the notice of a new object takes."""
CUSTOMERS = 5
"""Who send the events; the order of one customer's events may matter."""
EVENTS, EVERY_S = 200, 60.0
"""How many events, and the mean time between two; a timer fires at this interval."""
FAILING_PERCENT = 2.0
"""So many calls fail before their work, and as many after it. An assumption."""
TRIES_DRAWN = 64
"""So many tries of an event have luck of their own."""
JUST_S = 1.0
"""Events that come when the function has just gone away come within so many seconds."""
DOWN_S = 300.0
"""For so long the function cannot run once: a deployment that is broken, and rolled back."""
AFTER_S = 3600.0
"""Longer than any trigger needs for what it has when the function runs again."""


@dataclass(frozen=True)
class Trouble:
    """What goes wrong: shares of calls that fail before and after their work, and when nothing can run for how long.

    Raises `ValueError` when a share is not from 0 to 1.
    """

    before: float = 0.0
    after: float = 0.0
    down_at_s: float = 0.0
    down_s: float = 0.0

    def __post_init__(self) -> None:
        require_fraction("before", self.before)
        require_fraction("after", self.after)


class Broken(Failure):
    """The call fails, before it has done its work or after."""

    outcome = "broken"
    what = "the call failed"


@dataclass
class Desk:
    """What all handlers do with an event, and what they have written: (event, time), in this order."""

    sim: Simulation
    with_keys: bool
    trouble: Trouble
    sent_s: list[float]
    written: list[tuple[int, float]] = field(default_factory=list)
    tries: list[int] = field(default_factory=list)
    known: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.tries = [0] * len(self.sent_s)
        self.luck = self.sim.stream("luck").random((len(self.sent_s), TRIES_DRAWN))

    def act(self, event: int) -> Generator[Event, Any, None]:
        """Work on an event, and write it."""
        yield self.sim.timeout(WORK_S)
        self.write(event)

    def write(self, event: int) -> None:
        """Write an event, unless it is known by its key. Raises `Broken` when the call fails, before that or after."""
        luck = self.luck[event, self.tries[event] % TRIES_DRAWN]
        self.tries[event] += 1
        if luck < self.trouble.before:
            raise Broken("books")
        if not (self.with_keys and event in self.known):
            self.written.append((event, float(self.sim.now)))
            self.known.add(event)
        if luck >= 1 - self.trouble.after:
            raise Broken("books")

    def one(self, invocation: Invocation) -> Generator[Event, Any, None]:
        """A handler of single events: a number, a firing, or an object whose body is a number."""
        event = invocation.payload
        if isinstance(event, Firing):
            event = event.number
        elif isinstance(event, StoredObject):
            event = event.body
        yield from self.act(event)

    def records(self, invocation: Invocation) -> Generator[Event, Any, None]:
        """A handler of a stream's batches."""
        for record in invocation.payload:
            yield from self.act(record.value)

    def messages(self, invocation: Invocation) -> Generator[Event, Any, list[int]]:
        """A handler of a queue's batches, which names what failed."""
        failed = []
        for message in invocation.payload:
            try:
                yield from self.act(message.body)
            except Broken:
                failed.append(message.id)
        return failed


Send = Callable[[int], object]
Handler = Callable[[Invocation], Generator[Event, Any, Any]]


def _function(sim: Simulation, handler: Handler) -> Function:
    return Function(sim, "books", handler, INIT_S, KEEP_ALIVE_S, time_limit_s=TIME_LIMIT_S)


def _queue(sim: Simulation, desk: Desk) -> Send:
    queue = MessageQueue(sim, "events", store_s=0.005, delivery_limit=RECEIVES - 1)
    QueueTrigger(_function(sim, desk.messages), queue, partial_failures=True)
    return queue.publish


def _stream(sim: Simulation, desk: Desk) -> Send:
    stream = ShardStream(sim, "events", append_s=0.005)
    StreamTrigger(_function(sim, desk.records), stream, BatchPolicy(bisect=True), EnhancedFanOut())
    return lambda event: stream.append(f"customer {event % CUSTOMERS}", event)


def _asynchronous(sim: Simulation, desk: Desk) -> Send:
    return AsyncInvocations(_function(sim, desk.one)).send


def _objects(sim: Simulation, desk: Desk) -> Send:
    store = ObjectStore(sim, "events")
    store.notify(_function(sim, desk.one), NOTICE)
    return lambda event: store.put(f"event {event}", size_bytes=1000, body=event)


def _timer(sim: Simulation, desk: Desk) -> Send:
    """A timer sends by itself: at the first time, and as often as there are events."""
    every_s = desk.sent_s[1] - desk.sent_s[0]
    clock = ScheduleTrigger(_function(sim, desk.one), every_s, first_s=desk.sent_s[0])
    sim.call_at(desk.sent_s[-1] + every_s / 2, lambda _: clock.stop())
    return lambda event: None


def _loop(sim: Simulation, desk: Desk) -> Send:
    """A loop on a server: the oldest open event, again until it is done; what is open stands in a table."""
    server, table, news = Station(sim, "books"), list[int](), [Event(sim)]

    def run() -> Generator[Event, Any, None]:
        waits = NOT_RUN.delays(sim.stream("loop"))
        while True:
            if not table:
                yield news[0]
            try:
                yield server.serve(WORK_S)
                desk.write(table[0])
                table.pop(0)
                waits = NOT_RUN.delays(sim.stream("loop"))
            except Failure:
                yield sim.timeout(next(waits))

    def send(event: int) -> None:
        table.append(event)
        arrived, news[0] = news[0], Event(sim)
        arrived.succeed()

    sim.start(run())
    return send


DESIGNS: Mapping[str, Callable[[Simulation, Desk], Send]] = {
    "queue": _queue,
    "asynchronous": _asynchronous,
    "object created": _objects,
    "timer": _timer,
    "stream": _stream,
    "loop on a server": _loop,
}
"""A design -> what builds it and returns how an event is sent."""
TRIGGERS, LOOP = tuple(DESIGNS)[:-1], tuple(DESIGNS)[-1]


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
    runs = joblib.Parallel()(joblib.delayed(over_failures)(*job) for job in jobs)
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


# Figure ------------------------------------------------------------------------------------------------------

TICKS = {1.0: "1 min", 10.0: "10 min", 60.0: "1 h", 360.0: "6 h", 1440.0: "1 day"}


def figure(told: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw for how long the function may be away until an event is given up, and beside it who keeps the order.

    Args:
        told: as `table` returns it.
        title: your conclusion.

    Raises `ValueError` when the table lacks rows or columns.
    """
    require_columns("told", told, "design", "away_up_to_min", "late_percent")
    own = look_of("serverless")
    colour = INK if own is None else own.colour
    with canvas(title, size) as drawing:
        panel = drawing.panels[0]
        for place, row in enumerate(told.itertuples()):
            minutes = min(float(row.away_up_to_min), AWAY_MIN[1])
            panel.barh(place, minutes, height=BAR, color=GREY if row.design == LOOP else colour)
            panel.annotate(_until(row), (minutes, place), (6, 0), textcoords="offset points", va="center")
            panel.annotate(_order(row), (1.01, place), xycoords=BESIDE, va="center")
        name_rows(panel, list(told.design))
        panel.set(
            xscale="log",
            xlim=(1, 20_000),
            xlabel="How long the function may be away and no event is given up",
        )
        panel.set_xticks(list(TICKS), list(TICKS.values()))
        panel.minorticks_off()
    words = "; ".join(f"{row.design}: {_until(row)}, {_order(row)}" for row in told.itertuples())
    return Picture(drawing.figure, f"{title.rstrip('.')}. How long the function may be away. {words}.")


BESIDE = ("axes fraction", "data")


def _until(row: Any) -> str:
    minutes = float(row.away_up_to_min)
    if isinf(minutes):
        return f"over {AWAY_MIN[1] / 60:.0f} h"
    return f"{minutes:.0f} min" if minutes < 60 else f"{minutes / 60:.0f} h"


def _order(row: Any) -> str:
    late_percent = fmean(row.late_percent.per_seed)
    return f"{late_percent:.1f} % overtaken" if late_percent else "in order"
