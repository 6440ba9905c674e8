"""Failure of the shop as microservices: the payments service crashes, or its provider or its queries become slow.

A crash stops those who need payments. A slow answer is worse: each call that waits for one holds a worker of its
caller, and that one a worker of *its* caller, up to the gateway, which all customers share.

The gateway here has a thread for each request it has under way, as many as each service has workers. A gateway that
needs no thread to wait has room for many more requests, and fills up later: `THREADLESS`.

A fault is isolated as long as `UNHURT_PERCENT` of the pages come: up to some slowness, or some time-out.

>>> payments_crash(seed=1)["browse_percent"], slow_provider(seed=1)["browse_percent"] < 20
(100.0, True)
>>> isolation(pages_while_payments_is_down_percent=100.0, isolated_up_to_times_slower=6).words
'Holds when: up to 6 times slower; a crash does no harm'
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import joblib
import pandas as pd

from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to, last_holding
from archlab.shop.day import KINDS, ShopResult, at_load, availability_percent, run_day
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES, MicroservicesConfig
from archlab.shop.microservices.guards import Guards
from archlab.sim.experiment import Model, sweep
from archlab.sim.faults import Crash, Fault, SlowDown
from archlab.sim.result import Result

FAULT_AT_S = 5.0
FAULT_S = 15.0
PATIENCE_S = 2.0
"""How long a customer waits. The work that was asked for goes on."""
LOAD = 0.5
"""Share of the shop's capacity that arrives."""

THREADED = replace(MICROSERVICES, gateway_workers=MICROSERVICES.workers)
"""The chapter's shop, whose gateway holds a thread for each request."""
THREADLESS = MICROSERVICES
"""The same with a gateway whose requests need no thread to wait."""

PROVIDER = "payment provider"
TIMEOUT = Guards(timeout_s=0.5)
BULKHEAD = Guards(bulkhead=12)
"""Of the gateway's 16 threads so many at most for the orders service, which serves orders and tracking."""
ALL_GUARDS = {PROVIDER: replace(TIMEOUT, breaker=True), "orders": BULKHEAD}

DESIGNS: Mapping[str, MicroservicesConfig] = {
    "no guard": THREADED,
    "breaker alone": replace(THREADED, guards={PROVIDER: Guards(breaker=True)}),
    "time-out 0.5 s": replace(THREADED, guards={PROVIDER: TIMEOUT}),
    "time-out and breaker": replace(THREADED, guards={PROVIDER: ALL_GUARDS[PROVIDER]}),
    "bulkhead in the gateway": replace(THREADED, guards={"orders": BULKHEAD}),
    "all three": replace(THREADED, guards=ALL_GUARDS),
    "gateway without threads": THREADLESS,
}

SLOW = SlowDown(PROVIDER, FAULT_AT_S, FAULT_S, factor=40.0)
FAULTS: Mapping[str, Fault] = {
    "payments crashes": Crash("payments-1", FAULT_AT_S, FAULT_S),
    "slow provider": SLOW,
    "slow payments query": SlowDown("payments queries", FAULT_AT_S, FAULT_S, factor=400.0),
}
"""What goes wrong in payments: a crash, a call to the provider that takes 4 s, a query that takes 0.2 s."""


def day(
    seed: int,
    fault: Fault = SLOW,
    config: MicroservicesConfig = THREADED,
    load: float = LOAD,
    duration_s: float = 40.0,
) -> ShopResult:
    """Run a shop through one fault. Customers give up after `PATIENCE_S`."""
    arrivals = at_load(load, config)
    return run_day(Microservices, config, arrivals, seed, duration_s, faults=[fault], timeout_s=PATIENCE_S)


def shares_percent(result: Result, start_s: float = FAULT_AT_S, for_s: float = FAULT_S) -> dict[str, float]:
    """Return for each use case the share of those asked for during the fault that succeeded: `browse_percent` ..."""
    end_s = start_s + for_s
    return {f"{kind}_percent": availability_percent(result, kind, start_s, end_s) for kind in KINDS}


def under_fault(
    seed: int, fault: Fault, config: MicroservicesConfig = THREADED, load: float = LOAD
) -> dict[str, float]:
    """Return how the use cases fare during a fault."""
    return shares_percent(day(seed, fault, config, load, until_answered_s(fault)).result)


def payments_crash(seed: int, config: MicroservicesConfig = THREADED) -> dict[str, float]:
    """Let the payments service crash."""
    return under_fault(seed, FAULTS["payments crashes"], config)


def slow_provider(
    seed: int, times_slower: float = 40.0, config: MicroservicesConfig = THREADED, load: float = LOAD
) -> dict[str, float]:
    """Let the payment provider take `times_slower` times as long."""
    return under_fault(seed, replace(SLOW, factor=times_slower), config, load)


def slower_and_slower(
    times_slower: Sequence[float] = (6, 7, 8),
    seeds: Iterable[int] = range(2),
    config: MicroservicesConfig = THREADED,
) -> pd.DataFrame:
    """Sweep `slow_provider`. Columns: times_slower, the shares of success with intervals."""
    return sweep_shares(partial(slow_provider, config=config), {"times_slower": times_slower}, seeds)


def with_timeout(seed: int, timeout_s: float, config: MicroservicesConfig = THREADED) -> dict[str, float]:
    """Let the provider be slow, and payments wait for it no longer than `timeout_s`."""
    guarded = replace(config, guards={**config.guards, PROVIDER: Guards(timeout_s=timeout_s)})
    return under_fault(seed, SLOW, guarded)


def timeouts(
    timeouts_s: Sequence[float] = (0.6, 0.8, 1.0),
    seeds: Iterable[int] = range(2),
    config: MicroservicesConfig = THREADED,
) -> pd.DataFrame:
    """Sweep `with_timeout`. Columns: timeout_s, the shares of success with intervals."""
    return sweep_shares(partial(with_timeout, config=config), {"timeout_s": timeouts_s}, seeds)


def by_guard(
    designs: Mapping[str, MicroservicesConfig] = DESIGNS, seeds: Iterable[int] = range(2)
) -> pd.DataFrame:
    """Let the provider be slow, with each set of guards. Columns: design, the shares of success with intervals."""
    frame = sweep_shares(slow_provider, {"config": list(designs.values())}, seeds)
    frame.insert(0, "design", list(designs))
    return frame.drop(columns="config")


def during_the_fault(designs: Sequence[str], seed: int = 1) -> dict[str, pd.DataFrame]:
    """Return for each of these `DESIGNS` the requests that arrived while the provider was slow."""
    runs = joblib.Parallel()(joblib.delayed(_requests)(seed, DESIGNS[name]) for name in designs)
    return dict(zip(designs, runs, strict=True))


def _requests(seed: int, config: MicroservicesConfig) -> pd.DataFrame:
    requests = day(seed, config=config, duration_s=until_answered_s(SLOW)).result.requests
    return requests[requests.arrived_s.between(FAULT_AT_S, FAULT_AT_S + FAULT_S)]


def sweep_shares(model: Model, grid: Mapping[str, Sequence[Any]], seeds: Iterable[int]) -> pd.DataFrame:
    """Sweep a model of shares, and end their intervals at 0 and 100."""
    frame = sweep(model, grid, seeds)
    ends = [column for column in frame if column.endswith(("_percent_low", "_percent_high"))]
    frame[ends] = frame[ends].clip(0, 100)
    return frame


def until_answered_s(fault: Fault) -> float:
    """Long enough that all who came during the fault have an answer or have given up."""
    return fault.at_s + fault.lasts_s + PATIENCE_S


UNHURT_PERCENT = 99.0
"""One page in a hundred that does not come is noticed. With nothing broken all of them come."""


def isolated_up_to_times_slower(slower: pd.DataFrame) -> float:
    """Return the slowness up to which pages come; takes `failure.slower_and_slower`."""
    return last_holding(slower.times_slower.tolist(), (slower.browse_percent - UNHURT_PERCENT).tolist())


def isolated_up_to_timeout_s(timeouts: pd.DataFrame) -> float:
    """Return the time-out up to which pages come; takes `failure.timeouts`."""
    return last_holding(timeouts.timeout_s.tolist(), (timeouts.browse_percent - UNHURT_PERCENT).tolist())


@settles("characteristics.fault-isolation", evidence=Evidence.SIMULATED)
def isolation(pages_while_payments_is_down_percent: float, isolated_up_to_times_slower: float) -> Verdict:
    """Holds up to the slowness of the provider at which fewer than {UNHURT_PERCENT} % of the pages come, without
    any guard, when as many come while payments is down.
    """
    if pages_while_payments_is_down_percent < UNHURT_PERCENT:
        return holds_if(False)
    return holds_up_to(isolated_up_to_times_slower, "times slower; a crash does no harm")
