"""The best monolith that a budget rents, by the bottleneck law.

>>> from archlab.shop.budget import bottleneck, mix_with
>>> bottleneck(best_monolith(mix_with(0.12), 1.25), mix_with(0.12))
'database'
"""

from archlab.shop.budget import LARGEST_DATABASE_CORES, asked_s, cores_for, least_per_s
from archlab.shop.config import CORES_PER_MACHINE
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim.workload import Mix


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
    return max(built, key=lambda config: (least_per_s(config, demands_s)[0], -config.clones))
