"""Latency of the monolith agrees with theory, and its limits move with the time of hops and with the load."""

from dataclasses import replace

import pytest

from archlab.chapters.monolithic import latency, scaling
from archlab.course.claims.verdict import Outcome
from archlab.shop.day import BROWSE_ONLY, at_load, capacity_per_s
from archlab.shop.monolithic.config import CALLS_PER_ORDER, MONOLITH

LOADS = (0.3, 0.7)


@pytest.fixture(scope="module")
def browsing():
    return latency.latency_against_load(BROWSE_ONLY, LOADS, seeds=range(3), requests=600)


def order_over_hops(hops_ms, **changed):
    return latency.hops(hops_ms, seeds=range(2), config=replace(MONOLITH, **changed), orders=60)


@pytest.fixture(scope="module")
def usual_hops():
    return order_over_hops([0.0, 0.25, 1.0, 5.0])


def orders_get_heavier(times_heavier, load, cores_share):
    config = replace(MONOLITH, cores_share=cores_share)
    return latency.unlike_needs(times_heavier, seeds=range(3), load=load, config=config, duration_s=15)


@pytest.fixture(scope="module")
def in_turn():
    return orders_get_heavier((1, 2, 4, 12), load=0.5, cores_share=False)


@pytest.fixture(scope="module")
def shared():
    return orders_get_heavier((1, 2, 4, 12), load=0.5, cores_share=True)


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
            requests=1000,
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


def test_hops_are_noticed_from_about_a_millisecond_and_never_when_they_take_no_time(usual_hops):
    def verdict(hops):
        return latency.no_network_calls(noticed_from_hop_ms=latency.noticed_from_hop_ms(hops))

    real = verdict(usual_hops)
    assert real.outcome is Outcome.HOLDS_WHEN
    assert 0.7 < real.flips_at < 1.3
    assert verdict(order_over_hops([0.0, 0.0001])).outcome is Outcome.DOES_NOT_HOLD
    quick_provider = verdict(order_over_hops([0.0, 0.25, 1.0], provider_s=0.001))
    assert quick_provider.flips_at < 0.5 * real.flips_at, "the slow provider hides the hops"


def test_messages_cost_the_capacity_that_their_encoding_takes():
    lost = latency.capacity_lost_to_messages([1024, 102_400]).set_index("message_bytes").capacity_per_s
    config = replace(MONOLITH, calls="network", message_bytes=102_400)
    measured = scaling.saturated(config, seed=1, requests=1500)
    assert measured.result.throughput_per_s() == pytest.approx(lost[102_400], rel=0.06)
    assert lost[1024] > 0.99 * capacity_per_s(MONOLITH)


def test_heavier_and_rarer_orders_leave_the_cores_as_busy_as_asked_for(shared, in_turn):
    assert shared.busy_percent.tolist() == pytest.approx([50] * 4, abs=3)
    assert in_turn.busy_percent.tolist() == pytest.approx([50] * 4, abs=3)


def test_a_page_passes_a_heavy_order_on_cores_that_share_their_time_and_waits_behind_it_in_turn(
    shared, in_turn
):
    """Under processor sharing the response depends on the mean of the work alone: it must not grow with the weight."""
    assert shared.p99_growth.max() < 1.15
    assert in_turn.set_index("times_heavier").p99_growth[4] > 1.3


def test_heavy_orders_hurt_browsing_at_half_load_in_turn_and_not_where_cores_idle(shared, in_turn):
    def verdict(needs):
        return latency.simple_requirements(
            bears_up_to_times_heavier_shared=latency.browsing_bears_up_to_times_heavier(shared),
            bears_up_to_times_heavier_in_turn=latency.browsing_bears_up_to_times_heavier(needs),
        )

    real = verdict(in_turn)
    assert real.outcome is Outcome.HOLDS_WHEN
    assert 1.5 < real.flips_at < 10
    assert verdict(orders_get_heavier((1, 2, 12), 0.05, cores_share=False)).outcome is Outcome.HOLDS
