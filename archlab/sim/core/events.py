"""What happens when an event happens: SimPy's rules, as functions the kit's parts can call at once.

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

from typing import Any

from simpy.core import StopSimulation
from simpy.events import URGENT, Event, EventPriority

NOW_FIRST = EventPriority(-1)
"""Before everything else at the same moment: for an event whose processing was cut short or put off."""

DEEPEST = 50
"""So many events are processed inside one another at most. Services that call services stay far below it, and Python
gives up at 1,000 function calls inside one another, of which each event takes a few."""


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
    callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
    try:
        for callback in callbacks:
            callback(event)
    except StopSimulation:
        event.callbacks = callbacks[callbacks.index(callback) + 1 :]
        sim.schedule(event, NOW_FIRST)
        raise
    finally:
        sim._depth = depth
    if not event._ok and not event.defused:
        failure = type(event._value)(*event._value.args)
        failure.__cause__ = event._value
        raise failure


def fail_now(event: Event, failure: BaseException) -> None:
    """Let `event` fail at this moment. Whoever waits gets `failure`; when nobody does, it is only counted."""
    event._ok, event._value, event._defused = False, failure, True
    process_event(event)


def fail_next(event: Event, failure: BaseException) -> None:
    """The same by way of the calendar, at this time: for a part that may be called from within a running generator."""
    event._ok, event._value, event._defused = False, failure, True
    event.env.schedule(event, URGENT)
