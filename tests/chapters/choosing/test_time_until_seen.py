"""Time until a customer sees what he has written."""

from dataclasses import replace
from math import inf

import pandas as pd
import pytest

from archlab.chapters.choosing import time_until_seen
from archlab.chapters.choosing.fault_matrix import ROWS, SHOWN, smallest
from archlab.chapters.choosing.time_until_seen import (
    LOOK_EVERY_S,
    PIECES,
    SEEN,
    compared,
    figure,
    seen,
    summary,
)
from archlab.sim.distributions import Constant

ORDERS = 4
SHOPS = {name: smallest(ROWS[name]) for name in SHOWN}


def _looks(name, **settings):
    return seen(ROWS[name], replace(SHOPS[name], **settings), seed=1, orders=ORDERS)


@pytest.fixture(scope="module")
def looks():
    return compared(seeds=(1, 2), orders=ORDERS, shops=SHOPS)


@pytest.fixture(scope="module")
def table(looks):
    return summary(looks).set_index("form")


def test_who_answers_after_the_work_shows_it_at_once(table):
    at_once = ["monolithic", "microservices", "layered, one process", "serverless", "cqrs, same database"]
    figures = [column.replace("_s", "_p99_s") for column in SEEN]
    assert table.loc[at_once, figures].to_numpy().max() == 0
    assert table.loc[at_once, "first_old_percent"].max() == 0


def test_who_accepts_first_knows_the_order_at_once_and_has_it_paid_later(table):
    for name in ("event-driven", "monolithic, pays later"):
        assert table.known_p99_s[name] == 0
        assert table.placed_p50_s[name] > 0.05
        assert table.placed_old_percent[name] == 100


def test_separate_read_models_do_not_know_the_order_at_first(table):
    assert table.known_old_percent["cqrs, separate"] > 50
    assert 0 < table.known_p99_s["cqrs, separate"] < 0.1


def test_the_wait_for_the_payment_is_before_the_answer_or_after_it(table):
    paid_s = table.told_p50_s + table.placed_p50_s
    assert table.told_p50_s["event-driven"] < 0.1 * table.told_p50_s["monolithic"]
    assert paid_s["event-driven"] == pytest.approx(paid_s["monolithic"], rel=0.5)


# What makes it flip -----------------------------------------------------------------------------------------------


def test_a_projector_that_hears_later_shows_it_later():
    late = _looks("cqrs, separate", tail_s=0.5)
    assert late.known_s.min() >= 0.45
    assert late.known_s.max() < 0.5 + 10 * LOOK_EVERY_S


def test_with_events_the_provider_decides_when_the_order_is_paid():
    slow = _looks("event-driven", provider_s=Constant(1.0))
    assert slow.placed_s.between(1.0, 1.2).all()
    assert (slow.known_s == 0).all()


def test_read_models_in_the_same_transaction_are_never_old():
    assert not _looks("cqrs, same database", commit_s=Constant(0.05)).first_old.any()


def test_what_is_never_paid_is_never_seen(monkeypatch):
    monkeypatch.setattr(time_until_seen, "GIVES_UP_S", 1.0)
    never = seen(ROWS["event-driven"], replace(SHOPS["event-driven"], provider_s=Constant(50.0)), 1, orders=1)
    assert never.placed_s.tolist() == [inf]
    assert never.known_s.tolist() == [0.0]


# How it is counted ------------------------------------------------------------------------------------------------


def test_nobody_elses_order_is_taken_for_his():
    shop = ROWS["monolithic"].build(time_until_seen.Simulation(1), config=SHOPS["monolithic"])
    pieces = [sum(shop.customers.basket().values()) for _ in range(500)]
    assert max(pieces) < PIECES / 50


def test_the_same_seed_gives_the_same_figures(looks):
    again = seen(ROWS["event-driven"], SHOPS["event-driven"], seed=1, orders=ORDERS)
    before = looks[(looks.form == "event-driven") & (looks.seed == 1)]
    pd.testing.assert_frame_equal(again, before[list(again)].reset_index(drop=True))


def test_the_figure_says_the_median_and_the_percentile_of_each(looks):
    told = figure(looks, "With events a customer waits to see that it is paid").alt
    assert "monolithic: at once." in told
    assert told.count(" s, ") >= 2


def test_numbers_that_are_not_allowed_are_refused(looks):
    with pytest.raises(ValueError, match="orders is 0"):
        seen(ROWS["monolithic"], SHOPS["monolithic"], 1, orders=0)
    with pytest.raises(ValueError, match="rate_per_s is -1"):
        seen(ROWS["monolithic"], SHOPS["monolithic"], 1, rate_per_s=-1)
    with pytest.raises(ValueError, match="paid_s"):
        figure(looks, "title", "paid_s")
