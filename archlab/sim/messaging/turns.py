"""Whose turn it is: which consumer of a queue gets the next message.

- `RoundRobin`: all consumers compete; each that has room gets one in turn. Several work at the same time, so messages
  are finished in another order than they were stored.
- `SingleActive`: one consumer gets everything, the others wait for its end; so the order is kept. After RabbitMQ's
  *single active consumer*. The highest priority is active, who came first among equals. When a consumer of a higher
  priority comes, the active one gets nothing more, but keeps what it has: only when all that is acknowledged, the new
  one takes over.

>>> from archlab.sim import MessageQueue, Simulation
>>> sim = Simulation(seed=1)
>>> jobs = MessageQueue(sim, "jobs", store_s=0.0, single_active=True)
>>> def work(message):
...     yield sim.timeout(1.0)
>>> first, second = jobs.consume(work), jobs.consume(work)
>>> for number in range(4):
...     _ = jobs.publish(number)
>>> sim.run(until=2.5)
>>> first.handled, second.handled
(2, 0)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar


class Consuming(Protocol):
    """What a turn needs to know of a consumer."""

    is_up: bool
    priority: int

    @property
    def has_room(self) -> bool:
        """Whether it may have one more message."""

    @property
    def unacknowledged(self) -> int:
        """How many it has."""


C = TypeVar("C", bound=Consuming)


class RoundRobin:
    """Every consumer with room, one after the other."""

    def __init__(self) -> None:
        self._turn = 0

    def next_of(self, consumers: Sequence[C]) -> C | None:
        """Return the next that may have one more; None when nobody may."""
        count = len(consumers)
        for step in range(count):
            consumer = consumers[(self._turn + step) % count]
            if consumer.has_room:
                self._turn = (self._turn + step + 1) % count
                return consumer
        return None


class SingleActive:
    """One consumer, until it is gone or one of a higher priority has come and it has nothing left."""

    def __init__(self) -> None:
        self.active: Consuming | None = None

    def next_of(self, consumers: Sequence[C]) -> C | None:
        """Return the active consumer when it may have one more; None when it may not, or is handing over."""
        best = max((one for one in consumers if one.is_up), key=lambda one: one.priority, default=None)
        if best is None or best is self.active or self._may_replace(best):
            self.active = best
            return best if best is not None and best.has_room else None
        active = next(one for one in consumers if one is self.active)
        return active if active.priority == best.priority and active.has_room else None

    def _may_replace(self, best: Consuming) -> bool:
        """Whether the active one is gone, or has nothing left and a lower priority."""
        active = self.active
        if active is None or not active.is_up:
            return True
        return best.priority > active.priority and active.unacknowledged == 0
