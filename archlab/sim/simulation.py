"""The simulated world: a clock, a calendar of what happens next, the parts, and one seed for all randomness.

A `Simulation` is a `simpy.Environment`. Everything that works there works here: processes, time-outs, resources,
stores, conditions. It adds named random streams, named parts, load, faults and measurement.

>>> from archlab.sim import Constant, Deterministic, Simulation, Station
>>> sim = Simulation(seed=1)
>>> web = Station(sim, "web", capacity=1)
>>> def browse(request):
...     yield web.serve(0.010)
>>> sim.open_load(Deterministic(rate_per_s=50), browse)
>>> result = sim.measure(duration_s=10)
>>> round(result.latency_s(50), 3), round(float(result.parts.utilisation["web"]), 2)
(0.01, 0.5)
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from heapq import heapify, heappop, heappush
from math import inf
from typing import Any, Protocol

import numpy as np
import simpy
from simpy.core import EmptySchedule, StopSimulation
from simpy.events import NORMAL, URGENT, Event, EventPriority

from archlab.sim.deadline import Deadline, is_met
from archlab.sim.distributions import Distribution, as_distribution
from archlab.sim.events import process_event
from archlab.sim.faults import Fault
from archlab.sim.load import ClosedLoad, Handler, Load, OpenLoad
from archlab.sim.network import Network
from archlab.sim.recording import Recorder
from archlab.sim.result import Result, measure
from archlab.sim.streams import Streams
from archlab.sim.task import Task
from archlab.sim.workload import Arrivals, Mix

SWEEP_ABOVE = 20
"""Fewer cancelled entries than this are not worth a sweep."""


class Part(Protocol):
    """Anything with a name that can be sampled: a station, for example."""

    name: str

    def sample(self) -> tuple[int, int, int, bool]:
        """Queue length, busy servers, capacity, and whether the part is up."""

    def totals(self) -> dict[str, float]:
        """Sums since the start: busy server seconds, waiting seconds, and counts of completed, refused, failed."""


class Simulation(simpy.Environment):
    """A SimPy environment with a seed, named parts and a lean event loop.

    The calendar holds `(time, priority, number, action, argument)`. A stock SimPy event is put there with the action
    `process_event`; the kit's own parts put their functions there directly, which saves SimPy's event objects.

    `seed` decides every random number of the run: two simulations with the same seed and the same parts give the
    same figures. Raises `ValueError` for a negative seed.
    """

    def __init__(self, seed: int, initial_time: float = 0) -> None:
        super().__init__(initial_time)
        for name in ("process", "timeout", "event", "all_of", "any_of"):
            setattr(self, name, getattr(self, name))  # bind once, as simpy.Environment does for itself
        self.streams = Streams(seed)
        self.parts: dict[str, Part] = {}
        self.loads: dict[str, Load] = {}
        self.networks: dict[str, Network] = {}
        self.recorder = Recorder()
        self.faults: list[Fault] = []
        self._cancelled = 0  # deadlines on the calendar that were met
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

        >>> Simulation(seed=1).draws("think time", 2.0)()
        2.0
        """
        return as_distribution(distribution).sampler(self.stream(name))

    # Parts, work, load and faults ------------------------------------------------------------------------

    def add(self, part: Part) -> None:
        """Make a part known by its name. Raises `ValueError` when the name is taken."""
        if part.name in self.parts:
            raise ValueError(f"name={part.name!r} is already the name of a part; each part needs its own")
        self.parts[part.name] = part

    def start(self, generator: Generator[Event, Any, Any]) -> Task:
        """Run `generator` as a task: at once up to its first wait, and on from there. See `archlab.sim.task.Task`."""
        return Task(self, generator)

    def deadline(self, event: Event, timeout_s: float) -> Event:
        """`event`, but waited for at most `timeout_s` seconds; then `TimedOut`. What you waited for goes on.

        An event that has happened already is returned as it is.
        Raises `ValueError` when `timeout_s` is negative or not finite.
        """
        if not 0 <= timeout_s < inf:
            raise ValueError(f"timeout_s is {timeout_s!r}; it must be a finite number of seconds, 0 or more")
        return event if event.callbacks is None else Deadline(self, event, timeout_s)

    def open_load(
        self,
        arrivals: Arrivals,
        handler: Handler,
        mix: Mix | Mapping[str, float] | None = None,
        timeout_s: float | None = None,
        name: str = "load",
    ) -> None:
        """Customers who arrive whatever the state of the system. See `archlab.sim.load.OpenLoad`."""
        OpenLoad(self, arrivals, handler, mix, timeout_s, name)

    def closed_load(
        self,
        users: int,
        think_s: float | Distribution,
        handler: Handler,
        mix: Mix | Mapping[str, float] | None = None,
        timeout_s: float | None = None,
        name: str = "load",
    ) -> None:
        """Users who wait for each answer before they ask again. See `archlab.sim.load.ClosedLoad`."""
        ClosedLoad(self, users, think_s, handler, mix, timeout_s, name)

    def inject(self, *faults: Fault) -> None:
        """Schedule faults. Raises `ValueError` at once when a fault names a part that does not exist."""
        for fault in faults:
            fault.schedule(self)
            self.faults.append(fault)

    def measure(self, duration_s: float, warmup_s: float = 0, sample_every_s: float | None = None) -> Result:
        """Run for `warmup_s` without measuring, then for `duration_s`, and give the result of the latter.

        Each part is sampled every `sample_every_s` seconds, 200 times in all unless told otherwise.
        Raises `ValueError` when a time is not positive (`warmup_s` may be 0).
        """
        return measure(self, duration_s, warmup_s, sample_every_s)

    # The calendar ----------------------------------------------------------------------------------------

    def schedule(self, event: Event, priority: EventPriority = NORMAL, delay: float = 0) -> None:
        """Put a SimPy event on the calendar."""
        heappush(self._queue, (self._now + delay, priority, next(self._eid), process_event, event))  # type: ignore[misc]

    def call_at(
        self,
        time_s: float,
        action: Callable[[Any], object],
        argument: Any = None,
        priority: EventPriority = NORMAL,
    ) -> None:
        """Call `action(argument)` at `time_s`, without the cost of an event nobody waits for."""
        heappush(self._queue, (time_s, priority, next(self._eid), action, argument))  # type: ignore[misc]

    def step(self) -> None:
        """Take the next entry of the calendar. Raises `simpy.core.EmptySchedule` when there is none."""
        if not self._queue:
            raise EmptySchedule
        self._now, _, _, action, argument = heappop(self._queue)  # type: ignore[misc]
        action(argument)

    def run(self, until: float | Event | None = None) -> Any:
        """Run until the time or the event `until`, or until nothing is left to happen. As in SimPy.

        A deadline that was met leaves its entry on the calendar; it does not keep the run alive.
        """
        if isinstance(until, Event):
            if until.callbacks is None:
                return until.value
            until.callbacks.append(StopSimulation.callback)
        elif until is not None:
            self._stop_at(float(until))
        try:
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
        """Take entry after entry off the calendar until only deadlines that were met are left."""
        while len(self._queue) > self._cancelled:
            self.step()

    def _run_until_stopped(self) -> None:
        """The same until `StopSimulation`, which must be on the calendar. Here the time of every run goes."""
        queue = self._queue
        while True:
            self._now, _, _, action, argument = heappop(queue)  # type: ignore[misc]
            action(argument)

    def _stop_at(self, time_s: float) -> None:
        if not time_s > self._now:
            raise ValueError(f"until={time_s} must be later than the current time, {self._now}")
        stop = Event(self)
        stop._ok, stop._value = True, None
        assert stop.callbacks is not None
        stop.callbacks.append(StopSimulation.callback)
        self.call_at(time_s, process_event, stop, URGENT)

    def sweep(self) -> None:
        """Take deadlines that were met off the calendar. Done when they are about half of it.

        `asyncio` has the same rule for cancelled timers: cheap on average, and they cannot pile up.
        """
        self._queue[:] = [entry for entry in self._queue if not is_met(entry)]
        heapify(self._queue)
        self._cancelled = 0
        self._sweep_above = max(SWEEP_ABOVE, len(self._queue))
