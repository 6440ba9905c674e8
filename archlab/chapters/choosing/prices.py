"""Prices: what a shop rents by the hour, and what a request costs on functions.

>>> from archlab.shop.monolithic import MonolithConfig
>>> from archlab.shop.serverless import ServerlessConfig
>>> round(rent_usd_per_h(MonolithConfig(cores=1, database_cores=1)), 3), usd_per_request(MonolithConfig())
(0.112, 0.0)
>>> small, large = (usd_per_request(ServerlessConfig(memory_mb=memory_mb)) for memory_mb in (256, 1769))
>>> round(large / small, 1)
2.4
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, reduce
from operator import add
from typing import cast

from archlab.chapters.choosing.terms import FUNCTIONS
from archlab.data import load
from archlab.shop.architecture import HOURS_PER_MONTH, SHOP_MIX
from archlab.shop.config import ShopConfig
from archlab.shop.serverless import ServerlessConfig
from archlab.shop.serverless.steps import UseCase
from archlab.sim.billing import Usage, total_usd
from archlab.sim.billing.usage import on_demand
from archlab.sim.workload import Mix

ROUNDED_UP_S = 0.0005
"""On average, as runs are billed by whole milliseconds."""
AS_THEY_ARE: Mapping[str, float] = {}


@cache
def usd_per_h_of_one() -> Mapping[str, float]:
    """Return each item of data/prices.csv, in US dollars an hour."""
    prices = load("prices").set_index("item")
    hours = prices.per.map({"hour": 1, "month": HOURS_PER_MONTH})
    return dict((prices.price_usd / hours).dropna())


def rent_usd_per_h(config: ShopConfig, times: Mapping[str, float] = AS_THEY_ARE) -> float:
    """Return what a shop costs an hour when nobody comes, by data/prices.csv; `times`: item -> times its price."""
    return sum(usd_by_item(config, times).values())


def usd_by_item(config: ShopConfig, times: Mapping[str, float] = AS_THEY_ARE) -> dict[str, float]:
    """Return the same by item."""
    prices = usd_per_h_of_one()
    return {
        item: float(times.get(item, 1.0) * prices[item] * count) for item, count in config.rented().items()
    }


def usd_per_request(
    config: ShopConfig, mix: Mix = SHOP_MIX, times: Mapping[str, float] = AS_THEY_ARE
) -> float:
    """Return what a request costs on functions, warm, by the time that it holds them; 0 for all other shops.

    Left out: cold starts, the report, settlement, and the gateway, whose price no source here has. It errs in favour
    of functions.
    """
    if not isinstance(config, ServerlessConfig):
        return 0.0
    shares = cast(Mapping[UseCase, float], mix.shares)
    usual = sum(share * total_usd(_usage(config, kind)) for kind, share in shares.items())
    return float(times.get(FUNCTIONS, 1.0) * usual)


def _usage(config: ServerlessConfig, kind: UseCase) -> Usage:
    """What the functions of one request are billed for, each run rounded up to the millisecond."""
    runs = [
        on_demand(1, run_s + ROUNDED_UP_S, int(config.memory_mb_of(function)))
        for function, run_s in config.runs_s(kind)
    ]
    return reduce(add, runs)
