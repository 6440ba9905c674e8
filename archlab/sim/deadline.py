"""A deadline: wait for something, but not for ever. What you waited for goes on without you.

>>> from archlab.sim import Simulation, Station, TimedOut
>>> sim = Simulation(seed=1)
>>> payments = Station(sim, "payments", capacity=1)
>>> def pay():
...     try:
...         yield sim.deadline(payments.serve(3.0), timeout_s=1.0)
...     except TimedOut as failure:
...         return str(failure)
>>> sim.run(until=sim.start(pay())), payments.busy
('payments: no answer in time', 1)
"""

from __future__ import annotations

from heapq import heappush
from typing import TYPE_CHECKING, Any

from simpy.events import NORMAL, PENDING, Event

from archlab.sim.events import fail_now, process_event
from archlab.sim.failure import TimedOut

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation


class Deadline(Event):
    """`event`, waited for at most `timeout_s` seconds: its value, or `TimedOut`.

    At the very moment of the deadline, whichever was put on the calendar first wins. It costs one entry on the
    calendar, which no longer counts once the deadline is met (see `Simulation.sweep`).
    """

    env: Simulation
    _ok = True

    def __init__(self, sim: Simulation, event: Event, timeout_s: float) -> None:
        self.env = sim
        self.callbacks = []
        self.waited_for = event
        event.callbacks.append(self._met)
        heappush(sim._queue, (sim._now + timeout_s, NORMAL, next(sim._eid), expire, self))  # type: ignore[misc]

    def _met(self, event: Event) -> None:
        """`event` has happened: pass it on, unless nobody waits any longer."""
        if not event._ok:
            event._defused = True
        if self._value is not PENDING:
            return
        self._value = event._value
        sim = self.env
        sim._cancelled += 1
        if sim._cancelled > sim._sweep_above:
            sim.sweep()
        if not event._ok:
            fail_now(self, event._value)
        elif len(self.callbacks) == 1:  # nearly always: spares a function call
            callback, self.callbacks = self.callbacks[0], None  # type: ignore[assignment]
            callback(self)
        else:
            process_event(self)


def expire(deadline: Deadline) -> None:
    """Its time has come: fail the deadline, unless it was met long ago."""
    if deadline._value is not PENDING:
        deadline.env._cancelled -= 1
        return
    waited_for = deadline.waited_for
    fail_now(deadline, TimedOut(getattr(waited_for, "name", type(waited_for).__name__)))


def is_met(entry: tuple[Any, ...]) -> bool:
    """Whether an entry of the calendar is a deadline that no longer matters."""
    return entry[3] is expire and entry[4]._value is not PENDING
