"""Visits to a station: a piece of work, or a server held while somebody else works.

Both are events. Yield them to wait for the end of the work, or for the server.

>>> from archlab.sim import Simulation, Station
>>> sim = Simulation(seed=1)
>>> web, database = Station(sim, "web"), Station(sim, "database")
>>> def handler():
...     with web.hold() as worker:
...         yield worker
...         yield database.serve(0.005)
>>> sim.run(until=sim.start(handler())), sim.now, web.totals()["busy_s"]
(None, 0.005, 0.005)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import simpy
from simpy.events import Event

from archlab.sim.core.events import process_event
from archlab.sim.core.task import Grant, Task
from archlab.sim.failure import Crashed

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar
    from archlab.sim.servers.station import Station


class Visit(Event):
    """One piece of work at a station, and the event of its end."""

    _ok = True
    priority: float = 0

    def __init__(self, sim: Calendar, station: Station, service_s: float) -> None:
        self.env = sim
        self.callbacks = []
        self.station = station
        self.service_s = service_s

    @property
    def name(self) -> str:
        return self.station.name


class Hold(Grant):
    """A server held for as long as a `with` block lasts, and the event of getting it."""

    _ok = True
    priority: float = 0
    service_s = None
    released = False

    def __init__(self, station: Station) -> None:
        super().__init__(station.sim)
        self.station = station
        self.holder = station.sim.active_process

    @property
    def name(self) -> str:
        return self.station.name

    def __enter__(self) -> Hold:
        return self

    def __exit__(self, *exception: object) -> None:
        self.station.release(self)


def tell(hold: Hold) -> None:
    """Let the one who waits for a held server go on, and remember who it is."""
    callbacks = hold.callbacks
    waits = getattr(callbacks[0], "__self__", None) if len(callbacks) == 1 else None
    if isinstance(waits, Task):  # nearly always: spares two function calls
        hold.holder, hold.callbacks = waits, None  # type: ignore[assignment]
        callbacks[0](hold)
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
        hold.holder.interrupt(Crashed(hold.name))
    else:
        hold.holder.throw_now(Crashed(hold.name))
