"""The topic as a message broker, after RabbitMQ: every subscriber has a queue of its own, and the broker copies each
event into the queues of all who asked for its type.

A confirm means that it is stored in all of them. A queue keeps no order between events that are worked on at the same
time, or that come a second time. The shop needs none: each step waits for what the one before it wrote.

>>> from archlab.shop.event_driven import EventDriven, EventDrivenConfig
>>> from archlab.sim import Simulation
>>> shop = EventDriven(Simulation(seed=1), EventDrivenConfig(topic="queue"))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.sim.run(until=2)
>>> shop.parts["inventory queue"].acknowledged, shop.parts["orders queue"].acknowledged
(1, 1)
"""

from collections.abc import Collection, Sequence

import simpy

from archlab.shop.event_driven.config import EventDrivenConfig
from archlab.shop.event_driven.topics.topic import Handle, Topic
from archlab.shop.events.event import Event
from archlab.shop.instance import Mortal, Steps
from archlab.sim.core.active_faults import coming_back, going_down
from archlab.sim.distributions import as_distribution
from archlab.sim.messaging.consumer import Consumer
from archlab.sim.messaging.message_queue import Message, MessageQueue
from archlab.sim.simulation import Simulation


class Exchange(Topic):
    """The broker with the queues of all subscribers. Its crash takes all of them down; what is stored stays.

    Each queue is a part of its own, too: "<subscriber> queue".
    """

    def __init__(self, sim: Simulation, config: EventDrivenConfig) -> None:
        self.sim = sim
        self.queues: dict[str, MessageQueue] = {}
        self.is_up = True
        self._bindings: dict[str, list[MessageQueue]] = {}
        self._publish_s = config.publish_s
        self._delivery_s = as_distribution(config.hop_s).mean
        sim.add(self)

    def publish(self, key: str, event: Event) -> simpy.Event:
        confirms = [queue.publish(event) for queue in self._bindings.get(event.type, [])]
        return confirms[0] if len(confirms) == 1 else self.sim.start(_all_of(confirms))

    def subscribe(
        self,
        subscriber: str,
        handle: Handle,
        types: Collection[str],
        readers: int = 1,
        hosts: int = 1,
        from_start: bool = False,
    ) -> Sequence[Mortal]:
        """See `Topic.subscribe`. `from_start` changes nothing: the broker has forgotten what everybody has got."""
        queue = MessageQueue(self.sim, f"{subscriber} queue", self._publish_s, self._delivery_s)
        self.queues[subscriber] = queue
        for type_ in types:
            self._bindings.setdefault(type_, []).append(queue)
        return [self._consumer(queue, subscriber, handle, host, readers, hosts) for host in range(hosts)]

    def _consumer(
        self, queue: MessageQueue, subscriber: str, handle: Handle, host: int, readers: int, hosts: int
    ) -> Consumer:
        """One consumer in each process, which works on its share of the events at the same time."""

        def deal_with(message: Message) -> Steps[None]:
            return handle(message.body, host)

        at_a_time = -(-readers // hosts)
        return queue.consume(deal_with, at_a_time, at_a_time, name=f"{subscriber} reader-{host + 1}")

    @property
    def backlog(self) -> int:
        return sum(queue.ready + queue.unacknowledged for queue in self.queues.values())

    @going_down
    def crash(self) -> None:
        """Go down with all queues."""
        self.is_up = False
        for queue in self.queues.values():
            queue.crash()

    @coming_back
    def restart(self) -> None:
        """Come back."""
        self.is_up = True
        for queue in self.queues.values():
            queue.restart()

    def sample(self) -> tuple[int, int, int, bool]:
        """Events that wait in all queues, those at readers, how many these take at most, and whether it is up."""
        each = [queue.sample() for queue in self.queues.values()]
        waiting, out, room = (sum(sample[i] for sample in each) for i in range(3))
        return waiting, out, max(1, room), self.is_up

    def totals(self) -> dict[str, float]:
        """Sums over the queues."""
        each = [queue.totals() for queue in self.queues.values()]
        keys = ("busy_s", "waiting_s", "completed", "refused", "failed")
        return {key: sum(totals[key] for totals in each) for key in keys}


def _all_of(confirms: Sequence[simpy.Event]) -> Steps[None]:
    """Wait for all confirms. The first that fails is the answer; the others may be stored."""
    yield from (confirm for confirm in confirms)
