"""Histories hold every kind of answer and refusal, and are the same for the same seed."""

import pytest

from archlab.chapters.layered.histories import (
    decision,
    history,
    kinds_of_outcome,
    outcomes,
    rows_of,
    small_shop,
)
from archlab.shop.domain import Order, OrderLine


def test_every_kind_of_refusal_occurs_and_most_kinds_of_use_are_answered():
    found = kinds_of_outcome(outcomes(small_shop(seed=1), history(seed=1)))
    assert set(found) == {"answered", "not_found", "out_of_stock", "payment_declined"}
    assert found["answered"] > 50


def test_some_orders_are_sent_twice():
    ids = [use.order_id for use in history(seed=1) if use.kind == "place_order"]
    assert len(set(ids)) < len(ids)


def test_the_same_seed_gives_the_same_history_and_another_one_another():
    assert history(seed=2) == history(seed=2) != history(seed=3)


def test_rows_have_no_numbers_that_tables_give_themselves():
    shop = small_shop()
    outcomes(shop, history(40))
    assert len(rows_of(shop)["payments"]) == len(rows_of(shop)["orders"]) > 0
    assert all(len(row) == 4 for row in rows_of(shop)["payments"])


def test_a_decision_is_the_same_in_another_order_of_lines_and_another_with_another_price():
    one, two = OrderLine(1, 2, 450), OrderLine(2, 1, 1200)
    assert decision(Order(7, (one, two))) == decision(Order(7, (two, one)))
    assert decision(Order(7, (one,))) != decision(Order(7, (OrderLine(1, 2, 451),)))
    assert decision("not_found") == "not_found"


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="count"):
        history(0)
