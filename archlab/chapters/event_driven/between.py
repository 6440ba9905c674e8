"""What stands between the components and their topic, and sees or alters what passes. The shop itself is as it was.

>>> from archlab.sim import Simulation
>>> shop = ShopWithBetween(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.sim.run(until=2)
>>> shop.rows("orders").state.tolist()
['placed']
"""

from collections.abc import Collection, Sequence
from typing import Any

import simpy

from archlab.shop.event_driven.architecture import EventDriven
from archlab.shop.event_driven.components import Component
from archlab.shop.event_driven.topics import Handle, Topic
from archlab.shop.events.event import Event
from archlab.shop.instance import Mortal
from archlab.sim.simulation import Simulation


class Between(Topic):
    """Passes everything on to the topic behind it. A subclass alters what is published, or how it is handled."""

    def __init__(self, sim: Simulation, topic: Topic) -> None:
        self.sim, self.topic = sim, topic

    def publish(self, key: str, event: Event) -> simpy.Event:
        return self.topic.publish(key, self.published(event))

    def subscribe(
        self,
        subscriber: str,
        handle: Handle,
        types: Collection[str],
        readers: int = 1,
        hosts: int = 1,
        from_start: bool = False,
    ) -> Sequence[Mortal]:
        around = self.handled(subscriber, handle)
        return self.topic.subscribe(subscriber, around, types, readers, hosts, from_start)

    def published(self, event: Event) -> Event:
        """Return the event that is published instead of this one."""
        return event

    def handled(self, subscriber: str, handle: Handle) -> Handle:
        """Return what a subscriber does with an event instead."""
        return handle

    @property
    def backlog(self) -> int:
        return self.topic.backlog


class ShopWithBetween(EventDriven):
    """The shop with something between its components and its topic: `between`, of the class `kind`."""

    kind: type[Between] = Between

    def start_components(self) -> Sequence[Component[Any]]:
        platform = self.platform
        self.between = self.kind(self.sim, platform.topic)
        platform.topic = self.between
        return super().start_components()
