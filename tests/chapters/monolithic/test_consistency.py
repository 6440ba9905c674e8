"""Consistency of the monolith: orders that die while their rows are written leave halves, unless in a transaction."""

from dataclasses import replace
from functools import partial

import pytest

from archlab.chapters.monolithic import consistency
from archlab.course.claims.verdict import Outcome
from archlab.shop.crash_points import end_of_order_s
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MONOLITH


@pytest.fixture(scope="module")
def dying_orders():
    return consistency.dying_orders(points=10)


def test_crashes_come_while_the_rows_are_written():
    config = replace(MONOLITH, transactions=False)
    end_s = end_of_order_s(partial(Monolith, config=config), 3)
    table = consistency.dying_order(seed=3, transactions=False, points=25)
    assert table.at_s.max() == pytest.approx(end_s)
    assert not table.placed.iloc[0]
    assert table.placed.iloc[-1]
    assert 0 < (table.anomalies > 0).sum() < 25


def test_only_the_anomalies_that_occurred_are_shown(dying_orders):
    kinds = dying_orders.columns[5:]
    assert len(kinds) > 0
    assert (dying_orders[kinds].sum() > 0).all()
    assert dying_orders.crashes.tolist() == 20 * [10]


def test_transactions_leave_no_half_written_order_and_without_them_some_are_with_each_of_ten_seeds(
    dying_orders,
):
    none, some = (consistency.half_written(dying_orders, transactions=kind) for kind in (True, False))
    verdict = consistency.transactions(half_written_with_percent=none, half_written_without_percent=some)
    broken = consistency.transactions(half_written_with_percent=some, half_written_without_percent=some)
    needless = consistency.transactions(half_written_with_percent=none, half_written_without_percent=none)
    assert verdict.outcome is Outcome.HOLDS
    assert verdict.is_stable
    assert broken.outcome is needless.outcome is Outcome.DOES_NOT_HOLD


def test_of_crashes_in_a_window_twice_as_long_half_as_many_do_harm(monkeypatch):
    def harmful(window_s):
        monkeypatch.setattr(consistency, "WRITING_S", window_s)
        crashes = [consistency.dying_order(seed, transactions=False, points=20) for seed in range(5)]
        return sum((frame.anomalies > 0).sum() for frame in crashes)

    assert harmful(0.020) == pytest.approx(harmful(0.010) / 2, rel=0.2)
