"""Failure of the shop as microservices: the provider of the payments service becomes slow, and who suffers.

A crash stops those who need payments. A slow answer is worse: each call that waits for one holds a worker of its
caller, and that one a worker of *its* caller, up to the gateway, which all customers share.

There are two kinds of gateways. One has a thread for each request that is under way, as many as each service has
workers: `THREADED`. A gateway of today needs no thread to wait, so it has room for many more requests, and fills up
later: `THREADLESS`, the shop as it is configured. How much room there is decides whether pages come.

>>> slow_provider(seed=1, config=THREADED)["browse_percent"] < 20
True
>>> slow_provider(seed=1, config=THREADLESS)["browse_percent"]
100.0
>>> isolation(
...     pages_while_payments_is_down_percent=100.0,
...     pages_while_provider_is_slow_percent=100.0,
...     isolated_from_places_in_the_gateway=300,
...     isolated_from_faults_up_to_s=22.0,
... ).words
'Holds when: with the room in the gateway at least 300 requests (here 512), and up to 22 s of a slow provider (here 15)'
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import inf

import joblib
import pandas as pd

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, all_of, holds_if, holds_up_to
from archlab.course.quantity import number
from archlab.shop.architecture import SHOP_MIX
from archlab.shop.day import KINDS, ShopResult, at_load, availability_percent, run_day
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES, MicroservicesConfig
from archlab.shop.microservices.guards import Guards
from archlab.sim.distributions import as_distribution
from archlab.sim.faults import Fault, SlowDown
from archlab.sim.parallel import in_parallel
from archlab.sim.recording import OK
from archlab.sim.result import Result

SEEDS = range(10)
FAULT_AT_S = 2.0
FAULT_S = 15.0
PATIENCE_S = 2.0
"""How long a customer waits. The work that was asked for goes on."""
LOAD = 0.5
"""Share of the shop's capacity that arrives."""


def with_room(places: int) -> MicroservicesConfig:
    """Return the chapter's shop with a gateway that has room for so many requests under way."""
    return replace(MICROSERVICES, gateway_workers=places)


THREADED = with_room(MICROSERVICES.workers)
"""A gateway that holds a thread for each request, as many as each service has workers."""
THREADLESS = MICROSERVICES
"""The chapter's shop, whose requests need no thread to wait in the gateway."""

PROVIDER = "payment provider"
ORDERS = "orders"
BREAKER = Guards(breaker=True)
TIMEOUT = Guards(timeout_s=0.5)
LONG_TIMEOUT = Guards(timeout_s=1.0)
HYSTRIX = replace(LONG_TIMEOUT, breaker=True)
"""The defaults of Hystrix: a time-out of 1 s belongs to them, beside those of the breaker (*Configuration*, wiki of
Netflix/Hystrix). Left out is its pool of 10 threads for each callee, one more guard."""
BULKHEAD = Guards(bulkhead=12)
"""Of the gateway's 16 threads so many at most for the orders service, which serves orders and tracking."""
ALL_GUARDS = {PROVIDER: replace(TIMEOUT, breaker=True), ORDERS: BULKHEAD}

DESIGNS: Mapping[str, MicroservicesConfig] = {
    "no guard": THREADED,
    "breaker alone": replace(THREADED, guards={PROVIDER: BREAKER}),
    "time-out 1 s": replace(THREADED, guards={PROVIDER: LONG_TIMEOUT}),
    "time-out 1 s and breaker": replace(THREADED, guards={PROVIDER: HYSTRIX}),
    "time-out 0.5 s": replace(THREADED, guards={PROVIDER: TIMEOUT}),
    "bulkhead in the gateway": replace(THREADED, guards={ORDERS: BULKHEAD}),
    "gateway without threads": THREADLESS,
}

ALONE = ("time-out of 0.5 s", "breaker", "bulkhead")
"""The guards that are compared one by one, in words."""

SLOW = SlowDown(PROVIDER, FAULT_AT_S, FAULT_S, factor=40.0)
"""A call to the provider takes 4 s."""


def day(
    seed: int,
    fault: Fault = SLOW,
    config: MicroservicesConfig = THREADED,
    load: float = LOAD,
    duration_s: float | None = None,
) -> ShopResult:
    """Run a shop through one fault. Customers give up after `PATIENCE_S`.

    `duration_s`: None: until all who came during the fault have an answer, or have given up.
    """
    arrivals, end_s = at_load(load, config), until_answered_s(fault) if duration_s is None else duration_s
    return run_day(Microservices, config, arrivals, seed, end_s, faults=[fault], timeout_s=PATIENCE_S)


def until_answered_s(fault: Fault) -> float:
    """Long enough that all who came during the fault have an answer or have given up."""
    return fault.at_s + fault.lasts_s + PATIENCE_S


def shares_percent(result: Result, start_s: float = FAULT_AT_S, for_s: float = FAULT_S) -> dict[str, float]:
    """Return for each use case the share of those asked for during the fault that succeeded: `browse_percent` ..."""
    end_s = start_s + for_s
    return {f"{kind}_percent": availability_percent(result, kind, start_s, end_s) for kind in KINDS}


def under_fault(
    seed: int, fault: Fault, config: MicroservicesConfig = THREADLESS, load: float = LOAD
) -> dict[str, float]:
    """Return how the use cases fare during a fault."""
    return shares_percent(day(seed, fault, config, load).result, fault.at_s, fault.lasts_s)


def slow_provider(
    seed: int, times_slower: float = 40.0, config: MicroservicesConfig = THREADED, load: float = LOAD
) -> dict[str, float]:
    """Let the payment provider take `times_slower` times as long."""
    return under_fault(seed, replace(SLOW, factor=times_slower), config, load)


# One guard at a time ---------------------------------------------------------------------------------------


def during_the_fault(
    designs: Mapping[str, MicroservicesConfig] = DESIGNS, seed: int = 1
) -> dict[str, pd.DataFrame]:
    """Return for each design the requests that arrived while the provider was slow."""
    runs = in_parallel(joblib.delayed(_requests)(seed, config) for config in designs.values())
    return dict(zip(designs, runs, strict=True))


def _requests(seed: int, config: MicroservicesConfig) -> pd.DataFrame:
    requests = day(seed, config=config).result.requests
    return requests[requests.arrived_s.between(FAULT_AT_S, FAULT_AT_S + FAULT_S)]


def by_design(runs: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the shares of success in the runs of `during_the_fault`: a row a design, a column a use case."""
    rows = {name: 100 * (run.outcome == OK).groupby(run.kind).mean() for name, run in runs.items()}
    return (
        pd.DataFrame.from_dict(rows, orient="index")[list(KINDS)].add_suffix("_percent").rename_axis("design")
    )


def longest_wait_s(config: MicroservicesConfig = THREADED, load: float = LOAD) -> float:
    """Return for how long each payment may hold a worker until the workers of a service do not suffice.

    Little's law: the payments a second, times the seconds that each holds a worker, are the workers that wait.
    """
    return config.workers / (at_load(load, config).rate_per_s * SHOP_MIX.shares["place_order"])


def harmless_up_to_times_slower(config: MicroservicesConfig = THREADED, load: float = LOAD) -> float:
    """Return the slowness of the provider up to which the workers suffice, by `longest_wait_s`."""
    return longest_wait_s(config, load) / as_distribution(config.provider_s).mean


# How much room the gateway needs ---------------------------------------------------------------------------

WATCHED_FAULT_S = 30.0
"""How long the provider is slow while one looks for the end of the room: twice as long as in the incident."""


def without_guards(
    seeds: Iterable[int] = SEEDS, config: MicroservicesConfig = THREADLESS
) -> dict[str, OverSeeds]:
    """Let the provider be slow, without any guard. Returns three of the figures of `isolation`, by their names.

    The room needed is counted while the gateway has more of it: so many requests were inside `PATIENCE_S` before the
    end. Who finds the gateway full later than that gets in before he gives up. So the longest fault that does no harm
    ends `PATIENCE_S` after the gateway is full: inf when it is not full within `WATCHED_FAULT_S`.
    """
    runs = in_parallel(joblib.delayed(_inside)(seed, config) for seed in seeds)
    pages, inside, longest_s = zip(*runs, strict=True)
    return {
        "pages_while_provider_is_slow_percent": OverSeeds(pages),
        "isolated_from_places_in_the_gateway": Limit("from", inside, whole=True),
        "isolated_from_faults_up_to_s": Limit("up to", longest_s),
    }


def _inside(seed: int, config: MicroservicesConfig) -> tuple[float, float, float]:
    """The share of pages that came in the first `FAULT_S`, how many requests the gateway had under way when it
    mattered, and how long a fault may last."""
    long = replace(SLOW, for_s=WATCHED_FAULT_S)
    result = day(seed, long, config, duration_s=FAULT_AT_S + WATCHED_FAULT_S).result
    gateway = result.samples[result.samples.part == "gateway-1"].set_index("time_s")
    inside = gateway.busy + gateway.queue_length
    most = float(inside[inside.index <= FAULT_AT_S + FAULT_S - PATIENCE_S].max())
    full_s = inside.index[inside >= config.gateway_workers]
    longest_s = float(full_s[0]) - FAULT_AT_S + PATIENCE_S if len(full_s) else inf
    return shares_percent(result)["browse_percent"], most, longest_s


UNHURT_PERCENT = 99.0
"""One page in a hundred that does not come is noticed: it is ten times what an aim of 99.9 % allows. With nothing
broken all of them come."""


@settles(
    "characteristics.fault-isolation",
    evidence=Evidence.SIMULATED,
    says={
        "isolated_from_places_in_the_gateway": "places that the gateway needs",
        "isolated_from_faults_up_to_s": "with our places, a provider may be slow for",
    },
)
def isolation(
    pages_while_payments_is_down_percent: float,
    pages_while_provider_is_slow_percent: float,
    isolated_from_places_in_the_gateway: float,
    isolated_from_faults_up_to_s: float,
) -> Verdict:
    """Holds when at least {UNHURT_PERCENT} % of the pages come while payments is down, and as many while its provider
    is slow for {FAULT_S} s, without any guard. It says which room in the gateway that needs, and for how long a
    provider may be slow with the room that there is: requests for orders pile up, for no queue has an end.
    """
    room = Assumption(
        "the room in the gateway",
        usual=THREADLESS.gateway_workers,
        flips_at=isolated_from_places_in_the_gateway,
        unit="requests",
    )
    down, slow = pages_while_payments_is_down_percent, pages_while_provider_is_slow_percent
    unhurt = holds_if(down >= UNHURT_PERCENT and slow >= UNHURT_PERCENT, decided_by=room)
    unit = f"s of a slow provider (here {number(FAULT_S)})"
    return all_of(unhurt, holds_up_to(isolated_from_faults_up_to_s, unit))
