"""Models for the explorers of failure: short runs, with the parameters that a slider can set.

>>> day = cascade(times_slower=1, timeout_s=None, bulkhead=0, breaker=False)
>>> day.result.availability("browse")
1.0
"""

from dataclasses import replace

from archlab.shop.experiment import ShopResult
from archlab.shop.microservices_experiments.day import at_load, run_microservices
from archlab.shop.microservices_experiments.failure import LOAD, PATIENCE_S, PROVIDER, THREADED
from archlab.shop.services.guards import Guards
from archlab.sim.faults import SlowDown
from archlab.sim.retry_storm import Storm, StormRun, simulate

FAULT_AT_S, FAULT_S, RUN_S = 1.0, 5.0, 8.0
"""Short, so that a slider answers at once."""


def cascade(
    times_slower: float, timeout_s: float | None, bulkhead: int, breaker: bool, seed: int = 1
) -> ShopResult:
    """Let the payment provider be slow. `bulkhead`: gateway threads for orders; 0: no bulkhead."""
    guards = {
        PROVIDER: Guards(timeout_s=timeout_s, breaker=breaker),
        "orders": Guards(bulkhead=bulkhead or None),
    }
    config = replace(THREADED, guards=guards)
    slow = SlowDown(PROVIDER, FAULT_AT_S, FAULT_S, times_slower)
    return run_microservices(config, at_load(LOAD), seed, RUN_S, faults=[slow], timeout_s=PATIENCE_S)


def retry_storm(
    load_per_s: float, retries: int, budget: float | None, drop_older_than_s: float | None
) -> StormRun:
    """Run the published example with another load, more or fewer retries, a retry budget, or load shedding."""
    storm = Storm(
        load_per_s=load_per_s,
        retries=retries,
        budget=budget,
        drop_older_than_s=drop_older_than_s,
        after_s=180.0,
        scale=0.05,
    )
    return simulate(seed=1, storm=storm)
