"""The shop's two projections: what a customer sees of an order, and how many pieces of a product there are.

>>> from archlab.shop.events.event_store import EVENTS, EventStore
>>> from archlab.shop.events.projection import POSITIONS, Projection
>>> from archlab.shop.events.stock import stock_received
>>> from archlab.shop.store import open_database
>>> store = EventStore(open_database(EVENTS))
>>> _ = store.append("stock-3", [stock_received(3, 5)], 0, at_s=0.0, correlation_id="delivery")
>>> levels = Projection(open_database(POSITIONS, STOCK_LEVELS.schema), STOCK_LEVELS)
>>> levels.catch_up(store), levels.rows()
(1, {'stock_levels': [(3, 5)]})

The levels add up every reservation they are shown, so show them each once: the store of the component that keeps the
stock, and not beside it the store of one that heard of it.
"""

from archlab.shop.domain import OrderState
from archlab.shop.events.event import Event
from archlab.shop.events.order import ORDER_CANCELLED, ORDER_CONFIRMED, ORDER_PLACED
from archlab.shop.events.projection import ReadTables
from archlab.shop.events.stock import SIGNS
from archlab.shop.store import Statement

STATES = {ORDER_CONFIRMED: OrderState.PLACED, ORDER_CANCELLED: OrderState.CANCELLED}


def _order_status(event: Event) -> list[Statement]:
    if event.type == ORDER_PLACED:
        values = (
            event.data["order_id"],
            event.data["customer"],
            OrderState.PENDING.value,
            event.data["total_cents"],
        )
        return [Statement("INSERT INTO order_status VALUES (?, ?, ?, ?)", values)]
    if event.type not in STATES:
        return []
    sql = "UPDATE order_status SET state = ? WHERE order_id = ?"
    return [Statement(sql, (STATES[event.type].value, event.data["order_id"]))]


def _stock_levels(event: Event) -> list[Statement]:
    sql = """INSERT INTO stock_levels VALUES (?, ?)
             ON CONFLICT DO UPDATE SET on_hand = on_hand + excluded.on_hand"""
    lines = event.data["lines"] if event.type in SIGNS else []
    return [Statement(sql, (product, SIGNS[event.type] * quantity)) for product, quantity in lines]


ORDER_STATUS = ReadTables(
    "order status",
    """CREATE TABLE order_status (order_id INTEGER PRIMARY KEY, customer INTEGER NOT NULL, state TEXT NOT NULL,
       total_cents INTEGER NOT NULL)""",
    ("order_status",),
    _order_status,
)
"""What a customer sees of each order: its state and its total."""

STOCK_LEVELS = ReadTables(
    "stock levels",
    "CREATE TABLE stock_levels (product INTEGER PRIMARY KEY, on_hand INTEGER NOT NULL)",
    ("stock_levels",),
    _stock_levels,
)
"""The pieces on hand of each product."""
