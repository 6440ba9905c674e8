"""Resilience: what is put around a call that may be slow, refused or lost. All of it takes an attempt and nests."""

from archlab.sim.resilience.attempt import Attempt
from archlab.sim.resilience.backoff import Backoff, Jitter
from archlab.sim.resilience.bulkhead import Bulkhead, BulkheadFull
from archlab.sim.resilience.circuit_breaker import CircuitBreaker, CircuitOpen
from archlab.sim.resilience.deadline_propagation import TimeLimit
from archlab.sim.resilience.hedging import Hedge
from archlab.sim.resilience.retry import Retry
from archlab.sim.resilience.retry_budget import RetryBudget
from archlab.sim.resilience.sliding_window import SlidingWindow
from archlab.sim.resilience.token_bucket import TokenBucket

__all__ = [
    "Attempt",
    "Backoff",
    "Bulkhead",
    "BulkheadFull",
    "CircuitBreaker",
    "CircuitOpen",
    "Hedge",
    "Jitter",
    "Retry",
    "RetryBudget",
    "SlidingWindow",
    "TimeLimit",
    "TokenBucket",
]
