"""Reading one's own write: customers place an order and look at it, and the read side has not heard of it yet.

Five ways to help it, beside none:

- "none": the page is asked of its read model.
- "write model": for so many seconds after a write, the customer's questions go to the write model.
- "wait": the customer carries the number of the commit, and the page waits until its model has seen it; after a time
  limit the write model is asked.
- "sticky": each customer's questions go to one and the same replica while it is up. What was seen once stays seen.
- "answer": the program shows what the command has returned, without asking anybody; on this one device.
- "optimistic": the same before the command has decided: the screen shows an order that may be refused.

What this leaves out: customers with two devices, except where the words say so; screens that ask again by themselves.

>>> none, wait = (visits(way, seed=1, lag_s=0.5, seconds=20.0) for way in ("none", "wait"))
>>> bool(none.unseen.mean() > 0.2), bool(wait.unseen.any())
(True, False)
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from simpy.events import Event

from archlab.shop.cqrs import Cqrs, CqrsConfig, Question, View
from archlab.shop.domain import NotFound, Refusal
from archlab.sim.distributions import Distribution
from archlab.sim.failure import Failure
from archlab.sim.faults import Crash
from archlab.sim.load import Request
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_positive
from archlab.sim.workload import Poisson

WAYS = ("none", "write model", "wait", "sticky", "answer", "optimistic")
ORDERS_PER_S, LAG_S = 10.0, 0.5
LOOKS_AFTER_S = (0.2, 0.4, 0.8, 1.6)
"""When a customer looks at the order, in seconds after each answer before. An assumption."""
STICKS_S, WAITS_S, ASKS_EVERY_S = 5.0, 2.0, 0.02
"""For how long the write model is asked; how long a page waits at most, and how often it looks. Assumptions."""
DECLINED = 0.05
SECONDS = 60.0


@dataclass
class Visit:
    """A customer with an order: what is known of it on this side of the network."""

    number: int
    commit: int = 0
    written_s: float = 0.0
    shown: bool = False


def visits(
    way: str,
    seed: int,
    lag_s: float | Distribution = LAG_S,
    seconds: float = SECONDS,
    replicas: int = 2,
    crash_at_s: float | None = None,
) -> pd.DataFrame:
    """Let customers place orders and look at them. Returns a row a look.

    Columns: order, at_s; unseen, whether the customer's own order was not there; gone, whether it was seen before and
    is not there now; false, whether something was shown that is not so; latency_s; own, whether the write model was
    asked.

    Args:
        way: one of `WAYS`; "sticky" is asked of `replicas`, of which one may crash, the others of a read model.
        lag_s: from a commit until a follower has heard of it.

    Raises `ValueError` when an argument is not allowed.
    """
    require_one_of("way", way, WAYS)
    require_positive("seconds", seconds)
    sim = Simulation(seed)
    several: dict[str, Any] = {"models": "replicas", "replicas": replicas} if way == "sticky" else {}
    config = CqrsConfig(tail_s=lag_s, declined=DECLINED, read_models=[Question.ORDER], **several)
    shop, looks = Cqrs(sim, config), list[tuple[Any, ...]]()
    if crash_at_s is not None and way == "sticky":
        sim.inject(Crash("replica-1", crash_at_s, seconds))

    def visit(request: Request) -> Generator[Event, Any, None]:
        own = Visit(request.id)
        placing = sim.start(_place(shop, own))
        if way != "optimistic":
            yield placing
            if not own.commit:
                return
        for pause_s in LOOKS_AFTER_S:
            yield sim.timeout(pause_s)
            began_s = sim.now
            seen, asked_own = yield from _look(shop, way, own)
            is_there = bool(own.commit)
            looks.append(
                (
                    own.number,
                    began_s,
                    is_there and not seen,
                    own.shown and is_there and not seen,
                    seen and not is_there,
                    sim.now - began_s,
                    asked_own,
                )
            )
            own.shown = own.shown or seen

    sim.open_load(Poisson(ORDERS_PER_S), visit)
    sim.measure(seconds)
    return pd.DataFrame(looks, columns=["order", "at_s", "unseen", "gone", "false", "latency_s", "own"])


def _place(shop: Cqrs, own: Visit) -> Generator[Event, Any, None]:
    """Place the order, and note its commit when it is there."""
    try:
        yield from shop.place_order(own.number, shop.customers.basket())
    except (Refusal, Failure):
        return
    own.commit, own.written_s = shop.log.head, shop.sim.now


def _look(shop: Cqrs, way: str, own: Visit) -> Generator[Event, Any, tuple[bool, bool]]:
    """Look at the order: whether it is shown, and whether the write model was asked."""
    if way in ("answer", "optimistic"):
        return True, False
    view = shop.read_side.view_of(Question.ORDER)
    if way == "sticky":
        view = _sticky(shop, own)
    elif way == "write model" and shop.sim.now < own.written_s + STICKS_S:
        view = shop.read_side.write_model
    elif way == "wait":
        view = yield from _seen_by(shop, view, own)
    try:
        yield from shop.ask(Question.ORDER, own.number, at=view)
    except (NotFound, Failure):
        return False, view is shop.read_side.write_model
    return True, view is shop.read_side.write_model


def _sticky(shop: Cqrs, own: Visit) -> View:
    """The customer's own replica, or the next one that is up."""
    views = shop.read_side.replicas
    up = [view for view in views if view.server.is_up]
    first = views[own.number % len(views)]
    return first if first in up or not up else up[own.number % len(up)]


def _seen_by(shop: Cqrs, view: View, own: Visit) -> Generator[Event, Any, View]:
    """Wait until a view has seen the commit, and return it; the write model when that takes too long."""
    until_s = shop.sim.now + WAITS_S
    while view.seen(shop.log.head) < own.commit:
        if shop.sim.now >= until_s:
            return shop.read_side.write_model
        yield shop.sim.timeout(ASKS_EVERY_S)
    return view


def compared(seeds: range = range(5), lag_s: float | Distribution = LAG_S) -> pd.DataFrame:
    """Return what each way does: a row a way, the mean over all looks of the runs.

    Columns: unseen, gone, false, own, as shares; p99_ms of a look.
    """
    rows = {}
    for way in WAYS:
        all_looks = pd.concat(visits(way, seed, lag_s) for seed in seeds)
        shares = all_looks[["unseen", "gone", "false", "own"]].mean()
        rows[way] = {**shares, "p99_ms": 1000 * all_looks.latency_s.quantile(0.99)}
    return pd.DataFrame.from_dict(rows, orient="index")
