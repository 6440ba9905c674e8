"""Whose order is it? A table of the orders service: the customer that ordered under a number owns that number.

A token says who asks and which operations it allows. Whose order number 7 is, no token says: only these rows do. So
the gateway hands on who asks, and the orders service compares. It believes the gateway: whoever gets past the gateway
can say to be anybody. A stranger hears that the order is not theirs, and so that it exists: a shop that minds says that
there is none.

>>> from archlab.shop.store import ORDERS, open_database
>>> connection = open_database(f"{ORDERS};{OWNERS}")
>>> owners = Owners(connection)
>>> owners.claim(7, "customer 7").run(connection)
>>> owners.require(7, "customer 7")
>>> owners.require(7, "customer 8")
Traceback (most recent call last):
archlab.shop.domain.NotYours: order 7 is not one of customer 8
"""

import sqlite3

from archlab.shop.domain import NotYours
from archlab.shop.store import Statement

OWNERS = "CREATE TABLE owners (order_id INTEGER PRIMARY KEY, customer TEXT NOT NULL)"


class Owners:
    """The rows that say whose order is whose."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def claim(self, order_id: int, customer: str) -> Statement:
        """Return the write that makes a number a customer's own, or raises `NotYours` when it is somebody else's.

        An order that is there and that nobody owns stays nobody's.
        """
        sql = """INSERT INTO owners SELECT ?, ?
                 WHERE NOT EXISTS (SELECT 1 FROM orders WHERE order_id = ?)
                 OR EXISTS (SELECT 1 FROM owners WHERE order_id = ?)
                 ON CONFLICT (order_id)
                 DO UPDATE SET customer = excluded.customer WHERE owners.customer = excluded.customer"""
        values = (order_id, customer, order_id, order_id)
        return Statement(sql, values, lambda: _not_yours(order_id, customer))

    def give_up(self, order_id: int, customer: str) -> Statement:
        """Return the write that frees a number of this customer under which no order came about."""
        sql = """DELETE FROM owners WHERE order_id = ? AND customer = ?
                 AND NOT EXISTS (SELECT 1 FROM orders WHERE order_id = ?)"""
        return Statement(sql, (order_id, customer, order_id))

    def require(self, order_id: int, customer: str) -> None:
        """Raise `NotYours` unless the order is this customer's. An order that nobody owns is nobody's."""
        sql = "SELECT count(*) FROM owners WHERE order_id = ? AND customer = ?"
        if not self.connection.execute(sql, (order_id, customer)).fetchone()[0]:
            raise _not_yours(order_id, customer)


def _not_yours(order_id: int, customer: str) -> NotYours:
    return NotYours(f"order {order_id} is not one of {customer}")
