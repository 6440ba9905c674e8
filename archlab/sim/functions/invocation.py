"""An invocation: one request in an environment, from the initialisation that it may need to its end or time limit.

It is a task, so you can yield it to wait for its end; its value is what the handler returns. The time limit counts from
the start of the handler. It ends the handler where it stands: the handler gets no failure that it could catch, and what
it has asked others to do goes on there. (`with` blocks are left, as connections close when a process ends.)

>>> from archlab.sim import Function, Simulation
>>> sim = Simulation(seed=1)
>>> rows = []
>>> def convert(invocation):
...     for row in range(5):
...         yield invocation.compute(1.0)
...         rows.append(row)
>>> job = Function(sim, "convert", convert, init_s=0.5, keep_alive_s=300, time_limit_s=3.5)
>>> task = job.invoke()
>>> sim.run(until=60)
>>> str(task.value), rows, task.ended_s
('convert: cut off at its time limit', [0, 1, 2], 4.0)
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from heapq import heappush
from math import inf, nan
from typing import Any, Protocol

from simpy.events import NORMAL, PENDING, Event

from archlab.sim.core.alarm import Alarm, ring
from archlab.sim.core.calendar import Calendar
from archlab.sim.core.task import Task
from archlab.sim.failure import Failure
from archlab.sim.functions.environment import Environment
from archlab.sim.functions.failures import CutOff

Handler = Callable[["Invocation"], Generator[Event, Any, Any]]
"""What a function does: a function that takes the invocation and yields what it waits for."""


class Owner(Protocol):
    """A function as its invocations see it."""

    name: str
    handler: Handler
    time_limit_s: float | None

    @property
    def sim(self) -> Calendar:
        """Where it runs."""

    def computing_s(self, cpu_s: float, threads: int) -> float:
        """How long work takes there now."""

    def end(self, invocation: Invocation, failure: Failure | None) -> None:
        """An invocation is over."""


class Invocation(Task):
    """One run of a function, with `payload`.

    `is_cold` says whether it has to wait for an initialisation. `invoked_s`, `began_s` and `ended_s` are when it was
    asked for, when its handler began and when it ended; NaN: not yet.
    """

    environment: Environment
    is_cold = False
    began_s = ended_s = nan
    _limit: TimeLimitAlarm | None = None

    def __init__(self, function: Owner, payload: Any) -> None:
        self.env = function.sim
        self.waiter = None
        self.function = function
        self.payload = payload
        self.invoked_s: float = function.sim.now

    # What a handler uses ---------------------------------------------------------------------------------

    @property
    def kept(self) -> dict[str, Any]:
        """What the environment keeps from one of its invocations to the next, and loses without notice."""
        return self.environment.kept

    @property
    def left_s(self) -> float:
        """How long the handler may still run; infinite when there is no limit."""
        limit_s = self.function.time_limit_s
        return inf if limit_s is None else self.began_s + limit_s - self.env.now

    def compute(self, cpu_s: float, threads: int = 1) -> Event:
        """Do `cpu_s` seconds of work of one processor at the speed that the function's memory buys.

        Yield the event to wait for its end. A slow-down stretches work that begins after it has. Several requests in
        one environment do not slow one another here, as they would: use it with one request each.
        Raises `ValueError` when an argument is not allowed.
        """
        return self.env.timeout(self.function.computing_s(cpu_s, threads))

    # What the platform does ------------------------------------------------------------------------------

    def enter(self, environment: Environment) -> None:
        """Run in this environment, as soon as it is ready."""
        self.environment = environment
        self.is_cold = environment.ready_s > self.env.now
        self.run(self._course())

    def stop(self, failure: Failure) -> None:
        """End it where it stands, with `failure` for those who wait. Only for an action on the calendar."""
        if self._value is not PENDING:
            return
        self._leave()
        self._generator.close()
        self._fail(failure)

    def _course(self) -> Generator[Event, Any, Any]:
        if self.is_cold:
            yield self.env.timeout(self.environment.ready_s - self.env.now)
        self.began_s = self.env.now
        if self.function.time_limit_s is not None:
            self._limit = TimeLimitAlarm(self, self.function.time_limit_s)
        return (yield from self.function.handler(self))

    def _end(self, value: Any) -> None:
        self._over(None)
        super()._end(value)

    def _fail(self, failure: Failure) -> None:
        self._over(failure)
        super()._fail(failure)

    def _over(self, failure: Failure | None) -> None:
        self.ended_s = self.env.now
        limit, self._limit = self._limit, None
        if limit is not None:
            limit.cancel()
        self.function.end(self, failure)


class TimeLimitAlarm(Alarm):
    """The moment at which an invocation is cut off."""

    def __init__(self, invocation: Invocation, limit_s: float) -> None:
        self.env = sim = invocation.env
        self.waiter = None
        self.invocation = invocation
        heappush(sim._queue, (sim._now + limit_s, NORMAL, next(sim._eid), ring, self))  # type: ignore[misc]

    def due(self) -> None:
        self.invocation._limit = None
        self.invocation.stop(CutOff(self.invocation.function.name))
