"""Fault isolation beside the monolith: what breaks in payments, the same customers, the same money, the same guards.

The monolith is the strongest one that the money of the services buys: two clones with two cores each, and a database
of six, `CLONES`. Its door does what any balancer can: when a clone dies, it asks the other one for the page once
more. Both shops wait as long for the provider, and keep places for those who do not order.

What breaks is a process, the provider, or the queries of payments. A machine that dies takes one clone with it. A bug
in the payments module takes all of them, for they run the same program, and any of them may get the order that meets
it. The payments service dies of that alone. So what decides is how many of its clones the monolith loses.

Left out is who repairs it, and that the monolith with one clone less still sells, where the services sell nothing.

>>> dead = clones_die(seed=1, dead=2)
>>> dead["browse_percent"], dead["place_order_percent"]
(0.0, 0.0)
>>> isolation_pays(
...     worst_pages_services_percent=100.0,
...     worst_pages_monolith_percent=100.0,
...     isolated_better_from_clones_lost=2,
...     orders_services_percent=4.0,
...     orders_monolith_percent=99.0,
... ).words
'Holds when: from 2 clones that one fault takes down (the monolith has 2). This is about pages: while the queries of \
payments are slow, services place 4 % of the orders and the monolith 99'
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Any

import joblib
import pandas as pd

from archlab.chapters.microservices.failure import (
    ALL_GUARDS,
    FAULT_AT_S,
    LOAD,
    PATIENCE_S,
    SEEDS,
    SLOW,
    THREADLESS,
    TIMEOUT,
    UNHURT_PERCENT,
    shares_percent,
    under_fault,
)
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_from, holds_if
from archlab.course.quantity import number
from archlab.shop.day import KINDS, at_load, run_day
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.shop.monolithic.architecture import Monolith, Steps
from archlab.shop.monolithic.config import MONOLITH, MonolithConfig
from archlab.shop.store import ProductPage
from archlab.sim.failure import Crashed, Refused, Unavailable
from archlab.sim.faults import Crash, Fault, SlowDown
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Poisson

FAULT_S = 8.0
"""Of each fault here: several times as long as a pool takes to fill, and longer than two health checks."""

CLONES = replace(
    MONOLITH,
    clones=2,
    database_cores=6,
    bulkheads={"place_order": 3},
    payment_timeout_s=TIMEOUT.timeout_s,
)
"""The monolith for the money of the services, with a bulkhead as in chapter 01 and the same time-out. Two clones
with three orders each at a time ask the database for no more than it has cores, however slow their queries are."""
GUARDED = replace(THREADLESS, guards=ALL_GUARDS)
"""The services with their guards."""

CRASH = Crash("payments-1", FAULT_AT_S, FAULT_S)
SLOWNESS: Mapping[str, Fault] = {
    "slow provider": replace(SLOW, for_s=FAULT_S),
    "slow payments query": SlowDown("payments queries", FAULT_AT_S, FAULT_S, factor=400.0),
}
"""A call to the provider that takes 4 s, a query that takes 0.2 s."""


class AskingTheOther(Monolith):
    """A monolith whose door asks a second time for a page when the clone it asked has died."""

    def browse(self, product: int) -> Steps[ProductPage]:
        try:
            return (yield from super().browse(product))
        except (Crashed, Refused, Unavailable):
            return (yield from super().browse(product))


def prices_usd_per_hour(
    services: MicroservicesConfig = GUARDED, monolith: MonolithConfig = CLONES
) -> dict[str, float]:
    """Return what each of the two costs."""
    return {
        "microservices": Microservices(Simulation(seed=1), services).price_per_hour_usd(),
        "monolithic": Monolith(Simulation(seed=1), monolith).price_per_hour_usd(),
    }


def monolith_under(
    seed: int,
    faults: Sequence[Fault],
    config: MonolithConfig = CLONES,
    architecture: Callable[..., Monolith] = AskingTheOther,
) -> dict[str, float]:
    """Return how the use cases of a monolith fare under faults, with the arrivals of the services' shop."""
    arrivals = Poisson(at_load(LOAD, THREADLESS).rate_per_s)
    end_s = FAULT_AT_S + FAULT_S + PATIENCE_S
    run = run_day(architecture, config, arrivals, seed, end_s, faults=faults, timeout_s=PATIENCE_S)
    return shares_percent(run.result, for_s=FAULT_S)


def clones_die(seed: int, dead: int, config: MonolithConfig = CLONES, **how: Any) -> dict[str, float]:
    """Let so many clones of a monolith die at once; `how`: as in `monolith_under`."""
    crashes = [Crash(name, FAULT_AT_S, FAULT_S) for name in config.clone_names[:dead]]
    return monolith_under(seed, crashes, config, **how)


SERVICES_CRASH, ONE_CLONE, ALL_CLONES = (
    "microservices, payments dies",
    "monolith, one clone of two dies",
    "monolith, a bug kills both",
)


def crashes(seeds: Iterable[int] = SEEDS) -> dict[tuple[str, str], OverSeeds]:
    """Crash payments as a service, one clone of a monolith, and all of its clones.

    Returns (what dies, use case) -> the share of requests in per cent that succeeded meanwhile.
    """
    chosen = list(seeds)
    runs = {
        SERVICES_CRASH: _each(chosen, under_fault, CRASH),
        ONE_CLONE: _each(chosen, clones_die, 1),
        ALL_CLONES: _each(chosen, clones_die, CLONES.clones),
    }
    return {
        (name, kind): OverSeeds([figures[f"{kind}_percent"] for figures in of_seeds])
        for name, of_seeds in runs.items()
        for kind in KINDS
    }


def as_bars(crashes: Mapping[tuple[str, str], OverSeeds], kinds: Mapping[str, str]) -> pd.DataFrame:
    """Return what `crashes` returns as rows for a figure, of the use cases in `kinds`, which gives them names.

    Columns: design, still_served_percent with the ends of its interval.
    """
    rows = [
        {
            "design": f"{name}: {kinds[kind]}",
            "still_served_percent": float(figure),
            "still_served_percent_low": figure.low,
            "still_served_percent_high": figure.high,
        }
        for (name, kind), figure in crashes.items()
        if kind in kinds
    ]
    return pd.DataFrame(rows)


def _each(seeds: Sequence[int], model: Callable[..., Any], *arguments: Any) -> list[Any]:
    return list(in_parallel(joblib.delayed(model)(seed, *arguments) for seed in seeds))


def slowed_services(
    seeds: Iterable[int] = SEEDS, config: MicroservicesConfig = GUARDED
) -> dict[str, list[dict[str, float]]]:
    """Return for each of `SLOWNESS` how the use cases of the services fare, seed by seed."""
    chosen = list(seeds)
    return {name: _each(chosen, under_fault, fault, config) for name, fault in SLOWNESS.items()}


def slowed_monolith(
    seeds: Iterable[int] = SEEDS, config: MonolithConfig = CLONES
) -> dict[str, list[dict[str, float]]]:
    """Return the same for the monolith."""
    chosen = list(seeds)
    return {name: _each(chosen, monolith_under, [fault], config) for name, fault in SLOWNESS.items()}


def worst_pages_percent(
    while_down_percent: OverSeeds, slowed: Mapping[str, Sequence[Mapping[str, float]]]
) -> OverSeeds:
    """Return the least share of pages over all faults, seed by seed.

    `while_down_percent`: the share during the crash, one of `crashes`. `slowed`: of the same seeds and shop.
    """
    pages = [[run["browse_percent"] for run in runs] for runs in slowed.values()]
    return OverSeeds(map(min, while_down_percent.per_seed, *pages))


def figures(
    crashes: Mapping[tuple[str, str], OverSeeds], seeds: Iterable[int] = SEEDS
) -> dict[str, OverSeeds]:
    """Return the figures of `isolation_pays`, by their names. `crashes`: of the same seeds."""
    chosen = list(seeds)
    services, monolith = slowed_services(chosen), slowed_monolith(chosen)
    orders = {
        f"orders_{name}_percent": OverSeeds(
            run["place_order_percent"] for run in slowed["slow payments query"]
        )
        for name, slowed in (("services", services), ("monolith", monolith))
    }
    return {
        "worst_pages_services_percent": worst_pages_percent(crashes[SERVICES_CRASH, "browse"], services),
        "worst_pages_monolith_percent": worst_pages_percent(crashes[ONE_CLONE, "browse"], monolith),
        "isolated_better_from_clones_lost": isolated_better_from_clones_lost(crashes),
    } | orders


def isolated_better_from_clones_lost(crashes: Mapping[tuple[str, str], OverSeeds]) -> Limit:
    """Return how many clones must die at once so that the pages of the monolith are hurt; inf: more than it has."""
    dead = {ONE_CLONE: 1, ALL_CLONES: CLONES.clones}
    pages = [(number, crashes[name, "browse"].per_seed) for name, number in dead.items()]
    seeds = range(len(pages[0][1]))
    first = [min((n for n, share in pages if share[seed] < UNHURT_PERCENT), default=inf) for seed in seeds]
    return Limit("from", first, whole=True)


@settles(
    "pros.fault-isolation",
    evidence=Evidence.SIMULATED,
    says={
        "worst_pages_services_percent": "pages of the services, at worst",
        "worst_pages_monolith_percent": "pages of the monolith, at worst",
        "isolated_better_from_clones_lost": "services are better when one fault takes down clones, at least",
        "orders_services_percent": "orders that services place while queries of payments are slow",
        "orders_monolith_percent": "orders that the monolith places then",
    },
)
def isolation_pays(
    worst_pages_services_percent: float,
    worst_pages_monolith_percent: float,
    isolated_better_from_clones_lost: float,
    orders_services_percent: float,
    orders_monolith_percent: float,
) -> Verdict:
    """Holds when services still bring {UNHURT_PERCENT} % of the pages whatever breaks in payments, and a monolith for
    the same money does not; where only the loss of clones hurts it so much, from the number of them that one fault
    takes down. It is about pages, and says how many orders are placed while the queries of payments are slow.
    """
    if worst_pages_services_percent < UNHURT_PERCENT:
        return holds_if(False)
    if worst_pages_monolith_percent < UNHURT_PERCENT:
        return holds_if(True)
    orders = (
        f"while the queries of payments are slow, services place {number(round(orders_services_percent))} % of the "
        f"orders and the monolith {number(round(orders_monolith_percent))}"
    )
    unit = (
        f"clones that one fault takes down (the monolith has {CLONES.clones}). This is about pages: {orders}"
    )
    return holds_from(isolated_better_from_clones_lost, unit)
