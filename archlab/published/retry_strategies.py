"""Retry strategies against a service that fails now and then: what they win, and the load they add.

After the simulation of M. Brooker, *Fixing retries with token buckets and circuit breakers* (2022,
https://brooker.co.za/blog/2022/02/28/retries.html): 100 clients, each with 10 requests a second and a memory of its
own, call a service that fails each call with the same probability. His four strategies:

* "none": no retries.
* "three retries": up to three, always.
* "token bucket": up to three, while there are tokens. A success pays 0.1 token in, a retry costs 1, five at most are
  kept, and the bucket is full at first.
* "retry breaker": up to three, while no more than 10 % of the calls so far have failed. First tries always go through.

and one he warns of in an earlier article (*Will circuit breakers solve my problems?*, 2022):

* "circuit breaker": three retries, and a breaker around every attempt that stops first tries, too.

Calls fail independently, and load makes nothing worse, which flatters retries. In the program behind his article the
bucket is paid when a call starts and knows no limit of three; the article describes it as it is here. So his load tends
to 10 % above that of no retries, ours to 10 % of the successes. The article also gives x^N as the failure rate after
N retries; it is x^(N+1), since the first try counts.

>>> three = model(seed=1, strategy="three retries", failure=0.5, duration_s=5)
>>> round(three["success_formula"], 4), round(three["load_formula"], 3)
(0.9375, 1.875)
>>> abs(three["success"] - 0.9375) < 0.01, abs(three["load"] - 1.875) < 0.05
(True, True)
"""

from __future__ import annotations

from collections.abc import Generator
from math import nan
from typing import Literal, get_args

from simpy.events import Event

from archlab.sim.failure import Failure
from archlab.sim.load import Request
from archlab.sim.resilience.attempt import Attempt
from archlab.sim.resilience.circuit_breaker import CircuitBreaker
from archlab.sim.resilience.retry import Retry
from archlab.sim.resilience.retry_budget import RetryBudget
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_fraction, require_whole
from archlab.sim.workload import Poisson

Strategy = Literal["none", "three retries", "token bucket", "retry breaker", "circuit breaker"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
ATTEMPTS = 4
"""Of a call with three retries."""
PER_SUCCESS, FULL = 0.1, 5.0
"""Tokens that a success pays in, and that the bucket holds."""
THRESHOLD = 0.1
"""The share of failures at which a breaker trips."""
ANSWER_S = 0.020


class CallFailed(Failure):
    """The service answered with an error."""

    outcome = "call_failed"
    what = "the call failed"


def model(
    seed: int,
    strategy: Strategy = "three retries",
    failure: float = 0.1,
    clients: int = 100,
    rate_per_client_per_s: float = 10.0,
    duration_s: float = 10.0,
) -> dict[str, float]:
    """Let the clients call a service that fails each call with the probability `failure`, for `duration_s` seconds.

    Returns `success`, the share of requests, and `load`, calls that reach the service for each request, both with the
    formula beside it where there is one (else NaN).
    Raises `ValueError` when an argument is not allowed.
    """
    require_fraction("failure", failure)
    require_whole("clients", clients, at_least=1)
    sim = Simulation(seed)
    service = Service(sim, failure)
    choose = sim.stream("client").integers
    callers = [_caller(sim, f"client {number}", strategy, service) for number in range(clients)]

    def handle(request: Request) -> Generator[Event, None, None]:
        yield callers[choose(clients)]()

    sim.open_load(Poisson(clients * rate_per_client_per_s), handle)
    result = sim.measure(duration_s)
    attempts = {"none": 1, "three retries": ATTEMPTS}.get(strategy)
    return {
        "success": result.availability(),
        "success_formula": nan if attempts is None else expected_success(attempts, failure),
        "load": service.calls / result.arrived,
        "load_formula": nan if attempts is None else expected_load(attempts, failure),
    }


def expected_success(attempts: int, failure: float) -> float:
    """Return the share of requests that succeed within so many attempts: 1 - failure^attempts."""
    require_whole("attempts", attempts, at_least=1)
    require_fraction("failure", failure)
    return 1 - failure**attempts


def expected_load(attempts: int, failure: float) -> float:
    """Return the mean number of attempts: 1 + p + ... + p^(attempts - 1), that is (1 - p^attempts) / (1 - p)."""
    require_whole("attempts", attempts, at_least=1)
    require_fraction("failure", failure)
    return float(sum(failure**number for number in range(attempts)))


class Service:
    """Answers every call after a moment, and fails some. `calls` counts those that reach it."""

    def __init__(self, sim: Simulation, failure: float) -> None:
        self.sim = sim
        self.failure = failure
        self.calls = 0
        self._luck = sim.stream("calls that fail")

    def call(self) -> Event:
        """One call: an event that succeeds or fails with `CallFailed`."""
        self.calls += 1
        return self.sim.start(self._answer())

    def _answer(self) -> Generator[Event, None, None]:
        yield self.sim.timeout(ANSWER_S)
        if self._luck.random() < self.failure:
            raise CallFailed("service")


class RetryBreaker(RetryBudget):
    """A budget of another kind: retries while the share of failures among a client's calls is not above `THRESHOLD`.

    As in Brooker's simulation: failures of retries count, too, but only first tries count as calls, and nothing is
    ever forgotten. The first call that fails finds all calls failed, so a client never starts with a retry.
    """

    def __init__(self, sim: Simulation, service: Service) -> None:
        super().__init__(sim)
        self._service = service
        self._calls = self._failures = 0

    def first_try(self) -> None:
        """A new request begins."""
        self._calls += 1

    def attempt(self) -> Event:
        """Call the service, and note when that fails."""
        event = self._service.call()
        assert event.callbacks is not None
        event.callbacks.append(self._note)
        return event

    def take(self) -> bool:
        """Whether a retry is allowed now."""
        return self._failures <= THRESHOLD * self._calls

    def _note(self, event: Event) -> None:
        self._failures += not event.ok


def _caller(sim: Simulation, name: str, strategy: Strategy, service: Service) -> Attempt:
    """How a client makes a request with this strategy. It has a state of its own."""
    if strategy not in STRATEGIES:
        raise ValueError(f"strategy is {strategy!r}; it must be one of {', '.join(map(repr, STRATEGIES))}")
    if strategy == "none":
        return service.call
    if strategy == "retry breaker":
        return _with_retry_breaker(sim, name, service)
    budget = RetryBudget(sim, PER_SUCCESS, FULL) if strategy == "token bucket" else None
    retry = Retry(sim, name, ATTEMPTS, budget=budget)
    if strategy == "circuit breaker":
        breaker = CircuitBreaker(sim, f"{name}: breaker", failure_ratio=THRESHOLD)
        return lambda: retry.call(lambda: breaker.call(service.call))
    return lambda: retry.call(service.call)


def _with_retry_breaker(sim: Simulation, name: str, service: Service) -> Attempt:
    breaker = RetryBreaker(sim, service)
    retry = Retry(sim, name, ATTEMPTS, budget=breaker)

    def call() -> Event:
        breaker.first_try()
        return retry.call(breaker.attempt)

    return call
