"""The calendar beneath a simulation: the clock, what happens next, the random streams, and who is there by which name.

It is a `simpy.Environment` with a lean event loop. `archlab.sim.Simulation` adds load, faults and measurement on top;
everything in the kit that only needs the time, the streams and the names takes a `Calendar`.

>>> calendar = Calendar(seed=1)
>>> calendar.call_at(2.5, print, "half past two")
>>> calendar.run(until=10)
half past two
>>> calendar.now
10.0
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from math import inf, nan
from typing import Any, NoReturn, Protocol

import numpy as np
import simpy
from simpy.core import EmptySchedule, StopSimulation
from simpy.events import NORMAL, PENDING, URGENT, Event, EventPriority

from archlab.sim.core.active_faults import ActiveFaults
from archlab.sim.core.alarm import ring
from archlab.sim.core.events import NOW_FIRST, process_event
from archlab.sim.core.garbage import seldom_in_full
from archlab.sim.core.streams import Streams
from archlab.sim.core.timeout import Timeout, elapse
from archlab.sim.distributions import Distribution, as_distribution, durations
from archlab.sim.recording import Recorder
from archlab.sim.validation import (
    is_finite,
    refuse,
    require_at_least,
    require_function,
    require_instance,
    require_number,
    require_text,
    require_whole,
    shown,
)

NUMBERS = (int, float)
SWEEP_ABOVE = 20
"""Fewer void entries than this are not worth a sweep."""


class Part(Protocol):
    """Anything with a name that can be sampled: a station, for example."""

    name: str

    def sample(self) -> tuple[int, int, int, bool]:
        """Queue length, busy servers, capacity, and whether the part is up."""

    def totals(self) -> dict[str, float]:
        """Sums since the start: busy server seconds, waiting seconds, and counts of completed, refused, failed."""


class Calendar(simpy.Environment):
    """A SimPy environment with a seed, names, and entries that may be plain functions.

    The calendar holds `(time, priority, number, action, argument)`. A stock SimPy event is put there with the action
    `process_event`; the kit's own parts put their functions there directly, which saves SimPy's event objects. No two
    entries have the same number, so the heap never compares actions: what was entered first happens first.

    `seed` decides every random number of the run. `active_faults` knows what is wrong with which part.
    Raises `ValueError` for a negative seed, or a start that is not a finite time.
    """

    def __init__(self, seed: int, initial_time: float = 0) -> None:
        require_number("initial_time", initial_time)
        super().__init__(initial_time)
        for name in ("process", "event", "all_of", "any_of"):
            setattr(self, name, getattr(self, name))  # bind once, as simpy.Environment does for itself
        self.streams = Streams(seed)
        self.active_faults = ActiveFaults()
        self.recorder = Recorder()
        self._registers: dict[str, dict[str, Any]] = {}
        self.parts: dict[str, Part] = self.register("part")
        self._depth = 0  # events that are being processed inside one another
        self._void = 0  # entries of the calendar at which nothing will happen
        self._sweep_above = SWEEP_ABOVE

    @property
    def seed(self) -> int:
        return self.streams.seed

    # Randomness ------------------------------------------------------------------------------------------

    def stream(self, name: str) -> np.random.Generator:
        """The random stream of this name: independent of all others, and decided by (seed, name) alone."""
        return self.streams.stream(name)

    def draws(self, name: str, distribution: float | Distribution) -> Callable[[], float]:
        """A function that gives the next draw of `distribution` from the stream `name`.

        >>> Calendar(seed=1).draws("think time", 2.0)()
        2.0
        """
        return as_distribution(distribution, "distribution").sampler(self.stream(name))

    def durations(self, name: str, what: str, distribution: float | Distribution) -> Callable[[], float]:
        """The same, for times that something takes: a draw that is no time raises `ValueError`.

        Only a distribution that is not the kit's own is looked at draw by draw. `what` names the parameter.
        """
        return durations(as_distribution(distribution, what), self.stream(name), what)

    # Names -----------------------------------------------------------------------------------------------

    def register(self, what: str) -> dict[str, Any]:
        """Everything of one sort by its name: "part", "network", "load"."""
        return self._registers.setdefault(what, {})

    def require_free(self, what: str, *names: str) -> None:
        """Raise `ValueError` unless each name is a text that no other thing of this sort has.

        What registers several things asks for all their names before it begins, so that it does not stop half-way.
        """
        known, asked = self.register(what), set[str]()
        for name in names:
            require_text("name", name)
            if name in known or name in asked:
                raise ValueError(f"name={name!r} is already the name of a {what}; each {what} needs its own")
            asked.add(name)

    def enter(self, what: str, name: str, thing: Any) -> None:
        """Make a thing known by its name. Raises `ValueError` when another of its sort has that name."""
        self.require_free(what, name)
        self._registers[what][name] = thing

    def add(self, part: Part) -> None:
        """Make a part known by its name. Raises `ValueError` when the name is taken."""
        self.enter("part", part.name, part)

    # Entries ---------------------------------------------------------------------------------------------

    def schedule(self, event: Event, priority: EventPriority = NORMAL, delay: float = 0) -> None:
        """Put a SimPy event on the calendar. Raises `ValueError` when the delay is negative or not a number."""
        if not (delay.__class__ in NUMBERS and delay >= 0):
            require_at_least("delay", delay, 0, "a number of seconds")
        heappush(self._queue, (self._now + delay, priority, next(self._eid), process_event, event))  # type: ignore[misc]

    def timeout(self, delay: float = 0, value: Any = None) -> Timeout:
        """An event that happens after `delay` seconds, and gives `value` then.

        Raises `ValueError` when the delay is negative or not a number.
        """
        if not (delay.__class__ in NUMBERS and delay >= 0):
            if is_finite(delay) and delay < 0:
                raise ValueError(f"Negative delay {delay}")  # in SimPy's words
            require_at_least("delay", delay, 0, "a number of seconds")
        event = Timeout()
        event.env = self
        event.waiter = None
        event._value = value
        event._delay = delay
        heappush(self._queue, (self._now + delay, NORMAL, next(self._eid), elapse, event))  # type: ignore[misc]
        return event

    def call_at(
        self,
        time_s: float,
        action: Callable[[Any], object],
        argument: Any = None,
        priority: EventPriority = NORMAL,
    ) -> None:
        """Call `action(argument)` at `time_s`, without the cost of an event nobody waits for.

        Raises `ValueError` when `time_s` is before now, or no finite time: time never runs backwards.
        """
        try:
            if not self._now <= time_s < inf:
                self._refuse_time(time_s)
        except TypeError:
            self._refuse_time(time_s)
        if not callable(action):
            require_function("action", action)
        if priority is not NORMAL:
            require_whole("priority", priority, at_least=NOW_FIRST)
        heappush(self._queue, (time_s, priority, next(self._eid), action, argument))  # type: ignore[misc]

    def _refuse_time(self, time_s: object) -> NoReturn:
        refuse(ValueError, "time_s", time_s, f"a finite time, {self._now} or later")

    def step(self) -> None:
        """Take the next entry of the calendar. Raises `simpy.core.EmptySchedule` when there is none."""
        if not self._queue:
            raise EmptySchedule
        self._now, _, _, action, argument = heappop(self._queue)  # type: ignore[misc]
        action(argument)

    def run(self, until: float | Event | None = None) -> Any:
        """Run until the time or the event `until`, or until nothing is left to happen. As in SimPy.

        Entries that have become void stay on the calendar; they do not keep the run alive.
        """
        if isinstance(until, Event):
            if until.callbacks is None:
                return until.value
            until.callbacks.append(StopSimulation.callback)
        elif until is not None:
            self._stop_at(until)
        try:
            with seldom_in_full():
                if until is None or isinstance(until, Event):
                    self._run_while_alive()
                else:
                    self._run_until_stopped()
        except StopSimulation as stop:
            return stop.args[0]
        if until is not None:
            raise RuntimeError(f"nothing is left to happen, but until={until} has not happened")
        return None

    def _run_while_alive(self) -> None:
        """Take entry after entry off the calendar until only void ones are left."""
        queue = self._queue
        while len(queue) > self._void:
            self._now, _, _, action, argument = heappop(queue)  # type: ignore[misc]
            action(argument)

    def _run_until_stopped(self) -> None:
        """The same until `StopSimulation`, which must be on the calendar. Here the time of every run goes."""
        queue = self._queue  # `step` without the call and without the look whether anything is left
        while True:
            self._now, _, _, action, argument = heappop(queue)  # type: ignore[misc]
            action(argument)

    def _stop_at(self, until: Any) -> None:
        try:
            time_s = float(until)
        except (TypeError, ValueError):
            time_s = nan
        if not self._now < time_s < inf:
            raise ValueError(
                f"until={shown(until)} must be later than the current time, {self._now}, and finite"
            )
        stop = Event(self)  # as in simpy.Environment.run: an urgent event whose callback raises
        stop._ok, stop._value = True, None
        assert stop.callbacks is not None
        stop.callbacks.append(StopSimulation.callback)
        self.call_at(time_s, process_event, stop, URGENT)

    def count_void(self, entries: int) -> None:
        """Note that so many more entries are void: they stay on the calendar, but nothing will happen.

        What put them there knows which ones: an alarm that has happened, or a part with a method `is_void(entry)`.
        """
        self._void += entries
        if self._void > self._sweep_above:
            self.sweep()

    def sweep(self) -> None:
        """Take void entries off the calendar. Done when they are about half of it.

        `asyncio` has the same rule for cancelled timers: cheap on average, and they cannot pile up.
        """
        # in place: loads and `_run_until_stopped` hold on to this very list
        self._queue[:] = [entry for entry in self._queue if not _is_void(entry)]
        heapify(self._queue)
        self._void = 0
        self._sweep_above = max(SWEEP_ABOVE, len(self._queue))


def require_sim(sim: Any) -> None:
    """Raise `TypeError` unless `sim` is a simulation."""
    require_instance("sim", sim, Calendar, "a Simulation")


def require_same_sim(sim: Calendar, name: str, owner: Any) -> None:
    """Raise `ValueError` unless a part, or whatever has a `sim`, belongs to this simulation."""
    if getattr(owner, "sim", None) is not sim:
        refuse(ValueError, name, owner, "of the same simulation")


def _is_void(entry: tuple[Any, ...]) -> bool:
    """Whether nothing will happen at an entry."""
    action, argument = entry[3], entry[4]
    if action is ring:
        return argument._value is not PENDING
    is_void = getattr(getattr(action, "__self__", None), "is_void", None)
    return is_void is not None and is_void(entry)
