"""The same money: the best shop of either kind that a budget rents for a mix of requests, by the bottleneck law.

The law and the monolith are those of `archlab.shop.budget` and `archlab.shop.monolithic.budget`.

>>> mix = mix_with(order_share=0.12)
>>> bottleneck(best_monolith(mix, 1.25), mix), bottleneck(best_services(mix, 1.25), mix)
('database', 'catalogue cpu')
"""

from collections.abc import Mapping

from archlab.shop.budget import (
    LARGEST_DATABASE_CORES,
    MANY_WORKERS,
    asked_s,
    bottleneck,
    cores_for,
    least_per_s,
    limit_per_s,
    mix_with,
)
from archlab.shop.config import CORES_PER_MACHINE
from archlab.shop.microservices.config import PROGRAMS, SERVICES, MicroservicesConfig
from archlab.shop.monolithic.budget import best_monolith
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim.validation import require_whole
from archlab.sim.workload import Mix

__all__ = [
    "LARGEST_DATABASE_CORES",
    "alike_services",
    "asked_s",
    "best_monolith",
    "best_services",
    "bottleneck",
    "cores_for",
    "limit_per_s",
    "mix_with",
    "split_monolith_per_s",
]

GATEWAY_WORKERS = 600
"""More than there are users: a proxy of today holds no thread for a request."""


def best_services(
    mix: Mix, budget_usd_per_hour: float, largest_database_cores: int = LARGEST_DATABASE_CORES
) -> MicroservicesConfig:
    """Return services scaled one by one for this mix: each further core goes where the bottleneck is.

    It begins with one instance of everything and ends when the money does, or when the bottleneck is a database
    that cannot grow. Raises `ValueError` when the budget is too small for one of each.
    """
    require_whole("largest_database_cores", largest_database_cores, at_least=1)
    left = (
        cores_for(budget_usd_per_hour, databases=len(SERVICES), balancer=False)
        - len(PROGRAMS)
        - len(SERVICES)
    )
    if left < 0:
        raise ValueError(
            f"budget_usd_per_hour is {budget_usd_per_hour!r}; it must pay for one core of each part"
        )
    instances, databases = dict.fromkeys(PROGRAMS, 1), dict.fromkeys(SERVICES, 1)
    demands_s = asked_s(_services(instances, databases), mix)
    for _ in range(left):
        name, what = least_per_s(_services(instances, databases), demands_s)[1].rsplit(" ", 1)
        grown = {"cpu": instances, "database": databases}.get(what)
        if grown is None or (grown is databases and databases[name] == largest_database_cores):
            break
        grown[name] += 1
    return _services(instances, databases)


def alike_services(
    mix: Mix, budget_usd_per_hour: float, largest_database_cores: int = LARGEST_DATABASE_CORES
) -> MicroservicesConfig:
    """Return the same services scaled all alike: so many instances of each, and databases of one size.

    Raises `ValueError` when the budget is too small for one of each.
    """
    cores = cores_for(budget_usd_per_hour, databases=len(SERVICES), balancer=False)
    built = [
        _services(dict.fromkeys(PROGRAMS, instances), dict.fromkeys(SERVICES, database))
        for database in range(1, largest_database_cores + 1)
        for instances in range(1, (cores - database * len(SERVICES)) // len(PROGRAMS) + 1)
    ]
    if not built:
        raise ValueError(
            f"budget_usd_per_hour is {budget_usd_per_hour!r}; it must pay for one core of each part"
        )
    demands_s = asked_s(built[0], mix)
    return max(built, key=lambda config: least_per_s(config, demands_s)[0])


def split_monolith_per_s(
    mix: Mix, budget_usd_per_hour: float, largest_database_cores: int = LARGEST_DATABASE_CORES
) -> float:
    """Return the requests a second of clones of a monolith whose modules have the services' five databases.

    Its programs ask as much as a monolith's, its databases as much as those of the services. Each further part goes
    where the bottleneck is. What it gives up is not counted: no transaction spans two modules, as with services.
    """
    cores = cores_for(budget_usd_per_hour, databases=len(SERVICES), balancer=True)
    clones, databases = 1, dict.fromkeys(SERVICES, 1)
    one_s = asked_s(MonolithConfig(clones=1, database_cores=1), mix)["cpu"]
    asked = asked_s(_services(dict.fromkeys(PROGRAMS, 1), databases), mix)
    cores -= CORES_PER_MACHINE + len(SERVICES)
    while True:
        per_s = {f"{name} database": n / asked[f"{name} database"] for name, n in databases.items()}
        per_s |= {name: 1 / demand_s for name, demand_s in asked.items() if name.endswith(" log")}
        per_s["cpu"] = CORES_PER_MACHINE * clones / one_s
        slowest = min(per_s, key=per_s.__getitem__)
        name, _, what = slowest.rpartition(" ")
        price = CORES_PER_MACHINE if what == "cpu" else 1
        if what == "log" or cores < price or databases.get(name) == largest_database_cores:
            return per_s[slowest]
        cores -= price
        if what == "cpu":
            clones += 1
        else:
            databases[name] += 1


def _services(instances: Mapping[str, int], databases: Mapping[str, int]) -> MicroservicesConfig:
    return MicroservicesConfig(
        instances=dict(instances),
        database_cores=dict(databases),
        workers=MANY_WORKERS,
        gateway_workers=GATEWAY_WORKERS,
    )
