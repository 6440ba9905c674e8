"""Random histories of a shop's orders and stock, made by the decisions themselves and written through the store."""

from hypothesis import strategies as st

from archlab.shop.domain import Product
from archlab.shop.events import EVENTS, ORDER, STOCK_LEVEL, EventStore
from archlab.shop.events.order import (
    decide_cancellation,
    decide_confirmation,
    decide_message,
    decide_order,
    decide_payment,
    decide_release,
    decide_stock,
)
from archlab.shop.events.stock import stock_received
from archlab.shop.store import open_database

PRODUCTS = [Product(1, "tea", 450), Product(2, "mug", 1200), Product(3, "pot", 3900)]

baskets = st.dictionaries(st.sampled_from([1, 2, 3]), st.integers(1, 3), min_size=1)
orders = st.tuples(baskets, st.sampled_from(["paid", "declined", "left alone", "given back"]))
histories = st.lists(orders, max_size=6)


def shop_of(history, pieces=8):
    """Return the store of the orders and that of the stock after these orders: baskets, and what became of each."""
    store, stock = EventStore(open_database(EVENTS)), EventStore(open_database(EVENTS))
    for product in (1, 2, 3):
        stock.append(f"stock-{product}", [stock_received(product, pieces)], 0, 0.0, "delivery")
    for order_id, (basket, fate) in enumerate(history, start=1):
        live(store, stock, order_id, basket, fate)
    return store, stock


def live(store, stock, order_id, basket, fate):
    stream = f"order-{order_id}"

    def note(event):
        store.append(stream, [event], store.version(stream), float(order_id), f"request {order_id}")

    def now():
        return ORDER.fold(store.read(stream))

    note(decide_order(order_id, customer=order_id % 3, basket=basket, products=PRODUCTS))
    on_hand = {p: STOCK_LEVEL.fold(stock.read(f"stock-{p}")) for p in (1, 2, 3)}
    note(decide_stock(now().order, on_hand))
    if now().is_reserved:
        move_stock(stock, decide_stock(now().order, on_hand))
        note(decide_payment(now().order, None if fate == "declined" else 100 + order_id))
    if fate in ("paid", "given back") and now().is_reserved:
        note(decide_confirmation(now()))
        note(decide_message(now().order))
    if now().refused_by or fate == "given back":
        note(decide_cancellation(now(), reason=fate))
        if now().is_reserved:
            released = decide_release(now().order)
            note(released)
            move_stock(stock, released)


def move_stock(store, event):
    """Note what an order took or gave back, a line each, in the streams of its products."""
    for product, quantity in event.data["lines"]:
        stream = f"stock-{product}"
        data = {"order_id": event.data["order_id"], "lines": [[product, quantity]]}
        store.append(stream, [type(event)(event.type, data)], store.version(stream), 0.0, "stock")
