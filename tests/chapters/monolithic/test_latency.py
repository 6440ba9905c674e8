"""Latency of the monolith agrees with theory, and its limit moves with the time of hops and of the provider."""

import math
from dataclasses import replace

import pandas as pd
import pytest

from archlab.chapters.monolithic import latency, scaling
from archlab.course.claims.verdict import Outcome
from archlab.shop.day import BROWSE_ONLY, at_load, capacity_per_s
from archlab.shop.monolithic.config import CALLS_PER_ORDER, MONOLITH

LOADS = (0.3, 0.7)


@pytest.fixture(scope="module")
def browsing():
    return latency.latency_against_load(BROWSE_ONLY, LOADS, seeds=range(3), requests=600)


@pytest.fixture(scope="module")
def in_process():
    return latency.orders_in_process()


@pytest.fixture(scope="module")
def usual_hops(in_process):
    return latency.hops(in_process.head(2), [0.0, 0.25, 5.0])


def test_browsing_lies_above_the_theory_of_the_cores_alone_by_about_its_query(browsing):
    theory = latency.cores_alone(browsing.rate_per_s)
    above_ms = browsing.p50_ms - theory.p50_ms
    assert above_ms.tolist() == pytest.approx([0.5, 0.5], abs=0.7)
    assert (browsing.p99_ms / theory.p99_ms).tolist() == pytest.approx([1.0, 1.0], abs=0.25)


def test_near_the_capacity_sixteen_workers_keep_the_p99_below_the_theory_of_cores_that_all_share():
    """With workers for everybody nobody waits in turn, and the theory is met."""
    many, few = (
        latency.latency_against_load(
            BROWSE_ONLY,
            (0.9,),
            seeds=range(4),
            requests=700,
            config=replace(MONOLITH, workers=workers, connections=workers),
        )
        for workers in (1000, 16)
    )
    theory_ms = latency.cores_alone(many.rate_per_s).p99_ms[0]
    assert many.p99_ms[0] == pytest.approx(theory_ms, rel=0.15)
    assert few.p99_ms[0] < 0.85 * theory_ms


def test_latency_is_measured_at_the_share_of_the_capacity_that_was_asked_for(browsing):
    full_per_s = capacity_per_s(MONOLITH, BROWSE_ONLY)
    assert browsing.rate_per_s.tolist() == pytest.approx([load * full_per_s for load in LOADS])
    assert at_load(0.5, MONOLITH).rate_per_s == pytest.approx(0.5 * capacity_per_s(MONOLITH))
    assert capacity_per_s(replace(MONOLITH, clones=2)) == pytest.approx(2 * capacity_per_s(MONOLITH))


def test_an_order_over_a_network_takes_its_messages_more(usual_hops):
    messages_ms = 2 * CALLS_PER_ORDER * (usual_hops.hop_ms + 1000 * MONOLITH.message_cpu_s)
    own_more_ms = usual_hops.own_p50_ms - usual_hops.in_process_own_p50_ms
    more_ms = usual_hops.p50_ms - usual_hops.in_process_p50_ms
    assert own_more_ms.tolist() == pytest.approx(messages_ms.tolist(), rel=0.02)
    assert more_ms.tolist() == pytest.approx(messages_ms.tolist(), rel=0.05)


def test_how_much_slower_an_order_is_follows_from_its_messages(in_process, usual_hops):
    computed = [latency.slower_over_hops_percent(in_process.head(2), hop_ms) for hop_ms in usual_hops.hop_ms]
    assert usual_hops.slower_percent.tolist() == pytest.approx(computed, rel=0.05)


@pytest.fixture(scope="module")
def pages_ms():
    return latency.pages_in_process()


def verdict(in_process, pages_ms, config=MONOLITH):
    return latency.no_network_calls(
        hop_that_orders_notice_ms=latency.hop_that_orders_notice_ms(in_process, config=config),
        slowest_provider_that_hides_no_hop_ms=latency.slowest_provider_that_hides_no_hop_ms(
            in_process, config=config
        ),
        hop_that_pages_notice_ms=latency.hop_that_pages_notice_ms(pages_ms, config=config),
    )


def test_calls_that_go_side_by_side_halve_what_the_hops_cost(in_process, usual_hops):
    side_by_side = latency.hops(in_process.head(2), [5.0], calls_in_a_row=latency.CALLS_IN_A_ROW)
    more_ms = side_by_side.own_p50_ms - side_by_side.in_process_own_p50_ms
    assert more_ms[0] == pytest.approx(latency.messages_ms(5.0, calls_in_a_row=3), rel=0.02)
    assert side_by_side.slower_percent[0] == pytest.approx(usual_hops.slower_percent.iloc[-1] / 2, rel=0.05)


def test_at_the_limit_of_the_claim_an_order_takes_a_tenth_longer(in_process):
    """The limit is computed from orders in process; here the hops are run."""
    two = in_process.head(2)
    limit_ms = float(latency.hop_that_orders_notice_ms(two))
    over_hops = latency.hops(two, [limit_ms], calls_in_a_row=latency.CALLS_IN_A_ROW)
    assert over_hops.slower_percent[0] == pytest.approx(10, abs=0.7)


def test_a_page_hides_no_hop_inside_a_region_with_each_of_ten_seeds(pages_ms):
    """No provider stands beside its call."""
    limit_ms = latency.hop_that_pages_notice_ms(pages_ms)
    assert 0.15 < limit_ms.low < limit_ms.high < 0.2 < latency.REGION_HOP_MS
    assert latency.pages_slower_percent(pages_ms) == pytest.approx(14, abs=0.7)
    assert latency.pages_slower_percent(pages_ms, hop_ms=float(limit_ms)) == pytest.approx(10, abs=0.1)


def test_a_page_in_process_takes_the_median_of_its_work(pages_ms):
    work_ms = 1000 * (MONOLITH.browse_cpu_s.mean + MONOLITH.query_s.mean)
    assert 0.69 * work_ms < pages_ms < 0.76 * work_ms, "between one exponential step and two"


def test_hops_are_noticed_from_about_two_milliseconds_with_each_of_ten_seeds(in_process, pages_ms):
    real = verdict(in_process, pages_ms)
    assert real.is_stable
    assert real.outcome is Outcome.HOLDS_WHEN
    assert 1.5 < real.flips_at.low < real.flips_at.high < 2.1


def test_the_payment_provider_decides_whether_a_hop_inside_a_region_is_noticed():
    """Beside one that is a little faster than the verdict says it is, beside one a little slower it is not."""
    two = latency.orders_in_process(seeds=range(2))
    flips_at_ms = latency.slowest_provider_that_hides_no_hop_ms(two)
    assert 4 < flips_at_ms < 8

    def noticed_from_ms(provider_ms):
        config = replace(MONOLITH, provider_s=provider_ms / 1000)
        beside = latency.orders_in_process(seeds=range(2), config=config)
        return latency.hop_that_orders_notice_ms(beside, config=config)

    assert noticed_from_ms(0.9 * flips_at_ms) < latency.REGION_HOP_MS < noticed_from_ms(1.1 * flips_at_ms)


def test_messages_of_ten_kilobytes_are_noticed_beside_slower_providers(in_process):
    larger = replace(MONOLITH, message_bytes=10 * 1024)
    provider_ms = latency.slowest_provider_that_hides_no_hop_ms(in_process, config=larger)
    assert provider_ms == pytest.approx(27, abs=2)


def test_where_the_work_on_large_messages_is_noticed_by_itself_the_claim_holds_at_every_hop(
    in_process, pages_ms
):
    at_every_hop = verdict(in_process, pages_ms, replace(MONOLITH, message_bytes=100 * 1024))
    assert "ms a hop" not in at_every_hop.detail
    assert at_every_hop.flips_at > latency.PROVIDER_MS


def test_where_no_hop_is_noticed_the_claim_does_not_hold():
    nothing = latency.no_network_calls(
        hop_that_orders_notice_ms=math.inf,
        slowest_provider_that_hides_no_hop_ms=0.0,
        hop_that_pages_notice_ms=math.inf,
    )
    assert nothing.outcome is Outcome.DOES_NOT_HOLD


def test_messages_cost_the_capacity_that_their_encoding_takes():
    lost = latency.capacity_lost_to_messages([1024, 102_400]).set_index("message_bytes").capacity_per_s
    config = replace(MONOLITH, calls="network", message_bytes=102_400)
    measured = scaling.saturated(config, seed=1, requests=1500)
    assert measured.result.throughput_per_s() == pytest.approx(lost[102_400], rel=0.06)
    assert lost[1024] > 0.99 * capacity_per_s(MONOLITH)


def test_the_growth_of_p99_has_the_interval_of_a_ratio():
    frame = pd.DataFrame({"p99_ms": [10, 40], "p99_ms_low": [5, 20], "p99_ms_high": [20, 80]})
    growth = latency.growth_of_p99(frame).iloc[1]
    assert growth.growth == 4
    assert growth.growth_low == pytest.approx(4 / 2**2**0.5), "two factors of 2, independent of each other"
    assert growth.growth_high == pytest.approx(4 * 2**2**0.5)
