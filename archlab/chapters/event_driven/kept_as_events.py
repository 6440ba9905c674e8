"""A history kept as events: every wish leaves at least one, those that were refused as well.

>>> from archlab.chapters.event_driven.history import Trade, play, wishes
>>> store = as_events(play(wishes(Trade(days=1), seed=1)))
>>> [event.type for event in store.read("order-1")]
['OrderPlaced', 'StockReserved', 'PaymentAuthorised', 'OrderConfirmed']

Who asked and why is in the data of an event, for a program that decides knows it. A change that somebody makes past
the program leaves no event, nor does a look: nothing changes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from archlab.chapters.event_driven.history import DONE, Done, History, Wish
from archlab.shop.domain import Order, OutOfStock, PaymentDeclined, Product
from archlab.shop.events import EVENTS, Event, EventStore, NewEvent
from archlab.shop.events.event import event_id
from archlab.shop.events.order import (
    ORDER_CANCELLED,
    ORDER_CONFIRMED,
    STOCK_REFUSED,
    decide_order,
    decide_payment,
    decide_release,
    decide_stock,
)
from archlab.shop.events.stock import SIGNS, STOCK_RECEIVED
from archlab.shop.store import Statement, open_database, run_together

PRICE_CHANGED = "PriceChanged"
STOCK_WRITTEN_OFF = "StockWrittenOff"
PAYMENT_REFUNDED = "PaymentRefunded"
WRITE_OFF_REFUSED = "WriteOffRefused"
CANCELLATION_REFUSED = "CancellationRefused"

MOVES = {**SIGNS, STOCK_WRITTEN_OFF: -1}
"""What an event does to the pieces on hand."""


def as_events(history: History, path: str = ":memory:") -> EventStore:
    """Write a history into a new event store, and return it."""
    store = EventStore(open_database(EVENTS, path=path))
    pen = _Pen(store)
    pen.write_opening(history)
    for number, one in enumerate(history.happened, start=1):
        pen.write(f"wish-{number}", one)
    run_together(store.connection, pen.statements)
    return store


class _Pen:
    """Collects the writes of all events, which run in one transaction: to append one by one takes longer."""

    def __init__(self, store: EventStore) -> None:
        self.statements: list[Statement] = []
        self._store = store
        self._versions: dict[str, int] = {}

    def write_opening(self, history: History) -> None:
        start = Wish(0.0, "delivery", "shop", "opening")
        for product in history.catalogue:
            amount = history.opening[product.id]
            first = [
                Done(replace(start, kind="price", product=product.id, amount=product.price_cents), DONE),
                Done(replace(start, product=product.id, amount=amount), DONE),
            ]
            for one in first:
                self.write("opening", one)

    def write(self, correlation_id: str, one: Done) -> None:
        """Append the events of a wish; each is caused by the one before."""
        cause = None
        for stream, event in events_of(one):
            version = self._versions.get(stream, 0)
            self.statements += self._store.appending(
                stream, [event], version, one.wish.at_s, correlation_id, cause
            )
            self._versions[stream] = version + 1
            cause = event_id(stream, version + 1)


def events_of(one: Done) -> list[tuple[str, NewEvent]]:
    """Return the events that a wish leaves, each with its stream; none for a look or a change past the program."""
    match one.wish.kind:
        case "order":
            return _on_order(one.wish, _of_order(one))
        case "cancel":
            return _on_order(one.wish, _of_cancellation(one))
        case "price":
            data = {"product": one.wish.product, "price_cents": one.wish.amount}
            return [(f"product-{one.wish.product}", _told(one.wish, NewEvent(PRICE_CHANGED, data)))]
        case "delivery" | "write_off":
            lines = {"lines": [[one.wish.product, one.wish.amount]]}
            return [(f"stock-{one.wish.product}", _told(one.wish, NewEvent(_type_of_move(one), lines)))]
    return []


def _type_of_move(one: Done) -> str:
    if one.wish.kind == "delivery":
        return STOCK_RECEIVED
    return STOCK_WRITTEN_OFF if one.is_done else WRITE_OFF_REFUSED


def _on_order(wish: Wish, events: Iterable[NewEvent]) -> list[tuple[str, NewEvent]]:
    return [(f"order-{wish.order_id}", event) for event in events]


def _told(wish: Wish, event: NewEvent) -> NewEvent:
    """The event, with who asked and why."""
    return replace(event, data={**event.data, "by": wish.who, "reason": wish.why})


def _of_order(one: Done) -> list[NewEvent]:
    """The way of an order, until it is confirmed or refused."""
    order, wish = _order(one), one.wish
    listed = [Product(line.product, "", line.unit_price_cents) for line in order.lines]
    placed = _told(wish, decide_order(order.id, wish.customer, wish.basket, listed))
    cancelled = NewEvent(ORDER_CANCELLED, {"order_id": order.id, "by": "shop", "reason": one.outcome})
    if one.outcome == OutOfStock.reason:
        return [placed, NewEvent(STOCK_REFUSED, {"order_id": order.id, "reason": one.outcome}), cancelled]
    reserved = decide_stock(order, {line.product: line.quantity for line in order.lines})
    if one.outcome == PaymentDeclined.reason:
        return [placed, reserved, decide_payment(order, None), decide_release(order), cancelled]
    confirmed = NewEvent(ORDER_CONFIRMED, {"order_id": order.id})
    return [placed, reserved, decide_payment(order, authorisation=order.id), confirmed]


def _of_cancellation(one: Done) -> list[NewEvent]:
    asked = {"order_id": one.wish.order_id}
    if not one.is_done:
        return [_told(one.wish, NewEvent(CANCELLATION_REFUSED, asked))]
    order = _order(one)
    refund = NewEvent(PAYMENT_REFUNDED, {**asked, "amount_cents": order.total_cents})
    return [_told(one.wish, NewEvent(ORDER_CANCELLED, asked)), decide_release(order), refund]


def _order(one: Done) -> Order:
    if one.order is None:
        raise ValueError(f"order is None; the wish {one.wish.kind!r} must have one")
    return one.order


def moved(event: Event) -> dict[int, int]:
    """Return how many pieces of each product an event adds to the shelf, or takes from it."""
    sign = MOVES.get(event.type, 0)
    lines: Sequence[Any] = event.data["lines"] if sign else ()
    return {product: sign * quantity for product, quantity in lines}
