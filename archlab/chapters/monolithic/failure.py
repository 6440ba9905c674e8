"""Failure of the monolithic shop: a crash, a deployment, a leak, and a slow neighbour that drains what is shared.

All of them count the requests that arrived in the time that matters, and what became of each. The rules at the end
judge a part by how long nobody gets an answer when it crashes, and a deployment by the modules that start again.

>>> crash(seed=1, part="payment provider")["browse_percent"]
100.0
>>> from archlab.sim.simulation import Simulation
>>> restarted_with("payments", Monolith(Simulation(seed=1)).topology())
['catalogue', 'orders', 'inventory', 'payments', 'notifications']
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.limit import Limit
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
from archlab.sim.experiment import replicate
from archlab.sim.faults import Crash, SlowDown
from archlab.sim.recording import OK
from archlab.sim.result import Result
from archlab.sim.statistics import mean_interval
from archlab.sim.workload import Poisson

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

FAULT_AT_S = 5.0
RATE_PER_S = 60.0
"""Arrivals in the experiments with crashes: 16 % of what one clone can serve."""

QUIET_PER_S = 20.0
"""Arrivals where only the time counts in which nobody is answered: one in 50 ms is fine enough."""

RESTART_S = 30.0
"""How long a program or a database needs to start again. An assumption."""

SEEDS = range(10)
PARTS = ("shop-1", "database")
"""What every request needs: a clone of the program, and the database."""

SLOW_S = 15.0
SLOW_PARTS = {"payment provider": 40.0, "payments queries": 400.0}
"""Parts and how many times slower: a payment that takes 4 s, a query that takes 0.2 s."""

PROVIDER, QUERY = SLOW_PARTS
CASES = ((PROVIDER, 0), (PROVIDER, 6), (QUERY, 0), (QUERY, 6), (QUERY, 3))
"""What is slow, and how many workers serve only orders; 0: no bulkhead. The slow provider spares browsing with any
bulkhead, the slow query with a small one alone. With 2 workers no order gets through on a good day."""


def crash(
    seed: int,
    part: str = "shop-1",
    clones: int = 1,
    restart_s: float = RESTART_S,
    watch_s: float = 30.0,
    rate_per_s: float = RATE_PER_S,
    timeout_s: float | None = None,
    config: MonolithConfig = MONOLITH,
) -> dict[str, float]:
    """Let one part crash and be back after `restart_s`; watch the `watch_s` seconds after the crash.

    Returns for each use case the share that succeeded (`browse_percent` ...), `lost_requests` in all, `good_again_s`:
    how long after the crash the last request arrived that failed, and `nobody_s`: the longest time in which none
    arrived that got its answer. Customers give up after `timeout_s` (None: never) and do not try again; a restarted
    program is as fast as a warm one: it errs in favour of the shop.
    """
    config = replace(config, clones=clones)
    fault = Crash(part, FAULT_AT_S, restart_s)
    duration_s = FAULT_AT_S + max(watch_s, restart_s) + 5
    result = run_day(
        Monolith, config, Poisson(rate_per_s), seed, duration_s, faults=[fault], timeout_s=timeout_s
    ).result
    end_s = FAULT_AT_S + watch_s
    percent = {f"{kind}_percent": availability_percent(result, kind, FAULT_AT_S, end_s) for kind in KINDS}
    return percent | _losses(result)


def _losses(result: Result) -> dict[str, float]:
    """Return how many requests failed, when the last of them arrived, and for how long nobody had luck."""
    arrived = pd.concat([arrivals_of(result, kind, 0, result.end_s) for kind in KINDS])
    failed = arrived[arrived.outcome != OK]
    last_s = float(failed.arrived_s.max()) - FAULT_AT_S if len(failed) else 0.0
    answered_s = np.sort(arrived.arrived_s[arrived.outcome == OK].to_numpy())
    gaps_s = np.diff([0.0, *answered_s, result.end_s])
    return {
        "lost_requests": float(len(failed)),
        "good_again_s": max(0.0, last_s),
        "nobody_s": float(gaps_s.max()),
    }


def crashes(
    clones: Sequence[int] = (1, 2, 3),
    parts: Sequence[str] = PARTS,
    restarts_s: Mapping[str, float] | None = None,
    seeds: Iterable[int] = SEEDS,
    rate_per_s: float = QUIET_PER_S,
    config: MonolithConfig = MONOLITH,
) -> pd.DataFrame:
    """Crash each part by itself, with each number of clones. A row a run: part, clones, seed, the figures of `crash`.

    `restarts_s`: part -> seconds until it is back; `RESTART_S` for those not named. A standby for the database is a
    database that is back sooner. Clones and standbys are given for nothing, so the monolith has its strongest form; at
    equal money it has fewer of them.
    """
    frames = []
    for part in parts:
        restart_s = (restarts_s or {}).get(part, RESTART_S)
        for count in clones:
            model = partial(
                crash, part=part, clones=count, restart_s=restart_s, rate_per_s=rate_per_s, config=config
            )
            frames.append(replicate(model, seeds).assign(part=part, clones=count))
    return pd.concat(frames, ignore_index=True)


def who_is_down(part: str, clones: int) -> str:
    """Return in words what is down: "one of 2 clones down", "database down, 2 clones"."""
    count = f"{clones} clone{'s' * (clones > 1)}"
    if not part.startswith("shop-"):
        return f"{part} down, {count}"
    return f"one of {count} down" if clones > 1 else "the only clone down"


def slow_case(part: str, order_workers: int) -> str:
    """Return in words what is slow: "slow query, 6 workers for orders"."""
    slow = {PROVIDER: "slow provider", QUERY: "slow query"}[part]
    return f"{slow}, {f'{order_workers} workers for orders' if order_workers else 'no bulkhead'}"


def over_seeds(runs: pd.DataFrame, by: Sequence[str], percent: str) -> pd.DataFrame:
    """Return the mean of a share over the seeds, with its interval and the best and the worst seed, for each design.

    Takes `crashes` or `slow_neighbours`. Columns: `by`, then `percent` with `_low` and `_high`, which are the Student t
    interval cut off at 0 and 100, and `_least` and `_most`.
    """
    rows = []
    for key, group in runs.groupby(list(by), sort=False):
        found = mean_interval(group[percent].to_numpy())
        ends = (max(0.0, found.low), min(100.0, found.high))
        rows.append((*key, found.mean, *ends, group[percent].min(), group[percent].max()))
    names = [percent, *(f"{percent}_{end}" for end in ("low", "high", "least", "most"))]
    return pd.DataFrame(rows, columns=[*by, *names])


def deploy(
    seed: int,
    clones: int = 1,
    parts: Sequence[str] | None = None,
    restart_s: float = RESTART_S,
    config: MonolithConfig = MONOLITH,
) -> dict[str, float]:
    """Deploy a new version of ONE module: restart, one after the other, all that has this module inside.

    `parts`: what must be restarted. None: every clone, for each holds all the modules. Returns the figures of
    `archlab.shop.deployment.restart_in_turn`, until the last one is back. Clones are stopped without draining: what
    they are doing is lost.
    """
    config = replace(config, clones=clones)
    return restart_in_turn(Monolith, config, parts or config.clone_names, seed, restart_s)


def restarted_with(module: str, topology: nx.DiGraph) -> list[str]:
    """Return the modules that start again when this one is deployed: all that are inside the same process."""
    import networkx as nx

    inside: dict[str, str] = nx.get_node_attributes(topology, "inside")
    if module not in inside:
        raise ValueError(f"module is {module!r}; it must be one of {', '.join(inside)}")
    return [other for other, process in inside.items() if process == inside[module]]


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


def slow_neighbour_day(
    seed: int,
    part: str = "payment provider",
    factor: float = 40.0,
    bulkheads: Mapping[str, int] | None = None,
    load: float = 0.5,
    timeout_s: float = 2.0,
    duration_s: float = 40.0,
    config: MonolithConfig = MONOLITH,
    at_s: float = FAULT_AT_S,
    slow_s: float = SLOW_S,
) -> ShopResult:
    """Run a shop in which one part takes `factor` times as long for `slow_s` seconds, at half its capacity.

    `part`: the payment provider, or the queries of one module, such as "payments queries". Customers give up
    after `timeout_s`; the work they asked for goes on, as it does in a program that nobody tells.
    """
    built = replace(config, bulkheads=bulkheads)
    slow = SlowDown(part, at_s, for_s=slow_s, factor=factor)
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
    """Return how browsing and ordering fare while the part is slow: the share of each that succeeded."""
    start_s, end_s = FAULT_AT_S, FAULT_AT_S + SLOW_S
    day = slow_neighbour_day(seed, part, factor, bulkheads, load, timeout_s, end_s + timeout_s, config)
    return {
        f"{kind}_percent": availability_percent(day.result, kind, start_s, end_s)
        for kind in ("browse", "place_order")
    }


def slow_neighbours(
    cases: Iterable[tuple[str, int]] = CASES,
    seeds: Iterable[int] = SEEDS,
    load: float = 0.5,
    config: MonolithConfig = MONOLITH,
) -> pd.DataFrame:
    """Run `slow_neighbour` for each case: a part of `SLOW_PARTS`, and how many workers serve only orders (0: none).

    A row a run: part, order_workers, seed, and the figures. Where a queue may fill up or not, one seed says nothing:
    give all of them to `over_seeds`.
    """
    frames = []
    for part, order_workers in cases:
        model = partial(
            slow_neighbour,
            part=part,
            factor=SLOW_PARTS[part],
            bulkheads=for_orders_only(order_workers),
            load=load,
            config=config,
        )
        frames.append(replicate(model, seeds).assign(part=part, order_workers=order_workers))
    return pd.concat(frames, ignore_index=True)


def for_orders_only(workers: int) -> dict[str, int] | None:
    """Return the bulkhead with which so many workers serve only orders; None, all share, for 0."""
    return {"place_order": workers} if workers else None


@settles(
    "characteristics.single-deployment-unit",
    evidence=Evidence.BY_CONSTRUCTION,
    says={
        "modules_restarted_with_one": "modules that start again with one",
    },
)
def single_deployment_unit(modules_restarted_with_one: int, modules: int) -> Verdict:
    """Holds when a new version of one module makes all of them start again."""
    return holds_if(modules_restarted_with_one == modules)


STOPPED_S = 5.0
"""So long nobody gets an answer: then a part has stopped the shop. A balancer takes as long to notice a dead clone, and
what is shorter goes by as one slow page. Amazon's RDS says that its standby takes over in 60 to 120 s, in under 35 s
with two readable ones, and in single-digit seconds with its own drivers (its user guide, "Failing over")."""


def clones_up_to_which_one_crash_stops_all(crashes: pd.DataFrame) -> Limit:
    """Return the most clones with a part whose crash stops the shop; takes `crashes`.

    Every number was tried. inf when that is the most that was tried, -inf when there is none.
    """
    stopping = crashes[crashes.nobody_s > STOPPED_S].groupby("seed").clones.max()
    tried = crashes.clones.max()
    each = [stopping.get(seed, -math.inf) for seed in sorted(set(crashes.seed))]
    return Limit("up to", [math.inf if most == tried else float(most) for most in each], whole=True)


@settles(
    "cons.single-point-of-failure",
    evidence=Evidence.SIMULATED,
    says={
        "clones_up_to_which_one_crash_stops_all": "clones with which one crash still stops all",
        "database_back_after_s": "the database is back after",
    },
)
def single_point_of_failure(
    clones_up_to_which_one_crash_stops_all: float, database_back_after_s: float
) -> Verdict:
    """Holds up to the number of clones with a part whose crash leaves everybody without an answer for longer than the
    {STOPPED_S} s that we chose.
    """
    database = Assumption(
        "the time until the database or a standby for it is back",
        database_back_after_s,
        STOPPED_S,
        "s",
    )
    return holds_up_to(clones_up_to_which_one_crash_stops_all, "clones", database)
