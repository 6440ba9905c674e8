"""Retry: try again when an attempt failed, after a wait, and only as often as it is allowed.

A retry helps against bad luck, and harms when the far end is overloaded: then it is more of the same. The far end does
not know that the caller has given an attempt up, and works on it, so three attempts can be three times the work.

What this leaves out: it does not ask whether the operation may be repeated. That is the caller's business.

>>> from archlab.sim import Failure, Simulation
>>> sim = Simulation(seed=1)
>>> attempts = []
>>> def charge():
...     attempts.append(sim.now)
...     yield sim.timeout(0.1)
...     if len(attempts) < 3:
...         raise Failure("payments")
...     return "paid"
>>> retry = Retry(sim, "payments retry", attempts=3, backoff=Backoff(base_s=1.0, jitter="none"))
>>> sim.run(until=retry.call(lambda: sim.start(charge()))), attempts
('paid', [0, 1.1, 3.2])
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import repeat
from typing import TYPE_CHECKING, Any

from simpy.events import Event

from archlab.sim.core.calendar import require_same_sim, require_sim
from archlab.sim.failure import Failure
from archlab.sim.resilience.attempt import Attempt
from archlab.sim.resilience.backoff import Backoff
from archlab.sim.resilience.retry_budget import RetryBudget
from archlab.sim.validation import (
    require_failures,
    require_function,
    require_instance,
    require_text,
    require_whole,
)

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation


class Retry:
    """Up to `attempts` attempts at each call.

    Args:
        name: of the stream of random numbers for the waits.
        attempts: in all, the first included.
        backoff: the waits before retries. None: at once.
        budget: asked before each retry, and told of each success. None: no limit.
        retry_on: the failures worth another attempt. Any other ends the call at once.

    `calls`, `attempts_made`, `retries` and `given_up` (calls that failed in the end) are counted.
    Raises `ValueError` when `attempts` is not a whole number, 1 or more.
    """

    def __init__(
        self,
        sim: Simulation,
        name: str,
        attempts: int = 3,
        backoff: Backoff | None = None,
        budget: RetryBudget | None = None,
        retry_on: tuple[type[Failure], ...] = (Failure,),
    ) -> None:
        require_sim(sim)
        require_text("name", name)
        require_whole("attempts", attempts, at_least=1)
        require_instance("backoff", backoff, (Backoff, type(None)), "a Backoff or None")
        require_instance("budget", budget, (RetryBudget, type(None)), "a RetryBudget or None")
        if budget is not None:
            require_same_sim(sim, "budget", budget)
        require_failures("retry_on", retry_on)
        self.sim = sim
        self.name = name
        self._attempts, self._backoff, self._budget, self._retry_on = attempts, backoff, budget, retry_on
        self._random = sim.stream(f"{name} backoff")
        self.calls = self.attempts_made = self.retries = self.given_up = 0

    def call(self, attempt: Attempt) -> Event:
        """Start `attempt`, and again when it fails. The event has the first value, or the last failure."""
        require_function("attempt", attempt)
        self.calls += 1
        return self.sim.start(self._run(attempt))

    def _run(self, attempt: Attempt) -> Generator[Event, Any, Any]:
        delays = self._delays()
        for left in reversed(range(self._attempts)):
            self.attempts_made += 1
            try:
                value = yield attempt()
            except Failure as failure:
                if not (left and isinstance(failure, self._retry_on) and self._may_retry()):
                    self.given_up += 1
                    raise
            else:
                if self._budget is not None:
                    self._budget.succeeded()
                return value
            if wait_s := next(delays):
                yield self.sim.timeout(wait_s)

    def _may_retry(self) -> bool:
        if self._budget is not None and not self._budget.take():
            return False
        self.retries += 1
        return True

    def _delays(self) -> Iterator[float]:
        return repeat(0.0) if self._backoff is None else self._backoff.delays(self._random)
