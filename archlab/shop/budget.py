"""A budget: how many cores it rents, for which mix of requests, and what limits the shop that is built from them.

The limit is the bottleneck law, servers / demand (`ShopConfig.capacity_per_s`). It knows no waiting, no coherency of a
database, no message that comes late, and no luck.

>>> cores_for(1.25, databases=1, balancer=True)
24
>>> from archlab.shop.monolithic.config import MonolithConfig
>>> bottleneck(MonolithConfig(clones=2), mix_with(order_share=0.12))
'cpu'
"""

from collections.abc import Mapping

from archlab.data import load as published
from archlab.shop.architecture import HOURS_PER_MONTH
from archlab.shop.config import CORES_PER_MACHINE, DATABASE_STORAGE_GB, ShopConfig
from archlab.sim.validation import require_fraction, require_positive
from archlab.sim.workload import Mix

TRACK_SHARE = 0.08
LARGEST_DATABASE_CORES = 2
"""Of the largest database server that either shop may rent. An assumption, and small: the shop is, too, so that runs
are short. Real ones have up to some hundred cores: the larger, the larger the budget at which a shop outgrows them."""

MANY_WORKERS = 64
"""Workers of an instance: enough that cores and databases are the limit. Threads that wait cost memory, which
nobody is charged for here: it errs in favour of the services."""


def mix_with(order_share: float) -> Mix:
    """Return customers of whom so many order, as many track as usual, and the rest browse."""
    require_fraction("order_share", order_share)
    return Mix(browse=1 - order_share - TRACK_SHARE, place_order=order_share, track_order=TRACK_SHARE)


def cores_for(budget_usd_per_hour: float, databases: int, balancer: bool) -> int:
    """Return how many whole cores the budget rents beside the storage of the databases and a balancer."""
    require_positive("budget_usd_per_hour", budget_usd_per_hour)
    prices = published("prices").set_index("item").price_usd
    storage_usd = databases * DATABASE_STORAGE_GB * prices["database storage GB"] / HOURS_PER_MONTH
    left_usd = budget_usd_per_hour - storage_usd - (prices["t3.medium"] if balancer else 0.0)
    return int(left_usd * CORES_PER_MACHINE / prices["m5.large"])


def asked_s(config: ShopConfig, mix: Mix) -> dict[str, float]:
    """Return the mean time that a request of the mix asks of each kind of station, in seconds.

    It does not depend on how many servers there are, so it is the same for all shops that one budget could buy.
    """
    servers = config.servers()
    return {name: servers[name] / per_s for name, per_s in config.capacity_per_s(mix.shares).items()}


def least_per_s(config: ShopConfig, demands_s: Mapping[str, float]) -> tuple[float, str]:
    """Return how many requests a second the bottleneck can serve, and which it is; `demands_s` as of `asked_s`."""
    servers = config.servers()
    return min((servers[name] / demand_s, name) for name, demand_s in demands_s.items())


def bottleneck(config: ShopConfig, mix: Mix) -> str:
    """Return the kind of station that limits a shop, by the bottleneck law."""
    return least_per_s(config, asked_s(config, mix))[1]


def limit_per_s(config: ShopConfig, mix: Mix) -> float:
    """Return the requests a second that the bottleneck of a shop can serve."""
    return least_per_s(config, asked_s(config, mix))[0]
