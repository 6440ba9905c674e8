"""The rows, in SQLite."""

import sqlite3

SCHEMA = """
CREATE TABLE products (id INTEGER PRIMARY KEY, name, price_cents, on_hand);
CREATE TABLE orders (id INTEGER PRIMARY KEY, total_cents);
CREATE TABLE order_lines (order_id, product, pieces);
"""


def opened(products: list[tuple[int, str, int, int]]) -> sqlite3.Connection:
    """Open a shop in memory, with products: number, name, price in cents, pieces."""
    db = sqlite3.connect(":memory:")
    db.executescript(SCHEMA)
    db.executemany("INSERT INTO products VALUES (?, ?, ?, ?)", products)
    db.commit()
    return db


def product(db: sqlite3.Connection, number: int) -> tuple[str, int] | None:
    """Return name and price in cents. None: there is no such product."""
    found: tuple[str, int] | None = db.execute(
        "SELECT name, price_cents FROM products WHERE id = ?", (number,)
    ).fetchone()
    return found


def on_hand(db: sqlite3.Connection, number: int) -> int:
    """Return how many pieces there are."""
    found = db.execute("SELECT on_hand FROM products WHERE id = ?", (number,)).fetchone()
    return found[0] if found else 0


def total(db: sqlite3.Connection, order_id: int) -> int | None:
    """Return what an order costs in cents. None: there is no such order."""
    found = db.execute("SELECT total_cents FROM orders WHERE id = ?", (order_id,)).fetchone()
    return found[0] if found else None


def insert(db: sqlite3.Connection, order_id: int, total_cents: int, basket: dict[int, int]) -> None:
    """Write an order with its lines, and take its pieces, in one transaction."""
    with db:
        db.execute("INSERT INTO orders VALUES (?, ?)", (order_id, total_cents))
        for number, pieces in basket.items():
            db.execute("INSERT INTO order_lines VALUES (?, ?, ?)", (order_id, number, pieces))
            db.execute("UPDATE products SET on_hand = on_hand - ? WHERE id = ?", (pieces, number))
