"""The day of the sale for the event-driven shop: what happens to it, what is promised, and what may be decided.

Task 6 of lab 03. Three components die in turn for some seconds, and then the broker. Customers who are refused do not
come back, which errs in favour of the shop. All figures of the day are assumptions.

>>> day = SaleDay(duration_s=5.0).run(TODAY, seed=1)
>>> day.orders > 100, round(day.price_per_hour_usd, 3)
(True, 0.942)
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np

from archlab.shop.day import run_shop
from archlab.shop.event_driven import EventDriven, EventDrivenConfig
from archlab.shop.objective import Objective
from archlab.sim.faults import Crash, Fault
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_positive
from archlab.sim.workload import Mix, Poisson

TODAY = EventDrivenConfig(
    way_out="dual_write", idempotent=False, partitions=4, readers={"payments": 4}, poll_s=1.0
)
"""The shop before anybody has looked at it closely."""

SALE_MIX = Mix(browse=0.20, place_order=0.70, track_order=0.10)
"""Most customers know what they want on such a day. More pages would only make the runs longer."""
BUDGET_USD_PER_HOUR = 1.0
ACCEPTED = Objective("place_order", 0.90, 1.0)
"""Of the orders, and how long 99 % of those customers wait for the thanks."""
MEDIAN_DONE_S, P90_DONE_S = 1.0, 6.0
"""Of the orders that were accepted: within how long half of them are done, and nine of ten."""
BROKER = "shop events"

TO_DECIDE = ("instances", "way_out", "idempotent", "partitions", "readers", "poll_s", "topic")
"""What you can choose when you build a shop. All other parameters are facts of life."""


@dataclass(frozen=True)
class Sale:
    """What came of a day of the sale.

    Attributes:
        orders, accepted_share: how many were sent, and the share that was accepted.
        median_done_s, p90_done_s: percentiles of the time from an accepted order to its end.
        never_done: accepted orders that are still pending long after the day.
        wrong_rows: what the audit found, name -> count, without what is 0.
        misses: what the day falls short of `ACCEPTED`, in words.
    """

    orders: int
    accepted_share: float
    median_done_s: float
    p90_done_s: float
    never_done: int
    wrong_rows: dict[str, int]
    misses: tuple[str, ...]
    price_per_hour_usd: float


@dataclass(frozen=True)
class SaleDay:
    """A day of the sale: `rate_per_s` requests, mostly pages and orders.

    `payments-1` is down for 2 s from `payments_down_at_s` on, `inventory-1` for 2 s from `inventory_down_at_s`,
    `orders-1` for 6 s from `orders_down_at_s`, and the broker for 5 s from `broker_down_at_s`.

    Raises:
        ValueError: when a figure is out of range.
    """

    rate_per_s: float = 46.0
    payments_down_at_s: float = 4.0
    inventory_down_at_s: float = 10.0
    orders_down_at_s: float = 16.0
    broker_down_at_s: float = 31.0
    duration_s: float = 40.0

    def __post_init__(self) -> None:
        for name in ("rate_per_s", "duration_s"):
            require_positive(name, getattr(self, name))
        for name in ("payments_down_at_s", "inventory_down_at_s", "orders_down_at_s", "broker_down_at_s"):
            require_non_negative(name, getattr(self, name))

    @classmethod
    def drawn(cls, random: np.random.Generator) -> "SaleDay":
        """Return a day with another load, and with its faults at other times."""
        return cls(
            rate_per_s=float(random.uniform(40, 48)),
            payments_down_at_s=float(random.uniform(3, 6)),
            inventory_down_at_s=float(random.uniform(9, 12)),
            orders_down_at_s=float(random.uniform(16, 17)),
            broker_down_at_s=float(random.uniform(28, 32)),
        )

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What goes wrong."""
        return (
            Crash("payments-1", self.payments_down_at_s, 2.0),
            Crash("inventory-1", self.inventory_down_at_s, 2.0),
            Crash("orders-1", self.orders_down_at_s, 6.0),
            Crash(BROKER, self.broker_down_at_s, 5.0),
        )

    def run(self, config: EventDrivenConfig, seed: int) -> Sale:
        """Let a shop of this configuration live through the day, close its doors, and wait a minute."""
        shops: list[EventDriven] = []

        def build(sim: Simulation) -> EventDriven:
            shops.append(EventDriven(sim, config))
            return shops[0]

        lived = run_shop(build, Poisson(self.rate_per_s), self.faults, seed, self.duration_s, mix=SALE_MIX)
        result, kind = lived.result, "place_order"
        done_s = partial(result.end_to_end_s, kind=kind)
        audit = lived.audit.frame()
        wrong = audit[audit.anomaly & (audit["count"] != 0)].set_index("check")["count"]
        sql = "SELECT count(*) FROM orders WHERE state = 'pending'"
        return Sale(
            orders=int((result.requests.kind == kind).sum()),
            accepted_share=result.availability(kind),
            median_done_s=done_s(50, failures="left out"),
            p90_done_s=done_s(90, failures="left out"),
            never_done=int(shops[0].tables["orders"].execute(sql).fetchone()[0]),
            wrong_rows={str(name): int(count) for name, count in wrong.items()},
            misses=tuple(ACCEPTED.misses(result)),
            price_per_hour_usd=lived.price_per_hour_usd,
        )


def rent_usd_per_hour(config: EventDrivenConfig) -> float:
    """Return what an hour of a shop costs."""
    return EventDriven(Simulation(seed=1), config).price_per_hour_usd()


def decided(config: EventDrivenConfig) -> EventDrivenConfig:
    """Return a shop for which the same is decided as in `config`, in plain dictionaries, and to which nothing else was
    done.
    """
    chosen: dict[str, Any] = {name: getattr(config, name) for name in TO_DECIDE}
    plain = {name: dict(value) for name, value in chosen.items() if isinstance(value, Mapping)}
    return EventDrivenConfig(**(chosen | plain))


def impossible(config: EventDrivenConfig) -> list[str]:
    """Return in words which facts of life were changed."""
    usual = EventDrivenConfig()
    changed = [f.name for f in fields(config) if getattr(config, f.name) != getattr(usual, f.name)]
    return [f"{name} cannot be chosen" for name in changed if name not in TO_DECIDE]
