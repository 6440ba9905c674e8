"""The same orders, kept in four ways on real SQLite: what `storage` weighs and `bypasses` tries to alter.

- **states**: the tables of the shop. An update overwrites what was there.
- **states and history**: beside them a row for each change, a copy of the row with its time and its request. This is
  the fair opponent: it keeps the same changes.
- **events**: the event store alone, five events an order. Who wants a list of orders must read them all.
- **events and read tables**: with the tables of the shop's two projections. They hold less than the states do: no
  lines, payments and messages. Tables that hold all of it would take what the states take.

All orders go well. An order that is cancelled has more changes, and they cost more in each way but the first.

>>> connection = open_database(EVENTS)
>>> size_bytes, rows = written("events", [Orders(seed=1).next(FIRST_ORDER)], connection)
>>> [event.type for event in EventStore(connection).read_all()]
['OrderPlaced', 'StockReserved', 'PaymentAuthorised', 'OrderConfirmed', 'CustomerTold']
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

import numpy as np

from archlab.shop.architecture import HOURS_PER_MONTH, SHOP_MIX
from archlab.shop.customers import Customers, typical_catalogue
from archlab.shop.day import at_load
from archlab.shop.domain import Order, OrderState, Payment, Product, confirmation, price_order
from archlab.shop.events import (
    EVENTS,
    ORDER_STATUS,
    POSITIONS,
    STOCK_LEVEL,
    STOCK_LEVELS,
    EventStore,
    NewEvent,
    Projection,
)
from archlab.shop.events.order import (
    PlacedOrder,
    decide_confirmation,
    decide_message,
    decide_order,
    decide_payment,
    decide_stock,
)
from archlab.shop.events.stock import stock_received
from archlab.shop.monolithic.config import MONOLITH
from archlab.shop.store import (
    NOTIFICATIONS,
    ORDERS,
    PAYMENTS,
    STOCK,
    NotificationRepository,
    OrderRepository,
    PaymentRepository,
    Statement,
    StockRepository,
    open_database,
    run_together,
)

ORDERS_PER_S = at_load(0.5, MONOLITH).rate_per_s * SHOP_MIX.shares["place_order"]
"""Of the shop as one program on its two machines, at half of its capacity, day and night."""
HOURS_PER_YEAR = 12 * HOURS_PER_MONTH
ORDERS_PER_YEAR = ORDERS_PER_S * 3600 * HOURS_PER_YEAR
FIRST_ORDER = int(ORDERS_PER_YEAR / 2)
"""The orders are those of the middle of the first year: the ids are as long as they are then."""
PRODUCTS = 200
PIECES = 10**6
HISTORY = """
CREATE TABLE order_history (order_id INTEGER, state TEXT, total_cents INTEGER, at_s REAL, request TEXT);
CREATE INDEX order_history_by_order ON order_history (order_id);
CREATE TABLE stock_history (product INTEGER, on_hand INTEGER, at_s REAL, request TEXT);
CREATE INDEX stock_history_by_product ON stock_history (product);
CREATE TABLE payment_history (order_id INTEGER, amount_cents INTEGER, authorisation INTEGER, state TEXT, at_s REAL,
    request TEXT);
CREATE INDEX payment_history_by_order ON payment_history (order_id);
CREATE TABLE notification_history (order_id INTEGER, at_s REAL, request TEXT);
CREATE INDEX notification_history_by_order ON notification_history (order_id)
"""
"""A row for each change. Lines of orders and texts are written once, so their rows are their history."""

READ_TABLES = (POSITIONS, ORDER_STATUS.schema, STOCK_LEVELS.schema)
STATES = (STOCK, ORDERS, PAYMENTS, NOTIFICATIONS)


class Orders:
    """The orders of a shop's customers, as the decisions they lead to. Each seed has customers of its own."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.products = typical_catalogue(PRODUCTS, self.rng)
        self.customers = Customers(self.products, self.rng)

    def next(self, order_id: int) -> "Placing":
        """Return the next customer's order."""
        basket = self.customers.basket()
        return Placing(order_id, int(self.rng.integers(PIECES)), basket, self.products)


class Placing:
    """One order that goes well, as five events and as the same changes of states."""

    def __init__(
        self, order_id: int, customer: int, basket: Mapping[int, int], products: Iterable[Product]
    ) -> None:
        chosen = [product for product in products if product.id in basket]
        order = price_order(order_id, basket, chosen)
        self.order = Order(order.id, order.lines, OrderState.PENDING)
        self.placed = decide_order(order_id, customer, basket, chosen)
        self.customer = customer
        self.at_s = order_id / ORDERS_PER_S
        self.request = f"request-{order_id}"

    @cached_property
    def events(self) -> list[NewEvent]:
        """Return what happened, a fact an event."""
        enough = dict.fromkeys([line.product for line in self.order.lines], PIECES)
        done = PlacedOrder(self.order, self.customer, is_reserved=True, authorisation=self.order.id)
        return [
            self.placed,
            decide_stock(self.order, enough),
            decide_payment(self.order, self.order.id),
            decide_confirmation(done),
            decide_message(self.order),
        ]

    def states(self, connection: sqlite3.Connection) -> list[Statement]:
        """Return the writes of the same changes to the tables of states."""
        orders, stock = OrderRepository(connection), StockRepository(connection)
        lines = self.order.lines
        return [
            orders.insert(self.order),
            *[orders.insert_line(self.order, line) for line in lines],
            *[stock.reserve(line.product, line.quantity) for line in lines],
            PaymentRepository(connection).insert(
                Payment(self.order.id, self.order.total_cents, self.order.id)
            ),
            orders.set_state(self.order.become(OrderState.PLACED)),
            NotificationRepository(connection).insert(confirmation(self.order)),
        ]

    def history(self) -> list[Statement]:
        """Return the writes of the row that each change leaves: of the order twice, for it changes once."""
        id_, total, when = self.order.id, self.order.total_cents, (self.at_s, self.request)
        of_order = "INSERT INTO order_history VALUES (?, ?, ?, ?, ?)"
        of_stock = """INSERT INTO stock_history SELECT product, on_hand, ?, ? FROM stock WHERE product = ?"""
        of_payment = "INSERT INTO payment_history VALUES (?, ?, ?, 'authorised', ?, ?)"
        return [
            Statement(of_order, (id_, OrderState.PENDING.value, total, *when)),
            *[Statement(of_stock, (*when, line.product)) for line in self.order.lines],
            Statement(of_payment, (id_, total, id_, *when)),
            Statement(of_order, (id_, OrderState.PLACED.value, total, *when)),
            Statement("INSERT INTO notification_history VALUES (?, ?, ?)", (id_, *when)),
        ]


def _states(placing: Placing, connection: sqlite3.Connection) -> list[Statement]:
    return placing.states(connection)


def _states_and_history(placing: Placing, connection: sqlite3.Connection) -> list[Statement]:
    return [*placing.states(connection), *placing.history()]


def _events(placing: Placing, connection: sqlite3.Connection) -> list[Statement]:
    stream = f"order-{placing.order.id}"
    return EventStore(connection).appending(stream, placing.events, 0, placing.at_s, placing.request)


Writes = Callable[[Placing, sqlite3.Connection], list[Statement]]
DESIGNS: Mapping[str, tuple[tuple[str, ...], Writes]] = {
    "states": (STATES, _states),
    "states and history": ((*STATES, HISTORY), _states_and_history),
    "events": ((EVENTS,), _events),
    "events and read tables": ((EVENTS, *READ_TABLES), _events),
}
"""A design -> the tables it has, and what an order writes to them."""


def size(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return the bytes in use in the pages of all tables and indexes, and the rows of all tables."""
    used = connection.execute("SELECT SUM(pgsize - unused) FROM dbstat").fetchone()[0]
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    rows = sum(connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in tables)
    return int(used), int(rows)


def opened(design: str) -> sqlite3.Connection:
    """Return a new database of this design, with pieces of all products in it."""
    schemas, _ = DESIGNS[design]
    connection = open_database(*schemas)
    if STOCK in schemas:
        StockRepository(connection).fill(dict.fromkeys(range(1, PRODUCTS + 1), PIECES))
    else:
        store = EventStore(connection)
        for product in range(1, PRODUCTS + 1):
            store.append(STOCK_LEVEL.stream(product), [stock_received(product, PIECES)], 0, 0.0, "delivery")
    return connection


def written(design: str, orders: Iterable[Placing], connection: sqlite3.Connection) -> tuple[int, int]:
    """Write orders in this design, and return `size`."""
    _, writes = DESIGNS[design]
    run_together(connection, [statement for one in orders for statement in writes(one, connection)])
    if design == "events and read tables":
        for reads in (ORDER_STATUS, STOCK_LEVELS):
            Projection(connection, reads).catch_up(EventStore(connection))
    return size(connection)
