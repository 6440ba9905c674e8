"""What happens when an event happens: SimPy's rules, as functions the kit's parts can call at once; and lean events.

An event of the kit is processed at the moment it is triggered, without a second entry on the calendar. When the end of
one task ends another, and that a third, these run inside one another; a chain that gets deep goes on by way of the
calendar, at the same moment, so it may be as long as it likes.

>>> from archlab.sim import Simulation
>>> door = Simulation(seed=1).event()
>>> door.callbacks.append(lambda event: print("open:", event.value))
>>> door._ok, door._value = True, "front door"
>>> process_event(door)
open: front door
>>> door.processed
True
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simpy.core import StopSimulation
from simpy.events import URGENT, Event, EventPriority

NOW_FIRST = EventPriority(-1)
"""Before everything else at the same moment: for an event whose processing was cut short or put off."""

DEEPEST = 50
"""So many events are processed inside one another at most. Services that call services stay far below it, and Python
gives up at 1,000 function calls inside one another, of which each event takes a few."""

HAPPENED: Any = object()
"""Stands for those who wait for an event when it has happened."""

NOT_ALONE = (type(None), list)
"""What `LeanEvent.waiter` is when nobody waits, or maybe several do."""


class LeanEvent(Event):
    """An event of the kit. It makes SimPy's list of callbacks only when somebody asks for it.

    That spares a list, a bound method and their garbage, for nearly always one task waits for an event and nobody
    else. `waiter` is then that task, or whatever else has `go_on(value)`, and `_resume(event)` for one that may have
    failed. Otherwise it is None (nobody waits yet), the list of callbacks (somebody asked for it), or `HAPPENED`.
    """

    _ok = True
    waiter: Any  # set it to None in the constructor: Python is slow with attributes that the class has, too

    @property
    def callbacks(self) -> Any:
        """As in SimPy: the functions to call when it happens, or None when it has happened."""
        waiter = self.waiter
        if waiter is HAPPENED:
            return None
        if waiter.__class__ is not list:
            self.waiter = waiter = [] if waiter is None else [waiter._resume]
        return waiter

    @callbacks.setter
    def callbacks(self, callbacks: list[Callable[[Event], Any]] | None) -> None:
        self.waiter = HAPPENED if callbacks is None else callbacks

    @property
    def processed(self) -> bool:
        """As in SimPy: whether it has happened. Asks for no list."""
        return self.waiter is HAPPENED


def when(event: Event, action: Callable[[Any], Any]) -> None:
    """Call `action(event)` when the event happens: at once, if it has."""
    if isinstance(event, LeanEvent) and event.waiter is None:
        event.waiter = [action]
    elif event.processed:
        action(event)
    else:
        event.callbacks.append(action)


def happen(event: LeanEvent, value: Any = None) -> None:
    """Let `event` happen at this moment. Whoever waits gets `value`. For an action of the calendar: nothing else is
    being processed then, and when one task waits and nobody else, this is all of `process_event` that is needed."""
    event._value = value
    waiter = event.waiter
    if waiter.__class__ is list and len(waiter) == 1:
        event.waiter = HAPPENED
        waiter[0](event)
    elif waiter.__class__ in NOT_ALONE:
        process_event(event)
    else:
        event.waiter = HAPPENED
        waiter.go_on(value)


def process_event(event: Event) -> None:
    """Process a triggered event as SimPy does: call its callbacks once, and let no failure pass unseen.

    Inside too many others it is put off: until those are processed, but before anything else happens.
    """
    sim: Any = event.env
    depth = sim._depth
    if depth == DEEPEST:
        sim.schedule(event, NOW_FIRST)
        return
    sim._depth = depth + 1
    try:
        if isinstance(event, LeanEvent):  # without the calls of its property
            callbacks, event.waiter = event.waiter, HAPPENED
        else:
            callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
        if callbacks.__class__ is list:
            _call_all(callbacks, event)
        elif callbacks is not None and event._ok:
            callbacks.go_on(event._value)
        elif callbacks is not None:
            callbacks._resume(event)
    finally:
        sim._depth = depth
    if not event._ok and not event.defused:
        failure = type(event._value)(*event._value.args)
        failure.__cause__ = event._value
        raise failure


def _call_all(callbacks: list[Callable[[Event], Any]], event: Event) -> None:
    """Call one after the other. When one of them stops the run, the others are called when it goes on."""
    try:
        for callback in callbacks:
            callback(event)
    except StopSimulation:
        others = callbacks[callbacks.index(callback) + 1 :]
        if others:
            event.callbacks = others
            event.env.schedule(event, NOW_FIRST)
        raise


def fail_now(event: Event, failure: BaseException) -> None:
    """Let `event` fail at this moment. Whoever waits gets `failure`; when nobody does, it is only counted."""
    event._ok, event._value, event._defused = False, failure, True
    process_event(event)


def fail_next(event: Event, failure: BaseException) -> None:
    """The same by way of the calendar, at this time: for a part that may be called from within a running generator."""
    event._ok, event._value, event._defused = False, failure, True
    event.env.schedule(event, URGENT)
