"""What every handler of an event does, and what goes wrong with it.

A call may fail before its work or after it, and the function, or the server, cannot run for a while. Everybody has the
same guard, a key for each event. What is written, and in which order, is counted later.

>>> desk = Desk(Simulation(seed=1), with_keys=True, trouble=Trouble(), sent_s=[0.0])
>>> for _ in range(2):
...     desk.write(event=0)
>>> desk.written
[(0, 0.0)]
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from simpy.events import Event

from archlab.sim import Failure, Simulation
from archlab.sim.functions import Firing, Invocation, StoredObject
from archlab.sim.validation import require_fraction

WORK_S = 0.1
"""As in `archlab.chapters.serverless.poison`."""
TRIES_DRAWN = 64
"""So many tries of an event have luck of their own."""


@dataclass(frozen=True)
class Trouble:
    """What goes wrong: shares of calls that fail before and after their work, and when nothing can run for how long.

    Raises `ValueError` when a share is not from 0 to 1.
    """

    before: float = 0.0
    after: float = 0.0
    down_at_s: float = 0.0
    down_s: float = 0.0

    def __post_init__(self) -> None:
        require_fraction("before", self.before)
        require_fraction("after", self.after)


class Broken(Failure):
    """The call fails, before it has done its work or after."""

    outcome = "broken"
    what = "the call failed"


@dataclass
class Desk:
    """What all handlers do with an event, and what they have written: (event, time), in this order."""

    sim: Simulation
    with_keys: bool
    trouble: Trouble
    sent_s: list[float]
    written: list[tuple[int, float]] = field(default_factory=list)
    tries: list[int] = field(default_factory=list)
    known: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.tries = [0] * len(self.sent_s)
        self.luck = self.sim.stream("luck").random((len(self.sent_s), TRIES_DRAWN))

    def act(self, event: int) -> Generator[Event, Any, None]:
        """Work on an event, and write it."""
        yield self.sim.timeout(WORK_S)
        self.write(event)

    def write(self, event: int) -> None:
        """Write an event, unless it is known by its key. Raises `Broken` when the call fails, before that or after."""
        luck = self.luck[event, self.tries[event] % TRIES_DRAWN]
        self.tries[event] += 1
        if luck < self.trouble.before:
            raise Broken("books")
        if not (self.with_keys and event in self.known):
            self.written.append((event, float(self.sim.now)))
            self.known.add(event)
        if luck >= 1 - self.trouble.after:
            raise Broken("books")

    def one(self, invocation: Invocation) -> Generator[Event, Any, None]:
        """A handler of single events: a number, a firing, or an object whose body is a number."""
        event = invocation.payload
        if isinstance(event, Firing):
            event = event.number
        elif isinstance(event, StoredObject):
            event = event.body
        yield from self.act(event)

    def records(self, invocation: Invocation) -> Generator[Event, Any, None]:
        """A handler of a stream's batches."""
        for record in invocation.payload:
            yield from self.act(record.value)

    def messages(self, invocation: Invocation) -> Generator[Event, Any, list[int]]:
        """A handler of a queue's batches, which names what failed."""
        failed = []
        for message in invocation.payload:
            try:
                yield from self.act(message.body)
            except Broken:
                failed.append(message.id)
        return failed
