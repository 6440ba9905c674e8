"""Are read models eventually consistent? What they say while orders come, what they say at rest, and up to which load.

A shop is used for a while: orders, pages, new prices; and its projectors die now and then. Each answer is compared with
what the write model would have said. Afterwards, at rest, every page of every product, order and customer is compared,
and every list. And whether rest is ever reached depends on the load: up to which one the lag stays below `LATE_S` is
worked out by the recursion that agrees with the simulation (`archlab.chapters.cqrs.lag`).

That nothing differs at rest is what right projectors do by construction, and is checked here. Those with a fault stay
wrong (`archlab.chapters.cqrs.wrong_order`). How many answers are stale depends on how few customers there are.

What this leaves out: a network whose lag has a long tail. With that of Facebook the promise holds at no load.

>>> used("same database", seed=1, seconds=5.0)["stale_percent"]
0.0
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import joblib
import pandas as pd
from simpy.events import Event

from archlab.chapters.cqrs.lag import SEEN, worked_out
from archlab.course.claims import (
    Assumption,
    Evidence,
    Limit,
    OverSeeds,
    Verdict,
    bisect,
    holds_if,
    holds_up_to,
    settles,
)
from archlab.course.quantity import about, number
from archlab.shop.cqrs import Cqrs, CqrsConfig, Normalised, Question
from archlab.shop.cqrs.questions import ask
from archlab.shop.cqrs.staleness import answer_or_none
from archlab.shop.day import run_shop
from archlab.sim.distributions import as_distribution
from archlab.sim.failure import Failure
from archlab.sim.faults import Crash
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of
from archlab.sim.workload import Mix, Poisson

USED = Mix(place_order=0.2, browse=0.4, track_order=0.2, history=0.2)
RATE_PER_S, SECONDS = 20.0, 15.0
CUSTOMERS = 20
DIES_S, DOWN_S, NEW_PRICES = 4.0, 2.0, 10
"""Assumptions, all of these: a small shop with few customers, so that somebody looks at what has just changed."""
LATE_S = 1.0
"""A promise somebody could make: Facebook's copies were less than a second behind for 85 % of the time (2013)."""
SEEN_PERCENT = 100 * SEEN
BATCH = 100
MODELS = ("same database", "separate")
TAIL_S = float(as_distribution(CqrsConfig().tail_s).mean)


def used(models: str, seed: int, seconds: float = SECONDS) -> dict[str, float]:
    """Use a shop and let it rest. Returns `stale_percent` of the answers meanwhile, and `different` answers at rest.

    Raises `ValueError` when there are no such models.
    """
    require_one_of("models", models, MODELS)
    shops: list[Cqrs] = []

    def build(sim: Simulation) -> Cqrs:
        shops.append(Cqrs(sim, CqrsConfig(models=models, customers=CUSTOMERS)))  # type: ignore[arg-type]
        sim.start(_new_prices(shops[0], seconds))
        return shops[0]

    followed = Question if models == "separate" else ()
    deaths = [Crash(f"{question} projector", DIES_S + n, DOWN_S) for n, question in enumerate(followed)]
    run_shop(build, Poisson(RATE_PER_S), deaths, seed, seconds, mix=USED)
    (shop,) = shops
    stale_percent = 100 * shop.staleness.stale / len(shop.staleness.frame())
    return {"stale_percent": stale_percent, "different": float(len(different(shop)))}


def _new_prices(shop: Cqrs, seconds: float) -> Generator[Event, Any, None]:
    """Give products new prices, evenly spread over the time."""
    stream = shop.sim.stream("new prices")
    for _ in range(NEW_PRICES):
        yield shop.sim.timeout(seconds / NEW_PRICES)
        product = shop.catalogue[int(stream.integers(len(shop.catalogue)))]
        dearer = replace(product, price_cents=product.price_cents + 100)
        with suppress(Failure):
            yield from shop.change_product(dearer)


def different(shop: Cqrs) -> list[tuple[str, Any]]:
    """Return the questions, with what they are about, that a read model answers otherwise than the write model."""
    truth = Normalised(shop.database.connection)
    about: dict[Question, list[tuple[Any, ...]]] = {
        Question.PRODUCT: [(product.id,) for product in shop.catalogue],
        Question.ORDER: [(int(number),) for number in shop.rows("orders").order_id],
        Question.HISTORY: [(customer,) for customer in range(shop.config.customers)],
        Question.SEARCH: [(str(product.id),) for product in shop.catalogue],
    }
    return [
        (question.value, key)
        for question, view in shop.views.items()
        for key in about.get(question, [()])
        if answer_or_none(lambda: ask(view.model, question, *key))  # noqa: B023, called at once
        != answer_or_none(lambda: ask(truth, question, *key))  # noqa: B023, called at once
    ]


# The claim ---------------------------------------------------------------------------------------------------

TRIED_PERCENT, TRIED_BATCHED_PERCENT = (80.0, 105.0), (150.0, 200.0)
HALF_BUSY = 0.5


def _spare_s(seed: int, load_percent: float, batch: int = 1) -> float:
    return LATE_S - worked_out(load_percent / 100, batch, seed)


def _spare_batched_s(seed: int, load_percent: float) -> float:
    return _spare_s(seed, load_percent, BATCH)


def in_time_up_to(one_by_one: bool = True, seeds: Iterable[int] = range(10)) -> Limit:
    """Return up to which load `SEEN_PERCENT` of the commits are seen within `LATE_S`.

    The load, in percent, is always that of a projector that takes one event after the other. Else up to `BATCH` of them
    share a transaction.
    """
    if one_by_one:
        return bisect(_spare_s, TRIED_PERCENT, "up to", seeds, tolerance=0.5)
    return bisect(_spare_batched_s, TRIED_BATCHED_PERCENT, "up to", seeds, tolerance=1.0)


def figures(seeds: Iterable[int] = range(10)) -> dict[str, float]:
    """Return the figures of `eventually_consistent`, by their names."""
    chosen = list(seeds)
    beside, apart = (
        pd.DataFrame(in_parallel(joblib.delayed(used)(models, seed) for seed in chosen)) for models in MODELS
    )
    heard_s = [LATE_S - worked_out(HALF_BUSY, 1, seed) for seed in chosen]
    return {
        "in_time_up_to_percent": in_time_up_to(True, chosen),
        "batched_up_to_percent": in_time_up_to(False, chosen),
        "heard_within_s": Limit("up to", heard_s),
        "stale_percent": OverSeeds(apart.stale_percent),
        "stale_same_database_percent": OverSeeds(beside.stale_percent),
        "different_at_rest": OverSeeds(apart.different),
    }


SAYS = {
    "in_time_up_to_percent": "load of a projector up to which 99 of 100 commits are seen in time, one by one",
    "batched_up_to_percent": "the same with up to 100 events in a transaction",
    "heard_within_s": "seconds from a commit until the projector hears of it, up to which that is so at half load",
    "stale_percent": "stale answers of models in databases of their own, whose projectors die now and then",
    "stale_same_database_percent": "the same of models in the write model's database",
    "different_at_rest": "answers that differ from the write model's at rest",
}


@settles("definition.eventual-consistency-between-models", evidence=Evidence.SIMULATED, says=SAYS)
def eventually_consistent(
    in_time_up_to_percent: float,
    batched_up_to_percent: float,
    heard_within_s: float,
    stale_percent: float,
    stale_same_database_percent: float,
    different_at_rest: float,
) -> Verdict:
    """Holds up to the load of a projector at which {SEEN_PERCENT} % of the commits are seen within {LATE_S} s, if some
    answers are stale while orders come, and none differs from the write model's at rest. How soon the projector hears
    of a commit decides (here after {TAIL_S} s; its own limit is for a projector that is busy for half of its time).
    Beside it stands a projector that takes up to {BATCH} events in one transaction.
    """
    hears = Assumption(
        "the time from a commit until the projector hears of it",
        TAIL_S,
        heard_within_s,
        "s",
        when=(
            f"the projector hears of a commit within {{flips_at}} (with up to {number(BATCH)} events in a transaction "
            f"up to {about(batched_up_to_percent)} %; meanwhile {about(stale_percent)} % of the answers are stale, "
            f"in the same database {about(stale_same_database_percent)} %)"
        ),
    )
    if stale_percent <= 0 or different_at_rest > 0:
        return holds_if(False, decided_by=hears)
    unit = f"% of what its projector can do, for {number(SEEN_PERCENT)} % of the commits within {number(LATE_S)} s"
    return holds_up_to(in_time_up_to_percent, unit, decided_by=hears)
