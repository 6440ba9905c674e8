"""A message at a broker, and the confirm of its being stored.

>>> Message(id=0, body="to Ann", published_s=1.5, deliveries=2).redelivered
True
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archlab.sim.core.events import LeanEvent

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation


@dataclass(eq=False)
class Message:
    """A stored message. `id` counts from 0 in the order of storing.

    `deliveries` counts how often it was sent to a consumer, `failures` how often that ended in a failure or a crash.
    `priority` counts in queues whose order looks at it.
    """

    id: int
    body: Any
    published_s: float
    deliveries: int = 0
    failures: int = 0
    priority: int = 0

    @property
    def redelivered(self) -> bool:
        """Whether somebody may have worked on it before."""
        return self.deliveries > 1


class Confirm(LeanEvent):
    """The event of a message being stored. Its value is the `Message`."""

    def __init__(self, sim: Simulation, name: str, body: Any, priority: int = 0) -> None:
        self.env = sim
        self.waiter = None
        self.name = name
        self.body = body
        self.priority = priority
        self.published_s = sim.now
