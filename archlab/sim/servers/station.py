"""A station: a number of equal servers and one queue before them. The building block of every queueing model.

A web server's worker threads, a database's cores, a connection pool and a lock are all stations.
In Kendall's notation a station with Poisson arrivals and exponential service is M/M/c; with `queue_limit=0`, M/M/c/c.

>>> from archlab.sim import Simulation, Station
>>> sim = Simulation(seed=1)
>>> till = Station(sim, "till", capacity=1)
>>> def customer():
...     yield till.serve(2.0)
...     return sim.now
>>> first, second = sim.start(customer()), sim.start(customer())
>>> sim.run(until=second), till.busy
(4.0, 0)
"""

from __future__ import annotations

from heapq import heapify, heappush
from math import inf
from typing import TYPE_CHECKING, Any

from simpy.events import NORMAL, URGENT

from archlab.sim.core.active_faults import coming_back, going_down, slowing_down
from archlab.sim.core.events import fail_next, fail_now, process_event
from archlab.sim.failure import Crashed, Refused, Unavailable
from archlab.sim.servers.discipline import Discipline, line
from archlab.sim.servers.visit import Hold, Visit, take_away, tell
from archlab.sim.validation import require_positive, require_whole

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar


class Station:
    """`capacity` servers with one queue, known to the simulation by `name`.

    Args:
        capacity: how many pieces of work are served at the same time.
        queue_limit: how many may wait; one more is `Refused`. None: no limit.
        discipline: who is served next. "fifo": who came first. "lifo": who came last. "priority": the
            smallest `priority`, and who came first among equals.

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
        require_whole("capacity", capacity, at_least=1)
        if queue_limit is not None:
            require_whole("queue_limit", queue_limit, at_least=0)
        self.sim = sim
        self.name = name
        self.capacity = capacity
        self._queue_limit = inf if queue_limit is None else queue_limit
        self._room = self._queue_limit  # 0 while the station is down
        self._waiting = line(discipline)
        self._held: dict[Hold, None] = {}
        self._free = capacity
        self._slowness = 1.0
        self.is_up = True
        self.completed = self.refused = self.failed = 0
        self._busy_area = self._queue_area = 0.0
        self._calendar: list[Any] = sim._queue
        self._number = sim._eid.__next__
        self._on_finish = self._finish
        sim.add(self)

    # Work ------------------------------------------------------------------------------------------------

    def serve(self, service_s: float, priority: float = 0) -> Visit:
        """Wait for a free server, then work for `service_s` seconds. Yield the visit to wait for its end.

        The visit fails with `Refused` when the queue is full, `Unavailable` when the station is down, and
        `Crashed` when it goes down meanwhile. The work is done whether or not anybody waits for it.
        Raises `ValueError` when `service_s` is negative or not a number.
        """
        if not service_s >= 0.0:
            raise ValueError(f"service_s is {service_s!r}; it must be a number of seconds, 0 or more")
        sim = self.sim
        visit = Visit(sim, self, service_s)
        now = sim._now
        if self._free > 0:
            self._free -= 1
            self._busy_area -= now
            end = now + service_s * self._slowness
            heappush(self._calendar, (end, NORMAL, self._number(), self._on_finish, visit))
        elif len(self._waiting) < self._room:
            if priority:
                visit.priority = priority
            self._queue_area -= now
            self._waiting.append(visit)
        else:
            self._turn_away(visit)
        return visit

    def hold(self, priority: float = 0) -> Hold:
        """Take a server and keep it until the end of the `with` block, whatever you wait for meanwhile.

        A thread that waits for a slow database is held like this: it does nothing and is not free either.
        A crash of the station throws `Crashed` into the holder (`simpy.Interrupt` with that cause into a process).
        """
        hold = Hold(self)
        if self._free > 0:
            self._free -= 1
            self._busy_area -= self.sim._now
            self._grant(hold)
        elif len(self._waiting) < self._room:
            hold.priority = priority
            self._queue_area -= self.sim._now
            self._waiting.append(hold)
        else:
            self._turn_away(hold)
        return hold

    def release(self, hold: Hold) -> None:
        """Give a held server back, or stop waiting for it. The `with` block does this for you."""
        hold.released = True
        if hold in self._held:
            del self._held[hold]
            self.completed += 1
            self._next()
        elif not hold.triggered:
            self._waiting.remove(hold)
            self._queue_area += self.sim._now
            self.failed += 1

    def _turn_away(self, visit: Visit | Hold) -> None:
        if self.is_up:
            self.refused += 1
            fail_now(visit, Refused(self.name))
        else:
            self.failed += 1
            fail_now(visit, Unavailable(self.name))

    def _finish(self, visit: Visit) -> None:
        """A server has done its work: give it the next, and tell who waited."""
        self.completed += 1
        if self._waiting:
            self._next()
        else:
            self._free += 1
            self._busy_area += self.sim._now
        visit._value = None
        callbacks = visit.callbacks
        if len(callbacks) == 1:  # nearly always: spares a function call
            visit.callbacks = None  # type: ignore[assignment]
            callbacks[0](visit)
        else:
            process_event(visit)

    def _next(self) -> None:
        """Give a server that has become free to the next in the queue."""
        if not self._waiting:
            self._free += 1
            self._busy_area += self.sim._now
            return
        visit = self._waiting.popleft()
        now = self.sim._now
        self._queue_area += now
        if visit.service_s is None:
            self._grant(visit)
        else:
            end = now + visit.service_s * self._slowness
            heappush(self._calendar, (end, NORMAL, self._number(), self._on_finish, visit))

    def _grant(self, hold: Hold) -> None:
        """Give a server to a holder, who hears of it by way of the calendar: another generator may be running now."""
        self._held[hold] = None
        hold._value = hold
        heappush(self._calendar, (self.sim._now, URGENT, self._number(), tell, hold))

    # Faults ----------------------------------------------------------------------------------------------

    @going_down
    def crash(self) -> None:
        """Go down. Everything inside fails with `Crashed`, in the queue and in service, and so does every holder."""
        if not self.is_up:
            return
        now = self.sim._now
        self.is_up, self._free, self._room = False, 0, 0
        inside = self._take_from_calendar()
        waiting = list(self._waiting)
        holds = list(self._held)
        self._busy_area += now * (len(inside) + len(holds))
        self._queue_area += now * len(waiting)
        self._waiting.clear()
        self._held.clear()
        self.failed += len(inside) + len(waiting) + len(holds)
        for hold in holds:
            self.sim.call_at(now, take_away, hold, URGENT)
        for visit in [*inside, *waiting]:
            fail_next(visit, Crashed(self.name))

    @coming_back
    def restart(self) -> None:
        """Come back, empty. Does nothing when the station is up."""
        if not self.is_up:
            self.is_up, self._free, self._room = True, self.capacity, self._queue_limit

    @slowing_down
    def slow_down(self, factor: float) -> None:
        """From now on work takes `factor` times as long, what is left of the work under way too. 1.0: as before."""
        require_positive("factor", factor)
        stretch, now = factor / self._slowness, self.sim._now
        self._slowness = factor
        entries = [entry for entry in self._calendar if entry[3] is self._on_finish]
        self._take_from_calendar()
        for time, priority, number, action, visit in entries:
            heappush(self._calendar, (now + (time - now) * stretch, priority, number, action, visit))

    def _take_from_calendar(self) -> list[Visit]:
        """Remove the ends of all work under way from the calendar, and return the visits in order."""
        ours = sorted(entry for entry in self._calendar if entry[3] is self._on_finish)
        if ours:
            self._calendar[:] = [entry for entry in self._calendar if entry[3] is not self._on_finish]
            heapify(self._calendar)
        return [entry[4] for entry in ours]

    # Measurement -----------------------------------------------------------------------------------------

    @property
    def busy(self) -> int:
        """Servers at work or held."""
        return self.capacity - self._free if self.is_up else 0

    @property
    def queue_length(self) -> int:
        """How many wait for a server."""
        return len(self._waiting)

    def sample(self) -> tuple[int, int, int, bool]:
        """Queue length, busy servers, capacity, and whether the station is up, at this moment."""
        return self.queue_length, self.busy, self.capacity, self.is_up

    def totals(self) -> dict[str, float]:
        """Sums since the start: `busy_s` (server seconds), `waiting_s` (visit seconds) and counts of visits."""
        now = self.sim._now
        return {
            "busy_s": self._busy_area + now * self.busy,
            "waiting_s": self._queue_area + now * self.queue_length,
            "completed": self.completed,
            "refused": self.refused,
            "failed": self.failed,
        }
