"""Failure of the monolithic shop: a crash, a deployment, a leak, and a slow neighbour that drains what is shared.

All of them count the requests that arrived in the time that matters, and what became of each. The rules at the end
judge a deployment by the use cases it interrupts, and a crash by those it stops: `STOPPED_PERCENT` says when one has.

>>> crash(seed=1, part="payment provider")["browse_percent"]
100.0
>>> single_point_of_failure(stopped_by_one_part_up_to_clones=2).words
'Holds when: up to 2 clone(s)'
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.shop.architecture import SHOP_MIX
from archlab.shop.day import (
    BROWSE_ONLY,
    KINDS,
    ShopResult,
    arrivals_of,
    at_load,
    availability_percent,
    run_day,
)
from archlab.shop.deployment import restart_in_turn
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MONOLITH, MonolithConfig
from archlab.sim.experiment import replicate, sweep
from archlab.sim.faults import Crash, SlowDown
from archlab.sim.recording import OK
from archlab.sim.result import Result
from archlab.sim.workload import Poisson

FAULT_AT_S = 5.0
RATE_PER_S = 60.0
"""Arrivals in the experiments with crashes: 16 % of what one clone can serve."""

SLOW_S = 15.0
DESIGNS: Mapping[str, Mapping[str, int] | None] = {
    "all share 16 workers": None,
    "6 workers for orders only": {"place_order": 6},
}
SLOW_PARTS = {"payment provider": 40.0, "payments queries": 400.0}
"""Parts and how many times slower: a payment that takes 4 s, a query that takes 0.2 s."""


def crash(
    seed: int,
    part: str = "shop-1",
    clones: int = 1,
    restart_s: float = 30.0,
    watch_s: float = 30.0,
    config: MonolithConfig = MONOLITH,
) -> dict[str, float]:
    """Let one part crash and be back after `restart_s`; watch the `watch_s` seconds after the crash.

    Returns for each use case the share that succeeded (`browse_percent` ...), `lost_requests` in all, and
    `good_again_s`: how long after the crash the last request arrived that failed. Customers do not try again,
    and a restarted program is as fast as a warm one: it errs in favour of the shop.
    """
    config = replace(config, clones=clones)
    fault = Crash(part, FAULT_AT_S, restart_s)
    duration_s = FAULT_AT_S + max(watch_s, restart_s) + 5
    result = run_day(Monolith, config, Poisson(RATE_PER_S), seed, duration_s, faults=[fault]).result
    end_s = FAULT_AT_S + watch_s
    percent = {f"{kind}_percent": availability_percent(result, kind, FAULT_AT_S, end_s) for kind in KINDS}
    return percent | _losses(result)


def _losses(result: Result) -> dict[str, float]:
    """Return how many requests failed, and when the last of them arrived, counted from the fault."""
    failed = pd.concat([arrivals_of(result, kind, 0, result.end_s) for kind in KINDS])
    failed = failed[failed.outcome != OK]
    last_s = float(failed.arrived_s.max()) - FAULT_AT_S if len(failed) else 0.0
    return {"lost_requests": float(len(failed)), "good_again_s": max(0.0, last_s)}


def crash_with_clones(
    clones: Sequence[int] = (1, 2, 3),
    part: str = "shop-1",
    seeds: Iterable[int] = range(4),
    restart_s: float = 30.0,
    config: MonolithConfig = MONOLITH,
) -> pd.DataFrame:
    """Sweep `crash` over the number of clones. Columns: clones, its figures, their intervals."""
    return sweep(partial(crash, part=part, restart_s=restart_s, config=config), {"clones": clones}, seeds)


def crash_each_part(
    clones: int = 1,
    restarts_s: Mapping[str, float] | None = None,
    seeds: Iterable[int] = range(2),
    config: MonolithConfig = MONOLITH,
) -> pd.DataFrame:
    """Crash a clone, the database and the provider, each by itself, and ask which use cases go on.

    `restarts_s`: part -> seconds until it is back; 30 for those not named. Columns: part, browse_percent,
    place_order_percent, track_order_percent, best_percent: of the use case that suffers least.
    """
    rows = []
    for part in ("shop-1", "database", "payment provider"):
        restart_s = (restarts_s or {}).get(part, 30.0)
        one = partial(crash, part=part, clones=clones, restart_s=restart_s, config=config)
        figures = replicate(one, seeds).mean()[[f"{kind}_percent" for kind in KINDS]]
        rows.append({"part": part, **figures.to_dict(), "best_percent": float(figures.max())})
    return pd.DataFrame(rows)


def deploy(
    seed: int,
    clones: int = 1,
    parts: Sequence[str] | None = None,
    restart_s: float = 30.0,
    config: MonolithConfig = MONOLITH,
) -> dict[str, float]:
    """Deploy a new version of ONE module: restart, one after the other, all that has this module inside.

    `parts`: what must be restarted. None: every clone, for each holds all the modules. Returns the figures of
    `archlab.shop.deployment.restart_in_turn`, until the balancer has surely seen that the last one is back.
    """
    config = replace(config, clones=clones)
    return restart_in_turn(
        Monolith, config, parts or config.clone_names, seed, restart_s, watch_after_s=config.health_check_s
    )


def deployments(
    clones: Sequence[int] = (1, 2), seeds: Iterable[int] = range(3), config: MonolithConfig = MONOLITH
) -> pd.DataFrame:
    """Sweep `deploy` over the number of clones. Columns: clones, its figures, their intervals."""
    return sweep(partial(deploy, config=config), {"clones": clones}, seeds)


def leak(
    seed: int,
    leak_mb_per_order: float,
    rate_per_s: float = RATE_PER_S,
    duration_s: float = 100.0,
    orders: bool = True,
    config: MonolithConfig = MONOLITH,
) -> dict[str, float]:
    """Let each order lose some memory until the operating system kills the clone, again and again.

    `orders`: whether anybody orders. Returns the share of browsing that succeeded and `lost_browsing`, the
    requests for a page that failed. A program short of memory gets slow before it dies; here it dies at once.
    """
    config = replace(config, leak_mb_per_order=leak_mb_per_order)
    mix = SHOP_MIX if orders else BROWSE_ONLY
    result = run_day(Monolith, config, Poisson(rate_per_s), seed, duration_s, mix=mix).result
    browsing = arrivals_of(result, "browse", 0, duration_s)
    return {
        "browse_percent": availability_percent(result, "browse", 0, duration_s),
        "lost_browsing": float((browsing.outcome != OK).sum()),
    }


def leaks(
    leaks_mb_per_order: Sequence[float] = (0.0, 10.0),
    seeds: Iterable[int] = range(3),
    config: MonolithConfig = MONOLITH,
) -> pd.DataFrame:
    """Sweep `leak`. Columns: leak_mb_per_order, browse_percent and lost_browsing with intervals."""
    return sweep(partial(leak, config=config), {"leak_mb_per_order": leaks_mb_per_order}, seeds)


def slow_neighbour_day(
    seed: int,
    part: str = "payment provider",
    factor: float = 40.0,
    bulkheads: Mapping[str, int] | None = None,
    load: float = 0.5,
    timeout_s: float = 2.0,
    duration_s: float = 40.0,
    config: MonolithConfig = MONOLITH,
) -> ShopResult:
    """Run a shop in which one part takes `factor` times as long for `SLOW_S` seconds, at half its capacity.

    `part`: the payment provider, or the queries of one module, such as "payments queries". Customers give up
    after `timeout_s`; the work they asked for goes on, as it does in a program that nobody tells.
    """
    built = replace(config, bulkheads=bulkheads)
    slow = SlowDown(part, FAULT_AT_S, for_s=SLOW_S, factor=factor)
    return run_day(
        Monolith, built, at_load(load, config), seed, duration_s, faults=[slow], timeout_s=timeout_s
    )


def slow_neighbour(
    seed: int,
    part: str = "payment provider",
    factor: float = 40.0,
    bulkheads: Mapping[str, int] | None = None,
    load: float = 0.5,
    timeout_s: float = 2.0,
    config: MonolithConfig = MONOLITH,
) -> dict[str, float]:
    """Return how browsing and ordering fare while the part is slow: share that succeeded, p99 of browsing.

    The p99 is of the pages that came in time: those who gave up are not in it.
    """
    start_s, end_s = FAULT_AT_S, FAULT_AT_S + SLOW_S
    day = slow_neighbour_day(seed, part, factor, bulkheads, load, timeout_s, end_s + timeout_s, config)
    result = day.result
    browsing = arrivals_of(result, "browse", start_s, end_s)
    return {
        "browse_percent": availability_percent(result, "browse", start_s, end_s),
        "place_order_percent": availability_percent(result, "place_order", start_s, end_s),
        "browse_p99_ms": float(1000 * browsing.latency_s[browsing.outcome == OK].quantile(0.99)),
    }


def slow_neighbours(
    seeds: Iterable[int] = range(3),
    parts: Mapping[str, float] = SLOW_PARTS,
    designs: Mapping[str, Mapping[str, int] | None] = DESIGNS,
    load: float = 0.5,
    config: MonolithConfig = MONOLITH,
) -> pd.DataFrame:
    """Compare shared workers with bulkheads, for each slow part. Columns: part, design, figures, intervals."""
    frames = []
    for part, factor in parts.items():
        for design, bulkheads in designs.items():
            model = partial(slow_neighbour, factor=factor, bulkheads=bulkheads, load=load, config=config)
            frames.append(sweep(model, {"part": [part]}, seeds).assign(design=design))
    return pd.concat(frames, ignore_index=True)


@settles("characteristics.single-deployment-unit", evidence=Evidence.SIMULATED)
def single_deployment_unit(use_cases_interrupted: float, use_cases: int) -> Verdict:
    """Holds when a new version of one module interrupts every use case."""
    return holds_if(use_cases_interrupted == use_cases)


STOPPED_PERCENT = 5.0
"""A use case that answers fewer than one in twenty while a part is down has stopped."""


def stopped_by_one_part_up_to_clones(crashes: Mapping[int, pd.DataFrame]) -> float:
    """Return the most clones with a part whose crash stops all; takes `crash_each_part` by clones.

    inf when that is the most that was tried, -inf when there is none.
    """
    stopped = [clones for clones, frame in crashes.items() if (frame.best_percent < STOPPED_PERCENT).any()]
    most = max(stopped, default=-math.inf)
    return math.inf if most == max(crashes) else most


@settles("cons.single-point-of-failure", evidence=Evidence.SIMULATED)
def single_point_of_failure(stopped_by_one_part_up_to_clones: float) -> Verdict:
    """Holds up to the number of clones with a part whose crash stops every use case: fewer than {STOPPED_PERCENT}
    % are answered.
    """
    return holds_up_to(stopped_by_one_part_up_to_clones, "clone(s)")
