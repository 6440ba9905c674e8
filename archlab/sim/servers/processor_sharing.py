"""Processors that share their time: all jobs inside are worked on at once, none waits for another to be done.

That is what the cores of a machine do. The operating system gives every thread a turn of a few milliseconds, so a short
job passes a long one; at a `Station` it waits until the long one is done. With n jobs on c cores each is worked on at
min(1, c / n) of a core's speed: egalitarian processor sharing. Turns are taken as infinitely short, and changing from
one job to the next costs nothing; both err in favour of sharing.

In Kendall's notation with Poisson arrivals it is M/G/c-PS. For one core the mean response depends on the mean of the
work alone: service / (1 - utilisation), see `archlab.sim.theory.mgc_ps`.

How it is done: virtual time runs at the speed at which each job is worked on. A job ends when virtual time has moved on
by its work, whatever comes and goes meanwhile. So nothing about the others changes when a job arrives, and the next to
end is the first of a heap. The idea is that of fair queueing (A. Demers, S. Keshav and S. Shenker, "Analysis and
Simulation of a Fair Queueing Algorithm", SIGCOMM 1989).

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> cpu = SharedProcessors(sim, "cpu", capacity=1)
>>> long, short = cpu.serve(10.0), cpu.serve(1.0)
>>> sim.run(until=short)
>>> sim.now
2.0
>>> sim.run(until=long)
>>> sim.now
11.0
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import TYPE_CHECKING, NoReturn

from simpy.events import NORMAL

from archlab.sim.core.active_faults import coming_back, going_down, slowing_down
from archlab.sim.core.alarm import Alarm, ring
from archlab.sim.core.calendar import require_sim
from archlab.sim.core.events import fail_next, happen
from archlab.sim.failure import Crashed
from archlab.sim.servers.visit import Visit, turn_away
from archlab.sim.validation import refuse, require_seconds, require_whole

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar


class SharedProcessors:
    """`capacity` cores that share their time among all jobs, known to the simulation by `name`.

    Args:
        capacity: how many cores there are. A job uses one at most. It may be changed later.
        jobs_limit: how many jobs may be inside; one more is `Refused`. None: no limit.

    Nobody waits, so there is no order of service and there are no priorities. What is counted as the queue, in samples
    and sums, is the number of jobs beyond the cores: those that there would be no core for if each had one of its own.

    Raises `ValueError` when an argument is not allowed or the name is taken.
    """

    def __init__(self, sim: Calendar, name: str, capacity: int = 1, jobs_limit: int | None = None) -> None:
        require_sim(sim)
        require_whole("capacity", capacity, at_least=1)
        if jobs_limit is not None:
            require_whole("jobs_limit", jobs_limit, at_least=1)
        self.sim = sim
        self.name = name
        self.is_up = True
        self.completed = self.refused = self.failed = 0
        self._capacity = capacity
        self._limit = inf if jobs_limit is None else jobs_limit
        self._slowness = 1.0
        self._jobs: list[
            tuple[float, int, Visit]
        ] = []  # a heap: virtual time of the end, order of arrival, the job
        self._number = count().__next__
        self._virtual_s = 0.0
        self._speed = 0.0  # of virtual time
        self._moved_s = sim.now  # when virtual time was last moved on
        self._busy_s = self._waiting_s = 0.0  # up to then
        self._end_s = inf  # when the next job ends
        self._alarm: _NextEnd | None = None  # on the calendar for `_end_s` or before
        sim.add(self)

    # Work ------------------------------------------------------------------------------------------------

    def serve(self, work_s: float, priority: float = 0) -> Visit:
        """Do `work_s` seconds of work of one core. Yield the visit to wait for its end.

        The visit fails with `Refused` when too many jobs are inside, `Unavailable` when the processors are down, and
        `Crashed` when they go down meanwhile. The work is done whether or not anybody waits for it.
        Raises `ValueError` when `work_s` is negative or not a number, or `priority` is not 0: nobody is served first.
        """
        require_seconds("work_s", work_s)
        if priority != 0:
            refuse(ValueError, "priority", priority, "0: processors that share time know no order")
        visit = Visit(self.sim, self, work_s)
        if self.is_up and len(self._jobs) < self._limit:
            self._move_on()
            heappush(self._jobs, (self._virtual_s + work_s, self._number(), visit))
            self._plan()
        else:
            turn_away(self, visit)
        return visit

    def hold(self, priority: float = 0) -> NoReturn:
        """Not possible. A job that waits for somebody else uses no core, so there is nothing to hold.

        Raises `TypeError`. Hold a place in an `archlab.sim.servers.pool.Pool` of threads, and let it work here.
        """
        raise TypeError(
            f"{self.name!r} cannot be held: who waits uses no core; hold a place in a Pool instead"
        )

    def _move_on(self) -> None:
        """Bring virtual time and the sums up to the present. It comes before every change."""
        now, jobs, capacity = self.sim._now, len(self._jobs), self._capacity
        passed_s = now - self._moved_s
        self._moved_s = now
        self._virtual_s += passed_s * self._speed
        if jobs <= capacity:
            self._busy_s += passed_s * jobs
        else:
            self._busy_s += passed_s * capacity
            self._waiting_s += passed_s * (jobs - capacity)

    def _plan(self) -> None:
        """Work out when the next job ends. It comes after every change."""
        jobs = self._jobs
        if jobs:
            share = 1.0 if len(jobs) <= self._capacity else self._capacity / len(jobs)
            self._speed = share / self._slowness
            left_s = max(0.0, jobs[0][0] - self._virtual_s)  # rounding may have passed the end
            self._end_s = self.sim._now + left_s / self._speed
        else:  # virtual time starts again from nothing, so that it never gets coarse
            self._virtual_s, self._speed, self._end_s = 0.0, 0.0, inf
        self._set_alarm()

    def _set_alarm(self) -> None:
        """See that there is an entry on the calendar for the next end, or for a moment before it."""
        alarm = self._alarm
        if alarm is not None and (alarm.at_s > self._end_s or not self._jobs):
            alarm.cancel()
            alarm = self._alarm = None
        if alarm is None and self._jobs:
            self._alarm = _NextEnd(self, self._end_s)

    def _ring(self) -> None:
        """The alarm's time has come: it is the end of a job, unless others have come and made it later."""
        self._alarm = None
        if self.sim._now < self._end_s:
            self._set_alarm()
            return
        self._move_on()
        self._virtual_s, _, visit = heappop(self._jobs)  # exactly its end: rounding does not add up
        self.completed += 1
        self._plan()
        happen(visit)

    # Size and faults -------------------------------------------------------------------------------------

    @property
    def capacity(self) -> int:
        """How many cores there are. Set it to change it, a whole number of at least 1: it counts at once."""
        return self._capacity

    @capacity.setter
    def capacity(self, capacity: int) -> None:
        require_whole("capacity", capacity, at_least=1)
        self._move_on()
        self._capacity = capacity
        self._plan()

    @slowing_down
    def slow_down(self, factor: float) -> None:
        """From now on work takes `factor` times as long, what is left of the work inside too. 1.0: as before."""
        self._move_on()
        self._slowness = factor
        self._plan()

    @going_down
    def crash(self) -> None:
        """Go down. All jobs inside fail with `Crashed`."""
        if not self.is_up:
            return
        self._move_on()
        self.is_up = False
        inside = [visit for _, _, visit in sorted(self._jobs)]
        self._jobs.clear()
        self._plan()
        self.failed += len(inside)
        for visit in inside:
            fail_next(visit, Crashed(self.name))

    @coming_back
    def restart(self) -> None:
        """Come back, empty. Does nothing when they are up."""
        self.is_up = True

    # Measurement -----------------------------------------------------------------------------------------

    @property
    def jobs(self) -> int:
        """How many jobs are inside."""
        return len(self._jobs)

    @property
    def busy(self) -> int:
        """Cores at work."""
        return min(len(self._jobs), self._capacity)

    @property
    def queue_length(self) -> int:
        """Jobs beyond the cores."""
        return max(0, len(self._jobs) - self._capacity)

    def sample(self) -> tuple[int, int, int, bool]:
        """Jobs beyond the cores, busy cores, capacity, and whether they are up, at this moment."""
        return self.queue_length, self.busy, self._capacity, self.is_up

    def totals(self) -> dict[str, float]:
        """Sums since the start: `busy_s` (core seconds), `waiting_s` (of jobs beyond the cores) and counts of jobs."""
        passed_s = self.sim._now - self._moved_s  # a reading moves nothing on: it must not change the run
        return {
            "busy_s": self._busy_s + passed_s * self.busy,
            "waiting_s": self._waiting_s + passed_s * self.queue_length,
            "completed": self.completed,
            "refused": self.refused,
            "failed": self.failed,
        }


class _NextEnd(Alarm):
    """The entry on the calendar for the next end of a job."""

    def __init__(self, processors: SharedProcessors, at_s: float) -> None:
        self.env = sim = processors.sim
        self.waiter = None
        self.processors = processors
        self.at_s = at_s
        heappush(sim._queue, (at_s, NORMAL, next(sim._eid), ring, self))  # type: ignore[misc]

    def due(self) -> None:
        self.processors._ring()
