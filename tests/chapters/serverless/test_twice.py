"""What is done twice when somebody asks again."""

import joblib
import pytest

from archlab.chapters.serverless import twice
from archlab.shop.serverless.handlers import TakePayment


@pytest.fixture(scope="module")
def runs():
    with joblib.parallel_config(n_jobs=1):
        return twice.all_ways(seeds=range(3))


def test_every_order_is_placed_once_whoever_asks_again(runs):
    assert (runs.placed == twice.ORDERS).all()
    assert (runs.again > 0).all()
    assert (runs.mailed_twice == 0).all()


def test_with_keys_nothing_is_charged_or_set_aside_twice(runs):
    with_keys = runs[runs["keys"]]
    assert (with_keys[["charged_twice", "pieces_lost", "held_for_nothing"]] == 0).all(axis=None)


def test_without_keys_most_orders_that_are_asked_again_are_charged_twice_in_every_way(runs):
    plain = runs[~runs["keys"]]
    for _, rows in plain.groupby(["way", "fault"]):
        assert rows.charged_twice.sum() > 0.5 * rows.again.sum()
        assert rows.pieces_lost.sum() > 0
        assert (rows.charged_twice <= rows.again).all()


def test_a_time_limit_that_no_order_reaches_doubles_nothing():
    run = twice.asked_again(seed=1, way="customers", keys=False, fault="time limit", time_limit_s=20.0)
    assert (run["again"], run["charged_twice"], run["pieces_lost"]) == (0, 0, 0)


def test_a_shop_whose_functions_forget_their_keys_charges_twice_again(monkeypatch):
    monkeypatch.setattr(TakePayment, "has_keys", False)
    run = twice.asked_again(seed=1, way="customers", keys=True, fault="crash")
    assert run["charged_twice"] > 0


def test_the_share_and_its_interval_are_those_of_the_pooled_runs(runs):
    plain = runs[~runs["keys"] & (runs.way == "customers") & (runs.fault == "crash")]
    share, low, high = twice.charged_twice_percent(plain)
    assert share == pytest.approx(100 * plain.charged_twice.sum() / plain.again.sum())
    assert 0 < low < share < high <= 100


def test_there_is_a_bar_for_each_way_and_one_for_all_with_keys(runs):
    bars = twice.as_bars(runs)
    assert len(bars) == len(twice.WAYS) * len(twice.FAULTS) + 1
    assert bars.iloc[-1].charged_twice_percent == 0
