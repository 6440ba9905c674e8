"""Asynchronous invocation: the caller is told at once that the event is accepted, and the platform sees to the rest.

A function that fails gets the event again, on AWS Lambda twice: after one minute and after two more. What is throttled,
or finds the function down, has not run, so that is no retry: it comes again after 1 second, then 2, 4 and so on up to 5
minutes, as long as the event is not too old (6 hours). An event that has failed too often, or has become too old,
becomes a dead letter (*Asynchronous invocation*, AWS Lambda Developer Guide, 2022; `data/lambda.csv`).

A failed try may have done some or all of its work, so the handler must bear to see an event twice.

What this leaves out: AWS may deliver an event twice without any failure. The queue itself never fills and nothing else
waits in it, so real events wait longer under overload.

>>> from archlab.sim import Failure, Function, Simulation
>>> sim = Simulation(seed=1)
>>> def settle(invocation):
...     yield sim.timeout(1.0)
...     raise Failure("books")
>>> nightly = AsyncInvocations(Function(sim, "settle", settle, init_s=0.0, keep_alive_s=600))
>>> event = nightly.send("Monday")
>>> sim.run(until=3600)
>>> event.tries, nightly.dead_letters[0].payload, str(event.failure), event.ended_s
(3, 'Monday', 'books: failed', 183.0)
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from math import isnan, nan
from typing import Any

import numpy as np
from simpy.events import Event

from archlab.sim.failure import Failure
from archlab.sim.functions.function import Function
from archlab.sim.resilience.backoff import Backoff
from archlab.sim.validation import require_instance, require_lasting, require_whole

RETRY = Backoff(base_s=60.0, jitter="none")
"""How long AWS Lambda waits after an error: one minute, then two."""
NOT_RUN = Backoff(base_s=1.0, cap_s=300.0, jitter="none")
"""How long it waits after a try that did not run: 1 second at first, 5 minutes at most."""
MAX_AGE_S = 21_600.0
"""How old an event may become there, 6 hours."""


@dataclass(frozen=True)
class AsyncPolicy:
    """What is done with an event whose invocation fails. The defaults are AWS Lambda's.

    Args:
        max_retries: so often an event is given again to a function that failed.
        retry: how long it waits before the first retry, the second, and so on.
        max_age_s: an event older than this is not tried again. None: never too old.
        not_run: how long it waits when the function did not run.

    Raises `ValueError` or `TypeError` when an argument is not allowed.
    """

    max_retries: int = 2
    retry: Backoff = RETRY
    max_age_s: float | None = MAX_AGE_S
    not_run: Backoff = NOT_RUN

    def __post_init__(self) -> None:
        require_whole("max_retries", self.max_retries, at_least=0)
        require_instance("retry", self.retry, Backoff, "a Backoff")
        require_lasting("max_age_s", self.max_age_s)
        require_instance("not_run", self.not_run, Backoff, "a Backoff")


class AsyncEvent:
    """An event on its way: `payload`, when it was `sent_s`, how often the function was asked, how it ended and when.

    `tries` counts invocations that ran, `not_run` those that did not. `failure` is the last failure; None: none so far.
    `ended_s` is when it was done or given up; NaN: not yet.
    """

    def __init__(self, payload: Any, sent_s: float) -> None:
        self.payload = payload
        self.sent_s = sent_s
        self.tries = self.not_run = 0
        self.failure: Failure | None = None
        self.ended_s = nan


class AsyncInvocations:
    """The queue in front of `function` for events whose sender does not wait.

    `accepted` counts events, `done` those that succeeded in the end; `dead_letters` are those that were given up, in
    that order. Raises `TypeError` when an argument is not allowed.
    """

    def __init__(self, function: Function, policy: AsyncPolicy | None = None) -> None:
        require_instance("function", function, Function, "a Function")
        require_instance("policy", policy, (AsyncPolicy, type(None)), "an AsyncPolicy or None")
        self.function = function
        self.policy = AsyncPolicy() if policy is None else policy
        self.accepted = self.done = 0
        self.dead_letters: list[AsyncEvent] = []
        self._random: np.random.Generator = function.sim.stream(f"{function.name} events")

    def send(self, payload: Any = None) -> AsyncEvent:
        """Accept an event now, and see to it that the function gets it."""
        event = AsyncEvent(payload, self.function.sim.now)
        self.accepted += 1
        self.function.sim.start(self._deliver(event))
        return event

    @property
    def waiting(self) -> int:
        """How many events are neither done nor given up."""
        return self.accepted - self.done - len(self.dead_letters)

    def _deliver(self, event: AsyncEvent) -> Generator[Event, Any, None]:
        sim, policy = self.function.sim, self.policy
        retry, not_run = policy.retry.delays(self._random), policy.not_run.delays(self._random)
        while self._is_young(event):
            has_run = yield from self._try(event)
            if event.failure is None:
                self.done += 1
                break
            if not has_run:
                yield sim.timeout(next(not_run))
            elif event.tries > policy.max_retries:
                self.dead_letters.append(event)
                break
            else:
                yield sim.timeout(next(retry))
        else:
            self.dead_letters.append(event)
        event.ended_s = sim.now

    def _try(self, event: AsyncEvent) -> Generator[Event, Any, bool]:
        """Invoke the function and note what came of it. Returns whether its handler has begun."""
        event.failure = None
        invocation = self.function.invoke(event.payload)
        try:
            yield invocation
        except Failure as failure:
            event.failure = failure
        has_run = not isnan(invocation.began_s)
        event.tries += has_run
        event.not_run += not has_run
        return has_run

    def _is_young(self, event: AsyncEvent) -> bool:
        max_age_s = self.policy.max_age_s
        return max_age_s is None or self.function.sim.now - event.sent_s <= max_age_s
