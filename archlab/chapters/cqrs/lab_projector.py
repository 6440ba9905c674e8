"""A projector that may die at any statement, and gets its events at least once.

Task 2 of lab 06. Events come in batches, in the order of their positions. The log goes on after the position that the
projector has named last, and at times repeats some events before it. The process dies before any statement, or after
the last one; then nobody has heard what it named, its memory is gone, and a new one is started.

What this leaves out: two projectors at the same time, of which the older one does not know yet that it was replaced.

>>> def forgetful(connection, batch):
...     for position, event in batch:
...         for sql, values in writes(event):
...             connection.execute(sql, values)
...     return batch[-1][0]
>>> feed = drawn(np.random.default_rng(1))
>>> Life(feed, np.random.default_rng(1)).rows(forgetful) == once(feed)
False
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import numpy as np

from archlab.chapters.cqrs.lab_rows import Session, run_once, undo
from archlab.course.labs.expectations import expect, expect_number
from archlab.course.labs.new_process import in_new_process
from archlab.shop.cqrs.news import order_news
from archlab.shop.domain import Product, price_order
from archlab.shop.events.event import Event
from archlab.shop.store import open_database

SCHEMA = """
CREATE TABLE sold (product INTEGER PRIMARY KEY, pieces INTEGER NOT NULL);
CREATE TABLE customers (customer INTEGER PRIMARY KEY, orders INTEGER NOT NULL, cents INTEGER NOT NULL);
CREATE TABLE places (name TEXT PRIMARY KEY, position INTEGER NOT NULL)
"""
"""The read model: `sold` and `customers`. `places` is there for whoever wants to keep one, and empty."""
EVENTS, CUSTOMERS, PRODUCTS = 14, 4, 3
MOST_BATCH, MOST_AGAIN = 5, 4
"""The most new events in a batch, and the most that come once more before them."""
OLD_EVERY = 3
"""Of every so many batches the last one has nothing that is new."""
MOST_DELIVERIES = 200
"""Of one life. It needs about ten."""

Batch = Sequence[tuple[int, Event]]
Apply = Callable[[Session, Batch], Any]
Rows = dict[str, list[tuple[Any, ...]]]


def writes(event: Event) -> list[tuple[str, tuple[Any, ...]]]:
    """Return the statements of one event on the read model, as pairs (sql, values). They add up."""
    data = event.data
    more = "INSERT INTO sold VALUES (?, ?) ON CONFLICT DO UPDATE SET pieces = pieces + excluded.pieces"
    order = """INSERT INTO customers VALUES (?, 1, ?)
               ON CONFLICT DO UPDATE SET orders = orders + 1, cents = cents + excluded.cents"""
    sold = [(more, (product, quantity)) for product, quantity, _ in data["lines"]]
    return [*sold, (order, (data["customer"], data["total_cents"]))]


def drawn(random: np.random.Generator, events: int = EVENTS) -> list[tuple[int, Event]]:
    """Return (position, event) of orders. Positions grow, with gaps: others are about something else."""
    products = [Product(n, f"product {n}", 100 * n) for n in range(1, PRODUCTS + 1)]
    positions = int(random.integers(1, 500)) + np.cumsum(random.integers(1, 4, size=events))
    feed = []
    for order_id, position in enumerate(positions.tolist(), start=1):
        bought = random.choice(PRODUCTS, size=int(random.integers(1, 3)), replace=False)
        basket = {int(product) + 1: int(random.integers(1, 5)) for product in bought}
        order = price_order(order_id, basket, [products[product - 1] for product in basket])
        news, _ = order_news(order_id, int(random.integers(CUSTOMERS)), order)
        feed.append((position, Event(position, f"order-{order_id}", 1, news.type, news.data, 0.0, "")))
    return feed


def rows_in(connection: sqlite3.Connection) -> Rows:
    """Return the rows of the read model, sorted."""
    return {name: sorted(connection.execute(f"SELECT * FROM {name}")) for name in ("sold", "customers")}


def once(feed: Batch) -> Rows:
    """Return the rows that there are when each event was applied once."""
    connection = open_database(SCHEMA)
    for _, event in feed:
        for sql, values in writes(event):
            connection.execute(sql, values)
    return rows_in(connection)


class Life:
    """The life of a read model, with all processes that work for it.

    `calls`: how many statements they have made; `died`: how many of them died.

    Args:
        feed: all that is told.
        random: which batches it is told in.
        kills: after so many statements, counted from the begin, a process dies.
    """

    def __init__(self, feed: Batch, random: np.random.Generator, kills: Sequence[int] = ()) -> None:
        self.feed, self.random, self.kills = feed, random, sorted(kills)
        self.connection = open_database(SCHEMA)
        self.calls, self.died = 0, 0

    def rows(self, apply: Apply) -> Rows:
        """Let processes apply all that is told, until they have named the last position."""
        program, done, deliveries = in_new_process(apply), 0, 0
        while done < len(self.feed):
            first = max(0, done - int(self.random.integers(MOST_AGAIN + 1)))
            last = done + int(self.random.integers(1, MOST_BATCH + 1))
            if deliveries % OLD_EVERY == OLD_EVERY - 1 and done > MOST_AGAIN:
                first, last = done - MOST_AGAIN, done - 1  # all of it is there already
            ended, given = self._deliver(program, list(self.feed[first:last]))
            if ended:
                named = expect_number(given, "the position that apply returns")
                done = sum(position <= named for position, _ in self.feed)
            else:
                program = in_new_process(apply)
            deliveries += 1
            expect(
                deliveries < MOST_DELIVERIES,
                f"{MOST_DELIVERIES} batches, and no end: apply returns {given!r}; the last is {self.feed[-1][0]}",
            )
        undo(self.connection)
        return rows_in(self.connection)

    def _deliver(self, program: Apply, batch: Batch) -> tuple[bool, Any]:
        left = next((kill - self.calls for kill in self.kills if kill > self.calls), None)
        sessions: list[Session] = []

        def run(session: Session) -> Any:
            sessions.append(session)
            return program(session, deepcopy(batch))

        ended, given = run_once(run, self.connection, calls=left)
        self.calls += sessions[0].made
        self.died += not ended
        return ended, given
