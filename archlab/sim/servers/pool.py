"""A pool: a number of equal places, each held by one at a time, and one queue before them.

Worker threads, connections and permits are pools. A place does no work by itself: whoever holds it works, or waits for
somebody else. So a pool cannot be slowed down; `archlab.sim.servers.station.Station` is a pool whose places work.

>>> from archlab.sim import Simulation, Station
>>> from archlab.sim.servers.pool import Pool
>>> sim = Simulation(seed=1)
>>> connections, database = Pool(sim, "connections", capacity=1), Station(sim, "database", capacity=8)
>>> def query():
...     with connections.hold() as connection:
...         yield connection
...         yield database.serve(2.0)
...     return sim.now
>>> first, second = sim.start(query()), sim.start(query())
>>> sim.run(until=second), connections.busy
(4.0, 0)
"""

from __future__ import annotations

from heapq import heappush
from math import inf
from typing import TYPE_CHECKING, Any

from simpy.events import URGENT

from archlab.sim.core.active_faults import coming_back, going_down
from archlab.sim.core.calendar import require_same_sim, require_sim
from archlab.sim.core.events import fail_next
from archlab.sim.failure import Crashed
from archlab.sim.servers.discipline import Discipline, line, require_priority
from archlab.sim.servers.visit import NOBODY, Hold, Visit, take_away, tell, turn_away
from archlab.sim.validation import require_instance, require_whole

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar


class Pool:
    """`capacity` places with one queue, known to the simulation by `name`.

    Args:
        capacity: how many are held at the same time. It may be changed later.
        queue_limit: how many may wait; one more is `Refused`. None: no limit.
        discipline: who is next. "fifo": who came first. "lifo": who came last. "priority": the smallest
            `priority`, and who came first among equals.

    Raises `ValueError` when an argument is not allowed or the name is taken.
    """

    def __init__(
        self,
        sim: Calendar,
        name: str,
        capacity: int = 1,
        queue_limit: int | None = None,
        discipline: Discipline = "fifo",
    ) -> None:
        require_sim(sim)
        require_whole("capacity", capacity, at_least=1)
        if queue_limit is not None:
            require_whole("queue_limit", queue_limit, at_least=0)
        self.sim = sim
        self.name = name
        self.discipline = discipline
        self._capacity = capacity
        self._queue_limit = inf if queue_limit is None else queue_limit
        self._room = self._queue_limit  # 0 while it is down
        self._waiting = line(discipline)
        self._held: dict[Hold, None] = {}
        self._free = capacity  # below 0 while more are busy than there should be
        self.is_up = True
        self.completed = self.refused = self.failed = 0
        self._busy_area = self._queue_area = 0.0
        self._calendar: list[Any] = sim._queue
        self._number = sim._eid.__next__
        sim.add(self)

    # Holding ---------------------------------------------------------------------------------------------

    def hold(self, priority: float = 0) -> Hold:
        """Take a place and keep it until the end of the `with` block, whatever you wait for meanwhile.

        A thread that waits for a slow database is held like this: it does nothing and is not free either.
        A crash of the pool throws `Crashed` into the holder (`simpy.Interrupt` with that cause into a process).
        Raises `ValueError` for a priority that the discipline does not look at. A block that ends without anybody
        having waited for the place raises `ValueError`, too: it worked without one.
        """
        if priority != 0:
            require_priority(self.discipline, priority)
        hold = Hold(self)
        if self._free > 0:  # `_let_in` without the calls
            self._free -= 1
            self._busy_area -= self.sim._now
            self._grant(hold)
        else:
            hold.priority = priority
            self._let_in(hold)
        return hold

    def release(self, hold: Hold) -> None:
        """Give a held place back, or stop waiting for it. The `with` block does this for you; twice is once.

        Work of the holder that is under way ends where it is: nobody is left to do the rest.
        Raises `TypeError` when `hold` is none, `ValueError` when it is of another simulation.
        """
        if hold.__class__ is not Hold or hold.env is not self.sim:
            require_instance("hold", hold, Hold, "what `hold` returned")
            require_same_sim(self.sim, "hold", hold.station)
        if hold.station is not self:  # it has been handed over while it waited
            hold.station.release(hold)
            return
        if hold.released:
            return
        hold.released = True
        if hold in self._held:
            del self._held[hold]
            hold.holder = hold.holder and NOBODY  # it keeps no task in memory that has ended
            if hold.doing is not None:
                self._stop_doing(hold)
            self.completed += 1
            self._next()
        elif not hold.triggered:
            self._waiting.remove(hold)
            self._queue_area += self.sim._now
            self.failed += 1

    def _let_in(self, visit: Visit | Hold) -> None:
        """Begin a visit, let it wait, or turn it away."""
        if self._free > 0:
            self._free -= 1
            self._busy_area -= self.sim._now
            visit.begin()
        elif len(self._waiting) < self._room:
            self._queue_area -= self.sim._now
            self._waiting.append(visit)
        else:
            turn_away(self, visit)

    def _grant(self, hold: Hold) -> None:
        """Give a place to a holder, who hears of it by way of the calendar: another generator may be running now."""
        self._held[hold] = None
        hold._value = hold
        heappush(self._calendar, (self.sim._now, URGENT, self._number(), tell, hold))

    def _next(self) -> None:
        """A place has become free: give it to the next in the queue, unless there are more than there should be."""
        if not self._waiting or self._free < 0:
            self._free += 1
            self._busy_area += self.sim._now
            return
        self._queue_area += self.sim._now
        self._waiting.popleft().begin()

    def _work(self, hold: Hold, work_s: float) -> Visit:
        """See `Hold.work`."""
        raise TypeError(f"{self.name!r} is a pool, whose places do no work; let a Station serve it instead")

    def _stop_doing(self, hold: Hold) -> None:
        """Break off the work of a holder."""
        raise NotImplementedError

    # Size ------------------------------------------------------------------------------------------------

    @property
    def capacity(self) -> int:
        """How many places there are.

        Set it to change it, a whole number of at least 1. New places go to those who wait, at once. When there are
        to be fewer, nobody is sent away: places that become free are taken out until it is true, and so long `busy`
        is above `capacity`. While it is down the change counts from the restart on. The utilisation in `Result.parts`
        is in places of the end, so after a change it is not the mean over time.
        """
        return self._capacity

    @capacity.setter
    def capacity(self, capacity: int) -> None:
        require_whole("capacity", capacity, at_least=1)
        more = capacity - self._capacity
        self._capacity = capacity
        if self.is_up:
            self._free += more
            self._fill()

    def _fill(self) -> None:
        """Give free places to those who wait."""
        while self._free > 0 and self._waiting:
            self._free -= 1
            self._busy_area -= self.sim._now
            self._next()

    # Faults ----------------------------------------------------------------------------------------------

    @going_down
    def crash(self) -> None:
        """Go down. Everything inside fails with `Crashed`, in the queue and in service, and so does every holder."""
        if not self.is_up:
            return
        now = self.sim._now
        self.is_up, self._free, self._room = False, 0, 0
        at_work, waiting, holds = self._stop_work(), list(self._waiting), list(self._held)
        self._busy_area += now * (len(at_work) + len(holds))
        self._queue_area += now * len(waiting)
        self._waiting.clear()
        self._held.clear()
        self.failed += len(at_work) + len(waiting) + len(holds)
        for hold in holds:
            self.sim.call_at(now, take_away, hold, URGENT)
        for visit in waiting:
            visit.stop_waiting()
        for visit in [*at_work, *waiting]:
            fail_next(visit, Crashed(self.name))

    def _stop_work(self) -> list[Visit]:
        """Take all work under way from the calendar. A pool has none."""
        return []

    @coming_back
    def restart(self) -> None:
        """Come back, empty. Does nothing when it is up."""
        if not self.is_up:
            self.is_up, self._free, self._room = True, self._capacity, self._queue_limit

    # Measurement -----------------------------------------------------------------------------------------

    @property
    def busy(self) -> int:
        """Places that are held, or at work."""
        return self._capacity - self._free if self.is_up else 0

    @property
    def queue_length(self) -> int:
        """How many wait for a place."""
        return len(self._waiting)

    def sample(self) -> tuple[int, int, int, bool]:
        """Queue length, busy places, capacity, and whether it is up, at this moment."""
        return self.queue_length, self.busy, self._capacity, self.is_up

    def totals(self) -> dict[str, float]:
        """Sums since the start: `busy_s` (seconds of places), `waiting_s` (of visits) and counts of visits."""
        now = self.sim._now
        return {
            "busy_s": self._busy_area + now * self.busy,
            "waiting_s": self._queue_area + now * self.queue_length,
            "completed": self.completed,
            "refused": self.refused,
            "failed": self.failed,
        }
