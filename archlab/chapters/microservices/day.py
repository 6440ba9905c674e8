"""One day of the shop as microservices: the run that most experiments share, and what they read off it.

>>> day = run_microservices(MICROSERVICES, at_load(0.2), seed=1, duration_s=10)
>>> day.audit.ok, availability_percent(day.result, "browse", 0, 10)
(True, 100.0)
"""

from collections.abc import Sequence
from functools import partial

from archlab.chapters.monolithic.day import arrivals_of, availability_percent
from archlab.shop.architecture import SHOP_MIX
from archlab.shop.day import ShopResult, Users, run_shop
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.sim.faults import Fault
from archlab.sim.workload import Arrivals, Mix, Poisson

__all__ = [
    "MICROSERVICES",
    "arrivals_of",
    "at_load",
    "availability_percent",
    "capacity_per_s",
    "run_microservices",
]

MICROSERVICES = MicroservicesConfig()
"""The shop of the chapter: one instance of everything with one core, and one core for each database."""


def run_microservices(
    config: MicroservicesConfig,
    load: Arrivals | Users,
    seed: int,
    duration_s: float,
    warmup_s: float = 0.0,
    mix: Mix = SHOP_MIX,
    faults: Sequence[Fault] = (),
    timeout_s: float | None = None,
    drain_s: float = 0.0,
) -> ShopResult:
    """Run a shop of this configuration. Without `drain_s` it stops with orders under way."""
    build = partial(Microservices, config=config)
    return run_shop(build, load, faults, seed, duration_s, warmup_s, mix, timeout_s, drain_s)


def capacity_per_s(config: MicroservicesConfig, mix: Mix = SHOP_MIX) -> float:
    """Return the requests a second that the bottleneck of this shop can serve, by the bottleneck law."""
    return float(config.capacity_per_s(mix.shares).min())


def at_load(load: float, config: MicroservicesConfig = MICROSERVICES, mix: Mix = SHOP_MIX) -> Poisson:
    """Return arrivals that ask for this share of the capacity, 0.5 for half of it."""
    return Poisson(load * capacity_per_s(config, mix))
