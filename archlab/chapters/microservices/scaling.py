"""Scaling: the same money and the same customers for clones of the monolith and for services scaled one by one.

`archlab.chapters.microservices.same_money` says what the money buys, and what limits it by the bottleneck law.
`saturated` simulates the same shops. There the monolith does worse than by the law, for all its sessions disturb one
another in one database. So the law errs in favour of the monolith.

Both may rent databases of up to `LARGEST_DATABASE_CORES`. That is the assumption everything here turns on: a monolith
that can buy an ever larger database never meets the limit that services avoid. The verdicts say where they flip. A copy
of the database that only answers reads would work like a larger one; the monolith has none here, which errs in favour
of the services.

What wins there is that the *data* are split. A monolith whose modules had the same five databases would serve as much
(`gain_beside_five_databases_percent`), and give up the same thing: a transaction over all of them. What it is worth to
scale services one by one, rather than all alike, is another question: `one_by_one_gain_percent`.

>>> shops = same_budget([0.12], budget_usd_per_hour=1.25)
>>> shops.monolith_bottleneck[0], shops.microservices_bottleneck[0]
('database', 'catalogue cpu')
>>> print(f"{serve_more_from_usd_per_hour():.2f} {serve_more_from_usd_per_hour(largest_database_cores=4):.2f} USD/h")
1.18 1.85 USD/h
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import pandas as pd

from archlab.chapters.microservices.same_money import (
    LARGEST_DATABASE_CORES,
    alike_services,
    best_monolith,
    best_services,
    bottleneck,
    limit_per_s,
    mix_with,
    split_monolith_per_s,
)
from archlab.course.claims.assumption import Assumption
from archlab.course.claims.bisection import bisect
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, all_of, holds_from, holds_up_to
from archlab.course.quantity import number
from archlab.shop.day import Users, run_day
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim.experiment import replicate, sweep
from archlab.sim.workload import Mix

LARGER_DATABASES_CORES = (4, 8)
"""The sizes for which the verdict says from which budget on services serve more there."""

USUAL_ORDER_SHARE = 0.12
BUDGET_USD_PER_HOUR = 1.25
BUDGETS_USD_PER_HOUR = (0.65, 8.0)
"""Between these a crossing is looked for. The smaller one just pays for one core of each part."""

BUDGET_FINENESS_USD = 0.005
SHARE_FINENESS_PERCENT = 0.1

MOST_ORDERS_PERCENT = 90.0
"""The rest track their orders, as usual."""

MOST_DATABASE_CORES = 32
ORDER_SHARES = (0.0, 0.02, 0.05, 0.08, 0.12, 0.2, 0.3)
MONOLITH_USERS = (60, 100)
SERVICES_USERS = (300,)
"""Of a saturated shop, who hardly think. With few of them orders that wait for payments leave cores idle; with many
the sessions in a database disturb each other. Each shop counts with the number that suits it best."""


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
    budgets_usd_per_hour: Sequence[float] = (0.65, 0.8, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0),
    order_share: float = USUAL_ORDER_SHARE,
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


def gain_percent(
    order_share: float = USUAL_ORDER_SHARE,
    budget_usd_per_hour: float = BUDGET_USD_PER_HOUR,
    largest_database_cores: int = LARGEST_DATABASE_CORES,
) -> float:
    """Return how much more the services serve than the monolith for the same money, by the bottleneck law."""
    mix = mix_with(order_share)
    bought = budget_usd_per_hour, largest_database_cores
    one, many = (limit_per_s(best(mix, *bought), mix) for best in (best_monolith, best_services))
    return 100 * (many / one - 1)


def serve_more_from_usd_per_hour(largest_database_cores: int = LARGEST_DATABASE_CORES) -> float:
    """Return the budget from which services serve noticeably more of the usual mix. The law knows no luck."""
    more = partial(_more_by_budget, largest_database_cores=largest_database_cores)
    return float(bisect(more, BUDGETS_USD_PER_HOUR, "from", [0], BUDGET_FINENESS_USD))


def _more_by_budget(seed: int, budget_usd_per_hour: float, largest_database_cores: int) -> float:
    gain = gain_percent(USUAL_ORDER_SHARE, budget_usd_per_hour, largest_database_cores)
    return gain - NOTICEABLE_PERCENT


def pays_from_orders_percent(largest_database_cores: int = LARGEST_DATABASE_CORES) -> float:
    """Return the share of orders from which services serve noticeably more for `BUDGET_USD_PER_HOUR`, by the law."""
    more = partial(_more_by_orders, largest_database_cores=largest_database_cores)
    return float(bisect(more, (0.0, MOST_ORDERS_PERCENT), "from", [0], SHARE_FINENESS_PERCENT))


def _more_by_orders(seed: int, orders_percent: float, largest_database_cores: int) -> float:
    return (
        gain_percent(orders_percent / 100, largest_database_cores=largest_database_cores) - NOTICEABLE_PERCENT
    )


def up_to_database_cores() -> float:
    """Return the largest database with which services still serve noticeably more: usual mix, `BUDGET_USD_PER_HOUR`."""
    return float(bisect(_more_by_database, (1, MOST_DATABASE_CORES), "up to", [0], whole=True))


def _more_by_database(seed: int, largest_database_cores: float) -> float:
    return gain_percent(largest_database_cores=int(largest_database_cores)) - NOTICEABLE_PERCENT


# One by one, or all alike -------------------------------------------------------------------------------------


def one_by_one_gain_percent(
    budget_usd_per_hour: float = BUDGET_USD_PER_HOUR, order_share: float = USUAL_ORDER_SHARE
) -> float:
    """Return how much more services scaled one by one serve than the same scaled all alike, by the bottleneck law."""
    mix = mix_with(order_share)
    single, alike = (
        limit_per_s(build(mix, budget_usd_per_hour), mix) for build in (best_services, alike_services)
    )
    return 100 * (single / alike - 1)


def one_by_one() -> dict[str, float]:
    """Return the figures of `independent_scaling`, by their names. No luck is in them."""
    more = partial(bisect, _more_one_by_one, seeds=[0], tolerance=BUDGET_FINENESS_USD)
    small, large = BUDGETS_USD_PER_HOUR
    return {
        "pays_from_usd_per_hour": float(more((small, BUDGET_USD_PER_HOUR), "from")),
        "pays_up_to_usd_per_hour": float(more((BUDGET_USD_PER_HOUR, large), "up to")),
        "gain_percent": one_by_one_gain_percent(),
    }


def _more_one_by_one(seed: int, budget_usd_per_hour: float) -> float:
    return one_by_one_gain_percent(budget_usd_per_hour) - NOTICEABLE_PERCENT


def gain_beside_five_databases_percent(
    budgets_usd_per_hour: Sequence[float] = (0.8, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0),
) -> float:
    """Return the most that services serve beyond a monolith with five databases at any of these budgets."""
    mix = mix_with(USUAL_ORDER_SHARE)
    return max(
        100 * (limit_per_s(best_services(mix, usd), mix) / split_monolith_per_s(mix, usd) - 1)
        for usd in budgets_usd_per_hour
    )


def saturated(
    seed: int, order_share: float, budget_usd_per_hour: float = BUDGET_USD_PER_HOUR, duration_s: float = 0.4
) -> dict[str, float]:
    """Simulate both shops with more customers than they can serve.

    Returns monolith_per_s, microservices_per_s and services_gain_percent.
    """
    mix = mix_with(order_share)
    run = partial(_best_per_s, seed=seed, mix=mix, duration_s=duration_s)
    one = run(Monolith, best_monolith(mix, budget_usd_per_hour), MONOLITH_USERS)
    many = run(Microservices, best_services(mix, budget_usd_per_hour), SERVICES_USERS)
    return {
        "monolith_per_s": one,
        "microservices_per_s": many,
        "services_gain_percent": 100 * (many / one - 1),
    }


def _best_per_s(
    shop: type[Monolith | Microservices],
    config: MonolithConfig | MicroservicesConfig,
    users: Sequence[int],
    seed: int,
    mix: Mix,
    duration_s: float,
) -> float:
    """The throughput with the number of users that suits the shop best."""
    loads = [Users(number, think_s=0.01) for number in users]
    days = [run_day(shop, config, load, seed, duration_s, warmup_s=0.3, mix=mix) for load in loads]
    return max(day.result.throughput_per_s() for day in days)


def simulated(
    order_shares: Sequence[float] = (0.0, 0.12, 0.3),
    budget_usd_per_hour: float = BUDGET_USD_PER_HOUR,
    seeds: Iterable[int] = range(4),
) -> pd.DataFrame:
    """Sweep `saturated`. Columns: orders_percent, and its figures with intervals."""
    grid = {"order_share": order_shares, "budget_usd_per_hour": [budget_usd_per_hour]}
    frame = sweep(saturated, grid, seeds).drop(columns="budget_usd_per_hour")
    frame.insert(0, "orders_percent", 100 * frame.pop("order_share"))
    return frame


def simulated_gain_percent(orders_percent: float, seeds: Iterable[int] = range(10)) -> OverSeeds:
    """Return how much more the services serve at this share of orders, seed by seed."""
    runs = replicate(saturated, seeds, order_share=orders_percent / 100)
    return OverSeeds(runs.services_gain_percent)


@settles(
    "characteristics.independent-scaling",
    evidence=Evidence.MODELLED,
    says={
        "pays_from_usd_per_hour": "one by one pays from",
        "pays_up_to_usd_per_hour": "and up to",
        "gain_percent": "at our money it serves more by",
    },
)
def independent_scaling(
    pays_from_usd_per_hour: float, pays_up_to_usd_per_hour: float, gain_percent: float
) -> Verdict:
    """Holds from the budget at which, by the bottleneck law, services scaled one by one serve {NOTICEABLE_PERCENT} %
    more of the usual mix than the same services scaled all alike, up to the one at which they no longer do: where both
    have all that databases of {LARGEST_DATABASE_CORES} cores bear. It says how much at {BUDGET_USD_PER_HOUR} USD.
    """
    most = f"USD an hour with databases of {LARGEST_DATABASE_CORES} cores"
    here = f"{number(round(gain_percent))} % more at our {BUDGET_USD_PER_HOUR}"
    return all_of(
        holds_from(pays_from_usd_per_hour, f"USD an hour, against services scaled all alike ({here})"),
        holds_up_to(pays_up_to_usd_per_hour, most),
    )


@settles(
    "pros.scalability",
    evidence=Evidence.MODELLED,
    says={
        "serve_more_from_usd_per_hour": "services serve more from",
        "up_to_database_cores": "the largest database with which they do so at our money, in cores",
        "gain_beside_five_databases_percent": "the most that they serve more than a monolith with five databases",
    },
)
def scalability(
    serve_more_from_usd_per_hour: float,
    with_4_cores_from_usd_per_hour: float,
    with_8_cores_from_usd_per_hour: float,
    up_to_database_cores: float,
    gain_beside_five_databases_percent: float,
) -> Verdict:
    """Holds from the budget at which, by the bottleneck law, services serve {NOTICEABLE_PERCENT} % more of the usual
    mix than a monolith with one database for the same money, with databases of up to {LARGEST_DATABASE_CORES} cores. It
    flips at the largest database with which they still do at {BUDGET_USD_PER_HOUR} USD an hour. It says how much more
    at most they serve than a monolith whose modules have five databases.
    """
    larger = zip(
        LARGER_DATABASES_CORES, (with_4_cores_from_usd_per_hour, with_8_cores_from_usd_per_hour), strict=True
    )
    others = " and ".join(f"from {number(usd)} with {cores} cores" for cores, usd in larger)
    size = Assumption(
        "the largest database",
        usual=LARGEST_DATABASE_CORES,
        flips_at=up_to_database_cores,
        unit="cores",
        when=f"at {BUDGET_USD_PER_HOUR} USD no database has more than {{flips_at}}",
    )
    ahead = round(gain_beside_five_databases_percent)
    split = (
        f"one with five is at most {number(ahead)} % behind" if ahead > 0 else "one with five is never behind"
    )
    unit = (
        f"USD an hour against a monolith with one database ({split}), with databases of {LARGEST_DATABASE_CORES} "
        f"cores ({others})"
    )
    return holds_from(serve_more_from_usd_per_hour, unit, decided_by=size)
