"""The write model: tables in which each fact stands once. It can answer every question as well, with joins.

>>> connection = open_write_model([Product(1, "tea", 450), Product(2, "green tea", 600)], stock=5)
>>> Normalised(connection).product_page(2).on_hand, Normalised(connection).search("green")
(5, [(2, 'green tea')])
"""

import sqlite3
from collections.abc import Sequence

from archlab.shop.cqrs.questions import SHOWN, PastOrder
from archlab.shop.domain import Product
from archlab.shop.store import (
    SCHEMAS,
    CatalogueRepository,
    OrderRepository,
    OrderStatus,
    ProductPage,
    Statement,
    StockRepository,
    open_database,
)

BUYERS = """
CREATE TABLE buyers (order_id INTEGER PRIMARY KEY, customer INTEGER NOT NULL);
CREATE INDEX buyers_by_customer ON buyers (customer)
"""
"""Whose order it is: what a history needs."""


def open_write_model(catalogue: Sequence[Product], stock: int, *schemas: str) -> sqlite3.Connection:
    """Return a new database with the normalised tables, further schemas, the catalogue and the stock."""
    connection = open_database(*SCHEMAS, BUYERS, *schemas)
    CatalogueRepository(connection).fill(catalogue)
    StockRepository(connection).fill({product.id: stock for product in catalogue})
    return connection


def bought_by(order_id: int, customer: int) -> Statement:
    """Return the write that says whose order it is."""
    return Statement("INSERT INTO buyers VALUES (?, ?)", (order_id, customer))


def changed(product: Product) -> Statement:
    """Return the write that gives a product its name and its price."""
    sql = "UPDATE products SET name = ?, price_cents = ? WHERE product = ?"
    return Statement(sql, (product.name, product.price_cents, product.id))


class Normalised:
    """Answers from the normalised tables. See `archlab.shop.cqrs.questions.Model`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.catalogue = CatalogueRepository(connection)
        self.orders = OrderRepository(connection)

    def product_page(self, product: int) -> ProductPage:
        return self.catalogue.page(product)

    def order_page(self, order_id: int) -> OrderStatus:
        return self.orders.status(order_id)

    def order_history(self, customer: int) -> list[PastOrder]:
        sql = """SELECT order_id, SUM(quantity), total_cents
                 FROM buyers JOIN orders USING (order_id) JOIN order_lines USING (order_id)
                 WHERE customer = ? GROUP BY order_id ORDER BY order_id DESC LIMIT ?"""
        return [PastOrder(*row) for row in self.connection.execute(sql, (customer, SHOWN))]

    def best_sellers(self) -> list[tuple[int, str, int]]:
        sql = """SELECT product, name, SUM(quantity) AS pieces
                 FROM order_lines JOIN products USING (product)
                 GROUP BY product ORDER BY pieces DESC, product LIMIT ?"""
        return self.connection.execute(sql, (SHOWN,)).fetchall()

    def stock_overview(self) -> list[tuple[int, int]]:
        sql = "SELECT product, on_hand FROM stock ORDER BY on_hand, product LIMIT ?"
        return self.connection.execute(sql, (SHOWN,)).fetchall()

    def search(self, word: str) -> list[tuple[int, str]]:
        sql = """SELECT product, name FROM products
                 WHERE ' ' || name || ' ' LIKE '% ' || ? || ' %' ORDER BY product LIMIT ?"""
        return self.connection.execute(sql, (word, SHOWN)).fetchall()
