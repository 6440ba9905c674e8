"""The rows of a shop as tables, from the objects that somebody else keeps: for the audit, which reads tables.

>>> from archlab.shop.domain import Product
>>> copy = as_tables([Product(1, "tea", 450)], {1: 5}, {1: 3}, [], [], [])
>>> copy.execute("SELECT on_hand FROM stock").fetchone()
(3,)
"""

import sqlite3
from collections.abc import Iterable, Mapping

from archlab.shop.domain import Notification, Order, Payment, Product
from archlab.shop.store import (
    SCHEMAS,
    CatalogueRepository,
    NotificationRepository,
    OrderRepository,
    PaymentRepository,
    open_database,
    run_together,
)


def as_tables(
    catalogue: Iterable[Product],
    initial: Mapping[int, int],
    stock: Mapping[int, int],
    orders: Iterable[Order],
    payments: Iterable[Payment],
    notifications: Iterable[Notification],
) -> sqlite3.Connection:
    """Return a new database with these rows. `initial` and `stock`: product -> pieces at the start, and now."""
    connection = open_database(*SCHEMAS)
    CatalogueRepository(connection).fill(catalogue)
    rows = [(product, initial[product], pieces) for product, pieces in stock.items()]
    connection.executemany("INSERT INTO stock VALUES (?, ?, ?)", rows)
    order_rows, payment_rows = OrderRepository(connection), PaymentRepository(connection)
    notification_rows = NotificationRepository(connection)
    writes = [
        statement
        for order in orders
        for statement in (
            order_rows.insert(order),
            *(order_rows.insert_line(order, line) for line in order.lines),
        )
    ]
    writes += [payment_rows.insert(payment) for payment in payments]
    writes += [notification_rows.insert(notification) for notification in notifications]
    run_together(connection, writes)
    return connection
