"""The price of a shop, what it serves at most, and because of which station. Task 1 of lab 07.

>>> from archlab.shop.monolithic import MonolithConfig
>>> usd, per_s, station = scarce(MonolithConfig(), mix_with(0.12))
>>> round(usd, 3), int(per_s), station
(0.208, 386, 'cpu')
"""

from __future__ import annotations

import numpy as np

from archlab.chapters.choosing.buying import rent_usd_per_h
from archlab.chapters.choosing.lab_choices import BUILDS
from archlab.shop.budget import bottleneck, limit_per_s, mix_with
from archlab.shop.config import ShopConfig
from archlab.shop.cqrs import CqrsConfig
from archlab.shop.day import run_day
from archlab.shop.layered import LayeredConfig
from archlab.shop.microservices import MicroservicesConfig
from archlab.shop.monolithic import MonolithConfig
from archlab.sim.workload import Mix, Poisson

__all__ = ["drawn", "mix_with", "scarce", "served_per_s"]

SERVED_S = 8.0


def scarce(config: ShopConfig, mix: Mix) -> tuple[float, float, str]:
    """Return the rent in US dollars an hour, requests a second that are served at most, and the scarce station."""
    return rent_usd_per_h(config), limit_per_s(config, mix), bottleneck(config, mix)


def served_per_s(config: ShopConfig, mix: Mix, offered_per_s: float, seed: int) -> float:
    """Return how many requests a second are answered in a simulated run in which so many come."""
    day = run_day(BUILDS[type(config)], config, Poisson(offered_per_s), seed, SERVED_S, mix=mix)
    return day.result.throughput_per_s()


def drawn(random: np.random.Generator) -> list[ShopConfig]:
    """Return shops whose scarce stations differ: processors, workers, and the database."""

    def whole(low: int, high: int) -> int:
        return int(random.integers(low, high + 1))

    return [
        MonolithConfig(clones=whole(2, 3), cores=1, workers=64, connections=64, database_cores=2),
        LayeredConfig(cores=2, workers=whole(4, 7), database_cores=2),
        MicroservicesConfig(instances={"catalogue": whole(2, 3), "orders": 2}, workers=64),
        CqrsConfig(models="one", instances={"queries": 2, "commands": 2}, workers=64, database_cores=1),
    ]
