"""The same money: the best event-driven shop that a budget rents for a mix of requests, by the bottleneck law.

Each further core goes where the bottleneck is, as with the services of chapter 02. Three broker machines are paid for
first. Readers are threads, and cost nothing here, which errs in favour of this shop; how many there are of a component
is at most the number of partitions, and that is chosen beforehand.

>>> from archlab.shop.budget import bottleneck, mix_with
>>> bottleneck(best_event_driven(mix_with(0.12), 1.25), mix_with(0.12))
'catalogue cpu'
"""

from collections.abc import Mapping
from functools import lru_cache

from archlab.shop.budget import (
    LARGEST_DATABASE_CORES,
    MANY_WORKERS,
    asked_s,
    cores_for,
    least_per_s,
)
from archlab.shop.config import CORES_PER_MACHINE
from archlab.shop.event_driven import COMPONENTS, PROGRAMS, EventDrivenConfig
from archlab.shop.event_driven.config import WayOutWord
from archlab.sim.validation import require_whole
from archlab.sim.workload import Mix

BROKER_MACHINES = EventDrivenConfig().broker_machines
WAY_OUT: WayOutWord = "log_tailing"
"""The way out of a database that asks least of it, and loses nothing: the strongest form of this shop."""
MANY_PARTITIONS = 256
"""So many that no reader is the limit; `archlab.chapters.event_driven.scaling` shows what fewer cost."""


def best_event_driven(
    mix: Mix,
    budget_usd_per_hour: float,
    largest_database_cores: int = LARGEST_DATABASE_CORES,
    partitions: int = MANY_PARTITIONS,
    broker_machines: int = BROKER_MACHINES,
    way_out: WayOutWord = WAY_OUT,
) -> EventDrivenConfig:
    """Return the shop scaled part by part for this mix. It ends when the money does, or the bottleneck cannot grow.

    A database cannot grow beyond `largest_database_cores`, and readers not beyond the partitions, one each.
    Raises `ValueError` when the budget is too small for one core of each part and the broker.
    """
    require_whole("largest_database_cores", largest_database_cores, at_least=1)
    storages = len(COMPONENTS) + broker_machines
    left = cores_for(budget_usd_per_hour, databases=storages, balancer=False)
    left -= len(PROGRAMS) + len(COMPONENTS) + broker_machines * CORES_PER_MACHINE
    if left < 0:
        raise ValueError(
            f"budget_usd_per_hour is {budget_usd_per_hour!r}; it must pay for the broker and one core of each part"
        )
    instances, databases = dict.fromkeys(PROGRAMS, 1), dict.fromkeys(COMPONENTS, 1)
    rest = partitions, broker_machines, way_out
    asked = demands_s(mix, way_out)
    for _ in range(left):
        bottleneck = least_per_s(_shop(instances, databases, *rest), asked)[1]
        name, what = bottleneck.rsplit(" ", 1)
        grown = {"cpu": instances, "database": databases}.get(what)
        if grown is None or (grown is databases and databases[name] == largest_database_cores):
            break
        grown[name] += 1
    return _shop(instances, databases, *rest)


def demands_s(mix: Mix, way_out: WayOutWord = WAY_OUT) -> Mapping[str, float]:
    """Return what a request of the mix asks of each kind of station; how many there are of each does not change it."""
    return _demands_s(tuple(mix.shares.items()), way_out)


@lru_cache(maxsize=32)
def _demands_s(shares: tuple[tuple[str, float], ...], way_out: WayOutWord) -> Mapping[str, float]:
    return asked_s(EventDrivenConfig(workers=MANY_WORKERS, way_out=way_out), Mix(**dict(shares)))


def _shop(
    instances: Mapping[str, int],
    databases: Mapping[str, int],
    partitions: int,
    broker_machines: int,
    way_out: WayOutWord,
) -> EventDrivenConfig:
    return EventDrivenConfig(
        instances=dict(instances),
        database_cores=dict(databases),
        workers=MANY_WORKERS,
        partitions=partitions,
        readers=dict.fromkeys(COMPONENTS, partitions),
        broker_machines=broker_machines,
        way_out=way_out,
    )
