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
from math import inf
from typing import TYPE_CHECKING, Any, NoReturn

from simpy.events import NORMAL, PENDING, Event

from archlab.sim.core.alarm import Alarm, ring
from archlab.sim.core.events import HAPPENED, LeanEvent, fail_now, happen
from archlab.sim.core.task import Task
from archlab.sim.failure import TimedOut
from archlab.sim.validation import refuse, require_instance

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar


def deadline(sim: Calendar, event: Event, timeout_s: float) -> Event:
    """`event`, but waited for at most `timeout_s` seconds. See `archlab.sim.Simulation.deadline`."""
    try:
        if not 0 <= timeout_s < inf or event.env is not sim:
            _explain(sim, event, timeout_s)
    except (AttributeError, TypeError):
        _explain(sim, event, timeout_s)
    happened = event.waiter is HAPPENED if isinstance(event, LeanEvent) else event.processed
    return event if happened else Deadline(sim, event, timeout_s)


def _explain(sim: Calendar, event: Event, timeout_s: float) -> NoReturn:
    """Say what is wrong with the arguments."""
    require_instance("event", event, Event, "an event: what `serve` and other parts of the kit return")
    if event.env is not sim:
        refuse(ValueError, "event", event, "an event of the same simulation")
    refuse(ValueError, "timeout_s", timeout_s, "a finite number of seconds, 0 or more")


class Deadline(Alarm):
    """`event`, waited for at most `timeout_s` seconds: its value, or `TimedOut`.

    At the very moment of the deadline, whichever was put on the calendar first wins. It costs one entry on the
    calendar, which no longer counts once the deadline is met (see `Calendar.sweep`).
    """

    def __init__(self, sim: Calendar, event: Event, timeout_s: float) -> None:
        self.env = sim
        self.waiter = None
        self.waited_for = event
        if isinstance(event, LeanEvent) and event.waiter is None:
            event.waiter = self
        else:
            event.callbacks.append(self._resume)
        heappush(sim._queue, (sim._now + timeout_s, NORMAL, next(sim._eid), ring, self))  # type: ignore[misc]

    def go_on(self, value: Any) -> None:
        """What was waited for has happened: pass its value on, unless nobody waits any longer."""
        if self._value is PENDING:
            sim = self.env
            self._value = value
            sim._void += 1  # `count_void` without the call
            if sim._void > sim._sweep_above:
                sim.sweep()
            waiter = self.waiter
            if isinstance(waiter, Task):  # nearly always: `happen` without the call
                self.waiter = HAPPENED
                waiter.go_on(value)
            else:
                happen(self, value)

    def _resume(self, event: Event) -> None:
        """The same for whatever may have failed."""
        if event._ok:
            self.go_on(event._value)
            return
        event._defused = True
        if self._value is PENDING:
            self._value = event._value
            self.env.count_void(1)
            fail_now(self, event._value)

    def due(self) -> None:
        """The time has come: whoever waits gets `TimedOut`."""
        fail_now(self, TimedOut(getattr(self.waited_for, "name", type(self.waited_for).__name__)))
