"""A message queue: a broker keeps messages until a consumer has dealt with each of them. After RabbitMQ.

The promise is *at least once*. A publisher is told when its message is stored. A message goes to one consumer, and is
removed when that one acknowledges it, after its work. If the consumer fails or dies before, another gets the message
again; so work may be done twice, and a handler must bear that. A message that fails too often becomes a dead letter.

Defaults are those of RabbitMQ's quorum queues, in `data/brokers.csv`. A redelivered message goes back to its old place.
As there, a rejection by the handler and a crash of the consumer count towards `delivery_limit`; a missed
acknowledgement does not. Nor does a crash of the broker here.

Off unless you ask for it: priorities (`ready_line`), a single active consumer (`turns`), a limit of the length, and an
alarm that blocks publishers (`resource_alarm`).

What this leaves out: exchanges, time to live, and the broker's own capacity: storing takes time but never queues, so
this broker is never the bottleneck and real ones are (`archlab.published.group_commit` has one that is). RabbitMQ looks
for missed acknowledgements once a minute, this queue at once. A crashed consumer's messages return at once; RabbitMQ
needs up to a minute when the connection does not close. A consumer may run its handler on for work it has lost to
somebody else.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> emails = MessageQueue(sim, "emails", store_s=0.001)
>>> def send_email(message):
...     yield sim.timeout(0.2)
...     print(message.body, "at", sim.now)
>>> consumer = emails.consume(send_email)
>>> confirmed = emails.publish("to Ann")
>>> sim.run(until=1)
to Ann at 0.201
>>> emails.published, emails.acknowledged, confirmed.ok
(1, 1, True)
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Literal, get_args

from simpy.events import Event

from archlab.sim.core.active_faults import coming_back, going_down
from archlab.sim.core.calendar import require_same_sim, require_sim
from archlab.sim.core.events import fail_next, fail_now, process_event
from archlab.sim.core.level import Level
from archlab.sim.distributions import Distribution
from archlab.sim.failure import Crashed, Refused, Unavailable
from archlab.sim.messaging.consumer import Consumer
from archlab.sim.messaging.message import Confirm, Message
from archlab.sim.messaging.ready_line import Order, ready_line
from archlab.sim.messaging.resource_alarm import ResourceAlarm
from archlab.sim.messaging.turns import RoundRobin, SingleActive
from archlab.sim.validation import (
    require_flag,
    require_instance,
    require_non_negative,
    require_one_of,
    require_positive,
    require_whole,
)

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

DELIVERY_LIMIT = 20
"""How often RabbitMQ 4.0 and later deliver a message again after a failure, by default."""
ACK_TIMEOUT_S = 1800.0
"""How long RabbitMQ waits for an acknowledgement by default."""
PREFETCH = 100
"""The lower end of what RabbitMQ's documentation calls near-optimal."""


Handler = Callable[[Message], Generator[Event, Any, Any]]
"""What a consumer does with a message: a function that takes it and yields what it waits for."""

Overflow = Literal["drop-head", "reject-publish"]
"""What a full queue does: forget its first message, or refuse the new one. The words are RabbitMQ's."""


class MessageQueue:
    """A queue at a broker, known to the simulation by `name`.

    Args:
        store_s: seconds from `publish` to the confirm, or a distribution of them.
        delivery_s: seconds a message takes to a consumer, and its acknowledgement back.
        durable: whether stored messages survive a crash of the broker.
        delivery_limit: a message that failed more often than this becomes a dead letter. None: never.
        ack_timeout_s: a consumer that has not acknowledged a message for so long loses all it has. It gets more when
            the handlers it runs have ended.
        order: which ready message is next, see `archlab.sim.messaging.ready_line`.
        max_length: how many messages may be ready. None: no limit.
        overflow: what happens when there would be more. "drop-head", RabbitMQ's default: the next one in line is
            dropped, whose publisher was told that it is stored. "reject-publish": the new one is `Refused`; what comes
            back from consumers is kept all the same.
        single_active: whether one consumer gets everything, and the others wait for its end.
        alarm: what blocks publishers while the broker has no room, see `archlab.sim.messaging.resource_alarm`.

    In samples the queue length is that of `ready` messages, `busy` those at consumers, `capacity` how many the
    consumers take at most (at least 1 is shown). Raises `ValueError` when an argument is not allowed, the name is
    taken, or a failing message could go round without end and without time passing.
    """

    def __init__(
        self,
        sim: Simulation,
        name: str,
        store_s: float | Distribution,
        delivery_s: float = 0.0,
        durable: bool = True,
        delivery_limit: int | None = DELIVERY_LIMIT,
        ack_timeout_s: float = ACK_TIMEOUT_S,
        order: Order = "fifo",
        max_length: int | None = None,
        overflow: Overflow = "drop-head",
        single_active: bool = False,
        alarm: ResourceAlarm | None = None,
    ) -> None:
        require_sim(sim)
        require_non_negative("delivery_s", delivery_s)
        require_flag("durable", durable)
        require_positive("ack_timeout_s", ack_timeout_s)
        if delivery_limit is not None:
            require_whole("delivery_limit", delivery_limit, at_least=0)
        elif delivery_s == 0:
            raise ValueError("delivery_s is 0; it must be above 0 when delivery_limit is None")
        if max_length is not None:
            require_whole("max_length", max_length, at_least=1)
        require_one_of("overflow", overflow, get_args(Overflow))
        require_flag("single_active", single_active)
        if alarm is not None:
            require_instance("alarm", alarm, ResourceAlarm, "a ResourceAlarm or None")
            require_same_sim(sim, "alarm", alarm)
        self.sim = sim
        self.name = name
        self.delivery_s = delivery_s
        self.durable = durable
        self.delivery_limit = delivery_limit
        self.ack_timeout_s = ack_timeout_s
        self.is_up = True
        self.consumers: list[Consumer] = []
        self.dead_letters: list[Message] = []
        self.published = self.acknowledged = self.redeliveries = self.lost = self.refused = self.dropped = 0
        self._draw_store_s = sim.durations(f"{name} store", "store_s", store_s)
        self.max_length, self.overflow = max_length, overflow
        self._alarm = alarm
        self._turns = SingleActive() if single_active else RoundRobin()
        self._ready = ready_line(order)
        self._storing: dict[Confirm, None] = {}
        self._ready_level, self._out_level = Level(sim), Level(sim)
        sim.add(self)
        if alarm is not None:
            alarm.watch(lambda: self.ready + self.unacknowledged)

    # Publishing ------------------------------------------------------------------------------------------

    def publish(self, message: Any, priority: int = 0) -> Event:
        """Send a message; yield the event to wait for the confirm that it is stored.

        It fails with `Unavailable` when the broker is down, `Crashed` when it goes down meanwhile, and `Refused` when
        the queue is full and does so: not stored. While an alarm is on nothing happens.
        Raises `ValueError` when `priority` is no whole number from 0 on.
        """
        if priority != 0:
            require_whole("priority", priority, at_least=0)
        confirm = Confirm(self.sim, self.name, message, priority)
        if not self.is_up:
            self.refused += 1
            fail_now(confirm, Unavailable(self.name))
            return confirm
        self._storing[confirm] = None
        if self._alarm is not None and self._alarm.is_on:
            self._alarm.hold(self._begin_to_store, confirm)
        else:
            self._begin_to_store(confirm)
        return confirm

    def _begin_to_store(self, confirm: Confirm) -> None:
        self.sim.call_at(self.sim.now + self._draw_store_s(), self._store, confirm)

    def _store(self, confirm: Confirm) -> None:
        if confirm not in self._storing:
            return
        del self._storing[confirm]
        if self.overflow == "reject-publish" and self._is_full:
            self.refused += 1
            fail_now(confirm, Refused(self.name))
            return
        message = Message(self.published, confirm.body, confirm.published_s, priority=confirm.priority)
        self.published += 1
        self._put(message)
        self.deliver()
        confirm._value = message
        process_event(confirm)

    @property
    def _is_full(self) -> bool:
        return self.max_length is not None and self.ready >= self.max_length

    # Consuming -------------------------------------------------------------------------------------------

    def consume(
        self,
        handler: Handler,
        concurrent: int = 1,
        prefetch: int = PREFETCH,
        name: str | None = None,
        priority: int = 0,
    ) -> Consumer:
        """Add a consumer, which gets messages in turn with the others.

        Args:
            handler: its success acknowledges the message, a `Failure` gives the message back.
            concurrent: how many messages it works on at the same time.
            prefetch: how many it may have without acknowledgement, those it works on included.
            name: by default "<queue> consumer 1" and so on.
            priority: of two consumers the higher one is the single active one. Others do not look at it.
        """
        name = f"{self.name} consumer {len(self.consumers) + 1}" if name is None else name
        consumer = Consumer(self, name, handler, concurrent, prefetch, priority)
        self.consumers.append(consumer)
        self.deliver()
        return consumer

    def deliver(self) -> None:
        """Send ready messages out while a consumer has room. Called whenever there may be a message and room."""
        while self.is_up and self._ready and (consumer := self._turns.next_of(self.consumers)):
            message = self._ready.pop()
            self._ready_level.add(-1)
            self._out_level.add(1)
            self.redeliveries += message.deliveries > 0
            message.deliveries += 1
            consumer.take(message)
        if self.max_length is not None and self.overflow == "drop-head":
            self._drop_down_to(self.max_length)

    def _drop_down_to(self, length: int) -> None:
        while self.ready > length:
            self._ready.pop()
            self._ready_level.add(-1)
            self.dropped += 1

    def settle(self, message: Message, succeeded: bool) -> None:
        """A consumer has acknowledged a message, or given it back. Consumers call this."""
        self._out_level.add(-1)
        if succeeded:
            self.acknowledged += 1
        else:
            self._take_back(message, failed=True)
        self.deliver()

    def requeue(self, messages: list[Message], failed: bool) -> None:
        """Take back what a consumer had; `failed` says whether that counts as a failure. Consumers call this."""
        self._out_level.add(-len(messages))
        for message in messages:
            self._take_back(message, failed)
        self.deliver()

    def _take_back(self, message: Message, failed: bool) -> None:
        message.failures += failed
        if self.delivery_limit is not None and message.failures > self.delivery_limit:
            self.dead_letters.append(message)
        else:
            self._put(message)

    def _put(self, message: Message) -> None:
        """To its place in the queue."""
        self._ready.push(message)
        self._ready_level.add(1)

    # Faults ----------------------------------------------------------------------------------------------

    @going_down
    def crash(self) -> None:
        """The broker goes down: connections end, what is being stored fails. Not durable: all messages are lost."""
        if not self.is_up:
            return
        self.is_up = False
        for confirm in self._storing:
            fail_next(confirm, Crashed(self.name))
        self.refused += len(self._storing)
        self._storing.clear()
        for consumer in self.consumers:
            self.requeue(consumer.disconnect(), failed=False)
        if not self.durable:
            self.lost += len(self._ready)
            self._ready_level.add(-len(self._ready))
            self._ready.clear()

    @coming_back
    def restart(self) -> None:
        """Come back; the consumers connect again at once."""
        self.is_up = True
        self.deliver()

    # Measurement -----------------------------------------------------------------------------------------

    @property
    def ready(self) -> int:
        """Messages that wait at the broker."""
        return self._ready_level.value

    @property
    def unacknowledged(self) -> int:
        """Messages that are with consumers."""
        return self._out_level.value

    def sample(self) -> tuple[int, int, int, bool]:
        """Ready messages, unacknowledged ones, how many of those the consumers take, and whether the broker is up."""
        room = sum(consumer.prefetch for consumer in self.consumers)
        return self.ready, self.unacknowledged, max(1, room), self.is_up

    def totals(self) -> dict[str, float]:
        """Sums since the start: message seconds at consumers (`busy_s`) and at the broker, and counts of messages.

        `completed`: acknowledged. `refused`: not stored. `failed`: dead letters, dropped and lost.
        """
        return {
            "busy_s": self._out_level.area,
            "waiting_s": self._ready_level.area,
            "completed": self.acknowledged,
            "refused": self.refused,
            "failed": len(self.dead_letters) + self.dropped + self.lost,
        }
