"""The topic as a stream of shards, after Kinesis: a subscriber has a reader for each shard, and polls or is pushed to.

Every subscriber reads every event, and passes over those it does not care for, at no cost here. Events with one key are
read in their order. A batch in which one event fails is tried again as a whole, so more events are handled twice than
in a log. A shard that is written too fast refuses; who publishes tries again, as after any failure.

>>> from archlab.shop.event_driven import EventDriven, EventDrivenConfig
>>> from archlab.sim import Simulation
>>> shop = EventDriven(Simulation(seed=1), EventDrivenConfig(topic="shards", partitions=2))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.sim.run(until=4)
>>> shop.parts["shop events"].appended, shop.topic.backlog
(5, 0)
"""

from collections.abc import Collection, Sequence

import simpy

from archlab.shop.event_driven.config import EventDrivenConfig
from archlab.shop.event_driven.topics.topic import Handle, Topic
from archlab.shop.events.event import Event
from archlab.shop.instance import Mortal, Steps
from archlab.sim.distributions import as_distribution
from archlab.sim.messaging.batches import BatchPolicy
from archlab.sim.messaging.event_log import Record
from archlab.sim.messaging.shard_reader import EnhancedFanOut, Polling
from archlab.sim.messaging.shard_stream import RETENTION_S, ShardStream
from archlab.sim.simulation import Simulation


class ShardsTopic(Topic):
    """One stream. Readers keep their place every `commit_every_s` seconds, and go on from there after a crash."""

    def __init__(self, sim: Simulation, config: EventDrivenConfig) -> None:
        retention_s = RETENTION_S if config.retention_s is None else config.retention_s
        self.stream = ShardStream(sim, self.name, config.publish_s, config.partitions, retention_s)
        self._commit_every_s, self._policy = config.commit_every_s, BatchPolicy(retry_s=config.retry_s)
        there_and_back_s = 2 * as_distribution(config.hop_s).mean
        self._reading: Polling | EnhancedFanOut = EnhancedFanOut()
        if config.shard_poll_s is not None:
            self._reading = Polling(config.shard_poll_s, read_s=there_and_back_s)

    def publish(self, key: str, event: Event) -> simpy.Event:
        return self.stream.append(key, event)

    def subscribe(
        self,
        subscriber: str,
        handle: Handle,
        types: Collection[str],
        readers: int = 1,
        hosts: int = 1,
        from_start: bool = False,
    ) -> Sequence[Mortal]:
        """See `Topic.subscribe`. There are as many readers as shards, whatever `readers` says."""

        def deal_with(record: Record) -> Steps[None]:
            event: Event = record.value
            if event.type in types:
                yield from handle(event, record.partition)

        application = self.stream.subscribe(
            f"{subscriber} reader",
            deal_with,
            self._reading,
            self._policy,
            reset="earliest" if from_start else "latest",
            checkpoint_every_s=self._commit_every_s,
        )
        return list(application.readers.values())

    @property
    def backlog(self) -> int:
        return sum(application.lag for application in self.stream.applications.values())
