"""A queue that invokes a function: pollers of the platform take messages in batches and hand each batch to it.

After AWS Lambda with SQS. A batch is what waits at that moment, up to `batch_size`, or what comes within a *window*. A
message that was received is hidden from all others for the *visibility timeout*. When the function succeeds its
messages are acknowledged. When it fails, the whole batch comes again, but only after that time; with *partial failures*
the handler returns the ids of those messages that failed, and only these come again. A message that was received too
often is a dead letter: the queue's `delivery_limit` is what SQS calls the maximum receive count, less one. So a handler
must bear to see a message twice.

What is throttled or finds the function down is asked for again while the messages are hidden. If that lasts too long
they have been received in vain, and in the end good messages become dead letters. So AWS recommends a visibility
timeout of six times the function's time limit, the default here, and five receives at least (*Using Lambda with Amazon
SQS*, AWS Lambda Developer Guide; `data/lambda.csv`). How many batches run at the same time is in `poller_scaling`.

What this leaves out: a queue by groups in strict order (FIFO); that each of several pollers fills a batch of its own,
so that real batches are smaller in a window; that SQS itself may deliver twice; and what the polls cost. A batch that
begins late, because the function was throttled, keeps its messages until it ends; real ones may be seen again before.
When the broker crashes, those at work go on besides those that come again, so more batches than allowed may run for a
while.

>>> from archlab.sim import Failure, Function, MessageQueue, Simulation
>>> sim = Simulation(seed=1)
>>> def send_emails(invocation):
...     yield sim.timeout(0.5)
...     print([message.body for message in invocation.payload], "at", sim.now)
...     return [message.id for message in invocation.payload if message.body == "no address"]
>>> emails = MessageQueue(sim, "emails", store_s=0.0, delivery_limit=1)
>>> function = Function(sim, "notify", send_emails, init_s=0.0, keep_alive_s=600, time_limit_s=10)
>>> trigger = QueueTrigger(function, emails, window_s=1.0, partial_failures=True)
>>> for address in ("Ann", "no address", "Bo"):
...     _ = emails.publish(address)
>>> sim.run(until=200)
['Ann', 'no address', 'Bo'] at 1.5
['no address'] at 62.5
>>> emails.acknowledged, [message.body for message in emails.dead_letters], trigger.batches
(2, ['no address'], 2)
"""

from __future__ import annotations

from collections.abc import Collection, Generator
from dataclasses import dataclass
from typing import Any

from simpy.events import Event

from archlab.sim.core.calendar import require_same_sim
from archlab.sim.failure import Failure
from archlab.sim.functions.function import Function
from archlab.sim.functions.invocation import Invocation
from archlab.sim.functions.triggers.invoking import has_run, until_it_runs
from archlab.sim.functions.triggers.poller_scaling import POLLERS_2022, PollerScaling
from archlab.sim.messaging.message import Message
from archlab.sim.messaging.message_queue import MessageQueue
from archlab.sim.validation import (
    refuse,
    require_flag,
    require_instance,
    require_positive,
    require_seconds,
    require_whole,
)

BATCH_SIZE = 10
"""How many messages AWS Lambda hands over at most, by default."""
TIME_LIMITS = 6
"""The visibility timeout that AWS recommends, in time limits of the function."""
UNLIMITED = 10**9
"""How many messages may be on the way through the trigger: its `limit` of batches is what counts."""


class NotHandled(Failure):
    """The handler says that it has not managed this message of a batch."""

    outcome = "not_handled"
    what = "a message of the batch failed"


@dataclass(eq=False)
class Received:
    """A message that was received; `over` is the event of its batch's end, whose value is its failure or None."""

    message: Message
    received_s: float
    over: Event


class QueueTrigger:
    """Hands the messages of `queue` to `function`; the payload is a list of `Message`.

    Args:
        batch_size: the most messages in a batch.
        window_s: a batch that is not full waits so long for more. 0: it does not wait.
        pollers: how many batches there may be at the same time.
        partial_failures: whether the handler returns the ids of the messages that failed. None is for none of them;
            an id that is not in the batch makes all of it fail, as on AWS.
        visibility_s: so long after it was received a message that failed comes again. At least the function's time
            limit and the window, and less than the queue's `ack_timeout_s`. None: six times the limit and the window.

    `batches` counts invocations that ran, `failed` those of them that failed. `running` is how many batches are handed
    over now, `limit` how many may be. Raises `ValueError` or `TypeError` when an argument is not allowed.
    """

    def __init__(
        self,
        function: Function,
        queue: MessageQueue,
        batch_size: int = BATCH_SIZE,
        window_s: float = 0.0,
        pollers: PollerScaling = POLLERS_2022,
        partial_failures: bool = False,
        visibility_s: float | None = None,
    ) -> None:
        require_instance("function", function, Function, "a Function")
        require_instance("queue", queue, MessageQueue, "a MessageQueue")
        require_same_sim(function.sim, "queue", queue)
        require_whole("batch_size", batch_size, at_least=1)
        require_seconds("window_s", window_s)
        require_instance("pollers", pollers, PollerScaling, "a PollerScaling")
        require_flag("partial_failures", partial_failures)
        self.function, self.queue, self.pollers = function, queue, pollers
        self.batch_size, self.window_s, self.partial_failures = batch_size, window_s, partial_failures
        self.visibility_s = _visibility_s(visibility_s, function, queue, window_s)
        self.sim = function.sim
        self.limit = pollers.at_first
        self.batches = self.failed = self.running = 0
        self._held = 0  # messages that were received and are neither done nor given back
        self._open: list[Received] = []
        self._is_watching = False
        name = f"{function.name} polls {queue.name}"
        self._random = self.sim.stream(name)
        room = self.limit * batch_size
        self._consumer = queue.consume(self._receive, UNLIMITED, prefetch=room, name=name)

    # A message -------------------------------------------------------------------------------------------

    def _receive(self, message: Message) -> Generator[Event, Any, None]:
        """Put a message into a batch. Ends when it is dealt with, or fails when it is visible again."""
        self._held += 1
        received = Received(message, float(self.sim.now), Event(self.sim))
        self._collect(received)
        try:
            failure = yield received.over
            if failure is not None:
                yield self.sim.timeout(max(0.0, received.received_s + self.visibility_s - self.sim.now))
                raise failure
        except Failure:
            self._let_go()
            raise
        self._let_go()

    def _let_go(self) -> None:
        self._held -= 1
        self._make_room()

    # A batch ---------------------------------------------------------------------------------------------

    def _collect(self, received: Received) -> None:
        self._open.append(received)
        if len(self._open) == 1:
            self.sim.call_at(self.sim.now + self.window_s, self._close, self._open)
        if len(self._open) == self.batch_size:
            self._hand_over()

    def _close(self, batch: list[Received]) -> None:
        """The window is over: the batch goes, unless it has gone before because it was full."""
        if batch is self._open:
            self._hand_over()

    def _hand_over(self) -> None:
        batch, self._open = self._open, []
        self.running += 1
        self._set_room()
        self._watch()
        self.sim.start(self._run(batch))

    def _run(self, batch: list[Received]) -> Generator[Event, Any, None]:
        until_s = batch[0].received_s + self.visibility_s
        messages = [received.message for received in batch]
        invocation = yield from until_it_runs(self.function, messages, self._random, until_s)
        self.batches += has_run(invocation)
        self.failed += has_run(invocation) and not invocation.ok
        failed = self._failed_of(messages, invocation)
        why = NotHandled(self.function.name) if invocation.ok else invocation.value
        self.running -= 1
        for received in batch:
            received.over.succeed(why if received.message.id in failed else None)
        self._make_room()

    def _failed_of(self, messages: list[Message], invocation: Invocation) -> set[int]:
        """The ids of the messages of a batch that must come again."""
        ids = {message.id for message in messages}
        if not invocation.ok:
            return ids
        if not self.partial_failures or invocation.value is None:
            return set()
        require_instance("answer", invocation.value, Collection, "ids of messages, or None")
        failed = set(invocation.value)
        return failed if failed <= ids else ids

    # How many at the same time ---------------------------------------------------------------------------

    def _make_room(self) -> None:
        self._set_room()
        self.queue.deliver()

    def _set_room(self) -> None:
        """Let the queue send as many messages as the free pollers take, besides those that are held."""
        free = max(0, self.limit - self.running) * self.batch_size
        self._consumer.prefetch = self._held - len(self._open) + free

    def _watch(self) -> None:
        """Look later whether there must be more, when all are at work or some have been added."""
        if self._is_watching or self.pollers.per_minute == 0:
            return
        if self.running >= self.limit or self.limit > self.pollers.at_first:
            self._is_watching = True
            self.sim.call_at(self.sim.now + 60 / self.pollers.per_minute, self._look)

    def _look(self, _: None) -> None:
        self._is_watching = False
        if self.queue.ready:
            self.limit = min(self.pollers.most, self.limit + 1)
        else:
            self.limit = max(self.pollers.at_first, self.running + bool(self._open))
        self._make_room()
        self._watch()


def _visibility_s(given_s: float | None, function: Function, queue: MessageQueue, window_s: float) -> float:
    """The visibility timeout, checked against what the function and the queue allow."""
    limit_s = function.time_limit_s
    if given_s is None and limit_s is None:
        refuse(ValueError, "visibility_s", given_s, "given: the function has no time limit")
    chosen_s = TIME_LIMITS * (limit_s or 0.0) + window_s if given_s is None else given_s
    require_positive("visibility_s", chosen_s)
    if chosen_s < (limit_s or 0.0) + window_s:
        refuse(ValueError, "visibility_s", chosen_s, f"{limit_s} s and the window, {window_s} s, or more")
    if chosen_s >= queue.ack_timeout_s:
        refuse(
            ValueError, "visibility_s", chosen_s, f"below the queue's ack_timeout_s, {queue.ack_timeout_s}"
        )
    return chosen_s
