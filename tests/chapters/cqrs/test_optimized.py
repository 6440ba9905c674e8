"""From how many reports on each side needs a model of its own."""

import pytest

from archlab.chapters.cqrs import optimized
from archlab.course.claims import MUCH_SLOWER, Limit, Outcome
from archlab.shop.cqrs import CqrsConfig


@pytest.fixture(scope="module")
def limit():
    return optimized.needed_from(range(3))


def test_below_the_limit_some_shop_without_a_read_model_is_fast_enough_and_above_it_none(limit):
    seed_0 = limit.per_seed[0]
    few, many = (
        [optimized.slowest(shop, 0, factor * seed_0) for shop in optimized.UNSEPARATED]
        for factor in (0.7, 1.4)
    )
    assert min(few) < MUCH_SLOWER < min(many)


def test_the_limit_lies_where_a_replica_for_reports_is_half_busy_or_a_little_later(limit):
    """There a queue with one server doubles the time; one database with all cores bears a little more."""
    assert 0.4 < limit < 0.9


def test_projectors_bear_as_many_orders_as_the_busiest_of_them_has_time_for():
    config = CqrsConfig()
    (per_s,) = {optimized.most_orders_per_s()}
    followers = [name for name in config.servers() if name.endswith("projector")]
    busy = config.demands_s().loc["place_order", followers] * per_s
    assert busy.max() == pytest.approx(1.0)


def test_the_claim_fails_where_the_shop_with_a_read_model_is_slow_as_well():
    figures = {
        "needed_from_per_s": Limit("from", [0.6]),
        "needed_from_s": Limit("from", [0.5]),
        "times_slower_not_foreseen": 10.0,
        "most_orders_followed": 1000.0,
    }
    rule = optimized.optimized_independently
    assert rule(times_slower_separate=1.0, **figures).outcome is Outcome.HOLDS_WHEN
    assert rule(times_slower_separate=3.0, **figures).outcome is Outcome.DOES_NOT_HOLD
