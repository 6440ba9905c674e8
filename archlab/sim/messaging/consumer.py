"""A consumer of a message queue: it gets messages in advance, works on some at a time, and acknowledges each.

A connection to the broker is a *session*. When the session ends, by a crash of either side or an acknowledgement that
came too late, the broker takes back all that was not acknowledged, also what is done and whose acknowledgement is on
its way. An acknowledgement from an old session counts for nothing.

>>> from archlab.sim import Simulation
>>> from archlab.sim.messaging.message_queue import MessageQueue
>>> sim = Simulation(seed=1)
>>> jobs = MessageQueue(sim, "jobs", store_s=0.0)
>>> def work(message):
...     yield sim.timeout(1.0)
>>> consumer = jobs.consume(work, concurrent=2, prefetch=10)
>>> for number in range(5):
...     _ = jobs.publish(number)
>>> sim.run(until=0.5)
>>> consumer.busy, consumer.queue_length
(2, 3)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from simpy.events import Event

from archlab.sim.core.active_faults import coming_back, going_down
from archlab.sim.core.events import when
from archlab.sim.core.level import Level
from archlab.sim.core.task import Task
from archlab.sim.failure import Crashed
from archlab.sim.validation import require_function, require_whole

if TYPE_CHECKING:
    from archlab.sim.messaging.message import Message
    from archlab.sim.messaging.message_queue import Handler, MessageQueue
    from archlab.sim.simulation import Simulation


class Work(Task):
    """A handler at work on `message`, begun in a session of a life of the consumer; a crash ends a life."""

    def __init__(
        self,
        sim: Simulation,
        generator: Generator[Event, Any, Any],
        message: Message,
        session: int,
        life: int,
    ) -> None:
        self.message, self.session, self.life = message, session, life
        super().__init__(sim, generator)


class Consumer:
    """One client of `queue`, a part of the simulation that faults can hit by its name.

    Made by `MessageQueue.consume`. A crash throws `Crashed` into the handlers at work. `handled` counts handlers that
    ended well, whether or not the broker heard of it.
    """

    def __init__(
        self,
        queue: MessageQueue,
        name: str,
        handler: Handler,
        concurrent: int,
        prefetch: int,
        priority: int = 0,
    ) -> None:
        require_function("handler", handler)
        require_whole("concurrent", concurrent, at_least=1)
        require_whole("prefetch", prefetch, at_least=1)
        require_whole("priority", priority, at_least=0)
        self.sim = queue.sim
        self.queue = queue
        self.name = name
        self.handler = handler
        self.capacity = concurrent
        self.prefetch = prefetch
        self.priority = priority
        self.is_up = True
        self.handled = self.rejected = self.crashed = 0
        self._session = self._life = 0
        self._unacknowledged: dict[int, tuple[Message, float]] = {}
        self._buffer: deque[Message] = deque()
        self._at_work: dict[Work, None] = {}
        self._late: dict[Work, None] = {}
        self._watching = False
        self._busy_level, self._buffer_level = Level(self.sim), Level(self.sim)
        self.sim.add(self)

    # Messages --------------------------------------------------------------------------------------------

    @property
    def has_room(self) -> bool:
        """Whether the broker may send one more: not while it works on what it should have acknowledged long ago."""
        return self.is_up and not self._late and len(self._unacknowledged) < self.prefetch

    @property
    def unacknowledged(self) -> int:
        """Messages that it has, for the broker: those whose acknowledgement is on its way, too."""
        return len(self._unacknowledged)

    def take(self, message: Message) -> None:
        """The broker sends a message: it arrives after the queue's `delivery_s`."""
        now = self.sim.now
        self._unacknowledged[message.id] = (message, now)
        self.sim.call_at(now + self.queue.delivery_s, self._arrive, (message, self._session))
        self._watch()

    def _arrive(self, delivery: tuple[Message, int]) -> None:
        message, session = delivery
        if session == self._session:
            self._buffer.append(message)
            self._buffer_level.add(1)
            self._work()

    def _work(self) -> None:
        """Start handlers while there is a message and a free worker."""
        while self._buffer and self.busy < self.capacity:
            message = self._buffer.popleft()
            self._buffer_level.add(-1)
            self._busy_level.add(1)
            work = Work(self.sim, self.handler(message), message, self._session, self._life)
            if work.processed:
                self._note_end(work)
            else:
                self._at_work[work] = None
                when(work, self._end)

    def _end(self, work: Event) -> None:
        """A handler has ended: take the next message. The end of one that a crash killed is no news."""
        assert isinstance(work, Work)
        if work.life == self._life:
            del self._at_work[work]
            self._note_end(work)
            self._work()
            self._catch_up(work)

    def _note_end(self, work: Work) -> None:
        """Count it and answer the broker, if it still listens."""
        self._busy_level.add(-1)
        self.handled += work.ok
        self.rejected += not work.ok
        if work.session == self._session:
            self.sim.call_at(self.sim.now + self.queue.delivery_s, self._settle, work)

    def _settle(self, work: Work) -> None:
        """The acknowledgement has reached the broker. One of an old session is ignored."""
        if work.session == self._session:
            del self._unacknowledged[work.message.id]
            self.queue.settle(work.message, work.ok)

    # Time-out of the acknowledgement ---------------------------------------------------------------------

    def _watch(self) -> None:
        """Look again when the oldest message would be too late: one entry on the calendar for all of them."""
        if self._unacknowledged and not self._watching:
            self._watching = True
            oldest_s = next(iter(self._unacknowledged.values()))[1]
            self.sim.call_at(oldest_s + self.queue.ack_timeout_s, self._check)

    def _check(self, _: None) -> None:
        self._watching = False
        if self._unacknowledged:
            oldest_s = next(iter(self._unacknowledged.values()))[1]
            if self.sim.now >= oldest_s + self.queue.ack_timeout_s:
                self._late = dict(self._at_work)
                self.queue.requeue(self.disconnect(), failed=False)
        self._watch()

    def _catch_up(self, work: Work) -> None:
        """The last of the late handlers has ended: the broker may send messages again."""
        if work in self._late:
            del self._late[work]
            self.queue.deliver()

    # Faults ----------------------------------------------------------------------------------------------

    def disconnect(self) -> list[Message]:
        """End the session: forget what waits here, and return what the broker must take back. Work goes on."""
        messages = [message for message, _ in self._unacknowledged.values()]
        self._session += 1
        self._unacknowledged.clear()
        self._buffer_level.add(-len(self._buffer))
        self._buffer.clear()
        return messages

    @going_down
    def crash(self) -> None:
        """Go down with all handlers. The broker takes the messages back, each counted as a failure."""
        if not self.is_up:
            return
        self.is_up = False
        self._life += 1
        self.crashed += self.busy
        self._busy_level.add(-self.busy)
        for work in self._at_work:
            work.throw(Crashed(self.name))
        self._at_work.clear()
        self._late.clear()
        self.queue.requeue(self.disconnect(), failed=True)

    @coming_back
    def restart(self) -> None:
        """Come back and connect again."""
        if not self.is_up:
            self.is_up = True
            self.queue.deliver()

    # Measurement -----------------------------------------------------------------------------------------

    @property
    def busy(self) -> int:
        """Handlers at work."""
        return self._busy_level.value

    @property
    def queue_length(self) -> int:
        """Messages that have arrived and wait for a worker."""
        return self._buffer_level.value

    def sample(self) -> tuple[int, int, int, bool]:
        """Messages waiting here, handlers at work, how many may be, and whether the consumer is up."""
        return self.queue_length, self.busy, self.capacity, self.is_up

    def totals(self) -> dict[str, float]:
        """Sums since the start: handler seconds, message seconds waiting here, and counts of handlers' ends."""
        return {
            "busy_s": self._busy_level.area,
            "waiting_s": self._buffer_level.area,
            "completed": self.handled,
            "refused": 0,
            "failed": self.rejected + self.crashed,
        }
