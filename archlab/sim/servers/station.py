"""A station: a number of equal servers and one queue before them. The building block of every queueing model.

A database's cores, a lock and a disk are stations: each server works on one piece of work until it is done. Where
processors share their time, see `archlab.sim.servers.processor_sharing`.
In Kendall's notation a station with Poisson arrivals and exponential service is M/M/c; with `queue_limit=0`, M/M/c/c;
with exponential `patience_s`, M/M/c+M.

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

from collections.abc import Callable
from heapq import heappush
from math import inf, nan
from typing import TYPE_CHECKING, Any

from simpy.events import NORMAL, PENDING, URGENT

from archlab.sim.core.active_faults import going_down, slowing_down
from archlab.sim.core.events import HAPPENED, fail_next, fail_now, happen
from archlab.sim.failure import Crashed, TimedOut
from archlab.sim.servers.discipline import Discipline, require_priority
from archlab.sim.servers.pool import Pool
from archlab.sim.servers.visit import Hold, PatientVisit, Visit, turn_away
from archlab.sim.validation import require_non_negative, require_seconds

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar

new_visit: Callable[[type[Visit]], Visit] = Visit.__new__
FEW = 12
"""So many entries of work that is done are not worth the trouble of forgetting them."""


class Station(Pool):
    """`capacity` servers with one queue, known to the simulation by `name`. A `Pool` whose places work.

    Args:
        capacity: how many pieces of work are served at the same time. It may be changed later; no work is cut short.
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
        super().__init__(sim, name, capacity, queue_limit, discipline)
        self._slowness = 1.0
        self._on_finish = self._finish
        self._on_worked = self._worked
        self._begun: list[Any] | None = None  # entries of work under way; None: no fault yet, not noted
        self._forget_above = FEW

    # Work ------------------------------------------------------------------------------------------------

    def serve(self, service_s: float, priority: float = 0, patience_s: float | None = None) -> Visit:
        """Wait for a free server, then work for `service_s` seconds. Yield the visit to wait for its end.

        The visit fails with `Refused` when the queue is full, `Unavailable` when the station is down, and
        `Crashed` when it goes down meanwhile. The work is done whether or not anybody waits for it.

        With `patience_s` it leaves the queue after so many seconds and fails with `TimedOut`. Work that has begun by
        then is done. (A `sim.deadline` leaves the work in the queue: the client gives up and the server does not know.)

        Raises `ValueError` when `service_s` or `patience_s` is negative or not a number, or for a priority that the
        discipline does not look at.
        """
        try:
            if not 0.0 <= service_s < inf:
                require_seconds("service_s", service_s)
        except TypeError:
            require_seconds("service_s", service_s)
        if priority != 0:
            require_priority(self.discipline, priority)
        if patience_s is not None:
            return self._serve_patiently(service_s, priority, patience_s)
        sim = self.sim
        visit = new_visit(Visit)  # `Visit(sim, self, service_s)` without the call of the constructor
        visit.env = sim
        visit.waiter = None
        visit.station = self
        visit.service_s = service_s
        now = sim._now
        if self._free > 0:  # `_let_in` without the calls: here the time of every run goes
            self._free -= 1
            self._busy_area -= now
            end, number = now + service_s * self._slowness, self._number
            entry = (end, NORMAL, number(), self._on_finish, visit)
            heappush(self._calendar, entry)
            if self._begun is not None:
                self._begun.append(entry)
        elif len(self._waiting) < self._room:
            if priority:
                visit.priority = priority
            self._queue_area -= now
            self._waiting.append(visit)
        else:
            turn_away(self, visit)
        return visit

    def _serve_patiently(self, service_s: float, priority: float, patience_s: float) -> PatientVisit:
        require_non_negative("patience_s", patience_s)
        visit = PatientVisit(self.sim, self, service_s)
        visit.priority = priority
        if self._free <= 0 and len(self._waiting) < self._room:
            visit.wait_at_most(patience_s)
        self._let_in(visit)
        return visit

    def _abandon(self, visit: PatientVisit) -> None:
        """Its patience is over before its service has begun: it leaves."""
        self._waiting.remove(visit)
        self._queue_area += self.sim._now
        self.failed += 1
        fail_now(visit, TimedOut(self.name))

    def _start(self, visit: Visit) -> None:
        """Let a server work, and put the end of the work on the calendar."""
        self._put(visit, self._on_finish)

    def _put(self, work: Visit, action: Callable[[Visit], None]) -> None:
        """Put the end of work that begins now on the calendar."""
        end = self.sim._now + work.service_s * self._slowness
        entry = (end, NORMAL, self._number(), action, work)
        heappush(self._calendar, entry)
        if self._begun is not None:
            self._begun.append(entry)

    def _finish(self, visit: Visit) -> None:
        """A server has done its work: give it the next, and tell who waited."""
        if self._begun is not None and not self._ends_now(visit):
            return
        self.completed += 1
        if self._waiting:
            self._next()
        else:
            self._free += 1
            self._busy_area += self.sim._now
        waiter = visit.waiter
        if waiter is None or waiter.__class__ is list:
            happen(visit)
        else:  # nearly always: `happen` without the call
            visit._value = None
            visit.waiter = HAPPENED
            waiter.go_on(None)

    def _next(self) -> None:
        """Give a server that has become free to the next in the queue, unless there are more than there should be."""
        if not self._waiting or self._free < 0:
            self._free += 1
            self._busy_area += self.sim._now
            return
        visit = self._waiting.popleft()
        now = self.sim._now
        self._queue_area += now
        if type(visit) is Visit:  # nearly always: `_start` without the call
            end, number = now + visit.service_s * self._slowness, self._number
            entry = (end, NORMAL, number(), self._on_finish, visit)
            heappush(self._calendar, entry)
            if self._begun is not None:
                self._begun.append(entry)
        else:
            visit.begin()

    # Work on a held server -------------------------------------------------------------------------------

    def _work(self, hold: Hold, work_s: float) -> Visit:
        """See `Hold.work`."""
        require_seconds("work_s", work_s)
        if not hold.triggered or not hold._ok or hold.released:
            raise ValueError(
                f"no server of {self.name!r} is held; yield the hold first, and work in its block"
            )
        if hold.doing is not None:
            raise ValueError(f"the held server of {self.name!r} is at work; it does one thing at a time")
        visit = Visit(self.sim, self, work_s)
        if hold not in self._held:
            fail_now(visit, Crashed(self.name))  # the server was lost
            return visit
        visit.hold, hold.doing = hold, visit
        self._put(visit, self._on_worked)
        return visit

    def _worked(self, visit: Visit) -> None:
        """A holder has done its work, and goes on holding."""
        if self._begun is not None and not self._ends_now(visit):
            return
        visit.hold.doing = None
        happen(visit)

    def _stop_doing(self, hold: Hold) -> None:
        assert hold.doing is not None
        hold.doing.end_s, hold.doing = nan, None
        self._disturb(1)

    # Faults ----------------------------------------------------------------------------------------------

    @going_down
    def crash(self) -> None:
        """Go down. Everything inside fails with `Crashed`, in the queue and in service, and so does every holder."""
        working = [hold for hold in self._held if hold.doing is not None]
        super().crash()
        for hold in working:  # after the holders have been told: they leave for the crash, not for this
            self.sim.call_at(self.sim._now, self._lose, hold.doing, URGENT)
            hold.doing = None

    def _lose(self, visit: Visit) -> None:
        """Let the work of a holder fail, as the last thing of the crash."""
        fail_next(visit, Crashed(self.name))

    @slowing_down
    def slow_down(self, factor: float) -> None:
        """From now on work takes `factor` times as long, what is left of the work under way too. 1.0: as before.

        That is work by `serve`, and by `Hold.work` on a held server. A server that is held while its holder waits for
        somebody else, or for a `sim.timeout`, is not slower than those are.
        """
        stretch, now = factor / self._slowness, self.sim._now
        self._slowness = factor
        under_way, moved = self._under_way(), 0
        for place, (time, priority, number, action, work) in enumerate(under_way):
            end = now + (time - now) * stretch
            if end != time:
                work.end_s = end
                under_way[place] = entry = (end, priority, number, action, work)
                heappush(self._calendar, entry)
                moved += 1
        self._begun = under_way
        self._disturb(moved)

    def _stop_work(self) -> list[Visit]:
        entries = sorted(self._under_way())
        self._begun = []
        for entry in entries:
            entry[4].end_s = nan
        self._disturb(len(entries))
        return [entry[4] for entry in entries if entry[3] is self._on_finish]

    # Work under way --------------------------------------------------------------------------------------
    # A fault must not have to look at the whole calendar, nor an ordinary visit pay for faults. So the first fault of a
    # station looks, and from then on it notes the entries of the work that begins, and forgets them in blocks. What a
    # fault makes void stays on the calendar: it is passed over when its time has come.

    def _under_way(self) -> list[Any]:
        """The entries on the calendar for the ends of work under way."""
        entries = self._calendar if self._begun is None else self._begun
        return [
            entry
            for entry in entries
            if self._is_end(entry) and entry[4]._value is PENDING and not self._is_superseded(entry)
        ]

    def _is_end(self, entry: tuple[Any, ...]) -> bool:
        """Whether an entry of the calendar is an end of work here."""
        return entry[3] is self._on_finish or entry[3] is self._on_worked

    def _disturb(self, entries: int) -> None:
        """Work under way has been broken off or moved, so that so many entries have become void."""
        if self._begun is None:
            self._begun = self._under_way()
        self.sim.count_void(entries)

    def _ends_now(self, work: Visit) -> bool:
        """Whether the entry whose time has come is the one that counts. Forgets, now and then, what is done."""
        now, begun = self.sim._now, self._begun
        if begun is not None and len(begun) > self._forget_above:
            self._begun = begun = [entry for entry in begun if entry[0] >= now]
            self._forget_above = 2 * len(begun) + FEW
        if work.end_s is None or work.end_s is now:  # not "==": an earlier end may fall on the same time
            return True
        self.sim.count_void(-1)
        return False

    def is_void(self, entry: tuple[Any, ...]) -> bool:
        """Whether an entry of the calendar is an end of work here that no longer counts."""
        return self._is_end(entry) and self._is_superseded(entry)

    @staticmethod
    def _is_superseded(entry: tuple[Any, ...]) -> bool:
        """Whether work ends at another time than an entry says, or never."""
        end_s = entry[4].end_s
        return end_s is not None and end_s is not entry[0]
