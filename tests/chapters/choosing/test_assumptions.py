"""What halving and doubling each assumption does to who is cheapest."""

import pytest

from archlab.chapters.choosing.assumptions import cases, moved, orders_changed, spread
from archlab.chapters.choosing.cost_figures import assumptions_figure


@pytest.fixture(scope="module")
def table():
    return moved()


def test_every_assumption_that_is_a_number_is_halved_and_doubled(table):
    times = table[table.moved.isin(["halved", "doubled"])].groupby("assumption").size()
    assert set(times[times == 1].index) == {"copies of a program", "share planned for"}
    assert len(table) == len(list(cases()))


def test_the_two_prices_move_the_end_of_functions_in_proportion(table):
    ends = table.set_index(["assumption", "moved"]).functions_up_to_per_s
    usual = ends.iloc[0]
    assert ends["price of functions", "doubled"] == pytest.approx(usual / 2, rel=1e-3)
    assert ends["price of a core", "doubled"] == pytest.approx(usual * 2, rel=1e-3)


def test_at_a_busy_shop_one_program_stays_first_whatever_is_moved(table):
    for column in ("order_at_100_per_s", "order_at_5000_per_s"):
        assert table[column].str.startswith("monolithic = layered").all()


def test_only_sharing_takes_the_first_place_of_a_small_shop_from_functions(table):
    others = table[~table.order_at_1_per_s.str.startswith("serverless")]
    assert others.assumption.tolist() == ["sharing of machines"]


def test_what_moves_it_most_comes_first(table):
    frame = spread(table)
    assert frame.assumption.iloc[0] == "sharing of machines"
    assert frame.times.is_monotonic_decreasing
    assert frame.set_index("assumption").times["share planned for"] == 1.0


def test_only_what_changes_an_order_is_listed(table):
    changed = orders_changed(table)
    assert "price of storage" not in set(changed.assumption)
    assert {"largest database", "share of orders"} & set(changed.assumption) == {"share of orders"}


def test_the_figure_says_every_assumption(table):
    picture = assumptions_figure(spread(table), "What decides")
    assert all(name in picture.alt for name in spread(table).assumption)
