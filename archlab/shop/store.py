"""The shop's rows: SQLite tables and one small repository for each of catalogue, stock, orders, payments,
notifications.

A repository gets its connection from outside. A monolith gives all five the same one; microservices give
each its own database. Reads happen at once. A write is a `Statement`, which somebody runs when its time has
come:

>>> connection = open_database(*SCHEMAS)
>>> stock = StockRepository(connection)
>>> stock.fill({1: 1})
>>> run_together(connection, [stock.reserve(product=1, quantity=1)])
>>> stock.on_hand([1])
{1: 0}

**Transactions and simulated time.** An order's handler waits many times between its first and its last
statement, and meanwhile other handlers run on the same connection. SQLite knows one open transaction a
connection, so an order's statements are collected and executed in one real `BEGIN IMMEDIATE ... COMMIT` at
the moment of its commit (`run_together`). Each condition is checked there: a reservation that finds too few
pieces rolls all back. What this leaves out: locks on rows that are held while a transaction waits. Real
databases make such orders queue for a hot row, so the model errs towards less contention.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from archlab.shop.domain import (
    AlreadyPlaced,
    NotFound,
    Notification,
    Order,
    OrderLine,
    OrderState,
    OutOfStock,
    Payment,
    PaymentState,
    Product,
    Refusal,
)

CATALOGUE = (
    "CREATE TABLE products (product INTEGER PRIMARY KEY, name TEXT NOT NULL, price_cents INTEGER NOT NULL)"
)
STOCK = "CREATE TABLE stock (product INTEGER PRIMARY KEY, initial INTEGER NOT NULL, on_hand INTEGER NOT NULL)"
ORDERS = """
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, state TEXT NOT NULL, total_cents INTEGER NOT NULL);
CREATE TABLE order_lines (order_id INTEGER NOT NULL, product INTEGER NOT NULL, quantity INTEGER NOT NULL,
    unit_price_cents INTEGER NOT NULL, PRIMARY KEY (order_id, product)) WITHOUT ROWID
"""
PAYMENTS = """
CREATE TABLE payments (payment_id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL,
    amount_cents INTEGER NOT NULL, authorisation INTEGER NOT NULL, state TEXT NOT NULL);
CREATE INDEX payments_by_order ON payments (order_id);
CREATE INDEX payments_by_authorisation ON payments (authorisation);
CREATE INDEX payments_by_state ON payments (state) WHERE state = 'authorised'
"""
NOTIFICATIONS = """
CREATE TABLE notifications (notification_id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL,
    text TEXT NOT NULL);
CREATE INDEX notifications_by_order ON notifications (order_id)
"""
SCHEMAS = (CATALOGUE, STOCK, ORDERS, PAYMENTS, NOTIFICATIONS)
"""The five schemas. They name no table of each other, so each can live in a database of its own."""


def open_database(*schemas: str, path: str = ":memory:") -> sqlite3.Connection:
    """Return a connection to a new database with these schemas. Outside BEGIN, each statement commits."""
    connection = sqlite3.connect(path, isolation_level=None)
    for schema in schemas:
        connection.executescript(schema)
    return connection


@dataclass(frozen=True)
class Statement:
    """One write that waits for its moment.

    `refusal` makes the exception when the write changes no row; None: that is all right.
    """

    sql: str
    values: tuple[object, ...]
    refusal: Callable[[], Refusal] | None = None

    def run(self, connection: sqlite3.Connection) -> None:
        """Execute the write now.

        Raises:
            Refusal: when it changed no row and `refusal` is given.
        """
        changed = connection.execute(self.sql, self.values).rowcount
        if changed == 0 and self.refusal is not None:
            raise self.refusal()


def run_together(connection: sqlite3.Connection, statements: Iterable[Statement]) -> None:
    """Execute all statements in one transaction: all, or none and the exception of the one that failed."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in statements:
            statement.run(connection)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _marks(ids: Sequence[int]) -> str:
    return ",".join("?" * len(ids))


@dataclass(frozen=True)
class ProductPage:
    """What a customer sees of a product."""

    product: Product
    on_hand: int


@dataclass(frozen=True)
class OrderStatus:
    """What a customer sees of an order. `payment` is None while no payment is recorded."""

    order_id: int
    state: OrderState
    total_cents: int
    payment: PaymentState | None


class CatalogueRepository:
    """The products. `page` joins the stock table, which a monolith's shared database makes possible."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def fill(self, products: Iterable[Product]) -> None:
        rows = [(product.id, product.name, product.price_cents) for product in products]
        self.connection.executemany("INSERT INTO products VALUES (?, ?, ?)", rows)

    def products(self, ids: Sequence[int]) -> list[Product]:
        """Return the products with these ids; ids that do not exist are left out."""
        sql = f"SELECT product, name, price_cents FROM products WHERE product IN ({_marks(ids)})"
        return [Product(*row) for row in self.connection.execute(sql, tuple(ids))]

    def product(self, product: int) -> Product:
        """Return one product, from its own table alone.

        Raises:
            NotFound: when there is no such product.
        """
        found = self.products([product])
        if not found:
            raise NotFound(f"no product {product}")
        return found[0]

    def page(self, product: int) -> ProductPage:
        """Return one product and its stock.

        Raises:
            NotFound: when there is no such product.
        """
        sql = """SELECT product, name, price_cents, on_hand FROM products JOIN stock USING (product)
                 WHERE product = ?"""
        row = self.connection.execute(sql, (product,)).fetchone()
        if row is None:
            raise NotFound(f"no product {product}")
        return ProductPage(Product(*row[:3]), row[3])


class StockRepository:
    """How many pieces of each product were there at the start, and are there now."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def fill(self, pieces: Mapping[int, int]) -> None:
        rows = [(product, count, count) for product, count in pieces.items()]
        self.connection.executemany("INSERT INTO stock VALUES (?, ?, ?)", rows)

    def on_hand(self, ids: Sequence[int]) -> dict[int, int]:
        sql = f"SELECT product, on_hand FROM stock WHERE product IN ({_marks(ids)})"
        return dict(self.connection.execute(sql, tuple(ids)).fetchall())

    def reserve(self, product: int, quantity: int) -> Statement:
        """Return the write that takes `quantity` pieces, or raises `OutOfStock` when too few are there."""
        sql = "UPDATE stock SET on_hand = on_hand - ? WHERE product = ? AND on_hand >= ?"
        return Statement(
            sql, (quantity, product, quantity), lambda: OutOfStock(f"too few of product {product}")
        )

    def release(self, product: int, quantity: int, request: str | None = None) -> Statement:
        """Return the write that puts pieces back; given the `request` that took them, only if `handled` notes it."""
        sql = "UPDATE stock SET on_hand = on_hand + ? WHERE product = ?"
        if request is None:
            return Statement(sql, (quantity, product))
        noted = " AND EXISTS (SELECT 1 FROM handled WHERE request = ?)"
        return Statement(sql + noted, (quantity, product, request))


class OrderRepository:
    """Orders and their lines. `status` joins the payments table, which a shared database makes possible."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def insert(self, order: Order) -> Statement:
        return Statement(
            "INSERT INTO orders VALUES (?, ?, ?)", (order.id, order.state.value, order.total_cents)
        )

    def insert_line(self, order: Order, line: OrderLine) -> Statement:
        values = (order.id, line.product, line.quantity, line.unit_price_cents)
        return Statement("INSERT INTO order_lines VALUES (?, ?, ?, ?)", values)

    def insert_once(self, order: Order) -> Statement:
        """The same, but an order with this id that is there already stays as it is."""
        return self._once(self.insert(order))

    def insert_line_once(self, order: Order, line: OrderLine) -> Statement:
        """The same, but a line that is there already stays as it is."""
        return self._once(self.insert_line(order, line))

    def insert_new(self, order: Order) -> Statement:
        """The same, but it raises `AlreadyPlaced` when an order with this id is there already."""
        return replace(
            self.insert_once(order), refusal=lambda: AlreadyPlaced(f"order {order.id} is there already")
        )

    def _once(self, statement: Statement) -> Statement:
        return replace(statement, sql=f"{statement.sql} ON CONFLICT DO NOTHING")

    def set_state(self, order: Order) -> Statement:
        """Return the write that gives an order its state."""
        return Statement("UPDATE orders SET state = ? WHERE order_id = ?", (order.state.value, order.id))

    def has(self, order_id: int) -> bool:
        """Return whether an order with this id is there."""
        sql = "SELECT 1 FROM orders WHERE order_id = ?"
        return self.connection.execute(sql, (order_id,)).fetchone() is not None

    def find(self, order_id: int) -> Order:
        """Return one order with its lines.

        Raises:
            NotFound: when there is no such order, or none of its lines was written.
        """
        row = self.connection.execute("SELECT state FROM orders WHERE order_id = ?", (order_id,)).fetchone()
        sql = "SELECT product, quantity, unit_price_cents FROM order_lines WHERE order_id = ?"
        lines = tuple(OrderLine(*line) for line in self.connection.execute(sql, (order_id,)))
        if row is None or not lines:
            raise NotFound(f"no order {order_id}")
        return Order(order_id, lines, OrderState(row[0]))

    def own_status(self, order_id: int) -> OrderStatus:
        """Return the state of an order, from its own table alone: `payment` is None.

        Raises:
            NotFound: when there is no such order.
        """
        sql = "SELECT state, total_cents FROM orders WHERE order_id = ?"
        row = self.connection.execute(sql, (order_id,)).fetchone()
        if row is None:
            raise NotFound(f"no order {order_id}")
        return OrderStatus(order_id, OrderState(row[0]), row[1], payment=None)

    def status(self, order_id: int) -> OrderStatus:
        """Return the state of an order and of its payment.

        Raises:
            NotFound: when there is no such order.
        """
        sql = """SELECT orders.state, total_cents, payments.state
                 FROM orders LEFT JOIN payments USING (order_id)
                 WHERE order_id = ? ORDER BY payment_id LIMIT 1"""
        row = self.connection.execute(sql, (order_id,)).fetchone()
        if row is None:
            raise NotFound(f"no order {order_id}")
        payment = None if row[2] is None else PaymentState(row[2])
        return OrderStatus(order_id, OrderState(row[0]), row[1], payment)


class PaymentRepository:
    """What the shop believes about its payments. What was really charged, only the provider knows."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def insert(self, payment: Payment) -> Statement:
        sql = "INSERT INTO payments (order_id, amount_cents, authorisation, state) VALUES (?, ?, ?, ?)"
        values = (payment.order_id, payment.amount_cents, payment.authorisation, payment.state.value)
        return Statement(sql, values)

    def delete(self, authorisation: int) -> Statement:
        """Return the write that takes a payment out of the rows; no error when it is not there."""
        return Statement("DELETE FROM payments WHERE authorisation = ?", (authorisation,))

    def state_of(self, order_id: int) -> PaymentState | None:
        """Return the state of an order's first payment; None when there is none."""
        sql = "SELECT state FROM payments WHERE order_id = ? ORDER BY payment_id LIMIT 1"
        row = self.connection.execute(sql, (order_id,)).fetchone()
        return None if row is None else PaymentState(row[0])

    def authorised(self) -> list[int]:
        """Return the authorisations whose money is held and not yet taken, oldest first."""
        sql = "SELECT authorisation FROM payments WHERE state = 'authorised' ORDER BY payment_id"
        return [row[0] for row in self.connection.execute(sql)]

    def capture(self, authorisations: Iterable[int]) -> None:
        """Note that the provider has taken this money."""
        sql = f"UPDATE payments SET state = '{PaymentState.CAPTURED.value}' WHERE authorisation = ?"
        self.connection.executemany(sql, [(authorisation,) for authorisation in authorisations])


class NotificationRepository:
    """Messages for customers."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def insert(self, notification: Notification) -> Statement:
        values = (notification.order_id, notification.text)
        return Statement("INSERT INTO notifications (order_id, text) VALUES (?, ?)", values)
