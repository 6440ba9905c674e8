"""Growing: how a shop of each kind gets one step larger at the station that is scarce.

Every shop grows by one core at a time, at every station that money can make larger. Programs get more copies, databases
more cores, up to those of the largest server. What no money makes larger is the log of a database, which writes one
commit after the other. Real databases write several commits at once where many come; this errs against shops with many
commits in one database, the functions first of all.

>>> from archlab.shop.monolithic import MonolithConfig
>>> shop = MonolithConfig(clones=1, cores=1, database_cores=16)
>>> two = monolith(shop, "cpu", 16)
>>> three = monolith(two, "cpu", 16)
>>> (two.clones, two.cores), (three.clones, three.cores), monolith(shop, "database", 16)
((1, 2), (3, 1), None)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from archlab.shop.config import CORES_PER_MACHINE, ShopConfig
from archlab.shop.cqrs import CqrsConfig
from archlab.shop.event_driven import EventDrivenConfig
from archlab.shop.layered import LayeredConfig
from archlab.shop.microservices import MicroservicesConfig
from archlab.shop.monolithic import MonolithConfig
from archlab.shop.serverless import ServerlessConfig

Grow = Callable[[ShopConfig, str, int], ShopConfig | None]
"""(shop, the station that is scarce, cores of the largest database) -> the shop one step larger, or None."""
MORE_ENVIRONMENTS = 1000
"""By so many an account's limit is raised at a time. It is a quota that is raised on request, and costs nothing."""
SESSIONS_A_CORE = 8
"""Of the pool before the functions' database, as the shop's own default has it: 16 for two cores."""


def monolith(config: ShopConfig, scarce: str, largest: int) -> ShopConfig | None:
    assert isinstance(config, MonolithConfig)
    if scarce in ("cpu", "workers"):
        clones, cores = _one_core_more(config.clones, config.cores)
        return replace(config, clones=clones, cores=cores)
    if scarce == "database" and config.database_cores < largest:
        return replace(config, database_cores=config.database_cores + 1)
    return None


def _one_core_more(copies: int, cores: int) -> tuple[int, int]:
    """Of a shop that is one program: the only copy gets the machine's second core, since that needs no balancer. From
    three cores on each copy has one, as those of all other shops have.
    """
    return (1, CORES_PER_MACHINE) if copies * cores == 1 else (copies * cores + 1, 1)


def one_process(config: ShopConfig, scarce: str, largest: int) -> ShopConfig | None:
    """A layered shop in one process grows as a monolith does."""
    assert isinstance(config, LayeredConfig)
    if scarce in ("shop cpu", "shop workers"):
        copies, cores = _one_core_more(config.count("shop"), config.cores)
        return replace(config, instances={"shop": copies}, cores=cores)
    return programs(config, scarce, largest)


def programs(config: ShopConfig, scarce: str, largest: int) -> ShopConfig | None:
    """Services, components, tiers and sides: each program, and each database, grows by itself."""
    assert isinstance(config, MicroservicesConfig | EventDrivenConfig | LayeredConfig | CqrsConfig)
    name, _, what = scarce.rpartition(" ")
    if what in ("cpu", "workers"):
        return replace(config, instances={**config.instances, name: config.count(name) + 1})
    return _grow_database(config, name, what, largest) if what == "database" else None


def _grow_database(
    config: MicroservicesConfig | EventDrivenConfig | LayeredConfig | CqrsConfig,
    name: str,
    what: str,
    largest: int,
) -> ShopConfig | None:
    if isinstance(config, MicroservicesConfig | EventDrivenConfig):
        cores = config.database_cores_of(name)
        assert isinstance(config.database_cores, Mapping)
        grown = {**config.database_cores, name: cores + 1}
        return replace(config, database_cores=grown) if cores < largest else None
    if name:  # one of the read models' databases: all of them have as many cores
        assert isinstance(config, CqrsConfig)
        return replace(config, read_cores=config.read_cores + 1) if config.read_cores < largest else None
    if config.database_cores == largest:
        return None
    return replace(config, database_cores=config.database_cores + 1)


def serverless(config: ShopConfig, scarce: str, largest: int) -> ShopConfig | None:
    assert isinstance(config, ServerlessConfig)
    if scarce == "environments":
        return replace(config, concurrency=config.concurrency + MORE_ENVIRONMENTS)
    if scarce == "database" and config.database_cores < largest:
        cores = config.database_cores + 1
        return replace(config, database_cores=cores, pool_sessions=SESSIONS_A_CORE * cores)
    return None
