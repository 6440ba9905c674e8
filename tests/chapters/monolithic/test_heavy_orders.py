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


def verdict(limit, growth_when_shared):
    return heavy_orders.simple_requirements(
        bears_up_to_times_heavier=limit, growth_when_shared=growth_when_shared
    )


def test_heavy_orders_double_the_p99_of_pages_in_turn_with_each_of_ten_seeds(limit, shared):
    real = verdict(limit, float(shared.growth.iloc[-1]))
    assert real.is_stable
    assert 2.5 < real.flips_at.low < real.flips_at.high < 7
    assert "at any weight tried if they share their time" in real.detail


def test_the_verdict_says_nothing_of_shared_cores_when_pages_suffer_there_too(limit):
    assert "share their time" not in verdict(limit, growth_when_shared=2.5).detail


def test_where_cores_idle_heavy_orders_hurt_at_no_weight_tried():
    idle = heavy_orders.bears_up_to_times_heavier(load=0.05, seeds=range(2))
    assert verdict(idle, growth_when_shared=1.0).outcome is Outcome.HOLDS
