"""What a command tells the log: the events from which read models are made.

>>> from archlab.shop.domain import OrderLine
>>> [event.type for event in order_news(order_id=7, customer=3, order=Order(7, (OrderLine(1, 2, 450),)))]
['OrderPlaced', 'StockReserved']
"""

from archlab.shop.domain import Order, Product
from archlab.shop.events.event import NewEvent
from archlab.shop.events.order import ORDER_PLACED, STOCK_RESERVED

PRODUCT_LISTED = "ProductListed"
PRODUCT_CHANGED = "ProductChanged"
PAYMENTS_CAPTURED = "PaymentsCaptured"


def order_news(order_id: int, customer: int, order: Order) -> tuple[NewEvent, NewEvent]:
    """Return OrderPlaced and StockReserved: one transaction has done both, and holds the money."""
    lines = [[line.product, line.quantity, line.unit_price_cents] for line in order.lines]
    placed = {"order_id": order_id, "customer": customer, "lines": lines, "total_cents": order.total_cents}
    pieces = [[line.product, line.quantity] for line in order.lines]
    return NewEvent(ORDER_PLACED, placed), NewEvent(STOCK_RESERVED, {"order_id": order_id, "lines": pieces})


def captured_news(order_ids: list[int]) -> NewEvent:
    """Return PaymentsCaptured: the money of these orders was taken."""
    return NewEvent(PAYMENTS_CAPTURED, {"order_ids": order_ids})


def product_news(product: Product, kind: str = PRODUCT_LISTED) -> NewEvent:
    """Return ProductListed, or ProductChanged: its name and its price are these from now on."""
    facts = {"product": product.id, "name": product.name, "price_cents": product.price_cents}
    return NewEvent(kind, facts)
