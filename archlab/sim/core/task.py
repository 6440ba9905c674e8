"""A task: a generator that runs in simulated time, like a SimPy process at a fraction of the cost.

Yield any SimPy event from it. A task is an event itself: yield it to wait for its end. It differs from
`simpy.Process` in three ways. It runs at once, up to its first wait, where a process starts by way of the calendar.
A `Failure` that it does not catch ends it and fails its event, but stops the run only if it is no `Failure`.
And it is not `sim.active_process`, so a pre-emptive SimPy resource needs a real process. Where tasks start tasks inside
one another, dozens deep, the next one starts by way of the calendar, too, at the same moment.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> def boil():
...     yield sim.timeout(180)
...     return "tea"
>>> task = sim.start(boil())
>>> sim.run(until=task), sim.now
('tea', 180)
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from types import GeneratorType
from typing import TYPE_CHECKING, Any

import simpy
from simpy.events import PENDING, URGENT, Condition, Event

from archlab.sim.core.events import DEEPEST, NOW_FIRST, LeanEvent, process_event
from archlab.sim.failure import Failure

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar

ENDED: Any = object()
"""Stands for the next event of a generator that has ended."""


class Grant(LeanEvent):
    """An event that gives something to the one who waits for it, and so must know who that is."""

    holder: Any = None


class Task(LeanEvent):
    """A running `generator`. Its value is what the generator returns.

    Raises `TypeError` when `generator` is not a generator: a function that was not called, or has no `yield`.
    """

    env: Calendar
    drops_value: bool

    def __init__(self, sim: Calendar, generator: Generator[Event, Any, Any]) -> None:
        self.env = sim
        self.waiter = None
        self.run(generator)

    def run(self, generator: Generator[Event, Any, Any], drops_value: bool = False) -> None:
        """Run the generator up to its first wait. With `drops_value` the value is None, whatever it returns."""
        if generator.__class__ is not GeneratorType:
            require_generator(generator)
        self._generator, self.drops_value = generator, drops_value
        sim = self.env
        depth = sim._depth
        if depth == DEEPEST:
            self._begin_next()
            return
        sim._depth = depth + 1
        try:
            self.go_on(None)
        finally:
            sim._depth = depth

    def _begin_next(self) -> None:
        """Begin by way of the calendar: too many generators run inside one another now."""
        self._target = start = Event(self.env)
        start._ok, start._value, start.callbacks = True, None, [self._resume]
        self.env.schedule(start, NOW_FIRST)

    @property
    def is_alive(self) -> bool:
        """Whether the generator has not ended yet."""
        return self._value is PENDING

    def interrupt(self, cause: Any = None) -> None:
        """Throw `simpy.Interrupt(cause)` into the generator, as `simpy.Process.interrupt` does."""
        self.throw(simpy.Interrupt(cause))

    def throw(self, exception: BaseException) -> None:
        """Throw `exception` into the generator at this simulated moment, wherever it waits. Not if it has ended."""
        self.env.call_at(self.env._now, self.throw_now, exception, URGENT)

    def throw_now(self, exception: BaseException) -> None:
        """The same at once: for an action on the calendar, since no generator may be running."""
        if self._value is not PENDING:
            return
        self._leave()
        failed = Event(self.env)
        failed._ok, failed._value = False, exception
        self._resume(failed)

    def _leave(self) -> None:
        """Wait no longer for what it waits for."""
        leave_to_itself(self._target, self._resume)
        waiting = self._target.callbacks
        if waiting is not None and self._resume in waiting:
            waiting.remove(self._resume)

    def _resume(self, event: Event) -> None:
        """Give the generator what it waited for: the value of `event`, or its failure."""
        if event._ok:
            self.go_on(event._value)
        else:
            event._defused = True
            self.go_on(event._value, failed=True)

    def go_on(self, value: Any, failed: bool = False) -> None:
        """Give the generator the value it waited for, or the failure, and wait for the next event it yields.

        Here the time of a run goes. A generator ends with an exception, which costs as much as a wait: `next` with
        a default spares it, but takes no value and gives none.
        """
        event: Any = None
        try:
            if value is None and self.drops_value:
                event = next(self._generator, ENDED)
            elif not failed:
                event = self._generator.send(value)
            else:
                event = self._generator.throw(_copy(value))
            while event is not ENDED:
                if isinstance(event, LeanEvent) and event.waiter is None:  # nearly always
                    event.waiter = self
                    self._target = event
                    return
                callbacks = event.callbacks
                if callbacks is not None:
                    callbacks.append(self._resume)
                    self._target = event
                    return
                event = self._go_on_at_once(event)
            value = None
        except StopIteration as stop:
            value = None if self.drops_value else stop.value
        except Failure as failure:
            self._fail(failure)
            return
        except AttributeError:
            self._explain(event)
            raise
        self._end(value)

    def _go_on_at_once(self, event: Event) -> Event:
        """The generator waits for something that has happened already. Returns the next event it yields."""
        if isinstance(event, Grant):
            event.holder = self
        if event._ok:
            return self._generator.send(event._value)
        event._defused = True
        return self._generator.throw(_copy(event._value))

    def _explain(self, event: Any) -> None:
        """Say what is wrong with a generator that yields something else than events."""
        if event is not None and not hasattr(event, "callbacks"):
            self._generator.throw(TypeError(f"yield an event, not {event!r}"))

    def _end(self, value: Any) -> None:
        self._value = value
        process_event(self)

    def _fail(self, failure: Failure) -> None:
        self._ok, self._value, self._defused = False, failure, True
        process_event(self)


def leave_to_itself(target: Event, waiter: Callable[[Event], Any]) -> None:
    """`waiter` is about to leave `target`. If that is a condition nobody else waits for, it may now fail unseen."""
    if isinstance(target, Condition) and target.callbacks is not None:
        own = (waiter, target._build_value)
        if all(callback in own for callback in target.callbacks):
            target._defused = True


def require_generator(generator: Any) -> None:
    """Raise `TypeError` unless it is a generator."""
    if not hasattr(generator, "send"):
        raise TypeError(
            f"a task needs a generator, not {generator!r}; "
            f"does the function contain a yield, and did you call it?"
        )


def _copy(failure: BaseException) -> BaseException:
    """A fresh exception for each one who waits, so that tracebacks do not mix (SimPy does the same)."""
    try:
        fresh = type(failure)(*failure.args)
    except TypeError:
        return failure
    fresh.__cause__ = failure
    return fresh
