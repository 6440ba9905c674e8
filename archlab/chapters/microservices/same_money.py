"""The same money: the best shop of either kind that a budget rents for a mix of requests, by the bottleneck law.

The law is servers / demand (`capacity_per_s` of the two configurations). It knows no waiting, no coherency of a
database, no message that comes late, and no luck.

>>> mix = mix_with(order_share=0.12)
>>> bottleneck(best_monolith(mix, 1.25), mix), bottleneck(best_services(mix, 1.25), mix)
('database', 'catalogue cpu')
"""

from collections.abc import Mapping

from archlab.data import load as published
from archlab.shop.architecture import HOURS_PER_MONTH
from archlab.shop.config import CORES_PER_MACHINE, DATABASE_STORAGE_GB
from archlab.shop.microservices.config import PROGRAMS, SERVICES, MicroservicesConfig
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim.validation import require_fraction, require_positive, require_whole
from archlab.sim.workload import Mix

TRACK_SHARE = 0.08
LARGEST_DATABASE_CORES = 2
"""Of the largest database server that either shop may rent. An assumption, and small: the shop is, too, so that runs
are short. Real ones have up to some hundred cores, and a shop outgrows them at a budget that is larger by as much."""

MANY_WORKERS = 64
"""Workers of an instance: enough that cores and databases are the limit. Threads that wait cost memory, which
nobody is charged for here: it errs in favour of the services."""

GATEWAY_WORKERS = 600
"""More than there are users: a proxy of today holds no thread for a request."""


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


def best_monolith(
    mix: Mix, budget_usd_per_hour: float, largest_database_cores: int = LARGEST_DATABASE_CORES
) -> MonolithConfig:
    """Return the monolith that serves most customers for the money: clones of two cores, and one database.

    Of those that serve as many it is the one with the fewest clones: further ones only disturb the database.

    Raises:
        ValueError: when the budget is too small for one clone and one core of a database.
    """
    cores = cores_for(budget_usd_per_hour, databases=1, balancer=True)
    built = [
        MonolithConfig(clones=clones, database_cores=database)
        for database in range(1, largest_database_cores + 1)
        for clones in range(1, (cores - database) // CORES_PER_MACHINE + 1)
    ]
    if not built:
        raise ValueError(
            f"budget_usd_per_hour is {budget_usd_per_hour!r}; it must pay for a clone and a database"
        )
    demands_s = asked_s(built[0], mix)
    return max(built, key=lambda config: (_least_per_s(config, demands_s)[0], -config.clones))


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
        name, what = _least_per_s(_services(instances, databases), demands_s)[1].rsplit(" ", 1)
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
    return max(built, key=lambda config: _least_per_s(config, demands_s)[0])


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


def asked_s(config: MicroservicesConfig | MonolithConfig, mix: Mix) -> dict[str, float]:
    """Return the mean time that a request of the mix asks of each kind of station, in seconds.

    It does not depend on how many servers there are, so it is the same for all shops that one budget could buy.
    """
    servers = config.servers()
    return {name: servers[name] / per_s for name, per_s in config.capacity_per_s(mix.shares).items()}


def _least_per_s(
    config: MicroservicesConfig | MonolithConfig, demands_s: Mapping[str, float]
) -> tuple[float, str]:
    """Return how many requests a second the bottleneck can serve, and which it is."""
    servers = config.servers()
    return min((servers[name] / demand_s, name) for name, demand_s in demands_s.items())


def bottleneck(config: MicroservicesConfig | MonolithConfig, mix: Mix) -> str:
    """Return the kind of station that limits a shop, by the bottleneck law."""
    return _least_per_s(config, asked_s(config, mix))[1]


def limit_per_s(config: MicroservicesConfig | MonolithConfig, mix: Mix) -> float:
    """Return the requests a second that the bottleneck of a shop can serve."""
    return _least_per_s(config, asked_s(config, mix))[0]
