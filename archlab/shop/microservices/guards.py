"""Guards: what an instance puts around its calls to a service that may be slow, full or down.

Each calling instance has its own guards for each service it calls, as a library inside a program has: a breaker that
has opened in one instance has not in another. They are nested in one order, from outside to inside:

    retry ( breaker ( bulkhead ( hedge ( mesh or balancing ( time-out ( the call at one instance ))))))

So every attempt counts for the breaker by itself and asks the bulkhead for a place of its own. A time-out limits one
call to one instance, not all of them together, and the balancing learns which instance was too slow. What a breaker
or a bulkhead turns away at once is not tried again. A refusal by the shop's rules is an answer: no guard counts it as
a failure.

An instance that has died tries nothing again. What this leaves out: when it starts again, its breakers and budgets
keep what they knew, and its bulkheads the places of calls that have not ended, where real ones begin anew. That errs
towards fewer calls after a restart. With no time-out, a call that nobody answers keeps its place for ever.

>>> from archlab.shop.microservices.instance import Instance
>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> orders = Instance(sim, "orders", number=1, workers=1, cores=1)
>>> guarded = Guarded(sim, orders, "payments", Guards(timeout_s=0.3, retry_attempts=2))
>>> task = guarded.call(lambda: guarded.limited(sim.timeout(10)))
>>> sim.run(until=5)
>>> task.value, guarded.retry.attempts_made
(TimedOut('Timeout'), 2)
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from simpy.events import Event

from archlab.shop.microservices.instance import CallerDied, Instance
from archlab.sim.failure import Crashed, Failure, Refused, TimedOut, Unavailable
from archlab.sim.resilience.attempt import Attempt
from archlab.sim.resilience.backoff import Backoff
from archlab.sim.resilience.bulkhead import Bulkhead
from archlab.sim.resilience.circuit_breaker import CircuitBreaker
from archlab.sim.resilience.hedging import Hedge
from archlab.sim.resilience.retry import Retry
from archlab.sim.resilience.retry_budget import RetryBudget
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive, require_whole


@dataclass(frozen=True)
class Guards:
    """The guards of the calls to one service. All are off unless you ask for them.

    Attributes:
        timeout_s: how long one call to one instance may take. The work at the far end goes on.
        retry_attempts: in all, the first included.
        backoff: the pause before each retry. None: none.
        retry_budget: retries allowed for each success, such as 0.1. None: no budget.
        breaker: True for a breaker with its defaults, or settings of `archlab.sim.CircuitBreaker`
            by name, such as {"open_s": 2}.
        bulkhead: calls of one instance that may be under way at the same time; one more fails at once.
        hedge_after_s: without an answer for so long, a second instance is asked, and the first answer wins.

    Raises:
        ValueError: when a parameter is out of range.
    """

    timeout_s: float | None = None
    retry_attempts: int = 1
    backoff: Backoff | None = None
    retry_budget: float | None = None
    breaker: bool | Mapping[str, Any] = False
    bulkhead: int | None = None
    hedge_after_s: float | None = None

    def __post_init__(self) -> None:
        require_whole("retry_attempts", self.retry_attempts, at_least=1)
        for name in ("timeout_s", "retry_budget", "hedge_after_s"):
            if getattr(self, name) is not None:
                require_positive(name, getattr(self, name))
        if self.bulkhead is not None:
            require_whole("bulkhead", self.bulkhead, at_least=1)


NO_GUARDS = Guards()
"""A call that waits for ever and takes every failure as it comes."""

WORTH_A_RETRY = (Crashed, Refused, TimedOut, Unavailable)
"""The failures that may be different at the next attempt, and at another instance."""


class Guarded:
    """The guards of one calling instance for one callee, ready to use.

    `retry`, `breaker`, `bulkhead` and `hedge` are the kit's parts; None where the guards do not ask for one.
    """

    def __init__(self, sim: Simulation, caller: Instance, callee: str, guards: Guards) -> None:
        name = f"{caller.name} to {callee}"
        self._sim = sim
        self._caller = caller
        self.timeout_s = guards.timeout_s
        self.hedge = Hedge(sim, guards.hedge_after_s) if guards.hedge_after_s is not None else None
        self.bulkhead = Bulkhead(sim, f"{name} bulkhead", guards.bulkhead) if guards.bulkhead else None
        self.breaker = _breaker(sim, f"{name} breaker", guards.breaker)
        self.retry = _retry(sim, f"{name} retry", guards) if guards.retry_attempts > 1 else None
        self._layers = self._from_inside()

    def call(self, attempt: Attempt) -> Event:
        """Start the guarded attempt; return the event of its outcome."""
        guarded = self._caller.in_this_life(attempt)
        for layer in self._layers:
            guarded = partial(layer, guarded)
        return guarded()

    def limited(self, event: Event) -> Event:
        """The event of one call to one instance, waited for no longer than the time-out, if there is one."""
        return event if self.timeout_s is None else self._sim.deadline(event, self.timeout_s)

    def _from_inside(self) -> list[Callable[[Attempt], Event]]:
        """The guards that are there, the innermost first."""
        layers: list[Callable[[Attempt], Event]] = []
        if self.hedge is not None:
            layers.append(self._hedged)
        layers += [part.call for part in (self.bulkhead, self.breaker) if part is not None]
        if self.retry is not None:
            layers.append(self._retried)
        return layers

    def _retried(self, attempt: Attempt) -> Event:
        """Try again while the caller lives. After its death no retry is counted, by the breaker or in the budget."""
        assert self.retry is not None
        life = self._caller.life
        alive = self._caller.in_this_life(attempt)
        return self.retry.call(lambda: self._sim.start(self._in_one_life(alive, life)))

    def _in_one_life(self, attempt: Attempt, life: int) -> Generator[Event, Any, Any]:
        try:
            return (yield attempt())
        except Failure:
            if self._caller.lives(life):
                raise
            raise CallerDied(self._caller.name) from None

    def _hedged(self, attempt: Attempt) -> Event:
        assert self.hedge is not None
        return self.hedge.call_each([attempt, attempt])


def _breaker(sim: Simulation, name: str, wanted: bool | Mapping[str, Any]) -> CircuitBreaker | None:
    if wanted is False:
        return None
    return CircuitBreaker(sim, name, **({} if wanted is True else wanted))


def _retry(sim: Simulation, name: str, guards: Guards) -> Retry:
    budget = None if guards.retry_budget is None else RetryBudget(sim, per_success=guards.retry_budget)
    return Retry(sim, name, guards.retry_attempts, guards.backoff, budget, WORTH_A_RETRY)
