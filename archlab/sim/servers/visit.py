"""Visits to a station: a piece of work, or a server held while its holder works or waits for somebody else.

Both are events. Yield them to wait for the end of the work, or for the server.

>>> from archlab.sim import Simulation, Station
>>> sim = Simulation(seed=1)
>>> web, database = Station(sim, "web"), Station(sim, "database")
>>> def handler():
...     with web.hold() as worker:
...         yield worker
...         yield worker.work(0.002)
...         yield database.serve(0.005)
>>> sim.run(until=sim.start(handler())), sim.now, web.totals()["busy_s"]
(None, 0.007, 0.007)
"""

from __future__ import annotations

from heapq import heappush
from typing import TYPE_CHECKING, Any, Protocol

import simpy
from simpy.events import NORMAL, Event

from archlab.sim.core.alarm import Alarm, ring
from archlab.sim.core.events import LeanEvent, fail_now, happen, process_event
from archlab.sim.core.task import Grant, Task, leave_to_itself
from archlab.sim.failure import Crashed, Refused, Unavailable

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar


NOBODY: Any = object()
"""The holder of what has been given back."""


class Visit(LeanEvent):
    """One piece of work at a station, and the event of its end."""

    priority: float = 0
    hold: Hold
    """What is held, if it is the work of a holder."""
    end_s: float | None = None
    """When its service ends, once a fault has moved that; NaN: never. None: when it was planned to."""

    def __init__(self, sim: Calendar, station: Any, service_s: float) -> None:
        self.env = sim
        self.waiter = None
        self.station = station
        self.service_s = service_s

    @property
    def name(self) -> str:
        return str(self.station.name)

    def begin(self) -> None:
        """Its turn has come."""
        self.station._start(self)

    def stop_waiting(self) -> None:
        """It leaves the queue."""


class PatientVisit(Visit):
    """A piece of work that waits for its turn only so long."""

    _patience: Patience | None = None

    def wait_at_most(self, patience_s: float) -> None:
        """Leave the queue after `patience_s` seconds, unless its turn has come by then."""
        self._patience = Patience(self, patience_s)

    def begin(self) -> None:
        self.stop_waiting()
        super().begin()

    def stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()


class Patience(Alarm):
    """The moment at which a visit leaves the queue."""

    def __init__(self, visit: PatientVisit, patience_s: float) -> None:
        self.env = sim = visit.env
        self.waiter = None
        self.visit = visit
        heappush(sim._queue, (sim._now + patience_s, NORMAL, next(sim._eid), ring, self))  # type: ignore[misc]

    def due(self) -> None:
        self.visit.station._abandon(self.visit)


class Hold(Grant):
    """A server held for as long as a `with` block lasts, and the event of getting it."""

    priority: float = 0
    doing: Visit | None = None
    released = False

    def __init__(self, station: Any) -> None:
        self.env = station.sim
        self.waiter = None
        self.station = station
        self.holder = station.sim.active_process

    @property
    def name(self) -> str:
        return str(self.station.name)

    def work(self, work_s: float) -> Visit:
        """Work for `work_s` seconds on the held server. Yield the visit to wait for its end.

        A slow-down of the station stretches it, what is left of it when it begins, too. A crash ends it. Time in which
        the holder waits for somebody else is not work, and no slow-down of this station stretches it.

        Raises:
            ValueError: when `work_s` is negative or not a number, when the server is not held yet or no more, or works
                already.
            TypeError: when it is held in a `Pool`, whose places do no work: nothing could slow it.
        """
        return self.station._work(self, work_s)

    def begin(self) -> None:
        """Its turn has come."""
        self.station._grant(self)

    def stop_waiting(self) -> None:
        """It leaves the queue."""

    def __enter__(self) -> Hold:
        return self

    def __exit__(self, exception: type[BaseException] | None, *_: object) -> None:
        nobody_waited = self.holder is None and not self.callbacks and self.triggered and self._ok
        self.station.release(self)
        if nobody_waited and exception is None:
            raise ValueError(
                f"the hold of {self.name!r} was never yielded: the block worked without a server; "
                f"it must begin with a yield of what `hold` returned"
            )


class Counts(Protocol):
    """What counts the visits that it turns away."""

    name: str
    is_up: bool
    refused: int
    failed: int


def turn_away(part: Counts, visit: Event) -> None:
    """Let a visit fail at once: the queue is full, or the part is down."""
    if part.is_up:
        part.refused += 1
        fail_now(visit, Refused(part.name))
    else:
        part.failed += 1
        fail_now(visit, Unavailable(part.name))


def tell(hold: Hold) -> None:
    """Let the one who waits for a held server go on, and remember who it is."""
    if isinstance(hold.waiter, Task):  # nearly always
        hold.holder = hold.waiter
        happen(hold, hold)
    else:
        hold.holder = _who_waits(hold) or hold.holder
        process_event(hold)


def _who_waits(event: Event) -> Task | simpy.Process | None:
    """The task or process that waits for `event`, be it through a deadline or a condition such as `hold | timeout`."""
    for callback in event.callbacks or ():
        waits = getattr(callback, "__self__", None)
        if isinstance(waits, (Task, simpy.Process)):
            return waits
        if waits is not event and isinstance(waits, Event) and (found := _who_waits(waits)):
            return found
    return None


def take_away(hold: Hold) -> None:
    """The server is lost: throw `Crashed` into its holder, a process gets it as the cause of an interrupt."""
    if hold.released or hold.holder is None or not hold.holder.is_alive:
        return
    if isinstance(hold.holder, simpy.Process):
        leave_to_itself(hold.holder.target, hold.holder._resume)
        hold.holder.interrupt(Crashed(hold.name))
    else:
        hold.holder.throw_now(Crashed(hold.name))
