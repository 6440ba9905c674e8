"""A topic: whoever publishes to it does not know who subscribes, and whoever subscribes not who publishes."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence

import simpy

from archlab.shop.events.event import Event
from archlab.shop.instance import Mortal, Steps

Handle = Callable[[Event, int], Steps[None]]
"""What a subscriber does with an event, given the number of the reader that it came to, from 0. A failure gives the
event back."""


class Topic(ABC):
    """What every kind of topic offers. A part of the simulation has its name, for faults."""

    name: str = "shop events"

    @abstractmethod
    def publish(self, key: str, event: Event) -> simpy.Event:
        """Send an event. Yield what is returned to wait until it is stored; it fails with a `Failure` when it is not.

        Events with one `key` belong together.
        """

    @abstractmethod
    def subscribe(
        self,
        subscriber: str,
        handle: Handle,
        types: Collection[str],
        readers: int = 1,
        hosts: int = 1,
        from_start: bool = False,
    ) -> Sequence[Mortal]:
        """Give every event to `subscriber`, or at least those of these types, and return what reads them.

        Args:
            readers: how many events it works on at the same time.
            hosts: how many processes the readers run in; reader `i` of those returned runs in process `i % hosts`.
            from_start: whether it also gets what was published before, if the topic still has it.
        """

    @property
    @abstractmethod
    def backlog(self) -> int:
        """Events that some subscriber has not dealt with, a subscriber at a time."""
