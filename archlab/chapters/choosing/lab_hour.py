"""An hour of faults: single orders, ten seconds apart, so that each fault hits one order and is seen in the rows.

One order in four meets a slow provider alone. Of the others a program dies at some moment between the first step and
the last; half of these moments lie in the time after the provider's answer, when rows are written. Which program it is
goes round in an order that is drawn anew each round.

What this leaves out: machines and databases that never come back, and pages, which are not asked for here.

>>> from archlab.chapters.choosing.lab_briefs import BACK_OFFICE
>>> from archlab.shop.monolithic import MonolithConfig
>>> hour = Hour(MonolithConfig(transactions=False), BACK_OFFICE, seed=1)
>>> hour.audit.ok
False
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from simpy.events import Event

from archlab.chapters.choosing.lab_briefs import RESTARTS, RETRIES, SLOW_PROVIDER, Brief
from archlab.chapters.choosing.lab_choices import BUILDS
from archlab.chapters.choosing.lab_runs import PROVIDER, settled, unkept_orders
from archlab.shop.architecture import Architecture
from archlab.shop.config import ShopConfig
from archlab.shop.domain import Refusal
from archlab.shop.serverless import Serverless
from archlab.sim.failure import Failure
from archlab.sim.faults import Crash, Fault, SlowDown
from archlab.sim.simulation import Simulation

ORDERS = 160
APART_S = 10.0
SLOW_TIMES = 40.0
PATIENCE_S = 2.0
"""After how long without an answer a customer sends an order again."""
PAUSE_S = 0.5
TRIES = 3
DOWN_S = 1.0
WRITING_S = (0.1, 0.13)
"""When rows are written, after an order came: with a provider that takes a tenth of a second, always."""
ORDER_S = 0.3


class Hour:
    """Orders one after the other, each with a fault of its own. See the module.

    `told_s`: order -> after how long its customer was told that it is placed. `unpaid`: how many were told so before
    the money was held. `unkept`: how many were told so and cancelled later. `audit`: of the rows, when all is settled.
    """

    def __init__(self, config: ShopConfig, brief: Brief, seed: int) -> None:
        self.brief = brief
        self.told_s, self.unpaid = dict[int, float](), 0
        self.sim = Simulation(seed)
        steady = replace(config, provider_s=WRITING_S[0])
        self.shop = BUILDS[type(steady)](self.sim, config=steady)  # type: ignore[call-arg]
        for order in range(ORDERS):
            self.sim.start(self._customer(order))
        self.sim.inject(*self._faults())
        self.sim.run(until=ORDERS * APART_S)
        self.audit, self.unkept = settled(self.shop).audit(), unkept_orders(self.shop)

    @property
    def told_percent(self) -> float:
        """The share of those that met a slow provider alone which were told within the brief's time."""
        within_s = self.brief.told_within_s or float("inf")
        alone = range(0, ORDERS, 4)
        return 100 * sum(self.told_s.get(order, float("inf")) <= within_s for order in alone) / len(alone)

    def _faults(self) -> list[Fault]:
        random, faults = self.sim.stream("moments of faults"), list[Fault]()
        programs = _turns(programs_of(self.shop), random)
        for order in range(ORDERS):
            came_s = order * APART_S
            if SLOW_PROVIDER in self.brief.faults and order % 2 == 0:
                faults.append(SlowDown(PROVIDER, came_s, APART_S - 1, SLOW_TIMES))
            if RESTARTS in self.brief.faults and order % 4 != 0:
                limits_s = WRITING_S if random.random() < 0.5 else (0.0, ORDER_S)
                moment_s = came_s + float(random.uniform(*limits_s))
                faults.append(Crash(next(programs), moment_s, DOWN_S))
        return faults

    def _customer(self, order: int) -> Generator[Event, Any, None]:
        yield self.sim.timeout(order * APART_S)
        basket, came_s = self.shop.customers.basket(), self.sim.now
        for _ in range(TRIES if RETRIES in self.brief.faults else 1):
            sent = self.sim.start(self._send(order, basket, came_s))
            yield sent | self.sim.timeout(PATIENCE_S)
            if order in self.told_s:
                return
            yield self.sim.timeout(PAUSE_S)

    def _send(self, order: int, basket: dict[int, int], came_s: float) -> Generator[Event, Any, None]:
        receipts = self.shop.receipts
        receipts.started(order)
        try:
            yield from self.shop.place_order(order, basket)
            if order not in self.told_s:
                self.told_s[order] = self.sim.now - came_s
                receipts.acknowledge(order)
                self.unpaid += not self._is_paid(order)
        except (Refusal, Failure):
            pass
        finally:
            receipts.ended(order)

    def _is_paid(self, order: int) -> bool:
        found = self.shop.tables["payments"].execute(
            "SELECT count(*) FROM payments WHERE order_id = ?", (order,)
        )
        return bool(found.fetchone()[0])


def programs_of(shop: Architecture) -> list[str]:
    """Return the programs that take part in an order: those with processors, or the functions."""
    if isinstance(shop, Serverless):
        return ["place_order", "reserve_stock", "take_payment", "notify"]
    return [name for name in shop.parts if f"{name} cpu" in shop.parts]


def _turns(programs: list[str], random: np.random.Generator) -> Iterator[str]:
    """Give each program once, in an order that is drawn, and again, for ever."""
    while True:
        yield from random.permutation(programs).tolist()
