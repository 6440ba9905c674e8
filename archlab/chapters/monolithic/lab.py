"""The sale day of the monolithic shop: the days that lab 01 works on, and what its customers are promised.

A day is 40 seconds here, long enough for a crash and for a payment provider that becomes slow.

>>> day = SaleDay(duration_s=5).run(TODAY, seed=1)
>>> day.result.arrived, round(day.price_per_hour_usd, 3)
(496, 0.208)
"""

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.shop.crash_points import crash_points
from archlab.shop.day import ShopResult, run_shop
from archlab.shop.domain import Basket, Order
from archlab.shop.monolithic.architecture import Monolith, Program
from archlab.shop.monolithic.config import MonolithConfig
from archlab.shop.objective import Objective
from archlab.sim.distributions import Exponential, as_distribution
from archlab.sim.faults import Crash, Fault, SlowDown
from archlab.sim.result import Result
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_positive, require_whole
from archlab.sim.workload import Mix, Poisson

TODAY = MonolithConfig()
"""The shop before anybody has improved it: one clone with 2 cores and 16 workers."""

Place = Callable[[Program, int, Basket], Generator[Event, Any, Order]]
"""A way to place an order: it takes the program, the order's number and what the customer wants."""


@dataclass(frozen=True)
class SaleDay:
    """One sale day: `rate_per_s` requests of the usual mix, a crash of the first clone, and slow payments.

    The clone is down for `down_s` from `crash_at_s` on; from `slow_at_s` on the payment provider takes
    `times_slower` as long for `slow_for_s`. Customers wait for `patience_s`. All figures are assumptions. Customers
    who gave up do not come back, so it errs in favour of the shop.

    Raises:
        ValueError: when a figure is out of range.
    """

    rate_per_s: float = 100.0
    crash_at_s: float = 4.0
    down_s: float = 10.0
    slow_at_s: float = 22.0
    slow_for_s: float = 8.0
    times_slower: float = 40.0
    patience_s: float = 5.0
    duration_s: float = 40.0

    def __post_init__(self) -> None:
        for name in ("rate_per_s", "down_s", "slow_for_s", "times_slower", "patience_s", "duration_s"):
            require_positive(name, getattr(self, name))
        for name in ("crash_at_s", "slow_at_s"):
            require_non_negative(name, getattr(self, name))

    @classmethod
    def drawn(cls, random: np.random.Generator) -> "SaleDay":
        """Return a day with another load, and with its faults at other times."""
        return cls(
            rate_per_s=float(random.uniform(85, 115)),
            crash_at_s=float(random.uniform(3, 8)),
            slow_at_s=float(random.uniform(20, 26)),
            times_slower=float(random.uniform(35, 50)),
        )

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What goes wrong."""
        crash = Crash("shop-1", self.crash_at_s, self.down_s)
        return crash, SlowDown("payment provider", self.slow_at_s, self.slow_for_s, self.times_slower)

    def run(self, config: MonolithConfig, seed: int) -> ShopResult:
        """Let a shop of this configuration live through the day. It stops with requests still inside."""
        build, load = partial(Monolith, config=config), Poisson(self.rate_per_s)
        return run_shop(build, load, self.faults, seed, self.duration_s, timeout_s=self.patience_s, drain_s=0)


OBJECTIVES = (Objective("browse", 0.90, 0.100), Objective("place_order", 0.65, 2.000))
"""What the customers are promised for a day on which a clone crashes and payments are slow."""

BUDGET_USD_PER_HOUR = 0.36
WORKERS_PER_CORE = 8
"""As many workers, and as many connections, as fit into the memory that comes with a core. An assumption."""

CAPACITY = ("clones", "cores", "workers", "connections", "database_cores")
TO_DECIDE = (*CAPACITY, "bulkheads", "queue_limit", "payment_timeout_s")
"""What you can choose when you build a shop. All other parameters are facts of life."""


def impossible(config: MonolithConfig) -> list[str]:
    """Return in words what nobody can build: facts of life that were changed, workers without memory."""
    changed = [f.name for f in fields(config) if getattr(config, f.name) != getattr(TODAY, f.name)]
    found = [f"{name} cannot be chosen" for name in changed if name not in TO_DECIDE]
    most = WORKERS_PER_CORE * config.cores
    for name in ("workers", "connections"):
        if getattr(config, name) > most:
            found.append(f"{name} is {getattr(config, name)}; with {config.cores} cores at most {most} fit")
    return found


TRIES = 100
"""Days that are drawn, at most, until one shows what a check is about."""
TELLING, ONE_P99 = 0.03, 0.005
"""Of a figure: a change that a check which allows 1 % cannot miss, and one that it does not see."""


def unfinished_day(seed: int) -> ShopResult:
    """Return a day on which requests are answered, turned away, given up, and still inside at the end.

    At most 40 requests may wait for one of the 16 workers, and payments become slow 8 s before the end.
    """
    day = SaleDay(rate_per_s=150, crash_at_s=3, down_s=1, slow_at_s=12, times_slower=12, duration_s=20)
    return replace(day, patience_s=2.0).run(replace(TODAY, queue_limit=40), seed)


def telling_day(seed: int) -> ShopResult:
    """Return the first unfinished day from `seed` on that shows whose requests were counted. About one in three does.

    The p99 of browsing changes by more than `TELLING` with who gave up, and with the orders, and the share of orders
    that were lost changes by more with who is still inside. Whichever percentile is meant, it is within `ONE_P99`.

    Raises:
        RuntimeError: when none of `TRIES` days does.
    """
    for number in range(seed, seed + TRIES):
        day = unfinished_day(number)
        if _is_telling(day.result):
            return day
    raise RuntimeError(f"none of {TRIES} days from seed {seed} on shows whose requests were counted")


def _is_telling(result: Result) -> bool:
    pages, orders = (result.requests[result.requests.kind == kind] for kind in ("browse", "place_order"))
    served_s, lost = result.latency_s(99, "browse"), (orders.outcome != "ok").mean()
    low_s, high_s = (np.percentile(result.latencies_s("browse"), 99, method=m) for m in ("lower", "higher"))
    ratios = (
        pages.latency_s.quantile(0.99) / served_s,
        result.latency_s(99) / served_s,
        (1 - result.availability("place_order")) / lost,
    )
    return bool(high_s / low_s - 1 < ONE_P99 and all(abs(ratio - 1) > TELLING for ratio in ratios))


FULL_PARTS = ("shop-1", "shop-1 cpu", "shop-1 connections", "database")
"""Parts that `day_limited_by` can fill: the workers, the cores of the clone, its connections, the database."""


def day_limited_by(part: str | None, random: np.random.Generator, duration_s: float = 3.0) -> Result:
    """Return a day on which this part cannot follow, and the reason is there; None: a day on which all can.

    The workers fill up on each of these days, because a request holds its worker while it waits for anything.

    Raises:
        ValueError: when `part` is not one of `FULL_PARTS`.
    """
    workers, more = int(random.integers(12, 20)), float(random.uniform(1.0, 1.3))
    config = replace(TODAY, workers=workers, connections=workers)
    slow_page = SlowDown("catalogue queries", 0.0, duration_s + 2, 25)
    days: dict[str | None, tuple[MonolithConfig, float, list[Fault]]] = {
        None: (config, 120, []),
        "shop-1": (replace(config, provider_s=Exponential(3)), 220, []),
        "shop-1 cpu": (config, 440, []),
        "shop-1 connections": (replace(config, connections=1, query_s=Exponential(0.004)), 170, []),
        "database": (replace(config, connections=4), 230, [slow_page]),
    }
    if part not in days:
        raise ValueError(f"part is {part!r}; it must be None or one of {', '.join(FULL_PARTS)}")
    config, rate_per_s, faults = days[part]
    build, seed = partial(Monolith, config=config), int(random.integers(2**31))
    return run_shop(build, Poisson(more * rate_per_s), faults, seed, duration_s, 2.0, drain_s=0).result


NEARLY_FULL, JUST_FULL = (0.91, 0.945), (0.952, 0.968)
"""Utilisations below and above the 95 % from which lab 01 calls a part full."""


def day_near_the_border(full: bool, random: np.random.Generator) -> Result:
    """Return a day on which the workers are just full, or one on which the cores nearly are and no part is.

    It draws days until the utilisation lies in `JUST_FULL` or `NEARLY_FULL`; one in three to six does.

    Raises:
        RuntimeError: when none of `TRIES` days does.
    """
    config = replace(TODAY, provider_s=Exponential(3)) if full else TODAY
    part, rate_per_s, (least, most) = ("shop-1", 67, JUST_FULL) if full else ("shop-1 cpu", 348, NEARLY_FULL)
    for _ in range(TRIES):
        build, seed = partial(Monolith, config=config), int(random.integers(2**31))
        result = run_shop(build, Poisson(rate_per_s), (), seed, 6.0, 2.0, drain_s=0).result
        busy = result.parts.utilisation[list(FULL_PARTS)]
        if least < busy[part] < most and busy.drop(part).max() < NEARLY_FULL[1]:
            return result
    raise RuntimeError(f"none of {TRIES} days had a utilisation of {part} between {least} and {most}")


def pages_only(cores: int, rate_per_s: float, page_s: float, seed: int) -> Result:
    """Run one clone with so many cores, and workers enough, for customers who only look at pages.

    A page needs `page_s` of a core and, as always, one query of the database on top.
    """
    config = replace(TODAY, cores=cores, workers=500, connections=500, browse_cpu_s=Exponential(page_s))
    build, load = partial(Monolith, config=config), Poisson(rate_per_s)
    return run_shop(build, load, (), seed, 20.0, 2.0, Mix(browse=1.0), drain_s=0).result


PAYMENT_S = 2.0
ORDERS_ABOVE_CAPACITY = 1.5


def slow_payments(
    bulkheads: dict[str, int] | None, workers: int, pages_per_s: float, page_s: float, seed: int
) -> Result:
    """Run one clone while every payment takes `PAYMENT_S`, and orders ask for more workers than there are.

    `pages_per_s` pages need `page_s` of a core each, and there are cores enough: 60 % busy. At most 8 requests may
    wait for a worker of each pool; who finds no place is turned away.
    """
    require_whole("workers", workers, at_least=1)
    orders_per_s = ORDERS_ABOVE_CAPACITY * workers / PAYMENT_S
    order_cpu_s = as_distribution(TODAY.order_cpu_s).mean
    config = replace(
        TODAY,
        workers=workers,
        connections=workers,
        cores=math.ceil((pages_per_s * page_s + orders_per_s * order_cpu_s) / 0.6),
        bulkheads=bulkheads,
        queue_limit=8,
        browse_cpu_s=Exponential(page_s),
        provider_s=PAYMENT_S,
    )
    mix, load = Mix(browse=pages_per_s, place_order=orders_per_s), Poisson(pages_per_s + orders_per_s)
    return run_shop(partial(Monolith, config=config), load, (), seed, 12.0, 4.0, mix, drain_s=0).result


NEAR_PROVIDER_S = 0.005
"""A provider that answers at once, so that most crashes hit an order while it is written."""


class ShopWith(Monolith):
    """The monolithic shop, with another way to place an order.

    >>> shop = ShopWith(Simulation(seed=1), place=lambda program, number, basket: iter(()))
    >>> shop.answer(shop.place_order(7, {1: 1})), len(shop.rows("orders"))
    (None, 0)
    """

    def __init__(self, sim: Simulation, place: Place) -> None:
        super().__init__(sim, replace(TODAY, provider_s=NEAR_PROVIDER_S))
        for program in self.programs.values():
            program.orders.place = partial(place, program)  # type: ignore[method-assign]


def order_placed(place: Place, seed: int) -> tuple[Monolith, Order]:
    """Place one order in a shop that nothing happens to. Return the shop at that moment, and the answer."""
    shop = ShopWith(Simulation(seed), place)
    return shop, shop.answer(shop.place_order(0, shop.customers.basket()))


def crashes_while_ordering(place: Place, seed: int, crashes: int = 40) -> pd.DataFrame:
    """Let the program die at `crashes` moments of one order, spread at random over all of it.

    Returns the frame of `archlab.shop.crash_points.crash_points`, a row a crash, with `untold_orders`: orders in the
    rows without a notification.
    """
    require_whole("crashes", crashes, at_least=1)
    end_s = order_placed(place, seed)[0].sim.now
    luck = Simulation(seed).stream("moments of the crashes").random(crashes)
    moments = end_s * (np.arange(crashes) + luck) / crashes
    shops: list[ShopWith] = []

    def build(sim: Simulation) -> ShopWith:
        shops.append(ShopWith(sim, place))
        return shops[-1]

    frame = crash_points(build, "shop-1", moments, settled_after_s=12.0, seed=seed)
    frame["untold_orders"] = [len(shop.rows("orders")) - len(shop.rows("notifications")) for shop in shops]
    return frame
