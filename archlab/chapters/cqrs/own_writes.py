"""Reading one's own write: customers place an order and look at it, and the read side has not heard of it yet.

What can be done about it, beside nothing:

- "none": the page is asked of its read model.
- "write model": for so many seconds after a write, the customer's questions go to the write model.
- "wait": the customer carries the number of the commit, and the page waits until its model has seen it; after a time
  limit the write model is asked.
- "replicas in turn": whichever of two replicas is next answers. One may be further than the other.
- "sticky": each customer's questions go to one and the same replica while it is up. What was seen once stays seen.
- "answer": the program shows what the command has returned, without asking anybody; on this one device.
- "optimistic": the same before the command has decided: the screen shows an order that may be refused, and says so when
  it is.

What this leaves out: customers with two devices, except where the words say so; screens that ask again by themselves.

>>> none, wait = (visits(way, seed=1, lag_s=0.5, seconds=20.0) for way in ("none", "wait"))
>>> bool(none.unseen.mean() > 0.2), bool(wait.unseen.any())
(True, False)
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Any

import joblib
import pandas as pd
from simpy.events import Event

from archlab.course.figures.dots import dots
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import LAB, Size
from archlab.shop.cqrs import Cqrs, CqrsConfig, Question, View
from archlab.shop.domain import NotFound, Refusal
from archlab.sim.distributions import Distribution
from archlab.sim.failure import Failure
from archlab.sim.faults import Crash
from archlab.sim.load import Request
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_one_of, require_positive
from archlab.sim.workload import Poisson

WAYS = ("none", "write model", "wait", "replicas in turn", "sticky", "answer", "optimistic")
OF_REPLICAS = ("replicas in turn", "sticky")
ORDERS_PER_S, LAG_S = 10.0, 0.5
LOOKS_AFTER_S = (0.2, 0.4, 0.8, 1.6)
"""When a customer looks at the order, in seconds after each answer before. An assumption."""
STICKS_S, WAITS_S, ASKS_EVERY_S = 5.0, 2.0, 0.02
"""Unless said otherwise: for how long the write model is asked; how long a page waits, and how often it looks.
Assumptions."""
DECLINED = 0.05
SECONDS = 60.0


@dataclass
class Visit:
    """A customer with an order: what is known of it on this side of the network."""

    number: int
    commit: int = 0
    written_s: float = 0.0
    shown: bool = False
    refused: bool = False


def visits(
    way: str,
    seed: int,
    lag_s: float | Distribution = LAG_S,
    seconds: float = SECONDS,
    replicas: int = 2,
    crash_at_s: float | None = None,
    sticks_s: float = STICKS_S,
    waits_s: float = WAITS_S,
) -> pd.DataFrame:
    """Let customers place orders and look at them. Returns a row a look.

    Columns: order, at_s; unseen, whether the customer's own order was not there; gone, whether it was seen before and
    is not there now; false, whether an order was shown that was refused afterwards; latency_s; own, whether the write
    model was asked.

    Args:
        way: one of `WAYS`; those `OF_REPLICAS` ask so many `replicas`, the others a read model.
        crash_at_s: when the first replica dies, for the rest of the run. None: never.
        sticks_s: for how long after a write "write model" asks there.
        waits_s: how long a page of "wait" waits at most.
        lag_s: from a commit until a follower has heard of it.

    Raises `ValueError` when an argument is not allowed.
    """
    require_one_of("way", way, WAYS)
    require_positive("seconds", seconds)
    require_non_negative("sticks_s", sticks_s)
    require_non_negative("waits_s", waits_s)
    sim = Simulation(seed)
    several: dict[str, Any] = {"models": "replicas", "replicas": replicas} if way in OF_REPLICAS else {}
    config = CqrsConfig(tail_s=lag_s, declined=DECLINED, read_models=[Question.ORDER], **several)
    shop, looks = Cqrs(sim, config), list[tuple[Any, ...]]()
    if crash_at_s is not None and way in OF_REPLICAS:
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
            seen, asked_own = yield from _look(shop, way, own, sticks_s, waits_s)
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
                    own,
                )
            )
            own.shown = own.shown or seen

    sim.open_load(Poisson(ORDERS_PER_S), visit)
    sim.measure(seconds)
    columns = ["order", "at_s", "unseen", "gone", "false", "latency_s", "own", "visit"]
    rows = pd.DataFrame(looks, columns=columns)
    refused = rows.pop("visit").map(lambda visit: visit.refused).astype(bool)
    return rows.assign(false=rows.false & refused)


def _place(shop: Cqrs, own: Visit) -> Generator[Event, Any, None]:
    """Place the order, and note its commit when it is there."""
    try:
        yield from shop.place_order(own.number, shop.customers.basket())
    except (Refusal, Failure):
        own.refused = True
        return
    own.commit, own.written_s = shop.log.head, shop.sim.now


def _look(
    shop: Cqrs, way: str, own: Visit, sticks_s: float, waits_s: float
) -> Generator[Event, Any, tuple[bool, bool]]:
    """Look at the order: whether it is shown, and whether the write model was asked."""
    if way in ("answer", "optimistic"):
        return not own.refused, False
    view = shop.read_side.view_of(Question.ORDER)
    if way == "sticky":
        view = _sticky(shop, own)
    elif way == "write model" and shop.sim.now < own.written_s + sticks_s:
        view = shop.read_side.write_model
    elif way == "wait":
        view = yield from _seen_by(shop, view, own, waits_s)
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


def _seen_by(shop: Cqrs, view: View, own: Visit, waits_s: float) -> Generator[Event, Any, View]:
    """Wait until a view has seen the commit, and return it; the write model when that takes too long."""
    until_s = shop.sim.now + waits_s
    while view.seen(shop.log.head) < own.commit:
        if shop.sim.now >= until_s:
            return shop.read_side.write_model
        yield shop.sim.timeout(ASKS_EVERY_S)
    return view


def compared(seeds: Iterable[int] = range(5), lag_s: float | Distribution = LAG_S) -> pd.DataFrame:
    """Return what each way does, over all looks of the runs. Columns: way; unseen, gone, false, own, as shares; p99_ms.

    "sticky, one dies" is the way whose first replica dies after a third of the time.
    """
    ways = {way: (way, None) for way in WAYS} | {"sticky, one dies": ("sticky", SECONDS / 3)}
    jobs = [(name, way, seed, crash_at_s) for name, (way, crash_at_s) in ways.items() for seed in seeds]
    runs = in_parallel(
        joblib.delayed(visits)(way, seed, lag_s, crash_at_s=crash_at_s) for _, way, seed, crash_at_s in jobs
    )
    looks = pd.concat(run.assign(way=name) for run, (name, *_) in zip(runs, jobs, strict=True))
    by_way = looks.groupby("way", sort=False)
    shares = by_way[["unseen", "gone", "false", "own"]].mean()
    return shares.assign(p99_ms=1000 * by_way.latency_s.quantile(0.99)).reset_index()


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw what `compared` returns: a row a way, with three shares as points and the 99th percentile beside them."""
    columns = {
        "unseen": "own order is missing",
        "false": "shows what is not so",
        "own": "asks the write model",
    }
    percents = table.assign(**{column: 100 * table[column] for column in columns})
    told = percents.assign(p99=[f"{number(round(p99_ms))} ms" for p99_ms in table.p99_ms])
    label = "Share of the looks [%]; at the right: 99th percentile of a look"
    return dots(told, title, columns, label, by="way", beside="p99", size=size)
