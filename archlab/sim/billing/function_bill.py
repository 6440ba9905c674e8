"""The bill of functions: what a `Usage` costs by AWS's price list of 2026 (`data/function_prices.csv`).

Prices are those of US East, for x86 and Arm. Compute has tiers: what goes beyond some billions of GB-seconds in a month
is cheaper. A free tier is a `Usage` that is taken off first, so a part of it may be used up already. A month's usage of
one architecture goes into one bill: tiers and free tier hold for the whole account.

>>> from archlab.sim.billing.usage import on_demand
>>> month = on_demand(requests=3e6, run_s=0.120, memory_mb=1536)
>>> round(total_usd(month), 2), round(total_usd(month, free=free_tier()), 2)
(9.6, 2.73)
>>> bill(month, free=free_tier()).loc["compute"].round(2).to_dict()
{'used': 540000.0, 'billed': 140000.0, 'usd': 2.33}
>>> round(provisioned_pays_above("x86"), 3)
0.6
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from math import inf
from typing import Literal

import pandas as pd

from archlab.data import load
from archlab.sim.billing.usage import Usage, on_demand
from archlab.sim.validation import (
    refuse,
    require_fraction,
    require_instance,
    require_non_negative,
    require_one_of,
)

Architecture = Literal["x86", "arm"]
ARCHITECTURES = ("x86", "arm")
NOTHING = Usage()

ITEMS = {
    "requests": "requests",
    "compute_gb_s": "compute",
    "provisioned_gb_s": "provisioned",
    "provisioned_compute_gb_s": "provisioned compute",
    "storage_gb_s": "storage",
    "streamed_gb": "streaming",
    "tenant_environments_gb": "tenant environments",
    "snapshot_cache_gb_s": "snapshot cache",
    "snapshot_restore_gb": "snapshot restore",
    "queue_poller_h": "queue pollers",
    "log_poller_h": "log pollers",
    "transitions": "transitions",
}
"""An amount of a `Usage` -> its item in the price list."""


def free_tier() -> Usage:
    """Return what AWS gives an account each month: a million requests, 400,000 GB-seconds, 100 GB of streaming.

    No source here has that of workflows, so transitions are never free.
    """
    return Usage(
        requests=_rule("free requests"),
        compute_gb_s=_rule("free compute"),
        streamed_gb=_rule("free streaming"),
    )


def bill(usage: Usage, architecture: Architecture = "x86", free: Usage = NOTHING) -> pd.DataFrame:
    """Return the bill: a row an item that was used, with what was `used`, what of it was `billed`, and `usd`.

    Raises `ValueError` when an item has no price on this architecture.
    """
    _require_usages(usage, free)
    used, billed = usage.amounts(), usage.without(free).amounts()
    rows = [
        (item, used[name], billed[name], cost_usd(item, billed[name], architecture))
        for name, item in ITEMS.items()
        if used[name]
    ]
    return pd.DataFrame(rows, columns=["item", "used", "billed", "usd"]).set_index("item")


def total_usd(usage: Usage, architecture: Architecture = "x86", free: Usage = NOTHING) -> float:
    """Return the sum of the bill in US dollars."""
    _require_usages(usage, free)
    billed = usage.without(free).amounts()
    return sum(cost_usd(item, billed[name], architecture) for name, item in ITEMS.items() if billed[name])


def cost_usd(item: str, amount: float, architecture: Architecture = "x86") -> float:
    """Return what an amount of an item costs, each part of it at the price of its tier."""
    require_non_negative("amount", amount)
    tiers = _tiers(item, architecture)
    bounds = [*(above for above, _ in tiers), inf]
    return sum(
        usd * (min(amount, top) - bottom)
        for (bottom, top), (_, usd) in zip(pairwise(bounds), tiers, strict=True)
        if amount > bottom
    )


def price_usd(item: str, architecture: Architecture = "x86") -> float:
    """Return the price of an item in its first tier, in US dollars per unit.

    Raises `ValueError` when there is no such item, or no price of it on this architecture.
    """
    return _tiers(item, architecture)[0][1]


def usd_per_request(
    run_s: float,
    memory_mb: int,
    architecture: Architecture = "x86",
    cold_share: float = 0.0,
    init_s: float = 0.0,
) -> float:
    """Return what one request costs on average, in the first tier and without anything free."""
    return total_usd(on_demand(1, run_s, memory_mb, cold_share, init_s), architecture)


def provisioned_pays_above(architecture: Architecture = "x86") -> float:
    """Return from which utilisation on an environment kept ready is cheaper than the same runs on demand.

    Kept ready it costs a price for the time plus a lower one for the runs: u on demand = ready + u lower.
    """
    ready, lower = (
        price_usd("provisioned", architecture),
        price_usd("provisioned compute", architecture),
    )
    return ready / (price_usd("compute", architecture) - lower)


def managed_instances_usd(
    requests: float, instance_h: float, on_demand_usd_per_h: float, discount: float = 0.0
) -> float:
    """Return the bill of functions on machines that AWS manages: no GB-seconds, but the machines and a fee.

    `discount`: on the machines, 0 to 1. The fee is a share of the price without it.
    """
    require_non_negative("requests", requests)
    require_non_negative("instance_h", instance_h)
    require_non_negative("on_demand_usd_per_h", on_demand_usd_per_h)
    require_fraction("discount", discount)
    per_hour_usd = on_demand_usd_per_h * (1 - discount + _rule("managed instances"))
    return cost_usd("requests", requests) + instance_h * per_hour_usd


def _require_usages(usage: Usage, free: Usage) -> None:
    require_instance("usage", usage, Usage, "a Usage")
    require_instance("free", free, Usage, "a Usage")


def _tiers(item: str, architecture: str) -> tuple[tuple[float, float], ...]:
    """Return the tiers of an item: above how much each begins, and its price."""
    require_one_of("architecture", architecture, ARCHITECTURES)
    require_one_of("item", item, tuple(ITEMS.values()))
    tiers = _price_list()
    if (item, architecture) not in tiers:
        refuse(ValueError, "architecture", architecture, f"one that has a price for {item!r}")
    return tiers[item, architecture]


@cache
def _price_list() -> dict[tuple[str, str], tuple[tuple[float, float], ...]]:
    """Return the tiers of each item and architecture."""
    tiers: dict[tuple[str, str], tuple[tuple[float, float], ...]] = {}
    for (item, on), rows in load("function_prices").sort_values("above").groupby(["item", "architecture"]):
        for architecture in ARCHITECTURES if on == "any" else (on,):
            tiers[item, architecture] = tuple(zip(rows.above.astype(float), rows.value, strict=True))
    return tiers


def _rule(item: str) -> float:
    """Return what is free, or a share: a row of the table that is no price."""
    return float(_price_list()[item, ARCHITECTURES[0]][0][1])
