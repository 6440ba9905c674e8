"""The read models: for each page a table with its rows as they are shown, and what each event writes into it.

>>> from archlab.shop.store import open_database, run_together
>>> connection = open_database(*(reads.schema for reads in READ_MODELS.values()))
>>> listed = Event(1, "product-1", 1, PRODUCT_LISTED, {"product": 1, "name": "tea", "price_cents": 450}, 0.0, "")
>>> for reads in READ_MODELS.values():
...     run_together(connection, reads.writes(listed))
>>> Views(connection).product_page(1).product.name, Views(connection).search("tea")
('tea', [(1, 'tea')])
"""

import sqlite3
from collections.abc import Mapping

from archlab.shop.cqrs.news import PAYMENTS_CAPTURED, PRODUCT_CHANGED, PRODUCT_LISTED
from archlab.shop.cqrs.questions import SHOWN, PastOrder, Question
from archlab.shop.domain import NotFound, OrderState, PaymentState, Product
from archlab.shop.events.event import Event
from archlab.shop.events.order import ORDER_PLACED
from archlab.shop.events.projection import ReadTables
from archlab.shop.events.read_tables import STOCK_LEVELS
from archlab.shop.events.stock import SIGNS
from archlab.shop.store import OrderStatus, ProductPage, Statement


def _product_page(event: Event) -> list[Statement]:
    data = event.data
    if event.type == PRODUCT_LISTED:
        row = (data["product"], data["name"], data["price_cents"])
        return [Statement("INSERT INTO product_pages VALUES (?, ?, ?, 0)", row)]
    if event.type == PRODUCT_CHANGED:
        sql = "UPDATE product_pages SET name = ?, price_cents = ? WHERE product = ?"
        return [Statement(sql, (data["name"], data["price_cents"], data["product"]))]
    sql = "UPDATE product_pages SET on_hand = on_hand + ? WHERE product = ?"
    lines = data["lines"] if event.type in SIGNS else []
    return [Statement(sql, (SIGNS[event.type] * quantity, product)) for product, quantity in lines]


def _order_page(event: Event) -> list[Statement]:
    data = event.data
    if event.type == ORDER_PLACED:
        row = (data["order_id"], OrderState.PLACED.value, data["total_cents"], PaymentState.AUTHORISED.value)
        return [Statement("INSERT INTO order_pages VALUES (?, ?, ?, ?)", row)]
    if event.type == PAYMENTS_CAPTURED:
        sql = "UPDATE order_pages SET payment = ? WHERE order_id IN (SELECT value FROM json_each(?))"
        return [Statement(sql, (PaymentState.CAPTURED.value, str(data["order_ids"])))]
    return []


def _order_history(event: Event) -> list[Statement]:
    if event.type != ORDER_PLACED:
        return []
    data = event.data
    pieces = sum(quantity for _, quantity, _ in data["lines"])
    row = (data["customer"], data["order_id"], pieces, data["total_cents"])
    return [Statement("INSERT INTO order_histories VALUES (?, ?, ?, ?)", row)]


def _best_sellers(event: Event) -> list[Statement]:
    data = event.data
    if event.type in (PRODUCT_LISTED, PRODUCT_CHANGED):
        sql = "INSERT INTO best_sellers VALUES (?, ?, 0) ON CONFLICT DO UPDATE SET name = excluded.name"
        return [Statement(sql, (data["product"], data["name"]))]
    sql = "UPDATE best_sellers SET pieces = pieces + ? WHERE product = ?"
    lines = data["lines"] if event.type == ORDER_PLACED else []
    return [Statement(sql, (quantity, product)) for product, quantity, _ in lines]


def _search(event: Event) -> list[Statement]:
    if event.type not in (PRODUCT_LISTED, PRODUCT_CHANGED):
        return []
    product = event.data["product"]
    gone = [Statement("DELETE FROM found WHERE rowid = ?", (product,))]
    listed = Statement("INSERT INTO found (rowid, name) VALUES (?, ?)", (product, event.data["name"]))
    return [*(gone if event.type == PRODUCT_CHANGED else []), listed]


READ_MODELS: Mapping[Question, ReadTables] = {
    Question.PRODUCT: ReadTables(
        Question.PRODUCT,
        """CREATE TABLE product_pages (product INTEGER PRIMARY KEY, name TEXT NOT NULL,
           price_cents INTEGER NOT NULL, on_hand INTEGER NOT NULL)""",
        ("product_pages",),
        _product_page,
    ),
    Question.ORDER: ReadTables(
        Question.ORDER,
        """CREATE TABLE order_pages (order_id INTEGER PRIMARY KEY, state TEXT NOT NULL,
           total_cents INTEGER NOT NULL, payment TEXT NOT NULL)""",
        ("order_pages",),
        _order_page,
    ),
    Question.HISTORY: ReadTables(
        Question.HISTORY,
        """CREATE TABLE order_histories (customer INTEGER NOT NULL, order_id INTEGER NOT NULL,
           pieces INTEGER NOT NULL, total_cents INTEGER NOT NULL, PRIMARY KEY (customer, order_id)) WITHOUT ROWID""",
        ("order_histories",),
        _order_history,
    ),
    Question.BEST_SELLERS: ReadTables(
        Question.BEST_SELLERS,
        """CREATE TABLE best_sellers (product INTEGER PRIMARY KEY, name TEXT NOT NULL, pieces INTEGER NOT NULL);
           CREATE INDEX best_sellers_by_pieces ON best_sellers (pieces DESC, product)""",
        ("best_sellers",),
        _best_sellers,
    ),
    Question.STOCK: ReadTables(
        Question.STOCK,
        f"{STOCK_LEVELS.schema}; CREATE INDEX stock_by_level ON stock_levels (on_hand, product)",
        STOCK_LEVELS.tables,
        STOCK_LEVELS.writes,
    ),
    Question.SEARCH: ReadTables(
        Question.SEARCH, "CREATE VIRTUAL TABLE found USING fts5(name)", ("found",), _search
    ),
}
"""A question -> its read model."""


class Views:
    """Answers from the tables of read models. See `archlab.shop.cqrs.questions.Model`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def product_page(self, product: int) -> ProductPage:
        sql = "SELECT product, name, price_cents, on_hand FROM product_pages WHERE product = ?"
        row = self.connection.execute(sql, (product,)).fetchone()
        if row is None:
            raise NotFound(f"no product {product}")
        return ProductPage(Product(*row[:3]), row[3])

    def order_page(self, order_id: int) -> OrderStatus:
        sql = "SELECT state, total_cents, payment FROM order_pages WHERE order_id = ?"
        row = self.connection.execute(sql, (order_id,)).fetchone()
        if row is None:
            raise NotFound(f"no order {order_id}")
        return OrderStatus(order_id, OrderState(row[0]), row[1], PaymentState(row[2]))

    def order_history(self, customer: int) -> list[PastOrder]:
        sql = """SELECT order_id, pieces, total_cents FROM order_histories
                 WHERE customer = ? ORDER BY order_id DESC LIMIT ?"""
        return [PastOrder(*row) for row in self.connection.execute(sql, (customer, SHOWN))]

    def best_sellers(self) -> list[tuple[int, str, int]]:
        sql = """SELECT product, name, pieces FROM best_sellers WHERE pieces > 0
                 ORDER BY pieces DESC, product LIMIT ?"""
        return self.connection.execute(sql, (SHOWN,)).fetchall()

    def stock_overview(self) -> list[tuple[int, int]]:
        sql = "SELECT product, on_hand FROM stock_levels ORDER BY on_hand, product LIMIT ?"
        return self.connection.execute(sql, (SHOWN,)).fetchall()

    def search(self, word: str) -> list[tuple[int, str]]:
        sql = "SELECT rowid, name FROM found WHERE found MATCH ? ORDER BY rowid LIMIT ?"
        return self.connection.execute(sql, (f'"{word}"', SHOWN)).fetchall()
