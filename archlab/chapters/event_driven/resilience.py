"""Resilience beside the monolith: something is away for a minute; how many orders of that minute come right in the end?

All shops cost the same, and have the strongest form that buys: of the program that takes orders there are two copies
or more, a monolith does not wait for the provider for ever, and customers of all ask again for as long as they bear
it. What is away is a part of one, and what is the same in the other: the provider; the code of one component, which is
in every clone of a monolith; one database, which is all that a monolith has; one machine; and the broker, which only
one of them has.

There are two monoliths. The usual one does all before it answers. The stronger one accepts the order, and a process for
jobs pays later (`archlab.chapters.event_driven.pays_later`): it bears as much as our shop while the provider or the
code of payments is away. So what is left of the difference is one database for each component, and that is what the
claim is judged by. A second database that takes over, for more money, would shorten its minute in any of the shops.

>>> away = kept(seed=1, fault="payment provider")
>>> away["events_percent"], away["monolith_percent"] < 50, away["later_percent"]
(100.0, True, 100.0)
>>> print(resilient(100.0, 20.0, 20.0, 100.0, 20.0, Limit("up to", [55.0] * 10)).words)
Holds when: up to 55 s that customers go on asking (here 10): while something behind the topic is away, 100 % of the \
orders come right; in a monolith 20 %, in one that pays later 100 %, without its one database 20 %; while what takes \
the orders is away itself, 20 %
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import joblib
import pandas as pd

from archlab.chapters.event_driven.pays_later import PayingLater
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.course.quantity import number
from archlab.shop.architecture import Architecture, Assortment
from archlab.shop.day import ORDERS_ONLY
from archlab.shop.domain import Basket, Order
from archlab.shop.event_driven.architecture import EventDriven
from archlab.shop.event_driven.config import EventDrivenConfig
from archlab.shop.instance import Steps
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim.failure import Failure
from archlab.sim.faults import Crash
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Trace

AWAY_AT_S, AWAY_S, AT_REST_S = 2.0, 60.0, 15.0
"""When something goes away, for how long, and how long the shop then has to finish."""

ORDERS = 12
"""Customers who order in that minute. Few, so that runs are short: nothing here depends on load."""

PATIENCE_S = 10.0
"""How long a customer goes on asking before giving up. An assumption."""
AGAIN_S = 2.0
"""Between two attempts of a customer. An assumption."""

KEPT_PERCENT = 99.0
"""Of the orders: fewer than one in a hundred lost hides among those that customers leave by themselves."""

SMALL = Assortment(products=20)
EVENTS = EventDrivenConfig(
    instances={"web": 2, "orders": 2},
    way_out="log_tailing",
    partitions=4,
    readers={"payments": 4},
    retry_s=3.0,
    settle_every_s=1e6,
    assortment=SMALL,
)
DUAL_WRITE = replace(EVENTS, way_out="dual_write")
MONOLITH = MonolithConfig(
    clones=7, database_cores=6, payment_timeout_s=1.0, settle_every_s=1e6, assortment=SMALL
)
"""The monolith for the money of `EVENTS`."""
PAYING_LATER = replace(MONOLITH, clones=6)
"""The stronger monolith for the same money: one machine is for the jobs."""


@dataclass(frozen=True)
class Away:
    """What is away in each shop: names of parts. In a monolith it may be nothing."""

    events: tuple[str, ...]
    monolith: tuple[str, ...]
    later: tuple[str, ...]


CLONES, FEWER_CLONES = tuple(MONOLITH.clone_names), tuple(PAYING_LATER.clone_names)
PROVIDER, DATABASE = ("payment provider",), ("database",)
BEHIND: Mapping[str, Away] = {
    "payment provider": Away(PROVIDER, PROVIDER, PROVIDER),
    "code of payments": Away(("payments-1",), CLONES, ("jobs",)),
    "database of payments": Away(("payments database",), DATABASE, DATABASE),
    "broker": Away(("shop events",), (), ()),
}
"""What stands behind the topic, and the topic."""

BEFORE: Mapping[str, Away] = {
    "one machine that takes orders": Away(("orders-1",), CLONES[:1], FEWER_CLONES[:1]),
    "code of orders": Away(("orders-1", "orders-2"), CLONES, FEWER_CLONES),
    "database of orders": Away(("orders database",), DATABASE, DATABASE),
}
"""What takes the orders."""

FAULTS: Mapping[str, Away] = {**BEHIND, **BEFORE}


def with_patient_customers(architecture: type[Any], patience_s: float) -> type[Any]:
    """Return the same architecture with customers who send a failed order again, the same one, for so long."""

    class AskingAgain(architecture):
        def place_order(self, order_id: int, basket: Basket) -> Steps[Order]:
            until_s = self.sim.now + patience_s
            while True:
                try:
                    return (yield from super().place_order(order_id, basket))
                except Failure:
                    if self.sim.now + AGAIN_S > until_s:
                        raise
                yield self.sim.timeout(AGAIN_S)

    return AskingAgain


def day(
    seed: int,
    architecture: type[Any],
    config: EventDrivenConfig | MonolithConfig,
    parts: Iterable[str],
    patience_s: float = PATIENCE_S,
) -> Any:
    """Let these parts be away for `AWAY_S` while `ORDERS` customers order. Return the shop, at rest."""
    sim = Simulation(seed)
    shop = with_patient_customers(architecture, patience_s)(sim, config=config)
    moments = AWAY_AT_S + sim.stream("moments of the orders").uniform(0, AWAY_S, ORDERS)
    sim.open_load(Trace(sorted(moments.tolist())), shop.handle, ORDERS_ONLY)
    sim.inject(*(Crash(part, AWAY_AT_S, AWAY_S) for part in parts))
    sim.run(until=AWAY_AT_S + AWAY_S + AT_REST_S)
    return shop


def right_percent(shop: Architecture) -> float:
    """Return the share of `ORDERS` whose customer was told yes, and that are placed, paid for once and mailed."""
    orders, mails = shop.rows("orders"), shop.rows("notifications").order_id.value_counts()
    charges = shop.rows("ledger").query("state != 'voided'").order_id.value_counts()
    once = set(mails.index[mails == 1]) & set(charges.index[charges == 1])
    placed = set(orders.order_id[orders.state == "placed"])
    return 100 * len(placed & once & set(shop.receipts.acknowledged)) / ORDERS


SHOPS: Mapping[str, tuple[type[Any], EventDrivenConfig | MonolithConfig]] = {
    "events": (EventDriven, EVENTS),
    "monolith": (Monolith, MONOLITH),
    "later": (PayingLater, PAYING_LATER),
}


def kept_by(shop: str, seed: int, fault: str, patience_s: float = PATIENCE_S) -> float:
    """Return the share of orders that come right in the end in one of `SHOPS`, in per cent."""
    return right_percent(day(seed, *SHOPS[shop], getattr(FAULTS[fault], shop), patience_s))


def kept(seed: int, fault: str, patience_s: float = PATIENCE_S) -> dict[str, float]:
    """Return `kept_by` for each shop: `events_percent`, `monolith_percent` and `later_percent`."""
    return {f"{shop}_percent": kept_by(shop, seed, fault, patience_s) for shop in SHOPS}


def by_dual_write(seeds: Iterable[int] = range(10)) -> OverSeeds:
    """Return the share of orders that come right while the broker is away, when components store and then publish."""
    shops = (day(seed, EventDriven, DUAL_WRITE, FAULTS["broker"].events) for seed in seeds)
    return OverSeeds(right_percent(shop) for shop in shops)


def all_kept(
    seeds: Iterable[int] = range(10), faults: Iterable[str] = FAULTS, patience_s: float = PATIENCE_S
) -> pd.DataFrame:
    """Return `kept` for each fault and seed: a row a run, with fault and seed."""
    jobs = [(seed, fault) for fault in faults for seed in seeds]
    found = in_parallel(joblib.delayed(kept)(*job, patience_s) for job in jobs)
    return pd.DataFrame(jobs, columns=["seed", "fault"]).join(pd.DataFrame(found))


SHOWN: Mapping[str, str] = {"events": "events", "monolith": "monolith", "later": "monolith, pays later"}


def as_bars(table: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of `all_kept` as rows for a figure: design ("<fault>: <shop>") and right_percent with its ends.

    A monolith has no broker. One that pays later takes orders as the other does, so it is shown once.
    """
    rows = []
    for fault in table.fault.unique():
        runs = table[table.fault == fault].sort_values("seed")
        for shop in ["events"] if fault == "broker" else [*SHOPS][: 3 if fault in BEHIND else 2]:
            figure = OverSeeds(runs[f"{shop}_percent"])
            ends = {"right_percent_low": figure.low, "right_percent_high": figure.high}
            rows.append({"design": f"{fault}: {SHOWN[shop]}", "right_percent": float(figure)} | ends)
    return pd.DataFrame(rows)


def prices_usd_per_hour() -> dict[str, float]:
    """Return what each of the two shops costs."""
    return {
        name: architecture(Simulation(seed=1), config).price_per_hour_usd()
        for name, (architecture, config) in SHOPS.items()
    }


def _monolith_loses(seed: int, patience_s: float) -> float:
    """How much the stronger monolith falls short of `KEPT_PERCENT` while its database is away."""
    return KEPT_PERCENT - kept_by("later", seed, "database of payments", patience_s)


def patience_limit(seeds: Iterable[int] = range(10)) -> Limit:
    """Return for how many seconds customers may go on asking, until a monolith that pays later keeps all
    orders of the minute, even while its database is away.
    """
    return bisect(_monolith_loses, between=(30.0, 90.0), holds="up to", seeds=seeds, tolerance=8.0)


def figures(table: pd.DataFrame, patience: Limit) -> dict[str, float]:
    """Return the figures of `resilient` from a frame of `all_kept`."""
    behind, before = (table[table.fault.isin(list(faults))].groupby("seed") for faults in (BEHIND, BEFORE))
    away = table[table.fault.isin(list(BEHIND)) & (table.fault != "broker")].groupby("seed")
    return {
        "kept_behind_percent": OverSeeds(behind.events_percent.min()),
        "kept_before_percent": OverSeeds(before.events_percent.min()),
        "monolith_percent": OverSeeds(away.monolith_percent.max()),
        "later_at_best_percent": OverSeeds(away.later_percent.max()),
        "later_at_worst_percent": OverSeeds(away.later_percent.min()),
        "patience_s": patience,
    }


@settles(
    "benefits.resilience",
    evidence=Evidence.SIMULATED,
    says={
        "kept_behind_percent": "orders that come right, whatever is away behind the topic",
        "kept_before_percent": "orders that come right, at worst, when what takes them is away",
        "monolith_percent": "orders of a monolith that come right, at best",
        "later_at_best_percent": "orders of a monolith that pays later, at best",
        "later_at_worst_percent": "orders of a monolith that pays later, at worst",
        "patience_s": "seconds that customers may go on asking",
    },
)
def resilient(
    kept_behind_percent: float,
    kept_before_percent: float,
    monolith_percent: float,
    later_at_best_percent: float,
    later_at_worst_percent: float,
    patience_s: float,
) -> Verdict:
    """Holds when {KEPT_PERCENT} % of the orders of a minute come right whatever is away behind the topic, and not so in
    a monolith for the same money that pays later, up to the time for which customers go on asking until it keeps them,
    too: about as long as the minute is. Ours ask for {PATIENCE_S} s. It says how many come right in a monolith that
    does all before it answers, and how many while what takes the orders is away itself.
    """
    if kept_behind_percent < KEPT_PERCENT or later_at_worst_percent >= KEPT_PERCENT:
        return holds_if(False)
    behind, before, monolith, best, worst = (
        number(round(float(percent)))
        for percent in (
            kept_behind_percent,
            kept_before_percent,
            monolith_percent,
            later_at_best_percent,
            later_at_worst_percent,
        )
    )
    others = (
        f"in a monolith {monolith} %, in one that pays later {best} %, without its one database {worst} %"
    )
    shares = f"while something behind the topic is away, {behind} % of the orders come right; {others}"
    unit = f"s that customers go on asking (here {number(PATIENCE_S)}): {shares}; while what takes the orders"
    return holds_up_to(patience_s, f"{unit} is away itself, {before} %")
