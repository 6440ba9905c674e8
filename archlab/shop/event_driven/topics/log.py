"""The topic as a partitioned log, after Kafka: a subscriber is a group of consumers that remembers how far it has come.

Every group reads every event, and passes over those it does not care for. To look at their type costs nothing here,
which errs in favour of this shop by some microseconds an event. Events with one key are read in their order.

>>> from archlab.shop.event_driven import EventDriven, EventDrivenConfig
>>> from archlab.sim import Simulation
>>> shop = EventDriven(Simulation(seed=1), EventDrivenConfig(topic="log", partitions=4))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.sim.run(until=2)
>>> shop.parts["shop events"].appended, shop.topic.backlog
(5, 0)
"""

from collections.abc import Collection, Sequence
from typing import Any

import simpy

from archlab.shop.event_driven.config import EventDrivenConfig
from archlab.shop.event_driven.topics.topic import Handle, Topic
from archlab.shop.events.event import Event
from archlab.shop.instance import Mortal, Steps
from archlab.sim.distributions import as_distribution
from archlab.sim.messaging.consumer_group import Reset
from archlab.sim.messaging.event_log import EventLog, Record
from archlab.sim.simulation import Simulation


class LogTopic(Topic):
    """One log. Readers keep their offsets every `commit_every_s` seconds, and go on from there after a crash."""

    def __init__(self, sim: Simulation, config: EventDrivenConfig) -> None:
        self.log = EventLog(sim, self.name, config.publish_s, config.partitions, config.retention_s)
        self._settings: dict[str, Any] = {
            "commit_every_s": config.commit_every_s,
            "fetch_s": as_distribution(config.hop_s).mean,
            "retry_s": config.retry_s,
        }

    def publish(self, key: str, event: Event) -> simpy.Event:
        return self.log.append(key, event)

    def subscribe(
        self,
        subscriber: str,
        handle: Handle,
        types: Collection[str],
        readers: int = 1,
        hosts: int = 1,
        from_start: bool = False,
    ) -> Sequence[Mortal]:
        def deal_with(record: Record) -> Steps[None]:
            event: Event = record.value
            if event.type in types:
                yield from handle(event, numbers[group.member_of(record.partition).name])

        reset: Reset = "earliest" if from_start else "latest"
        group = self.log.subscribe(f"{subscriber} reader", deal_with, readers, reset, **self._settings)
        numbers = {member.name: number for number, member in enumerate(group.members)}
        return group.members

    @property
    def backlog(self) -> int:
        return sum(group.lag for group in self.log.groups.values())
