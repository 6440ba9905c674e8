"""Scaling the shop: what the same money buys as clones of a monolith, and as components that react to events.

By the bottleneck law, as in chapter 02. Both shops may rent databases of up to `LARGEST_DATABASE_CORES`. The
event-driven one has the way out of its databases that asks least of them (`WAY_OUT`), and as many partitions and
readers as it likes. So each side is as strong as it can be.

Three things limit it, beside the cores that money buys:

- The *orders* database. It appends events, keeps rows and notes what was handled: more statements an order than the
  monolith needs. So the more customers order, the less is gained by five databases.
- The partitions. Payments waits for its provider, about a tenth of a second an order, so a reader does some eight
  orders a second; more readers than partitions idle. With the shop's own 16 partitions that is the end.
- The broker, paid for before the first customer comes.

So five databases carry more only because they take the *reading* of pages off the one that takes orders: an order asks
more of the orders database than of the monolith's only one. A read copy does the same for a monolith, and its pages
are as stale as those of this shop's catalogue. `copied_per_s` is that opponent, and it decides the verdict. A monolith
whose modules have five databases is one, too: it asks less of each than this shop, and rents no broker.

What this leaves out: peaks. A monolith must be large enough for the busiest second; here only what customers wait for
must, and the rest may come later (`archlab.chapters.event_driven.backlog`). That errs against this shop. Commits that
share a flush: databases of more than about ten cores would be limited by their log here, and that of orders by twice
as many commits, so nothing is said about them.

>>> shops = budgets([1.0, 2.0])
>>> shops.event_driven_bottleneck.tolist()
['catalogue cpu', 'orders database']
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import inf

import pandas as pd

from archlab.chapters.event_driven.partitions import partitions_wanted
from archlab.chapters.event_driven.same_money import MANY_PARTITIONS, WAY_OUT, best_event_driven, demands_s
from archlab.course.claims.assumption import Assumption
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, holds_from, holds_if
from archlab.course.quantity import number
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
from archlab.shop.event_driven import EVENT_DRIVEN, EventDrivenConfig
from archlab.shop.event_driven.config import PUBLISH_S, WayOutWord
from archlab.shop.monolithic.budget import best_monolith
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim.distributions import as_distribution
from archlab.sim.validation import require_positive, require_whole
from archlab.sim.workload import Mix

USUAL_ORDER_SHARE = 0.12
RICH_USD_PER_HOUR = 2.0
"""With databases of two cores, neither shop serves more for more than this: what is left to compare is the design."""
BUDGETS_USD_PER_HOUR = (1.0, 8.0)
"""Between these a crossing is looked for. The smaller one just pays for the broker and one core of each part."""
BUDGET_FINENESS_USD = 0.02
SHARE_FINENESS_PERCENT = 0.5
MOST_ORDERS_PERCENT = 90.0
LARGER_DATABASES_CORES = (4, 8)
MOST_COPIES = 5
SHOWN_USD_PER_HOUR = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5)
LESS_USD_PER_HOUR = (0.3, 0.45, 0.6, 0.8)
"""What pays for a monolith, and not for an event-driven shop."""


def event_driven_per_s(
    budget_usd_per_hour: float,
    order_share: float = USUAL_ORDER_SHARE,
    largest_database_cores: int = LARGEST_DATABASE_CORES,
    partitions: int = MANY_PARTITIONS,
    way_out: WayOutWord = WAY_OUT,
) -> float:
    """Return the requests a second of the best event-driven shop for the money. Its orders are done, not accepted."""
    mix = mix_with(order_share)
    best = best_event_driven(mix, budget_usd_per_hour, largest_database_cores, partitions, way_out=way_out)
    return least_per_s(best, demands_s(mix, way_out))[0]


def monolith_per_s(
    budget_usd_per_hour: float,
    order_share: float = USUAL_ORDER_SHARE,
    largest_database_cores: int = LARGEST_DATABASE_CORES,
) -> float:
    """Return the requests a second of the best monolith with one database for the money."""
    mix = mix_with(order_share)
    return limit_per_s(best_monolith(mix, budget_usd_per_hour, largest_database_cores), mix)


def copied_per_s(
    budget_usd_per_hour: float,
    copies: int,
    order_share: float = USUAL_ORDER_SHARE,
    largest_database_cores: int = LARGEST_DATABASE_CORES,
) -> float:
    """Return the requests a second of the best monolith whose database has so many read copies, for the money.

    Pages and the tracking of orders are read from whichever is least busy. A copy repeats all writes at full cost, as
    if it were sent the statements; real ones are sent what was changed, which is less: it errs against the monolith.
    """
    require_whole("copies", copies, at_least=0)
    mix = mix_with(order_share)
    cores = cores_for(budget_usd_per_hour, databases=1 + copies, balancer=True)
    return max(
        (
            _copied_per_s(mix, clones, database_cores, copies)
            for database_cores in range(1, largest_database_cores + 1)
            if (clones := (cores - database_cores * (1 + copies)) // CORES_PER_MACHINE) > 0
        ),
        default=0.0,
    )


def _copied_per_s(mix: Mix, clones: int, database_cores: int, copies: int) -> float:
    config = MonolithConfig(clones=clones, database_cores=database_cores, workers=MANY_WORKERS)
    asked = asked_s(config, mix)
    primary_s = mix.shares["place_order"] * float(config.demands_s().database["place_order"])
    all_s = asked["database"] + copies * mix.shares["place_order"] * _writing_s(config)
    busiest_s = max(primary_s, all_s / (1 + copies))
    others = (config.servers()[name] / asked[name] for name in ("cpu", "log", "workers"))
    return min(database_cores / busiest_s, *others)


def _writing_s(config: MonolithConfig) -> float:
    """What the statements of an order ask that write: those that have a commit each, when they share none."""
    commits_s = replace(config, transactions=False).demands_s().log["place_order"]
    return float(commits_s) / as_distribution(config.commit_s).mean * as_distribution(config.query_s).mean


def least_copies() -> float:
    """Return the read copies with which a monolith is never noticeably behind, at any budget shown; inf if none is."""
    for copies in range(MOST_COPIES + 1):
        if all(
            event_driven_per_s(usd) < (1 + NOTICEABLE_PERCENT / 100) * copied_per_s(usd, copies)
            for usd in SHOWN_USD_PER_HOUR
        ):
            return copies
    return inf


def budgets(
    budgets_usd_per_hour: Sequence[float] = SHOWN_USD_PER_HOUR,
    largest_database_cores: int = LARGEST_DATABASE_CORES,
    partitions: int = MANY_PARTITIONS,
) -> pd.DataFrame:
    """Compare the two with the usual mix. Columns: budget_usd_per_hour, monolith_per_s, event_driven_per_s, and the
    bottleneck of each.
    """
    mix = mix_with(USUAL_ORDER_SHARE)
    rows = []
    for usd in budgets_usd_per_hour:
        monolith = best_monolith(mix, usd, largest_database_cores)
        events = best_event_driven(mix, usd, largest_database_cores, partitions)
        rows.append(
            {
                "budget_usd_per_hour": usd,
                "monolith_per_s": limit_per_s(monolith, mix),
                "event_driven_per_s": limit_per_s(events, mix),
                "monolith_bottleneck": bottleneck(monolith, mix),
                "event_driven_bottleneck": bottleneck(events, mix),
            }
        )
    return pd.DataFrame(rows)


def curves(few_partitions: int = EVENT_DRIVEN.partitions, read_copies: int = 1) -> pd.DataFrame:
    """Return what a figure of `budgets` needs, a row a design and budget, also with few partitions, and read copies.

    Columns: design, budget_usd_per_hour, throughput_per_s.
    """
    copied = f"monolith, {read_copies} read {'copy' if read_copies == 1 else 'copies'}"
    rows = [
        *(("monolith", usd, monolith_per_s(usd)) for usd in (*LESS_USD_PER_HOUR, *SHOWN_USD_PER_HOUR)),
        *((copied, usd, copied_per_s(usd, read_copies)) for usd in (*LESS_USD_PER_HOUR, *SHOWN_USD_PER_HOUR)),
        *(("event-driven, partitions enough", usd, event_driven_per_s(usd)) for usd in SHOWN_USD_PER_HOUR),
        *(
            (
                f"event-driven, {few_partitions} partitions",
                usd,
                event_driven_per_s(usd, partitions=few_partitions),
            )
            for usd in SHOWN_USD_PER_HOUR
        ),
    ]
    return pd.DataFrame(rows, columns=["design", "budget_usd_per_hour", "throughput_per_s"])


def gain_percent(
    budget_usd_per_hour: float,
    order_share: float = USUAL_ORDER_SHARE,
    largest_database_cores: int = LARGEST_DATABASE_CORES,
    partitions: int = MANY_PARTITIONS,
    way_out: WayOutWord = WAY_OUT,
) -> float:
    """Return how much more the event-driven shop serves than the monolith for the same money."""
    events = event_driven_per_s(budget_usd_per_hour, order_share, largest_database_cores, partitions, way_out)
    return 100 * (events / monolith_per_s(budget_usd_per_hour, order_share, largest_database_cores) - 1)


def serves_more_from_usd_per_hour(
    largest_database_cores: int = LARGEST_DATABASE_CORES,
) -> float:
    """Return the budget from which the event-driven shop serves noticeably more. The law knows no luck."""
    more = partial(_more_by_budget, largest_database_cores=largest_database_cores)
    return float(bisect(more, BUDGETS_USD_PER_HOUR, "from", [0], BUDGET_FINENESS_USD))


def _more_by_budget(seed: int, usd: float, largest_database_cores: int) -> float:
    return gain_percent(usd, largest_database_cores=largest_database_cores) - NOTICEABLE_PERCENT


def serves_more_up_to_orders_percent(budget_usd_per_hour: float = RICH_USD_PER_HOUR) -> Limit:
    """Return the share of orders up to which it serves noticeably more at a budget that limits neither."""
    more = partial(_more_by_orders, budget_usd_per_hour=budget_usd_per_hour)
    between = (100 * USUAL_ORDER_SHARE, MOST_ORDERS_PERCENT)
    return bisect(more, between, "up to", [0], SHARE_FINENESS_PERCENT)


def _more_by_orders(seed: int, orders_percent: float, budget_usd_per_hour: float) -> float:
    return gain_percent(budget_usd_per_hour, orders_percent / 100) - NOTICEABLE_PERCENT


def least_partitions(budget_usd_per_hour: float = RICH_USD_PER_HOUR) -> float:
    """Return the partitions from which on it serves noticeably more at a budget that limits neither."""
    more = partial(_more_by_partitions, budget_usd_per_hour=budget_usd_per_hour)
    return float(bisect(more, (1, MANY_PARTITIONS), "from", [0], whole=True))


def _more_by_partitions(seed: int, partitions: float, budget_usd_per_hour: float) -> float:
    return gain_percent(budget_usd_per_hour, partitions=int(partitions)) - NOTICEABLE_PERCENT


def per_usd(from_usd: float = 1.0, to_usd: float = RICH_USD_PER_HOUR) -> dict[str, float]:
    """Return the requests a second that one more USD an hour buys, from one budget to the next: shop -> requests."""
    span = to_usd - from_usd
    shops = {"monolith": monolith_per_s, "event-driven": event_driven_per_s}
    return {name: (per_s(to_usd) - per_s(from_usd)) / span for name, per_s in shops.items()}


def reader_per_s() -> float:
    """Return the orders a second of one reader of payments that waits for nobody but the provider."""
    return 1 / float(EventDrivenConfig(way_out=WAY_OUT).held_s()["payments readers"]["place_order"])


def partitions_by_rule(per_s: float, order_share: float = USUAL_ORDER_SHARE) -> int:
    """Return max(t / p, t / c): the partitions that payments wants at so many requests a second.

    Raises `ValueError` when they are not above 0.

    What one partition takes is what it confirms one after another (`PUBLISH_S`), which never decides here.
    """
    require_positive("per_s", per_s)
    return partitions_wanted(per_s * order_share, 1 / PUBLISH_S, reader_per_s())


def shop_figures() -> dict[str, float]:
    """Return the figures of `scalability`, by their names. They follow from the bottleneck law, without any luck."""
    figures = {
        "serves_more_from_budget": serves_more_from_usd_per_hour(),
        **{
            f"with_{cores}_cores_from_budget": serves_more_from_usd_per_hour(cores)
            for cores in LARGER_DATABASES_CORES
        },
        "up_to_orders_percent": serves_more_up_to_orders_percent(),
        "least_partitions": least_partitions(),
        "least_copies": least_copies(),
        "most_gain_percent": gain_percent(RICH_USD_PER_HOUR),
        "most_gain_with_outboxes_percent": gain_percent(RICH_USD_PER_HOUR, way_out="outbox"),
    }
    return {name: float(value) for name, value in figures.items()}


@settles(
    "benefits.scalability",
    evidence=Evidence.MODELLED,
    says={
        "serves_more_from_budget": "it serves more from so many USD an hour",
        "up_to_orders_percent": "share of orders up to which it does so when money limits neither",
        "least_partitions": "partitions from which it does so",
        "least_copies": "read copies with which a monolith is not noticeably behind at any money",
        "most_gain_percent": "it serves more by at most",
        "most_gain_with_outboxes_percent": "and with outboxes by at most",
    },
)
def scalability(
    serves_more_from_budget: float,
    with_4_cores_from_budget: float,
    with_8_cores_from_budget: float,
    up_to_orders_percent: float,
    least_partitions: float,
    least_copies: float,
    most_gain_percent: float,
    most_gain_with_outboxes_percent: float,
) -> Verdict:
    """Holds from the budget at which, by the bottleneck law, the event-driven shop serves {NOTICEABLE_PERCENT} % more
    of the usual mix than a monolith with one database for the same money, with databases of up to
    {LARGEST_DATABASE_CORES} cores. It flips at the read copies, of up to {MOST_COPIES}, with which the monolith is not
    noticeably behind at any budget; where that is so without one, the share of orders decides. It says how many
    partitions it takes, and up to which share of orders, {USUAL_ORDER_SHARE} here, it holds for
    {RICH_USD_PER_HOUR} USD an hour, where money limits neither.
    """
    if least_copies == 0:
        orders = Assumption("the share of orders", 100 * USUAL_ORDER_SHARE, up_to_orders_percent, "%")
        return holds_if(False, decided_by=orders)
    sizes = zip(LARGER_DATABASES_CORES, (with_4_cores_from_budget, with_8_cores_from_budget), strict=True)
    others = " and ".join(f"from {number(round(usd, 1))} with {cores}" for cores, usd in sizes)
    gains = (number(round(gain)) for gain in (most_gain_percent, most_gain_with_outboxes_percent))
    most = "{} % at most, {} with outboxes".format(*gains)
    unit = (
        f"USD an hour with databases of {LARGEST_DATABASE_CORES} cores ({others}; by {most}), with "
        f"{number(least_partitions)} partitions or more (the shop has {EVENT_DRIVEN.partitions}) and "
        f"{number(round(up_to_orders_percent))} % orders or fewer (here {number(100 * USUAL_ORDER_SHARE)})"
    )
    copies = Assumption(
        "the monolith's read copies",
        usual=0,
        flips_at=least_copies,
        when="the monolith's database has fewer read copies than {flips_at}",
    )
    return holds_from(round(serves_more_from_budget, 1), unit, decided_by=copies)
