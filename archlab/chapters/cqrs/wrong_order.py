"""Events twice, and in the wrong order: which read models bear it, and which guard helps against which.

The events are those of a shop that has taken orders, captured payments, and changed names and prices, some of them
twice within a moment. They come to each read model once and in order, or with two faults. *Twice*: some batches come
again at once. *Late*: some events come some places later. See `archlab.chapters.cqrs.arrivals`.

Guards: *none*: what the database refuses is a poison event, and the projector is stuck there, with all that comes
later. *Errors skipped*: it goes on behind such an event. *Place kept*: it skips what is not after the last position.
*Waits for gaps*: it applies in the order of positions, and keeps what comes too early until the rest is there.

At the end each question is asked about every product, order, customer or word, and the answer is compared with the
joins of the write model. Of a page with a list it is the rows that count.

What this leaves out: a place for each stream, the usual guard where only events of one stream keep their order; events
that never come, where who waits for a gap waits for ever; and rows that keep the position
of their own last change, which bears both faults where a model sets; where it adds, what comes late is lost.

>>> story = told(orders=60, seed=3)
>>> twice = {guard: run(story, Question.STOCK, "twice", guard, seed=3).wrong > 0.5 for guard in GUARDS[1:3]}
>>> twice, run(story, Question.HISTORY, "twice", "none", seed=3).stuck
({'errors skipped': True, 'place kept': False}, True)
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import joblib
import numpy as np
import pandas as pd

from archlab.chapters.cqrs.arrivals import FAULTS, after_the_place, coming, without_gaps
from archlab.shop.architecture import Assortment
from archlab.shop.cqrs import Cqrs, CqrsConfig, Question
from archlab.shop.cqrs.questions import Model, ask
from archlab.shop.cqrs.read_models import READ_MODELS, Views
from archlab.shop.cqrs.staleness import answer_or_none
from archlab.shop.domain import Product
from archlab.shop.events.event import Event
from archlab.shop.events.projection import ReadTables
from archlab.shop.store import open_database, run_together
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_whole

GUARDS = ("none", "errors skipped", "place kept", "waits for gaps")
ORDERS, PRODUCTS = 300, 50
CHANGED, CORRECTED = 0.1, 0.5
"""Changes of a product for an order, and the share of them that is corrected by the next command. Assumptions."""
COLOURS = ("red", "green", "blue", "small", "large")


@dataclass(frozen=True)
class Story:
    """What has happened: `events`, and of each page its question, what it is about, and the write model's answer."""

    events: Sequence[Event]
    pages: Sequence[tuple[Question, tuple[Any, ...], Any]]


@dataclass(frozen=True)
class Outcome:
    """The share of wrong answers, whether the projector was stuck, and the most events that it held back at a time."""

    wrong: float
    stuck: bool
    held: int


def told(orders: int = ORDERS, seed: int = 1) -> Story:
    """Run the shop for so many orders. Raises `ValueError` when there is none."""
    require_whole("orders", orders, at_least=1)
    config = CqrsConfig(assortment=Assortment(PRODUCTS, 10 * orders), read_models=(), customers=100)
    shop = Cqrs(Simulation(seed), config)
    random = shop.sim.stream("changes")
    for order_id in range(orders):
        shop.answer(shop.place_order(order_id, shop.customers.basket()))
        if random.random() < CHANGED:
            product = shop.customers.product()
            for _ in range(2 if random.random() < CORRECTED else 1):
                shop.answer(shop.change_product(_changed(product, random)))
    shop.sim.run(until=shop.sim.now + 2 * config.settle_every_s)
    truth = shop.read_side.write_model.model
    asked = [(question, about) for question in Question for about in _abouts(question, orders, config)]
    return Story(shop.store.read_all(), [(*page, _answer(truth, *page)) for page in asked])


def _changed(product: int, random: np.random.Generator) -> Product:
    """The product with another name and price."""
    return Product(product, f"{random.choice(COLOURS)} product {product}", int(random.integers(100, 5000)))


def _abouts(question: Question, orders: int, config: CqrsConfig) -> list[tuple[Any, ...]]:
    """What the question is asked about: a tuple of arguments a page."""
    products = range(1, PRODUCTS + 1)
    about: dict[Question, Iterable[Any]] = {
        Question.PRODUCT: products,
        Question.ORDER: range(orders),
        Question.HISTORY: range(min(orders, config.customers)),
        Question.SEARCH: [*map(str, products), *COLOURS],
    }
    return [(one,) for one in about[question]] if question in about else [()]


def _answer(model: Model, question: Question, about: tuple[Any, ...]) -> Any:
    return answer_or_none(lambda: ask(model, question, *about))


# What becomes of it ------------------------------------------------------------------------------------------


def run(story: Story, question: Question, fault: str, guard: str, seed: int) -> Outcome:
    """Make one read model from what comes, and ask it. Raises `ValueError` when an argument is not allowed."""
    require_one_of("guard", guard, GUARDS)
    events, held = coming(story.events, fault, seed), 0
    if guard == "place kept":
        events = list(after_the_place(events))
    elif guard == "waits for gaps":
        events, held = without_gaps(events)
    reads = READ_MODELS[question]
    connection = open_database(reads.schema)
    refused = _apply(connection, reads, events, goes_on=guard == "errors skipped")
    views = Views(connection)
    pages = [page for page in story.pages if page[0] is question]
    wrong = np.mean([wrong_share(_answer(views, question, about), truth) for _, about, truth in pages])
    return Outcome(float(wrong), refused > 0 and guard != "errors skipped", held)


def _apply(connection: sqlite3.Connection, reads: ReadTables, events: Iterable[Event], goes_on: bool) -> int:
    """Apply events, each in a transaction. Returns how many the database has refused; at the first it ends here,
    unless it `goes_on`.
    """
    refused = 0
    for event in events:
        try:
            run_together(connection, reads.writes(event))
        except sqlite3.IntegrityError:
            refused += 1
            if not goes_on:
                break
    return refused


def wrong_share(shown: Any, truth: Any) -> float:
    """Return whether a page is wrong, 0 or 1; of a page with a list the share of its rows that are."""
    if not isinstance(truth, list):
        return float(shown != truth)
    rows = [one != other for one, other in zip_longest(shown, truth)]
    return sum(rows) / max(1, len(rows))


# All of them --------------------------------------------------------------------------------------------------


def every_case(seeds: Iterable[int] = range(10), orders: int = ORDERS) -> pd.DataFrame:
    """Return a row a case, of ten seeds or others: `question`, `fault`, `guard`, `seed`, and the fields of `Outcome`.

    Each seed has a shop of its own.
    """
    return pd.concat(in_parallel(joblib.delayed(_of_seed)(seed, orders) for seed in seeds))


def _of_seed(seed: int, orders: int) -> pd.DataFrame:
    story = told(orders, seed)
    rows = [
        {
            "question": question.value,
            "fault": fault,
            "guard": guard,
            "seed": seed,
            **vars(run(story, question, fault, guard, seed)),
        }
        for question in Question
        for fault in FAULTS
        for guard in GUARDS
    ]
    return pd.DataFrame(rows)
