"""Scaling: the same money and the same customers for clones of the monolith and for services scaled one by one.

What limits each is found by the bottleneck law (`capacity_per_s` of the two configurations): servers / demand. It
knows no waiting, no coherency of a database, no message that comes late; `saturated` simulates the same shops.

Both may rent databases of up to `LARGEST_DATABASE_CORES`. That is the assumption everything here turns on: a monolith
that can buy an ever larger database never meets the limit that services avoid. The rules ask from which share of
orders, and from which budget on, services serve noticeably more.

>>> shops = same_budget([0.12], budget_usd_per_hour=1.25)
>>> shops.monolith_bottleneck[0], shops.microservices_bottleneck[0]
('database', 'catalogue cpu')
>>> scalability(services_serve_more_from_usd_per_hour=1.1).words
'Holds when: from 1.1 USD an hour'
"""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, first_holding, holds_from
from archlab.data import load as published
from archlab.shop.architecture import HOURS_PER_MONTH
from archlab.shop.config import CORES_PER_MACHINE, DATABASE_STORAGE_GB
from archlab.shop.day import Users, run_day
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import PROGRAMS, SERVICES, MicroservicesConfig
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim.experiment import sweep
from archlab.sim.validation import require_fraction, require_positive, require_whole
from archlab.sim.workload import Mix

TRACK_SHARE = 0.08
LARGEST_DATABASE_CORES = 2
"""Of the largest database server that either shop may rent. An assumption."""

BUDGET_USD_PER_HOUR = 1.25
ORDER_SHARES = (0.0, 0.02, 0.05, 0.08, 0.12, 0.2, 0.3)
USERS = (100, 300)
"""Of a saturated shop, who hardly think. With few of them orders that wait for payments leave cores idle; with many
the sessions in a database disturb each other. Each shop counts with the number that suits it better."""

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
    return max(built, key=lambda config: (limit_per_s(config, mix), -config.clones))


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
    for _ in range(left):
        name, what = bottleneck(_services(instances, databases), mix).rsplit(" ", 1)
        grown = {"cpu": instances, "database": databases}.get(what)
        if grown is None or (grown is databases and databases[name] == largest_database_cores):
            break
        grown[name] += 1
    return _services(instances, databases)


def _services(instances: Mapping[str, int], databases: Mapping[str, int]) -> MicroservicesConfig:
    return MicroservicesConfig(
        instances=dict(instances),
        database_cores=dict(databases),
        workers=MANY_WORKERS,
        gateway_workers=2 * max(USERS),
    )


def bottleneck(config: MicroservicesConfig | MonolithConfig, mix: Mix) -> str:
    """Return the kind of station that limits a shop, by the bottleneck law."""
    return str(config.capacity_per_s(mix.shares).idxmin())


def limit_per_s(config: MicroservicesConfig | MonolithConfig, mix: Mix) -> float:
    """Return the requests a second that the bottleneck of a shop can serve."""
    return float(config.capacity_per_s(mix.shares).min())


def same_budget(
    order_shares: Sequence[float] = ORDER_SHARES,
    budget_usd_per_hour: float = BUDGET_USD_PER_HOUR,
    largest_database_cores: int = LARGEST_DATABASE_CORES,
) -> pd.DataFrame:
    """Compare the two shops at one budget over the share of orders, by the bottleneck law.

    Columns: orders_percent, monolith_per_s, microservices_per_s, services_gain_percent, and the bottleneck of each.
    Both are built anew for each mix, which favours both.
    """
    rows = []
    for share in order_shares:
        mix = mix_with(share)
        monolith = best_monolith(mix, budget_usd_per_hour, largest_database_cores)
        services = best_services(mix, budget_usd_per_hour, largest_database_cores)
        rows.append({"orders_percent": 100 * share, **_side_by_side(monolith, services, mix)})
    return pd.DataFrame(rows)


def budgets(
    budgets_usd_per_hour: Sequence[float] = (0.65, 0.8, 1.0, 1.25, 1.5, 2.0, 2.5),
    order_share: float = 0.12,
    largest_database_cores: int = LARGEST_DATABASE_CORES,
) -> pd.DataFrame:
    """Compare the two shops with the usual mix over the budget. Columns as `same_budget`, budget_usd_per_hour first."""
    mix = mix_with(order_share)
    rows = []
    for budget in budgets_usd_per_hour:
        monolith = best_monolith(mix, budget, largest_database_cores)
        services = best_services(mix, budget, largest_database_cores)
        rows.append({"budget_usd_per_hour": budget, **_side_by_side(monolith, services, mix)})
    return pd.DataFrame(rows)


def by_size(frames: Mapping[int, pd.DataFrame]) -> pd.DataFrame:
    """Stack the frames of `budgets` for several largest databases (cores -> frame), a row a design and budget.

    Columns: design (such as "microservices, up to 2 cores"), budget_usd_per_hour, throughput_per_s.
    """
    stacked = []
    for pattern in ("monolith", "microservices"):
        for cores, frame in frames.items():
            rows = frame[["budget_usd_per_hour"]].assign(throughput_per_s=frame[f"{pattern}_per_s"])
            stacked.append(rows.assign(design=f"{pattern}, up to {cores} cores"))
    return pd.concat(stacked, ignore_index=True)


def _side_by_side(
    monolith: MonolithConfig, services: MicroservicesConfig, mix: Mix
) -> dict[str, float | str]:
    one, many = limit_per_s(monolith, mix), limit_per_s(services, mix)
    return {
        "monolith_per_s": one,
        "microservices_per_s": many,
        "services_gain_percent": 100 * (many / one - 1),
        "monolith_bottleneck": bottleneck(monolith, mix),
        "microservices_bottleneck": bottleneck(services, mix),
    }


def saturated(
    seed: int, order_share: float, budget_usd_per_hour: float = BUDGET_USD_PER_HOUR, duration_s: float = 0.4
) -> dict[str, float]:
    """Simulate both shops with more customers than they can serve. Returns monolith_per_s and microservices_per_s."""
    mix = mix_with(order_share)
    monolith, services = best_monolith(mix, budget_usd_per_hour), best_services(mix, budget_usd_per_hour)
    loads = [Users(users, think_s=0.01) for users in USERS]
    one = [run_day(Monolith, monolith, load, seed, duration_s, warmup_s=0.5, mix=mix) for load in loads]
    many = [run_day(Microservices, services, load, seed, duration_s, warmup_s=0.5, mix=mix) for load in loads]
    return {
        "monolith_per_s": max(day.result.throughput_per_s() for day in one),
        "microservices_per_s": max(day.result.throughput_per_s() for day in many),
    }


def simulated(
    order_shares: Sequence[float] = (0.0, 0.04, 0.12, 0.3),
    budget_usd_per_hour: float = BUDGET_USD_PER_HOUR,
    seeds: Iterable[int] = range(4),
) -> pd.DataFrame:
    """Sweep `saturated`. Columns: orders_percent, the throughputs with intervals, and services_gain_percent."""
    grid = {"order_share": order_shares, "budget_usd_per_hour": [budget_usd_per_hour]}
    frame = sweep(saturated, grid, seeds).drop(columns="budget_usd_per_hour")
    frame.insert(0, "orders_percent", 100 * frame.pop("order_share"))
    return frame.assign(services_gain_percent=100 * (frame.microservices_per_s / frame.monolith_per_s - 1))


def pays_from_orders_percent(shops: pd.DataFrame) -> float:
    """Return the share of orders from which services serve more for the money; takes `scaling.simulated`."""
    return first_holding(
        shops.orders_percent.tolist(), (shops.services_gain_percent - NOTICEABLE_PERCENT).tolist()
    )


@settles("characteristics.independent-scaling", evidence=Evidence.SIMULATED)
def independent_scaling(pays_from_orders_percent: float) -> Verdict:
    """Holds from the share of orders at which services, scaled one by one, serve {NOTICEABLE_PERCENT} % more for
    the same money.
    """
    return holds_from(pays_from_orders_percent, "% of orders, for the same money")


def services_serve_more_from_usd_per_hour(shops: pd.DataFrame) -> float:
    """Return the budget from which services serve more of the usual mix; takes `scaling.budgets`."""
    margin = shops.services_gain_percent - NOTICEABLE_PERCENT
    return first_holding(shops.budget_usd_per_hour.tolist(), margin.tolist())


@settles("pros.scalability", evidence=Evidence.SIMULATED)
def scalability(services_serve_more_from_usd_per_hour: float) -> Verdict:
    """Holds from the budget at which services serve {NOTICEABLE_PERCENT} % more of the usual mix than a monolith."""
    return holds_from(services_serve_more_from_usd_per_hour, "USD an hour")
