"""The shop's rules, tested without a database and without a clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.shop.domain import (
    NotFound,
    Order,
    OrderLine,
    OrderState,
    OutOfStock,
    Product,
    confirmation,
    price_order,
    reserve,
)

baskets = st.dictionaries(st.integers(1, 20), st.integers(1, 5), min_size=1, max_size=5)
CATALOGUE = [Product(id_, f"product {id_}", 100 + 7 * id_) for id_ in range(1, 21)]


def order_of(basket):
    return price_order(1, basket, CATALOGUE)


@given(baskets)
def test_an_order_costs_the_sum_of_its_pieces(basket):
    pieces = [100 + 7 * id_ for id_, count in basket.items() for _ in range(count)]
    assert order_of(basket).total_cents == sum(pieces)


@given(baskets, st.dictionaries(st.integers(1, 20), st.integers(0, 5)))
def test_reserving_takes_exactly_the_pieces_of_the_order_or_nothing(basket, on_hand):
    order = order_of(basket)
    if all(on_hand.get(id_, 0) >= count for id_, count in basket.items()):
        left = reserve(order, on_hand)
        assert {id_: on_hand[id_] - left[id_] for id_ in left} == basket
    else:
        with pytest.raises(OutOfStock):
            reserve(order, on_hand)


def test_a_product_that_does_not_exist_cannot_be_ordered():
    with pytest.raises(NotFound, match="no product 21"):
        order_of({1: 1, 21: 1})


def test_an_order_without_lines_is_refused():
    with pytest.raises(ValueError, match="at least one line"):
        order_of({})


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_line_of_less_than_one_piece_is_refused(quantity):
    with pytest.raises(ValueError, match=f"quantity is {quantity}"):
        order_of({1: quantity})


def test_a_free_product_is_refused():
    with pytest.raises(ValueError, match="price_cents is 0"):
        Product(1, "air", 0)


def test_a_cancelled_order_stays_cancelled():
    order = Order(1, (OrderLine(1, 1, 100),))
    cancelled = order.become(OrderState.CANCELLED)
    assert cancelled.state == OrderState.CANCELLED
    with pytest.raises(ValueError, match="after 'cancelled' it must be nothing else"):
        cancelled.become(OrderState.PLACED)


def test_a_placed_order_does_not_become_pending_again():
    with pytest.raises(ValueError, match="after 'placed' it must be cancelled"):
        Order(1, (OrderLine(1, 1, 100),)).become(OrderState.PENDING)


def test_the_confirmation_names_the_order_its_pieces_and_its_price():
    text = confirmation(Order(7, (OrderLine(1, 2, 450), OrderLine(2, 1, 1205)))).text
    assert text == "Order 7: 3 items, 21.05 in total. Thank you."
