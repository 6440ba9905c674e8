"""Idempotency keys as conditional writes: what was done is noted in the transaction that does it.

Everybody may ask a function again: the customer whose answer did not come, the platform after a failure, the queue
after a time limit. With a note in the same transaction the second time writes nothing at all:

>>> from archlab.shop.store import ORDERS, STOCK, StockRepository, open_database, run_together
>>> rows = open_database(ORDERS, STOCK, HANDLED)
>>> _ = rows.execute("INSERT INTO orders VALUES (7, 'pending', 900)")
>>> stock = StockRepository(rows)
>>> stock.fill({1: 5})
>>> def reserve():
...     run_together(rows, [while_pending("reserve 7", 7), stock.reserve(product=1, quantity=2)])
>>> reserve()
>>> reserve()
Traceback (most recent call last):
archlab.shop.serverless.keys.NothingToDo: reserve 7
>>> stock.on_hand([1])
{1: 3}
"""

from archlab.shop.domain import Order, Refusal
from archlab.shop.store import Statement

HANDLED = "CREATE TABLE handled (request TEXT PRIMARY KEY)"
"""What was done."""
UNDER_WAY = "CREATE TABLE under_way (order_id INTEGER PRIMARY KEY, since_s REAL NOT NULL)"
"""The orders that were written down and are neither placed nor cancelled, and since when."""


class NothingToDo(Refusal):
    """This was done before, or the order has come to its end meanwhile. Nothing was written."""

    reason = "nothing_to_do"


def once(request: str) -> Statement:
    """Return the write that notes `request`, or raises `NothingToDo` when it is noted already."""
    return Statement("INSERT OR IGNORE INTO handled VALUES (?)", (request,), lambda: NothingToDo(request))


def while_pending(request: str, order_id: int) -> Statement:
    """The same, but it raises `NothingToDo` also when the order is no longer pending."""
    sql = """INSERT INTO handled SELECT ? WHERE EXISTS
             (SELECT 1 FROM orders WHERE order_id = ? AND state = 'pending') ON CONFLICT DO NOTHING"""
    return Statement(sql, (request, order_id), lambda: NothingToDo(request))


def note_under_way(order_id: int, now_s: float) -> Statement:
    """Return the write that notes since when an order is under way."""
    return Statement("INSERT OR IGNORE INTO under_way VALUES (?, ?)", (order_id, now_s))


def close(order: Order) -> list[Statement]:
    """Return the writes that give a pending order its last state, or raise `NothingToDo` when it has one."""
    sql = "UPDATE orders SET state = ? WHERE order_id = ? AND state = 'pending'"
    values = (order.state.value, order.id)
    return [
        Statement(sql, values, lambda: NothingToDo(f"close {order.id}")),
        Statement("DELETE FROM under_way WHERE order_id = ?", (order.id,)),
    ]
