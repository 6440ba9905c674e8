"""Layers that each retry: the attempts multiply.

A call goes through several layers, and each of them tries again when the one below has failed. Three layers with three
retries each (four attempts) send a dead database 4^3 = 64 queries for one request: the example of *Site Reliability
Engineering* (2016), chapter 22, *Addressing Cascading Failures*. Five layers with three tries each make 3^5 = 243
(M. Brooker, *Timeouts, retries and backoff with jitter*, 2019).

The database fails each query independently with the probability `failure`, at once, and never for more load. Real
failures last, and grow with the load that retries bring, so the real amplification at a given failure rate is
higher. Only at `failure=1` and 0 is there no difference.

`budget` gives each layer a retry budget: so many retries for each success (`archlab.sim.resilience.retry_budget`).
Load then stays within (1 + budget)^layers, but for the few retries the budgets have saved up at the start.

>>> figures = model(seed=1, requests=10)
>>> figures["attempts_per_request"], figures["attempts_per_request_formula"]
(64.0, 64.0)
>>> round(expected_attempts(layers=3, attempts=4, failure=0.5), 3)
2.0
"""

from __future__ import annotations

from collections.abc import Generator
from math import nan

from simpy.events import Event

from archlab.sim.failure import Failure
from archlab.sim.resilience.attempt import Attempt
from archlab.sim.resilience.retry import Retry
from archlab.sim.resilience.retry_budget import RetryBudget
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_fraction, require_non_negative, require_whole

QUERY_S = 0.001
SAVED = 5.0
"""How many retries a full budget holds."""


class QueryFailed(Failure):
    """The database answered with an error."""

    outcome = "query_failed"
    what = "the query failed"


def model(
    seed: int,
    layers: int = 3,
    attempts: int = 4,
    failure: float = 1.0,
    budget: float | None = None,
    requests: int = 500,
) -> dict[str, float]:
    """Send `requests` one after the other through `layers` layers that make up to `attempts` attempts each.

    Returns `attempts_per_request` at the database and `success`, the share of requests, each with its formula for
    layers without a budget beside it, and `limit`: attempts^layers, or (1 + budget)^layers with a budget.
    Raises `ValueError` when an argument is not allowed.
    """
    require_whole("requests", requests, at_least=1)
    expected = expected_attempts(layers, attempts, failure)
    queries, succeeded = simulate(seed, layers, attempts, failure, budget, requests)
    return {
        "attempts_per_request": queries / requests,
        "attempts_per_request_formula": expected if budget is None else nan,
        "success": succeeded / requests,
        "success_formula": 1 - failure ** (attempts**layers) if budget is None else nan,
        "limit": float(attempts**layers) if budget is None else (1 + budget) ** layers,
    }


def expected_attempts(layers: int, attempts: int, failure: float) -> float:
    """Return the mean number of queries of a request, when each fails independently with the probability `failure`.

    A layer that is failed with the probability p makes 1 + p + ... + p^(attempts - 1) attempts on average, and fails
    with p^attempts. That is the p of the layer above, and the means multiply (Wald's equation).
    """
    require_whole("layers", layers, at_least=1)
    require_whole("attempts", attempts, at_least=1)
    require_fraction("failure", failure)
    expected = 1.0
    for _ in range(layers):
        expected *= sum(failure**number for number in range(attempts))
        failure = failure**attempts
    return expected


def simulate(
    seed: int, layers: int, attempts: int, failure: float, budget: float | None, requests: int
) -> tuple[int, int]:
    """Return how many queries the database got, and how many requests succeeded."""
    sim = Simulation(seed)
    database = Station(sim, "database")
    call = _through(sim, _query(sim, database, failure), layers, attempts, budget)
    succeeded = 0

    def ask_all() -> Generator[Event, None, None]:
        nonlocal succeeded
        for _ in range(requests):
            try:
                yield call()
            except Failure:
                continue
            succeeded += 1

    sim.run(until=sim.start(ask_all()))
    return database.completed, succeeded


def _query(sim: Simulation, database: Station, failure: float) -> Attempt:
    """A query at the bottom: some work, and an error with the probability `failure`."""
    luck = sim.stream("queries that fail")

    def query() -> Generator[Event, None, None]:
        yield database.serve(QUERY_S)
        if luck.random() < failure:
            raise QueryFailed("database")

    return lambda: sim.start(query())


def _through(sim: Simulation, call: Attempt, layers: int, attempts: int, budget: float | None) -> Attempt:
    """The same call through so many layers that retry, each with a budget of its own."""
    for number in range(layers, 0, -1):
        call = _guarded(sim, call, f"layer {number}", attempts, budget)
    return call


def _guarded(sim: Simulation, call: Attempt, name: str, attempts: int, per_success: float | None) -> Attempt:
    if per_success is not None:
        require_non_negative("budget", per_success)
    budget = None if per_success is None else RetryBudget(sim, per_success=per_success, cap=SAVED)
    retry = Retry(sim, name, attempts=attempts, budget=budget)
    return lambda: retry.call(call)
