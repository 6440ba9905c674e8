"""Customers look at what they have just ordered, and somebody decides for each look where it is asked.

Task 3 of lab 06. Two replicas answer in turn. Both follow the write model, late by a time that is drawn anew for each
commit. For some seconds one of them follows no longer, and later the other one dies, and looks still go to it until the
health check has seen it. Whoever decides knows what a program can know: the number of the customer's own commit, and
the number of the last commit that the replica has seen.

What this leaves out: what it costs to ask a replica how far it is, apart from the time; and customers with two devices.

>>> case = Case(lag_median_s=0.1, lag_p99_s=0.3, stop_at_s=3.0, dies_at_s=9.0, in_time_s=0.3, seconds=12.0)
>>> all_at_home = lived(case, lambda look: "write model", seed=1)
>>> all_at_home.unseen, all_at_home.write_share
(0, 1.0)
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from simpy.events import Event

from archlab.course.labs.expectations import expect, expect_number
from archlab.shop.cqrs import Cqrs, CqrsConfig, Question, View
from archlab.shop.domain import NotFound, Refusal
from archlab.sim.distributions import Lognormal
from archlab.sim.failure import Failure
from archlab.sim.faults import Crash
from archlab.sim.load import Request
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_positive
from archlab.sim.workload import Poisson

READ, WRITE = "read model", "write model"
ORDERS_PER_S = 10.0
LOOKS_AFTER_S = (0.1, 0.2, 0.5, 1.0)
"""When a customer looks at the order, in seconds after each answer before. An assumption."""
STOPS_FOR_S, DIES_FOR_S = 5.0, 8.0
ASKS_EVERY_S = 0.01
"""How often a look that waits asks the replica how far it is. An assumption."""
LONGEST_WAIT_S = 30.0


@dataclass(frozen=True)
class Look:
    """What is known when a customer is about to look at the own order.

    Attributes:
        token: the number of the commit with the order.
        seen: the number of the last commit that the replica has seen, whose turn it is. None when it is down.
        since_s: seconds since the order was placed.
        in_time_s: 99 % of the looks must be answered within so long.
    """

    token: int
    seen: int | None
    since_s: float
    in_time_s: float

    @property
    def is_up(self) -> bool:
        """Whether the replica answers."""
        return self.seen is not None


Where = Callable[[Look], Any]


@dataclass(frozen=True)
class Case:
    """How late the replicas are (a log-normal time), when the second one stops following and the first one dies, and
    within which time 99 % of the looks must be answered.

    Raises:
        ValueError: when a figure is out of range.
    """

    lag_median_s: float
    lag_p99_s: float
    stop_at_s: float
    dies_at_s: float
    in_time_s: float
    seconds: float = 50.0

    def __post_init__(self) -> None:
        for name in ("lag_median_s", "lag_p99_s", "in_time_s", "seconds"):
            require_positive(name, getattr(self, name))
        for name in ("stop_at_s", "dies_at_s"):
            require_non_negative(name, getattr(self, name))

    @classmethod
    def drawn(cls, random: np.random.Generator, slow: float) -> Case:
        """Return a case whose lags, and whose promise, are so many times as long as the usual ones."""
        median_s = slow * float(random.uniform(0.10, 0.13))
        return cls(
            lag_median_s=median_s,
            lag_p99_s=3.0 * median_s,
            stop_at_s=float(random.uniform(8, 16)),
            dies_at_s=float(random.uniform(25, 33)),
            in_time_s=slow * float(random.uniform(0.38, 0.45)),
        )

    @property
    def faults(self) -> tuple[Crash, ...]:
        """What goes wrong."""
        stop = Crash("replica-2 follower", self.stop_at_s, STOPS_FOR_S)
        return stop, Crash("replica-1", self.dies_at_s, DIES_FOR_S)


@dataclass(frozen=True)
class Lived:
    """What came of it: how many `looks`, how many of them did not show the own order, the 99th percentile of the time
    of a look, and the share that the write model had to answer.
    """

    looks: int
    unseen: int
    p99_s: float
    write_share: float


def lived(case: Case, where: Where, seed: int) -> Lived:
    """Let customers order and look for `case.seconds`, asking `where` before each look."""
    sim = Simulation(seed)
    tail_s = Lognormal.from_median_p99(median=case.lag_median_s, p99=case.lag_p99_s)
    config = CqrsConfig(models="replicas", replicas=2, read_models=[Question.ORDER], tail_s=tail_s)
    shop, looks = Cqrs(sim, config), list[tuple[bool, float, bool]]()
    for fault in case.faults:
        sim.inject(fault)

    def visit(request: Request) -> Generator[Event, Any, None]:
        try:
            yield from shop.place_order(request.id, shop.customers.basket())
        except (Refusal, Failure):
            return
        token, placed_s = shop.log.head, sim.now
        for pause_s in LOOKS_AFTER_S:
            yield sim.timeout(pause_s)
            began_s, view = sim.now, shop.read_side.view_of(Question.ORDER)
            view = yield from _chosen(shop, view, token, began_s - placed_s, case.in_time_s, where)
            is_shown, asked = yield from _shown(shop, view, request.id)
            looks.append((not is_shown, sim.now - began_s, asked is shop.read_side.write_model))

    sim.open_load(Poisson(ORDERS_PER_S), visit)
    sim.measure(case.seconds)
    unseen, took_s, own = np.array(looks).T
    return Lived(len(looks), int(unseen.sum()), float(np.quantile(took_s, 0.99)), float(own.mean()))


def _chosen(
    shop: Cqrs, view: View, token: int, since_s: float, in_time_s: float, where: Where
) -> Generator[Event, Any, View]:
    """Ask where to look, and wait if that is the answer."""
    head = shop.log.head
    given = where(Look(token, view.seen(head) if view.is_up else None, since_s, in_time_s))
    if isinstance(given, str):
        expect(
            given in (READ, WRITE),
            f"where gives {given!r}; it must be {READ!r}, {WRITE!r} or seconds to wait",
        )
        return view if given == READ else shop.read_side.write_model
    wait_s = expect_number(given, "what where gives")
    expect(wait_s >= 0, f"where gives {wait_s:g}; it must be {READ!r}, {WRITE!r} or seconds to wait")
    until_s = shop.sim.now + min(wait_s, LONGEST_WAIT_S)
    while view.is_up and view.seen(shop.log.head) < token:
        if shop.sim.now >= until_s:
            return shop.read_side.write_model
        yield shop.sim.timeout(ASKS_EVERY_S)
    return view if view.is_up else shop.read_side.write_model


def _shown(shop: Cqrs, view: View, order_id: int) -> Generator[Event, Any, tuple[bool, View]]:
    """Look at an order at a place: whether it is shown, and who was asked in the end.

    When a replica dies under the question, the write model is asked. Nobody could have known that.
    """
    was_up = view.is_up
    try:
        yield from shop.ask(Question.ORDER, order_id, at=view)
    except NotFound:
        return False, view
    except Failure:
        home = shop.read_side.write_model
        return (yield from _shown(shop, home, order_id)) if was_up and view is not home else (False, view)
    return True, view
