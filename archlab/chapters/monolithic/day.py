"""One day of the monolithic shop: the run that most experiments share, and what they read off it.

>>> from archlab.sim import Poisson
>>> day = run_monolith(MONOLITH, Poisson(rate_per_s=20), seed=1, duration_s=10)
>>> day.result.arrived, availability_percent(day.result, "browse", 0, 10)
(204, 100.0)
"""

from collections.abc import Sequence
from functools import partial

import pandas as pd

from archlab.shop.architecture import SHOP_MIX
from archlab.shop.day import ShopResult, Users, run_shop
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim.faults import Fault
from archlab.sim.recording import OK, UNFINISHED
from archlab.sim.result import Result
from archlab.sim.workload import Arrivals, Mix, Poisson

MONOLITH = MonolithConfig()
"""The shop of the chapter: one clone with two cores, one database with two cores."""

BROWSE_ONLY = Mix(browse=1.0)
KINDS = ("browse", "place_order", "track_order")


def run_monolith(
    config: MonolithConfig,
    load: Arrivals | Users,
    seed: int,
    duration_s: float,
    warmup_s: float = 0.0,
    mix: Mix = SHOP_MIX,
    faults: Sequence[Fault] = (),
    timeout_s: float | None = None,
) -> ShopResult:
    """Run a shop of this configuration. It stops at the end of the measured time, with orders under way."""
    build = partial(Monolith, config=config)
    return run_shop(build, load, faults, seed, duration_s, warmup_s, mix, timeout_s, drain_s=0)


def capacity_per_s(config: MonolithConfig, mix: Mix = SHOP_MIX) -> float:
    """Return the requests a second that the bottleneck of this shop can serve, by the bottleneck law."""
    return float(config.capacity_per_s(mix.shares).min())


def at_load(load: float, config: MonolithConfig = MONOLITH, mix: Mix = SHOP_MIX) -> Poisson:
    """Return arrivals that ask for this share of the capacity, 0.5 for half of it."""
    return Poisson(load * capacity_per_s(config, mix))


def saturated(config: MonolithConfig, seed: int, requests: int = 600, mix: Mix = SHOP_MIX) -> ShopResult:
    """Run a shop that always has something to do: three users for each worker, who hardly think.

    The throughput is its capacity. It runs for about so many `requests`, 0.8 seconds at least. It leaves out
    that real customers go away from a slow shop: it errs high.
    """
    users = Users(3 * config.clones * config.workers, think_s=0.01)
    duration_s = max(0.8, requests / capacity_per_s(config, mix))
    return run_monolith(config, users, seed, duration_s, warmup_s=0.7, mix=mix)


def arrivals_of(result: Result, kind: str, start_s: float, end_s: float) -> pd.DataFrame:
    """Return the requests of a kind that arrived in a span of time and came to an end."""
    rows = result.requests
    inside = (rows.kind == kind) & rows.arrived_s.between(start_s, end_s) & (rows.outcome != UNFINISHED)
    return rows[inside]


def availability_percent(result: Result, kind: str, start_s: float, end_s: float) -> float:
    """Return the share of them that succeeded, in percent; NaN when there were none."""
    return float(100 * (arrivals_of(result, kind, start_s, end_s).outcome == OK).mean())
