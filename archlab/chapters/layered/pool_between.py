"""The pool between two tiers: how many calls to the data tier may be under way at once, and what happens with too few.

A call for rows holds a connection of the pool until its rows are there. Little's law says how many that is on average:
calls a second, times how long each holds one. With fewer, calls wait for a connection, and those who wait hold workers
of the app and the web tier meanwhile: the shortage is seen two tiers above the place where it is.

What this leaves out: connections are held for a call here, not for a whole transaction. A pool whose connections are
held from the first statement of an order to its commit must be larger.

>>> round(connections_needed(200.0), 2) < round(connections_needed(400.0), 2)
True
"""

from __future__ import annotations

from collections.abc import Iterable

import joblib
import numpy as np
import pandas as pd

from archlab.course.figures.picture import Picture
from archlab.course.figures.scaling import scaling
from archlab.course.style import LAB, Size, variants
from archlab.shop.architecture import SHOP_MIX
from archlab.shop.day import ShopResult, run_day
from archlab.shop.layered import Layered
from archlab.shop.layered.config import LayeredConfig
from archlab.sim.distributions import Exponential
from archlab.sim.parallel import in_parallel
from archlab.sim.validation import require_positive, require_whole
from archlab.sim.workload import Poisson

RATE_PER_S = 250.0
QUERY_S = Exponential(0.010)
"""Twenty times the shop's, so that a pool of some connections is a matter at all. An assumption."""
POOLS = (2, 3, 4, 5, 6, 8, 12)
DURATION_S, WARMUP_S = 10.0, 2.0
SEEDS = 3
TIMEOUT_S = 2.0
"""How long a customer waits. An assumption."""


def config_of(pool: int = 16) -> LayeredConfig:
    """Return three tiers of two machines each for web and app, one for data, with so many connections.

    Raises:
        ValueError: when `pool` is no whole number of 1 or more.
    """
    require_whole("pool", pool, at_least=1)
    return LayeredConfig(
        tiers="three tiers",
        instances={"web": 2, "app": 2},
        workers=64,
        workers_of={"data": pool},
        database_cores=8,
        query_s=QUERY_S,
        coherency=0.0,
    )


def connections_needed(rate_per_s: float = RATE_PER_S) -> float:
    """Return how many connections are held on average, by Little's law, when none has to wait."""
    require_positive("rate_per_s", rate_per_s)
    shares = pd.Series(SHOP_MIX.shares)
    return float(rate_per_s * (config_of().held_s()["data workers"] * shares).sum())


def run(pool: int, seed: int, rate_per_s: float = RATE_PER_S) -> ShopResult:
    """Run the shop with a pool of this size under a steady load."""
    return run_day(
        Layered, config_of(pool), Poisson(rate_per_s), seed, DURATION_S, WARMUP_S, timeout_s=TIMEOUT_S
    )


def _seen(pool: int, seed: int, rate_per_s: float) -> dict[str, object]:
    result = run(pool, seed, rate_per_s).result
    parts = result.parts
    held = (parts["utilisation"] * parts["capacity"]).to_dict()
    tiers = {
        tier: sum(count for part, count in held.items() if part.startswith(f"{tier}-") and " " not in part)
        for tier in ("web", "app", "data")
    }
    return {
        "latency_s": result.requests.latency_s.dropna().to_numpy(),
        "good": result.availability(),
        **tiers,
    }


def against_pool(
    pools: Iterable[int] = POOLS, seeds: int = SEEDS, rate_per_s: float = RATE_PER_S
) -> pd.DataFrame:
    """Return a row a size of the pool, from all seeds: `pool`, `p99_ms` of those answered, `answered_percent`, and the
    workers held on average in all copies of `web`, `app` and `data`.
    """
    sizes = list(pools)
    runs = in_parallel(
        joblib.delayed(_seen)(pool, seed, rate_per_s) for pool in sizes for seed in range(1, seeds + 1)
    )
    rows = []
    for place, pool in enumerate(sizes):
        own = runs[place * seeds : (place + 1) * seeds]
        latency_s = np.concatenate([one["latency_s"] for one in own])
        means = {tier: float(np.mean([one[tier] for one in own])) for tier in ("web", "app", "data")}
        answered = 100 * float(np.mean([one["good"] for one in own]))
        rows.append(
            {"pool": pool, "p99_ms": 1000 * float(np.percentile(latency_s, 99)), "answered_percent": answered}
            | means
        )
    return pd.DataFrame(rows)


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw the workers held in each tier against the size of the pool, and how many connections Little's law says."""
    name = "connections in the pool"
    rows = table.rename(columns={"pool": name})
    long = rows.melt(id_vars=name, value_vars=["web", "app", "data"], var_name="tier", value_name="held")
    return scaling(
        long,
        title,
        x=name,
        y="held",
        by="tier",
        line_looks=variants("layered", ["web", "app", "data"]),
        y_label="Workers held, on average",
        log=True,
        upright={f"Little's law: {connections_needed():.2g}": connections_needed()},
        size=size,
    )
