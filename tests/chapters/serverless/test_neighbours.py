"""Neighbours: a report throttles orders, unless one of the two has a share of its own."""

import pytest

from archlab.chapters.serverless import neighbours
from archlab.sim.theory import erlang_b


@pytest.fixture(scope="module")
def days():
    return neighbours.days(seed=1).set_index("design")


def test_a_report_throttles_orders_unless_something_is_reserved(days):
    assert days.throttled_percent["nothing reserved"] > 10
    assert days.throttled_percent["a limit for the report"] == 0


def test_what_is_reserved_by_erlangs_formula_is_enough(days):
    assert days.throttled_percent["reserved for orders"] < 4 * 100 * neighbours.LOST
    assert erlang_b(9, 3.0) > 0.001 >= erlang_b(10, 3.0)
    assert neighbours.reserved_for(20.0, 0.15) == 10


def test_a_limited_report_takes_longer_and_none_is_faster_than_its_share(days):
    files, each = neighbours.FILES, neighbours.FILE_S
    assert days.report_s["a limit for the report"] >= files / neighbours.REPORT_LIMIT * each
    assert days.report_s["nothing reserved"] >= files / 1000 * each


@pytest.mark.parametrize(("name", "value"), [("rate_per_s", 0.0), ("run_s", -1.0), ("lost", 2.0)])
def test_a_share_cannot_be_found_for_impossible_loads(name, value):
    with pytest.raises(ValueError, match=name):
        neighbours.reserved_for(**{"rate_per_s": 1.0, "run_s": 1.0, "lost": 0.1, name: value})
