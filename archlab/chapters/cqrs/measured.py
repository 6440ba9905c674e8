"""What an answer costs on real SQLite rows: from the normalised tables by joins, and from its read model.

The work is counted in *steps*, instructions of SQLite's own virtual machine, which are the same on every machine; and
timed. The times in `data/read_models.csv` were measured once, on the machine that it names; `measure` does it again on
yours. Everything is in memory, so no disk is in it. That errs in favour of the joins, which touch more rows.

A scale of 1 is a small shop: 200 products, 500 customers and 2,000 orders. At 10 and 100 there are so many times as
many of each. The normalised tables stand in three forms: without the index that finds a customer's orders; as the shop
has them; and with `MORE_INDEXES`, which is as much as they can be helped without storing an answer.

>>> table = counted(scales=(1,))
>>> row = table.query("question == 'best sellers'").set_index("model").steps
>>> bool(row["joins"] > 100 * row["read model"])
True
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from archlab.course.figures.dots import dots
from archlab.course.figures.picture import Picture
from archlab.course.style import LAB, Size
from archlab.data import load
from archlab.shop.cqrs.news import order_news, product_news
from archlab.shop.cqrs.normalised import Normalised, bought_by, open_write_model
from archlab.shop.cqrs.questions import SHOWN, Model, Question, ask
from archlab.shop.cqrs.read_models import READ_MODELS, Views
from archlab.shop.customers import Customers, typical_catalogue
from archlab.shop.domain import Order, Payment, confirmation, price_order
from archlab.shop.events.event import Event, NewEvent
from archlab.shop.events.stock import stock_received
from archlab.shop.store import (
    NotificationRepository,
    OrderRepository,
    PaymentRepository,
    Statement,
    StockRepository,
    open_database,
    run_together,
)
from archlab.sim.validation import require_one_of, require_whole

SCALES = (1, 10, 100)
PRODUCTS, CUSTOMERS, ORDERS = 200, 500, 2_000
STOCK = 1_000_000
MORE_INDEXES = """
CREATE INDEX stock_by_level ON stock (on_hand, product);
CREATE INDEX lines_by_product ON order_lines (product, quantity);
CREATE VIRTUAL TABLE words USING fts5(name, content='products', content_rowid='product');
INSERT INTO words (words) VALUES ('rebuild')
"""
"""They help the stock overview, the best sellers and the search. The first two are written with every line of every
order."""
CHANGES: Mapping[str, str] = {
    "joins without index": "DROP INDEX buyers_by_customer",
    "joins": "",
    "joins, more indexes": MORE_INDEXES,
}
"""A form of the normalised tables -> how it is made from what the shop has."""
MOST_INDEXES = "joins, more indexes"
MODELS = (*CHANGES, "read model")
ASKED = 5
"""Different products, orders, customers and words that each question is asked about."""
SLOWEST_S, LEAST_TIMES = 0.05, 5
"""A question is asked again and again for so long, and so many times at least."""


def orders_of(scale: int, seed: int = 1) -> tuple[Any, list[Order]]:
    """Return a catalogue, and orders for it: of each customer, in turn."""
    require_whole("scale", scale, at_least=1)
    random = np.random.default_rng(seed)
    catalogue = typical_catalogue(PRODUCTS * scale, random)
    customers = Customers(catalogue, random)
    prices = {product.id: product for product in catalogue}
    orders = []
    for order_id in range(1, ORDERS * scale + 1):
        basket = customers.basket()
        orders.append(price_order(order_id, basket, [prices[product] for product in basket]))
    return catalogue, orders


def rows_of(connection: sqlite3.Connection, order: Order, customers: int) -> list[Statement]:
    """Return the statements of an order on the normalised tables."""
    lines, stock, rows = order.lines, StockRepository(connection), OrderRepository(connection)
    return [
        *(stock.reserve(line.product, line.quantity) for line in lines),
        PaymentRepository(connection).insert(Payment(order.id, order.total_cents, order.id)),
        rows.insert_new(order),
        *(rows.insert_line(order, line) for line in lines),
        NotificationRepository(connection).insert(confirmation(order)),
        bought_by(order.id, order.id % customers),
    ]


def read_rows_of(question: Question, events: Iterable[NewEvent]) -> list[Statement]:
    """Return the statements of events on a read model."""
    told = (Event(1, "", 1, event.type, event.data, 0.0, "") for event in events)
    return [statement for event in told for statement in READ_MODELS[question].writes(event)]


@cache
def filled(scale: int) -> dict[str, sqlite3.Connection]:
    """Return "joins" and "read model" -> a database with all rows of this scale. Leave them as they are."""
    catalogue, orders = orders_of(scale)
    normalised = open_write_model(catalogue, STOCK)
    views = open_database(*(reads.schema for reads in READ_MODELS.values()))
    customers = CUSTOMERS * scale
    run_together(normalised, [row for order in orders for row in rows_of(normalised, order, customers)])
    listed = [event for one in catalogue for event in (product_news(one), stock_received(one.id, STOCK))]
    placed = [event for order in orders for event in order_news(order.id, order.id % customers, order)]
    for question in READ_MODELS:
        run_together(views, read_rows_of(question, [*listed, *placed]))
    for connection in (normalised, views):
        connection.execute("ANALYZE")
    return {"joins": normalised, "read model": views}


def asked_about(question: Question, scale: int) -> list[tuple[Any, ...]]:
    """Return what a question is asked about, spread over all there is."""
    most = {
        Question.PRODUCT: PRODUCTS,
        Question.ORDER: ORDERS,
        Question.HISTORY: CUSTOMERS,
        Question.SEARCH: PRODUCTS,
    }
    if question not in most:
        return [()]
    numbers = np.linspace(1, most[question] * scale - 1, ASKED).astype(int).tolist()
    return [(str(number) if question is Question.SEARCH else number,) for number in numbers]


def model_of(name: str, scale: int) -> tuple[Model, sqlite3.Connection]:
    """Return one of `MODELS` at a scale, and its database."""
    require_one_of("name", name, MODELS)
    if name == "read model":
        connection = filled(scale)[name]
        return Views(connection), connection
    connection = _changed(name, scale) if CHANGES[name] else filled(scale)["joins"]
    return (WithWords if name == MOST_INDEXES else Normalised)(connection), connection


class WithWords(Normalised):
    """Answers from the normalised tables, with an index of the words in names."""

    def search(self, word: str) -> list[tuple[int, str]]:
        sql = """SELECT product, products.name FROM words JOIN products ON product = words.rowid
                 WHERE words MATCH ? ORDER BY product LIMIT ?"""
        return self.connection.execute(sql, (f'"{word}"', SHOWN)).fetchall()


@cache
def _changed(name: str, scale: int) -> sqlite3.Connection:
    """A copy of the normalised tables, with other indexes."""
    copy = sqlite3.connect(":memory:", isolation_level=None)
    filled(scale)["joins"].backup(copy)
    copy.executescript(CHANGES[name])
    copy.execute("ANALYZE")
    return copy


def steps(connection: sqlite3.Connection, work: Callable[[], object]) -> int:
    """Return how many instructions SQLite's virtual machine executes for some work."""
    count = [0]

    def step() -> int:
        count[0] += 1
        return 0

    connection.set_progress_handler(step, 1)
    try:
        work()
    finally:
        connection.set_progress_handler(None, 1)
    return count[0]


def microseconds(work: Callable[[], object]) -> float:
    """Return how long some work takes: the least of several times, which others on the machine disturbed least."""
    taken: list[float] = []
    began = time.perf_counter()
    while len(taken) < LEAST_TIMES or time.perf_counter() - began < SLOWEST_S:
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return 1e6 * min(taken)


Work = Callable[[], object]


def _each(
    scales: Iterable[int], cost: Callable[[sqlite3.Connection, Work], float], name: str
) -> pd.DataFrame:
    rows = []
    for scale in scales:
        for kind in MODELS:
            model, connection = model_of(kind, scale)
            for question in Question:
                asked = [partial(ask, model, question, *about) for about in asked_about(question, scale)]
                rows.append((question.value, scale, kind, median(cost(connection, one) for one in asked)))
    return pd.DataFrame(rows, columns=["question", "scale", "model", name])


def counted(scales: Iterable[int] = SCALES) -> pd.DataFrame:
    """Return the work of each answer: question, scale, model, and `steps`, the median of several. No luck is in it."""
    return _each(scales, steps, "steps")


def steps_of(question: Question, model: str, scale: int = 1) -> float:
    """Return the steps of one question on one of `MODELS`."""
    table = counted(scales=(scale,)).set_index(["question", "model"]).steps
    return float(table[question.value, model])


def measure(scales: Iterable[int] = SCALES) -> pd.DataFrame:
    """Time each answer on this machine: question, scale, model, and `us`, microseconds."""
    return _each(scales, lambda _, work: microseconds(work), "us")


def recorded() -> pd.DataFrame:
    """Return the recorded work and times: question, scale, model, `steps` and `us`."""
    return load("read_models")[["question", "scale", "model", "steps", "us"]]


def times_as_dear(table: pd.DataFrame, column: str = "us") -> pd.DataFrame:
    """Return the table with how many times the read model's cost each is: question, scale, model, `times`."""
    keys = ["question", "scale"]
    views = table[table.model == "read model"].set_index(keys)[column]
    return table.assign(times=table[column] / views.loc[pd.MultiIndex.from_frame(table[keys])].to_numpy())


def written(questions: Sequence[Question]) -> int:
    """Return how many rows an order of two products writes with these read models in the same database."""
    catalogue, _ = orders_of(1)
    connection = open_write_model(catalogue, STOCK, *(READ_MODELS[question].schema for question in questions))
    listed = [event for one in catalogue for event in (product_news(one), stock_received(one.id, STOCK))]
    for question in questions:
        run_together(connection, read_rows_of(question, listed))
    order = price_order(1, {1: 1, 2: 1}, catalogue)
    news = order_news(1, 1, order)
    before = connection.total_changes
    beside = [row for question in questions for row in read_rows_of(question, news)]
    run_together(connection, [*rows_of(connection, order, CUSTOMERS), *beside])
    return connection.total_changes - before


def figure(table: pd.DataFrame, title: str, scale: int, column: str = "us", size: Size = LAB) -> Picture:
    """Draw how many times the read model's cost the others are, at one scale: a row a question, a dot a form."""
    times = times_as_dear(table[table.scale == scale], column)
    wide = times.pivot(index="question", columns="model", values="times").reset_index()
    forms = {name: name for name in CHANGES}
    order = {question.value: place for place, question in enumerate(Question)}
    rows = wide.sort_values("question", key=lambda names: names.map(order))
    return dots(rows, title, forms, "Time, in times of the read model's", by="question", log=True, size=size)
