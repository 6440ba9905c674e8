"""The order and the stock as aggregates: decisions follow the rules of the domain, states follow from events."""

import pytest
from hypothesis import given, settings

from archlab.shop.domain import NotFound, OrderState
from archlab.shop.events import ORDER, STOCK_LEVEL
from archlab.shop.events.event import Event, NewEvent, as_text
from archlab.shop.events.order import (
    decide_cancellation,
    decide_confirmation,
    decide_message,
    decide_order,
    decide_payment,
    decide_release,
    decide_stock,
    order_of,
)
from archlab.shop.events.stock import stock_received
from tests.shop.events.histories import PRODUCTS, histories, shop_of

PLACED = decide_order(7, customer=3, basket={1: 2, 2: 1}, products=PRODUCTS)


def fold(*events, aggregate=ORDER):
    rows = [
        Event(n, "order-7", n, event.type, event.data, 0.0, "r") for n, event in enumerate(events, start=1)
    ]
    return aggregate.fold(rows)


ORDER_7 = fold(PLACED).order
RESERVED = decide_stock(ORDER_7, {1: 2, 2: 1})
PAID = decide_payment(ORDER_7, authorisation=70)


def test_a_placed_order_is_pending_and_holds_what_the_rules_priced():
    assert PLACED.data == {
        "order_id": 7,
        "customer": 3,
        "lines": [[1, 2, 450], [2, 1, 1200]],
        "total_cents": 2100,
    }
    assert (ORDER_7.id, ORDER_7.total_cents, ORDER_7.state) == (7, 2100, OrderState.PENDING)


def test_an_order_goes_its_whole_way():
    placed = fold(PLACED, RESERVED, PAID)
    assert (placed.is_reserved, placed.authorisation) == (True, 70)
    done = fold(PLACED, RESERVED, PAID, decide_confirmation(placed), decide_message(placed.order))
    assert (done.order.state, done.is_told, done.customer) == (OrderState.PLACED, True, 3)


def test_an_order_is_confirmed_with_stock_and_payment_only():
    for events in ([PLACED], [PLACED, RESERVED], [PLACED, PAID]):
        with pytest.raises(ValueError, match="it must have both to be confirmed"):
            decide_confirmation(fold(*events))


def test_nothing_follows_a_cancellation():
    placed = fold(PLACED, RESERVED, PAID)
    cancelled = fold(PLACED, RESERVED, PAID, decide_cancellation(placed, "too late"))
    for decide in (decide_confirmation, lambda order: decide_cancellation(order, "again")):
        with pytest.raises(ValueError, match="after 'cancelled' it must be nothing else"):
            decide(cancelled)


def test_too_few_pieces_refuse_and_name_the_product():
    refused = decide_stock(ORDER_7, {1: 2, 2: 0})
    assert (refused.type, refused.data["reason"]) == (
        "StockRefused",
        "order 7 needs more of product 2 than is there",
    )
    assert fold(PLACED, refused).refused_by == "StockRefused"


def test_without_an_authorisation_the_payment_is_declined():
    declined = decide_payment(ORDER_7, authorisation=None)
    assert declined.data == {"order_id": 7, "amount_cents": 2100}
    assert fold(PLACED, RESERVED, declined).refused_by == "PaymentDeclined"


def test_released_stock_is_not_reserved_any_more():
    assert not fold(PLACED, RESERVED, decide_release(ORDER_7)).is_reserved


def test_stock_follows_from_what_came_and_went():
    assert fold(stock_received(1, 5), aggregate=STOCK_LEVEL) == 5
    taken = NewEvent("StockReserved", {"order_id": 7, "lines": [[1, 2]]})
    back = NewEvent("StockReleased", {"order_id": 7, "lines": [[1, 2]]})
    assert fold(stock_received(1, 5), taken, aggregate=STOCK_LEVEL) == 3
    assert fold(stock_received(1, 5), taken, back, PLACED, aggregate=STOCK_LEVEL) == 5


def test_events_an_order_does_not_know_change_nothing():
    assert fold(PLACED, NewEvent("PointsGiven", {"points": 9})) == fold(PLACED)
    assert fold(NewEvent("StockReserved", {"order_id": 7, "lines": []})) is None


def test_other_events_than_a_placing_tell_of_no_order():
    with pytest.raises(ValueError, match="type is 'StockReserved'; it must be 'OrderPlaced'"):
        order_of(Event(1, "order-7", 1, "StockReserved", {}, 0.0, "r"))


def test_what_is_not_sold_cannot_be_ordered():
    with pytest.raises(NotFound, match="no product 9"):
        decide_order(7, customer=3, basket={9: 1}, products=PRODUCTS)


@settings(max_examples=30)
@given(histories)
def test_stock_adds_up_and_each_state_survives_being_written_as_data(history):
    """Pieces at the start are pieces on hand and in orders that stand."""
    orders, stock = shop_of(history)
    placed = [ORDER.fold(orders.read(f"order-{n}")) for n in range(1, len(history) + 1)]
    for product in (1, 2, 3):
        held = [
            line.quantity
            for p in placed
            if p.is_reserved
            for line in p.order.lines
            if line.product == product
        ]
        assert STOCK_LEVEL.fold(stock.read(f"stock-{product}")) + sum(held) == 8
    for state in (None, *placed):
        assert ORDER.from_data(ORDER.to_data(state)) == state
        assert as_text(ORDER.to_data(state))
