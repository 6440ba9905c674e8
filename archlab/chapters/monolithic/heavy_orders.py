"""Pages beside heavy orders: the monolith's cores serve requests whose needs differ ever more.

Orders become heavier and as much rarer, so the cores stay as busy as they were. Cores that share their time let a page
pass a heavy order; on cores that work in turn it waits behind. The rule at the end judges by the weight at which that
doubles the p99 of pages. How many cores there are decides: with many, all of them are hardly ever busy with heavy
orders at the same time, and p99 looks at one page in a hundred.

>>> light, heavy = (float(pages_on_cores_in_turn(1, weight, requests=20_000)) for weight in (1, 8))
>>> heavy > 2 * light
True
>>> print(
...     simple_requirements(
...         times_heavier_orders_that_double_p99=4.4,
...         cores_busy_percent=50,
...         cores=2,
...         cores_from_which_no_order_tried_does=4,
...         times_as_long_p99_on_shared_cores=1.1,
...     ).detail
... )
up to 4.4 times as heavy orders, as many times rarer, on cores 50 % busy that work in turn (if they share their time, \
at any weight tried), when there are fewer than 4 cores (here 2)
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from heapq import heapreplace

import numpy as np
import pandas as pd

from archlab.chapters.monolithic.latency import growth_of_p99
from archlab.course.claims.assumption import Assumption
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import MUCH_SLOWER
from archlab.course.claims.verdict import Verdict, holds_up_to
from archlab.course.quantity import number
from archlab.shop.architecture import SHOP_MIX
from archlab.shop.day import at_load, run_day
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MONOLITH, MonolithConfig
from archlab.sim.core.streams import Streams
from archlab.sim.distributions import Exponential, as_distribution
from archlab.sim.experiment import Figure, PooledPercentile, replicate, sweep
from archlab.sim.workload import Mix, Poisson

WEIGHTS = (1, 4, 8)
"""How many times as heavy as usual orders are in the figure."""

LIGHTEST, HEAVIEST = 1.5, 24.0
"""The lightest and the heaviest order tried, as times the usual: 14 ms and 0.23 s on a core. Exports need more."""

CORES = (1, 8)
"""The smallest and the largest machine tried."""


def heavier_orders(
    times_heavier: float, load: float, config: MonolithConfig = MONOLITH
) -> tuple[MonolithConfig, Mix, Poisson]:
    """Return the shop, the mix and the arrivals when orders are so many times as heavy, and as many times rarer.

    `load` is the share of the usual shop's capacity, which the cores are busy for.
    """
    order_cpu_s = Exponential(times_heavier * as_distribution(config.order_cpu_s).mean)
    shares = SHOP_MIX.shares | {"place_order": SHOP_MIX.shares["place_order"] / times_heavier}
    arrivals = Poisson(at_load(load, config).rate_per_s * sum(shares.values()))
    return replace(config, order_cpu_s=order_cpu_s), Mix(**shares), arrivals


def browse_beside_heavy_orders(
    seed: int,
    times_heavier: float,
    load: float = 0.5,
    config: MonolithConfig = MONOLITH,
    duration_s: float = 16.0,
) -> dict[str, Figure]:
    """Measure browsing in the shop, and how busy its cores are, beside `heavier_orders`.

    It leaves out that heavy requests often need memory, too: it errs in favour of the shared machine.
    """
    built, mix, arrivals = heavier_orders(times_heavier, load, config)
    result = run_day(Monolith, built, arrivals, seed, duration_s, warmup_s=2.0, mix=mix).result
    busy = result.parts.utilisation[f"{config.clone_names[0]} cpu"]
    pages_ms = 1000 * result.latencies_s("browse")
    percentiles = {f"p{q}_ms": PooledPercentile(q, pages_ms) for q in (50, 99)}
    return {**percentiles, "busy_percent": float(100 * busy)}


def unlike_needs(
    times_heavier: Sequence[float] = WEIGHTS,
    seeds: Iterable[int] = range(10),
    load: float = 0.5,
    config: MonolithConfig = MONOLITH,
    duration_s: float = 16.0,
) -> pd.DataFrame:
    """Sweep `browse_beside_heavy_orders`.

    Columns: times_heavier, p50_ms, p99_ms and busy_percent (of the cores) with intervals, and the growth of p99 since
    the first point, with the ends of its interval.
    """
    model = partial(browse_beside_heavy_orders, load=load, config=config, duration_s=duration_s)
    frame = sweep(model, {"times_heavier": times_heavier}, seeds)
    return frame.join(growth_of_p99(frame))


def pages_on_cores_in_turn(
    seed: int,
    times_heavier: float,
    load: float = 0.5,
    config: MonolithConfig = MONOLITH,
    requests: int = 80_000,
) -> PooledPercentile:
    """Return the p99 of pages on cores that work in turn, beside `heavier_orders`, in milliseconds.

    The cores alone, first come, first served: each request takes the core that is free first. So a run can be long
    enough to meet many heavy orders, which are rare. It leaves out the query of a page, half a millisecond.
    """
    built, mix, arrivals = heavier_orders(times_heavier, load, config)
    stream = Streams(seed).stream("cores in turn")
    arrived_s = stream.exponential(1 / arrivals.rate_per_s, requests).cumsum()
    kinds = stream.choice(len(mix.shares), requests, p=list(mix.shares.values()))
    mean_s = np.array([as_distribution(built.cpu_s[kind]).mean for kind in mix.shares])
    ended_s = _ends_in_turn(arrived_s, stream.exponential(mean_s[kinds]), config.cores)
    pages = kinds == list(mix.shares).index("browse")
    return PooledPercentile(99, 1000 * (ended_s - arrived_s)[pages])


def _ends_in_turn(arrived_s: np.ndarray, service_s: np.ndarray, cores: int) -> np.ndarray:
    """Return when each request ends, of those that come one after the other to so many cores."""
    free_s, ended_s = [0.0] * cores, []
    for arrival_s, work_s in zip(arrived_s.tolist(), service_s.tolist(), strict=True):
        ended_s.append(max(arrival_s, free_s[0]) + work_s)
        heapreplace(free_s, ended_s[-1])
    return np.array(ended_s)


def bears_up_to_times_heavier(
    load: float = 0.5,
    config: MonolithConfig = MONOLITH,
    seeds: Iterable[int] = range(10),
    requests: int = 80_000,
) -> Limit:
    """Return how heavy orders may be, on cores that work in turn, until the p99 of pages doubles.

    inf when it does at no weight up to `HEAVIEST`. With fewer `requests` a run meets few heavy orders, and seeds differ
    more.
    """
    chosen = list(seeds)
    p99 = partial(pages_on_cores_in_turn, load=load, config=config, requests=requests)
    margin = partial(_spare_growth, p99=p99, usual_ms={seed: float(p99(seed, 1)) for seed in chosen})
    between = (LIGHTEST, HEAVIEST)
    return bisect(margin, between, holds="up to", seeds=chosen, tolerance=0.05, log=True)


def _spare_growth(
    seed: int,
    times_heavier: float,
    p99: Callable[[int, float], PooledPercentile],
    usual_ms: Mapping[int, float],
) -> float:
    return MUCH_SLOWER - float(p99(seed, times_heavier)) / usual_ms[seed]


def cores_that_bear_the_heaviest(
    load: float = 0.5,
    config: MonolithConfig = MONOLITH,
    seeds: Iterable[int] = range(10),
    requests: int = 80_000,
) -> Limit:
    """Return with how many cores in turn, as busy, not even the `HEAVIEST` orders double the p99 of pages."""
    margin = partial(_spare_growth_on_cores, load=load, config=config, requests=requests)
    return bisect(margin, CORES, holds="from", seeds=seeds, whole=True)


def _spare_growth_on_cores(
    seed: int, cores: int, load: float, config: MonolithConfig, requests: int
) -> float:
    larger = replace(config, cores=cores)
    p99 = partial(pages_on_cores_in_turn, load=load, config=larger, requests=requests)
    return _spare_growth(seed, HEAVIEST, p99, {seed: float(p99(seed, 1))})


def growth_on_shared_cores(
    load: float = 0.5,
    config: MonolithConfig = MONOLITH,
    seeds: Iterable[int] = range(10),
    duration_s: float = 16.0,
) -> OverSeeds:
    """Return how many times as long the p99 of pages is beside the `HEAVIEST` orders, on cores that share their time.

    The whole shop is run, so a run is short, and seeds differ.
    """
    shared = replace(config, cores_share=True)
    run = partial(browse_beside_heavy_orders, load=load, config=shared, duration_s=duration_s)
    chosen = list(seeds)
    usual, heavy = (
        replicate(partial(_p99_of_pages, run=run, weight=weight), chosen) for weight in (1.0, HEAVIEST)
    )
    return OverSeeds(heavy.p99_ms / usual.p99_ms)


def _p99_of_pages(
    seed: int, run: Callable[[int, float], Mapping[str, Figure]], weight: float
) -> dict[str, float]:
    return {"p99_ms": float(run(seed, weight)["p99_ms"])}


@settles("when-to-use.simple-requirements", evidence=Evidence.SIMULATED)
def simple_requirements(
    times_heavier_orders_that_double_p99: float,
    cores_busy_percent: float,
    cores: float,
    cores_from_which_no_order_tried_does: float,
    times_as_long_p99_on_shared_cores: float,
) -> Verdict:
    """Holds up to the weight of an order, as many times rarer, at which the p99 of the pages beside it is {MUCH_SLOWER}
    times as long as usual, on cores that work in turn; and at any weight tried, up to {HEAVIEST} times the usual, where
    it never is on cores that share their time.
    """
    busy = f"cores {number(cores_busy_percent)} % busy"
    where = f"times as heavy orders, as many times rarer, on {busy} that work in turn"
    if times_as_long_p99_on_shared_cores < MUCH_SLOWER:
        where += " (if they share their time, at any weight tried)"
    machine = Assumption(
        "the number of cores",
        usual=cores,
        flips_at=cores_from_which_no_order_tried_does,
        when="there are fewer than {flips_at} cores",
    )
    bears_all = math.isinf(times_heavier_orders_that_double_p99)
    return holds_up_to(times_heavier_orders_that_double_p99, where, None if bears_all else machine)
