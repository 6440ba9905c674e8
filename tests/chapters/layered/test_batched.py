"""How many changes travel in one call."""

import pytest

from archlab.chapters.layered import batched, chatty
from archlab.chapters.layered.batched import LARGEST, Batched, calls_an_order
from archlab.shop.day import ORDERS_ONLY, run_shop
from archlab.sim import Poisson, Simulation


@pytest.fixture(scope="module")
def table():
    return batched.against_size([12.5], [1, 2, 3, LARGEST], seeds=[1, 2]).set_index("size")


@pytest.fixture
def as_many_orders(monkeypatch):
    """Runs of both modules with as many orders, so that they meet the same customers."""
    chatty.latencies_ms.cache_clear()
    monkeypatch.setattr(chatty, "REQUESTS", batched.ORDERS)
    yield
    chatty.latencies_ms.cache_clear()


@pytest.mark.usefixtures("as_many_orders")
def test_one_change_a_call_is_chatty_and_all_of_them_are_one_call():
    assert calls_an_order(1) == pytest.approx(chatty.calls_crossing(chatty.DESIGNS[1], "place_order"))
    assert calls_an_order(LARGEST) == chatty.calls_crossing(chatty.DESIGNS[2], "place_order") == 4.0


@pytest.mark.usefixtures("as_many_orders")
def test_an_order_takes_as_long_as_in_the_design_that_sends_as_many(table):
    by_hop = chatty.against_hop("place_order", [12.5], seeds=[1, 2]).set_index("design").p50_ms
    assert table.p50_ms[1] == pytest.approx(by_hop[chatty.DESIGNS[1]], rel=0.01)
    assert table.p50_ms[LARGEST] == pytest.approx(by_hop[chatty.DESIGNS[2]], rel=0.01)


def test_each_call_that_is_spared_saves_two_hops(table):
    saved_ms, spared = table.p50_ms[1] - table.p50_ms[LARGEST], table.calls[1] - table.calls[LARGEST]
    assert saved_ms == pytest.approx(2 * 12.5 * spared, rel=0.1)


def test_the_first_step_saves_about_half(table):
    assert (table.calls[1] - table.calls[2]) / (table.calls[1] - table.calls[LARGEST]) == pytest.approx(
        0.5, abs=0.06
    )


@pytest.mark.parametrize("size", [1, 2, 3, LARGEST])
def test_the_rows_are_right_however_the_changes_travel(size):
    day = run_shop(lambda sim: Batched(sim, size), Poisson(20.0), seed=3, duration_s=5.0, mix=ORDERS_ONLY)
    assert day.audit.ok
    assert day.result.availability("place_order") == 1.0


def test_a_size_below_1_is_refused():
    with pytest.raises(ValueError, match="size is 0"):
        Batched(Simulation(seed=1), size=0)


def test_the_figure_has_a_line_a_hop(table):
    assert "12.5 ms a hop from" in batched.figure(table.reset_index(), "Few calls are enough").alt
