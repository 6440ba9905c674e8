"""A read model is made anew while customers look at its pages, and other things go wrong at the same time.

Task 4 of lab 06. The read model is that of the product pages. Orders go on all the time, so the log grows while it is
read again. The projector of the new one may die on the way and come back some seconds later, or be slow for a while.

An answer runs between these lines, and could change their figures by name. So they are bound where they are used.

What this leaves out: a database that is full, and a mistake in the new version itself.

>>> case = Case(orders=40, dies_after_s=None, slow_after_s=None)
>>> def at_once(shop):
...     shop.switch(QUESTION, shop.projected(QUESTION, version=2, from_zero=True))
...     yield shop.sim.timeout(0)
>>> case.lived(at_once, seed=1).missing > 0
True
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from simpy.events import Event

from archlab.chapters.cqrs.rebuild import BATCH, config_of, projector_of
from archlab.course.labs.expectations import expect
from archlab.shop.cqrs import Cqrs, CqrsConfig, Question, View
from archlab.shop.domain import NotFound
from archlab.shop.instance import Steps
from archlab.sim.failure import Failure
from archlab.sim.load import Request
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive, require_whole
from archlab.sim.workload import Poisson

QUESTION = Question.PRODUCT
ORDERS_PER_S, LOOKS_PER_S = 4.0, 20.0
QUERY_S = 0.006
"""A slow database, so that a short log takes as long as a long one. An assumption."""
OLDEST_S = 0.6
"""A page that is older than this is wrong. Without a rebuild, none is older than about a fifth of it."""
NEAR = 20
"""Who is so many events behind, or fewer, has caught up: the orders of two or three seconds, and one batch."""
LOOKS_EVERY_S = 0.1
"""How often is looked how far a rebuild is."""
LATE_S = 2.0
"""A rebuild ends at most so long after the new read model has caught up."""
DIES_FOR_S, SLOW_FOR_S, SLOWNESS = 6.0, 8.0, 200.0
LASTS_S, MOST_STEPS = 60.0, 20_000
"""Nobody waits longer, or more often, for the end of a rebuild."""

Rebuild = Callable[["RebuiltShop"], Generator[Event, Any, Any]]


class RebuiltShop(Cqrs):
    """The shop. It notes each new read model, and lets what is to go wrong with its projector go wrong."""

    def __init__(self, sim: Simulation, config: CqrsConfig, case: Case) -> None:
        self.__case = case
        self.made: list[View] = []
        super().__init__(sim, config)

    def projected(self, question: Question, version: int = 1, from_zero: bool = False) -> View:
        view = super().projected(question, version, from_zero)
        if version > 1:
            self.made.append(view)
            self.sim.start(self._troubled(projector_of(view)))
        return view

    def _troubled(
        self,
        projector: Any,
        dies_for_s: float = DIES_FOR_S,
        slow_for_s: float = SLOW_FOR_S,
        slowness: float = SLOWNESS,
    ) -> Steps[None]:
        """What goes wrong with a new projector."""
        case = self.__case
        if case.dies_after_s is not None:
            yield self.sim.timeout(case.dies_after_s)
            projector.crash()
            yield self.sim.timeout(dies_for_s)
            projector.restart()
        if case.slow_after_s is not None:
            yield self.sim.timeout(case.slow_after_s)
            projector.slow_down(slowness)
            yield self.sim.timeout(slow_for_s)
            projector.slow_down(1.0)


@dataclass(frozen=True)
class Rebuilt:
    """What came of it.

    Attributes:
        looks, missing, old: looks at product pages; those that found no page; and those at one older than `OLDEST_S`.
        ended_s: when the rebuild had ended, from its begin. None when it had not by then.
        caught_up_s: when the new read model had caught up for the first time. None when it never had, or there is none.
        applied: how many events the new projector has applied, of `told` that there were at the begin.
        is_new: whether questions go to the new read model at the end.
        stopped_early_s: for how long the old read model was asked though its projector was stopped.
        old_stopped, new_runs: whether the old projector is stopped, and the new one is not.
    """

    looks: int
    missing: int
    old: int
    ended_s: float | None
    caught_up_s: float | None
    applied: int
    told: int
    is_new: bool
    stopped_early_s: float
    old_stopped: bool
    new_runs: bool


@dataclass(frozen=True)
class Case:
    """A shop with so many orders, and what goes wrong with the new projector, in seconds after its start.

    Raises `ValueError` when a figure is out of range.
    """

    orders: int
    dies_after_s: float | None = None
    slow_after_s: float | None = None

    def __post_init__(self) -> None:
        require_whole("orders", self.orders, at_least=1)
        for name in ("dies_after_s", "slow_after_s"):
            if getattr(self, name) is not None:
                require_positive(name, getattr(self, name))

    @property
    def words(self) -> str:
        """What goes wrong, in words."""
        if self.dies_after_s is not None:
            return f"the new projector dies after {self.dies_after_s:.1f} s"
        if self.slow_after_s is not None:
            return f"the new projector is slow after {self.slow_after_s:.1f} s"
        return f"{self.orders} orders, and nothing goes wrong"

    def shop(self, seed: int) -> RebuiltShop:
        """Return the shop before the rebuild: all orders are placed, and the read model knows them."""
        config = replace(config_of(), query_s=QUERY_S, tail_s=0.02, workers=100, batch=BATCH // 4)
        shop = RebuiltShop(Simulation(seed), config, self)
        for order_id in range(self.orders):
            shop.answer(shop.place_order(order_id, shop.customers.basket()))
        shop.sim.run(until=shop.sim.now + 5.0)
        return shop

    def lived(self, rebuild: Rebuild, seed: int) -> Rebuilt:
        """Let a rebuild begin, while customers order and look at pages, until a few seconds after its end."""
        return _Watch(self.shop(seed)).lived(rebuild)


class _Watch:
    """What is seen of a rebuild."""

    def __init__(self, shop: RebuiltShop) -> None:
        self.shop, self.sim, self.began_s = shop, shop.sim, shop.sim.now
        self.old, self.told = shop.views[QUESTION], shop.store.head
        self.looks = self.missing = 0
        self.stopped_early_s = 0.0
        self.ended_s: float | None = None
        self.caught_up_s: float | None = None

    def lived(self, rebuild: Rebuild) -> Rebuilt:
        sim = self.sim
        sim.open_load(Poisson(ORDERS_PER_S), self._order, name="orders")
        sim.open_load(Poisson(LOOKS_PER_S), self._look, name="looks")
        sim.start(self._until_the_end(rebuild))
        over_s = self.began_s + LASTS_S
        while sim.now < over_s:
            sim.run(until=sim.now + LOOKS_EVERY_S)
            self._note_caught_up()
            if self.shop.views[QUESTION] is self.old and not projector_of(self.old).is_up:
                self.stopped_early_s += LOOKS_EVERY_S
            if self.ended_s is not None:
                over_s = min(over_s, self.began_s + self.ended_s + 4.0)
        return self._seen()

    def _until_the_end(self, rebuild: Rebuild) -> Steps[None]:
        yield from _counted(rebuild(self.shop))
        self.ended_s = self.sim.now - self.began_s

    def _order(self, request: Request) -> Steps[None]:
        with suppress(Failure):
            yield from self.shop.place_order(100_000 + request.id, self.shop.customers.basket())

    def _look(self, request: Request) -> Steps[None]:
        shop = self.shop
        product = 1 + int(self.sim.stream("product looked at").integers(shop.assortment.products))
        self.looks += 1
        try:
            yield from shop.browse(product)
        except (NotFound, Failure):
            self.missing += 1

    def _note_caught_up(self, near: int = NEAR) -> None:
        is_near = any(projector_of(view).behind <= near for view in self.shop.made)
        if is_near and self.caught_up_s is None:
            self.caught_up_s = self.sim.now - self.began_s

    def _seen(self, oldest_s: float = OLDEST_S) -> Rebuilt:
        rows = self.shop.staleness.frame()
        old = rows[(rows.at_s >= self.began_s) & (rows.age_s > oldest_s)]
        asked = self.shop.views[QUESTION]
        return Rebuilt(
            looks=self.looks,
            missing=self.missing,
            old=len(old),
            ended_s=self.ended_s,
            caught_up_s=self.caught_up_s,
            applied=projector_of(asked).applied,
            told=self.told,
            is_new=any(asked is view for view in self.shop.made),
            stopped_early_s=self.stopped_early_s,
            old_stopped=not projector_of(self.old).is_up,
            new_runs=projector_of(asked).is_up,
        )


def _counted(steps: Generator[Event, Any, Any]) -> Generator[Event, Any, None]:
    """The same steps, but not for ever."""
    given = None
    for _ in range(MOST_STEPS):
        try:
            event = steps.send(given)
        except StopIteration:
            return
        given = yield event
    expect(False, f"rebuild has waited {MOST_STEPS} times, and is not at its end: for how long does it wait?")


def drawn(random: np.random.Generator) -> list[Case]:
    """Return a short log, a longer one, a projector that dies, and one that is slow."""
    short, long, *others = (int(random.integers(low, low + 30)) for low in (60, 280, 150, 150))
    dies_after_s, slow_after_s = (float(random.uniform(0.6, 1.2)) for _ in range(2))
    return [
        Case(short),
        Case(long),
        Case(others[0], dies_after_s=dies_after_s),
        Case(others[1], slow_after_s=slow_after_s),
    ]
