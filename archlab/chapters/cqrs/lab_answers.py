"""The page of a customer's year, which the shop has not got: histories to try a read model of it with.

Task 1 of lab 06. A history has orders, other prices for products, and money that is taken for several orders at once.
It is told twice: as events, from which a learner's tables are made; and as rows of the normalised tables, from which
the page follows by joins. The two have nothing in common but the history.

What this leaves out: orders that are cancelled, and events that come twice (task 2).

>>> history = drawn(np.random.default_rng(1), orders=20, customers=3)
>>> year = by_joins(history.normalised(), customer=1)
>>> year.orders, year.paid_cents <= year.spent_cents
(7, True)
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from archlab.chapters.cqrs.measured import rows_of
from archlab.shop.cqrs import open_write_model
from archlab.shop.cqrs.news import PRODUCT_CHANGED, captured_news, order_news, product_news
from archlab.shop.cqrs.normalised import changed
from archlab.shop.domain import Order, PaymentState, Product, price_order
from archlab.shop.events.event import Event, NewEvent
from archlab.shop.events.stock import stock_received
from archlab.shop.store import Statement, run_together
from archlab.sim.validation import require_whole

PRODUCTS, STOCK = 12, 100_000
CHANGE_SHARE, CAPTURE_SHARE = 0.2, 0.1
"""So many times an order is followed by another price of a product, and by a settlement. Assumptions."""
BY_JOINS = """
SELECT (SELECT COUNT(*) FROM buyers WHERE customer = ?1),
    (SELECT SUM(quantity) FROM buyers JOIN order_lines USING (order_id) WHERE customer = ?1),
    (SELECT SUM(total_cents) FROM buyers JOIN orders USING (order_id) WHERE customer = ?1),
    (SELECT COALESCE(SUM(amount_cents), 0) FROM buyers JOIN payments USING (order_id)
     WHERE customer = ?1 AND state = 'captured'),
    (SELECT MAX(total_cents) FROM buyers JOIN orders USING (order_id) WHERE customer = ?1)
"""


class Year(NamedTuple):
    """What the page shows of a customer: how many orders and pieces, the cents of all orders, those that were taken
    already, and the cents of the dearest order.
    """

    orders: int
    pieces: int
    spent_cents: int
    paid_cents: int
    dearest_cents: int


@dataclass(frozen=True)
class History:
    """What happened: `products` were listed; then, in this order, an `Order` was placed, a `Product` got another price,
    or the money of some order ids was taken. Order n is that of customer n modulo `customers`.
    """

    products: tuple[Product, ...]
    steps: tuple[Order | Product | tuple[int, ...], ...]
    customers: int

    def until(self, share: float) -> History:
        """Return the first part of the steps."""
        return History(self.products, self.steps[: int(share * len(self.steps))], self.customers)

    def unpaid_from(self, share: float) -> History:
        """Return the same, but after the first part of the steps no money is taken any more."""
        last = int(share * len(self.steps))
        kept = [step for n, step in enumerate(self.steps) if n < last or not isinstance(step, tuple)]
        return History(self.products, tuple(kept), self.customers)

    def events(self) -> list[Event]:
        """Return the events that the shop would tell."""
        told: list[NewEvent] = []
        for product in self.products:
            told += [product_news(product), stock_received(product.id, STOCK)]
        for step in self.steps:
            if isinstance(step, Order):
                told += order_news(step.id, step.id % self.customers, step)
            elif isinstance(step, Product):
                told.append(product_news(step, PRODUCT_CHANGED))
            else:
                told.append(captured_news(list(step)))
        return [Event(n, "shop", n, new.type, new.data, float(n), "") for n, new in enumerate(told, start=1)]

    def normalised(self) -> sqlite3.Connection:
        """Return a new database with the normalised tables."""
        connection = open_write_model(self.products, STOCK)
        rows: list[Statement] = []
        for step in self.steps:
            if isinstance(step, Order):
                rows += rows_of(connection, step, self.customers)
            elif isinstance(step, Product):
                rows.append(changed(step))
            else:
                sql = "UPDATE payments SET state = ? WHERE order_id = ?"
                rows += [Statement(sql, (PaymentState.CAPTURED.value, order_id)) for order_id in step]
        run_together(connection, rows)
        return connection

    @property
    def buyers(self) -> list[int]:
        """The customers who have ordered."""
        return sorted({step.id % self.customers for step in self.steps if isinstance(step, Order)})


def drawn(random: np.random.Generator, orders: int, customers: int) -> History:
    """Return a history with so many orders. Raises `ValueError` when there is no order or no customer."""
    require_whole("orders", orders, at_least=1)
    require_whole("customers", customers, at_least=1)
    products = {
        n: Product(n, f"product {n}", int(random.integers(1, 90)) * 50) for n in range(1, PRODUCTS + 1)
    }
    listed, steps, unpaid = tuple(products.values()), list[Order | Product | tuple[int, ...]](), list[int]()
    for order_id in random.permutation(np.arange(1, orders + 1)).tolist():
        bought = random.choice(PRODUCTS, size=int(random.integers(1, 4)), replace=False) + 1
        basket = {int(product): int(random.integers(1, 5)) for product in bought}
        steps.append(price_order(order_id, basket, [products[product] for product in basket]))
        unpaid.append(order_id)
        if random.random() < CHANGE_SHARE:
            chosen = int(random.integers(1, PRODUCTS + 1))
            products[chosen] = Product(chosen, f"product {chosen}", int(random.integers(1, 90)) * 50)
            steps.append(products[chosen])
        if random.random() < CAPTURE_SHARE:
            steps.append(tuple(unpaid[::2]))
            unpaid = unpaid[1::2]
    return History(listed, tuple(steps), customers)


def by_joins(normalised: sqlite3.Connection, customer: int) -> Year:
    """Return the page of a customer, from the normalised tables."""
    return Year(*normalised.execute(BY_JOINS, (customer,)).fetchone())
