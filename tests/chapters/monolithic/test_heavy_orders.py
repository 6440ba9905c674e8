"""A page waits behind a heavy order on cores that work in turn, and passes it on cores that share their time."""

from dataclasses import replace

import pytest

from archlab.chapters.monolithic import heavy_orders
from archlab.course.claims.verdict import Outcome
from archlab.shop.monolithic.config import MONOLITH
from archlab.sim.theory import mmc_response_percentile


def orders_get_heavier(cores_share, duration_s):
    config = replace(MONOLITH, cores_share=cores_share)
    return heavy_orders.unlike_needs((1, 8), seeds=range(8), config=config, duration_s=duration_s)


@pytest.fixture(scope="module")
def in_turn():
    return orders_get_heavier(cores_share=False, duration_s=12)


@pytest.fixture(scope="module")
def shared():
    return orders_get_heavier(cores_share=True, duration_s=8)


@pytest.fixture(scope="module")
def limit():
    return heavy_orders.bears_up_to_times_heavier(requests=30_000)


@pytest.fixture(scope="module")
def cores_that_bear():
    return heavy_orders.cores_that_bear_the_heaviest(requests=60_000)


@pytest.fixture(scope="module")
def growth_on_shared():
    return heavy_orders.growth_on_shared_cores(duration_s=8)


def test_heavier_and_rarer_orders_leave_the_cores_as_busy_as_asked_for(shared, in_turn):
    assert shared.busy_percent.tolist() == pytest.approx([50] * 2, abs=3)
    assert in_turn.busy_percent.tolist() == pytest.approx([50] * 2, abs=3)


def test_a_page_passes_a_heavy_order_on_cores_that_share_their_time_and_waits_behind_it_in_turn(
    shared, in_turn
):
    """Under processor sharing the response depends on the mean of the work alone: it must not grow with the weight."""
    assert shared.growth.iloc[-1] < 1.15
    assert in_turn.growth_low.iloc[-1] > 1.3


def test_the_cores_alone_agree_with_the_whole_shop_in_turn(in_turn):
    usual, heavy = in_turn.itertuples()
    usual_ms, heavy_ms = (float(heavy_orders.pages_on_cores_in_turn(1, weight)) for weight in (1, 8))
    assert usual_ms == pytest.approx(usual.p99_ms, rel=0.1)
    assert heavy.p99_ms_low < heavy_ms < heavy.p99_ms_high


def test_cores_in_turn_agree_with_theory_when_all_requests_are_alike():
    alike = dict.fromkeys(("browse_cpu_s", "order_cpu_s", "track_cpu_s"), MONOLITH.browse_cpu_s)
    config = replace(MONOLITH, cores_share=False, **alike)
    p99_ms = float(heavy_orders.pages_on_cores_in_turn(1, 1, load=0.5, config=config))
    _, _, arrivals = heavy_orders.heavier_orders(1, 0.5, config)
    service_s = MONOLITH.browse_cpu_s.mean
    theory_ms = 1000 * mmc_response_percentile(99, arrivals.rate_per_s, service_s, config.cores)
    assert p99_ms == pytest.approx(theory_ms, rel=0.05)


def verdict(limit, growth, cores_that_bear):
    return heavy_orders.simple_requirements(
        times_heavier_orders_that_double_p99=limit,
        cores_busy_percent=50,
        cores=2,
        cores_from_which_no_order_tried_does=cores_that_bear,
        times_as_long_p99_on_shared_cores=growth,
    )


def test_heavy_orders_double_the_p99_of_pages_in_turn_with_each_of_ten_seeds(
    limit, growth_on_shared, cores_that_bear
):
    real = verdict(limit, growth_on_shared, cores_that_bear)
    assert real.is_stable
    assert 2.5 < real.flips_at.low < real.flips_at.high < 7
    assert "as many times rarer, on cores 50 % busy that work in turn" in real.detail
    assert "(if they share their time, at any weight tried)" in real.detail
    assert "(here 2)" in real.detail


def test_the_number_of_cores_decides_and_the_verdict_says_from_how_many_no_order_hurts(cores_that_bear):
    assert 3 < cores_that_bear.low <= cores_that_bear == 4 <= cores_that_bear.high < 6
    three, four = (
        heavy_orders.bears_up_to_times_heavier(
            config=replace(MONOLITH, cores=cores), seeds=range(3), requests=80_000
        )
        for cores in (3, 4)
    )
    assert 7 < three < 16
    assert verdict(four, 1.0, 4).outcome is Outcome.HOLDS


def test_the_busier_the_cores_the_lighter_the_order_that_hurts(limit):
    """The load stands in the verdict's words: half-busy cores bear about five times the weight."""
    idler, busier = (
        heavy_orders.bears_up_to_times_heavier(load, seeds=range(3), requests=60_000) for load in (0.3, 0.7)
    )
    assert busier < limit < idler / 2


def test_on_shared_cores_not_even_the_heaviest_order_tried_doubles_the_p99_of_pages(growth_on_shared):
    assert growth_on_shared == pytest.approx(1.0, abs=0.2)
    assert max(growth_on_shared.per_seed) < 2


def test_the_verdict_says_nothing_of_shared_cores_when_pages_suffer_there_too(limit, cores_that_bear):
    assert "share their time" not in verdict(limit, 2.5, cores_that_bear).detail


def test_where_cores_idle_heavy_orders_hurt_at_no_weight_tried():
    idle = heavy_orders.bears_up_to_times_heavier(load=0.05, seeds=range(2))
    assert verdict(idle, 1.0, 4).outcome is Outcome.HOLDS
