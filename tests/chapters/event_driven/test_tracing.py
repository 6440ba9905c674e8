"""Without an id lines are told apart by time and products alone; with one each order has its own."""

import pandas as pd
import pytest

from archlab.chapters.event_driven import tracing
from archlab.chapters.event_driven.watched import WatchedShop
from archlab.shop.event_driven.config import EventDrivenConfig
from archlab.sim.simulation import Simulation

MUG, TEA = frozenset({1}), frozenset({2})


def log(*lines):
    return pd.DataFrame(lines, columns=["id", "at_s", "products"])


def fitting(first, following):
    return tracing._fitting(log(*first), log(*following)).to_dict()


def test_orders_that_follow_one_another_are_told_apart_by_time():
    assert fitting([("a", 0.0, MUG), ("b", 10.0, MUG)], [("a", 1.0, MUG), ("b", 11.0, MUG)]) == {
        "a": 1,
        "b": 1,
    }


def test_orders_at_the_same_time_are_told_apart_by_products_where_both_lines_tell_of_them():
    first = [("a", 0.0, MUG), ("b", 0.1, TEA)]
    assert fitting(first, [("b", 0.5, TEA), ("a", 1.0, MUG)]) == {"a": 1, "b": 1}
    assert fitting(first, [("b", 0.5, None), ("a", 1.0, None)]) == {"a": 2, "b": 2}
    alike = [("a", 0.0, MUG), ("b", 0.1, MUG)]
    assert fitting(alike, [("b", 0.5, MUG), ("a", 1.0, MUG)]) == {"a": 2, "b": 2}


def test_lines_before_and_after_the_longest_step_do_not_fit():
    first = [("a", 5.0, MUG), ("b", 20.0, MUG)]
    assert fitting(first, [("x", 4.9, MUG), ("a", 6.0, MUG), ("y", 7.0, MUG), ("b", 20.5, MUG)]) == {
        "a": 1,
        "b": 1,
    }


@pytest.fixture(scope="module")
def table():
    return tracing.over_rates(rates_per_s=(1.0, tracing.RATE_PER_S), seeds=range(5))


def test_with_an_id_every_path_is_found(table):
    assert (table.found_with_id_percent == 100).all()
    assert (table.found_with_number_percent == 100).all()
    assert table.orders.sum() > 450


def test_without_an_id_most_paths_are_found_at_a_low_rate_and_few_at_a_higher_one(table):
    low, high = (table[table.rate_per_s == rate] for rate in (1.0, tracing.RATE_PER_S))
    assert low.found_percent.mean() > 80
    assert (high.found_percent < 25).all()
    assert (high.candidates >= 2).all()


def test_the_figures_over_seeds_are_those_of_one_rate(table):
    found = tracing.over_seeds(table, "found_percent")
    assert found.per_seed == tuple(table[table.rate_per_s == tracing.RATE_PER_S].found_percent)


def test_an_id_costs_its_bytes_in_every_row():
    assert 15 < tracing.id_costs_percent(orders=20) < 60


def test_neither_an_id_nor_a_number_of_one_order_is_in_the_line_that_money_was_taken():
    sim = Simulation(seed=1)
    shop = WatchedShop(sim, EventDrivenConfig(settle_every_s=2.0))
    orders = [shop.answer(shop.place_order(order_id, {1: 1})) for order_id in (1, 2)]
    sim.run(until=5)
    (line,) = [line for line in shop.watch.lines if line.event.type == "PaymentsCaptured"]
    assert line.event.data["order_ids"] == [order.id for order in orders]
    assert line.event.correlation_id == "settlement"


def test_a_number_that_two_orders_share_finds_neither_of_them():
    lines = pd.DataFrame({"id": ["a", "b"], "number": [7, 7], "at_s": [0.0, 1.0], "products": [MUG, TEA]})
    assert tracing._found_percent({0: lines, 1: lines}, "number") == 0
    assert tracing._found_percent({0: lines, 1: lines}, "id") == 100


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"run_s": 0}, "run_s is 0"),
        ({"rate_per_s": 0}, "rate_per_s is 0"),
        ({"rate_per_s": 0.01}, "must be long enough for an order"),
    ],
)
def test_bad_input_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        tracing.paths(seed=1, **changed)
