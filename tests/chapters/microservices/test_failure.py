"""Failure of the shop as microservices: who suffers when payments is down or slow, and when a fault outlives itself."""

from dataclasses import replace

import numpy as np
import pytest

from archlab.chapters.microservices import explorers as failure_explore
from archlab.chapters.microservices import failure, isolation, published_storm, retries, storm
from archlab.published.retry_storm import drain_s
from archlab.shop.architecture import SHOP_MIX
from archlab.shop.day import at_load
from archlab.shop.microservices.guards import Guards
from archlab.shop.microservices.steps import USE_CASES

CALLERS_OF_PAYMENTS = {
    kind for kind, steps in USE_CASES.items() if any(step.service == "payments" for step in steps)
}


def test_a_crash_of_payments_stops_exactly_the_use_cases_that_call_it():
    shares = failure.payments_crash(seed=2)
    assert {"place_order", "track_order"} == CALLERS_OF_PAYMENTS
    for kind in USE_CASES:
        assert (shares[f"{kind}_percent"] < 5) == (kind in CALLERS_OF_PAYMENTS)


def test_a_slow_provider_fills_the_pools_of_all_who_wait_and_only_those():
    samples = failure.day(seed=1).result.samples
    busy = samples[samples.time_s.between(10, 20)].groupby("part").busy.mean()
    assert busy[["gateway-1", "orders-1"]].min() > 15
    assert busy["catalogue-1"] < 2


def test_pages_come_as_long_as_little_s_law_leaves_a_worker_and_then_they_do_not():
    """By hand: orders a second times the seconds of a payment are the workers that wait; there are 16."""
    orders_per_s = at_load(failure.LOAD, failure.THREADED).rate_per_s * SHOP_MIX.shares["place_order"]
    mean_s = failure.THREADED.provider_s.mean
    last_factor = failure.THREADED.workers / (orders_per_s * mean_s)
    assert failure.slow_provider(1, 0.8 * last_factor)["browse_percent"] == 100
    assert failure.slow_provider(1, 1.4 * last_factor)["browse_percent"] < 60


def test_a_breaker_alone_changes_nothing_because_a_slow_answer_is_no_failure():
    breaker, none = (
        failure.slow_provider(3, config=failure.DESIGNS[d]) for d in ("breaker alone", "no guard")
    )
    assert breaker == none


@pytest.mark.parametrize(
    "design", ["time-out 0.5 s", "time-out and breaker", "bulkhead in the gateway", "all three"]
)
def test_each_other_guard_saves_the_pages_and_none_saves_the_orders(design):
    shares = failure.slow_provider(3, config=failure.DESIGNS[design])
    assert shares["browse_percent"] > 99.9
    assert shares["place_order_percent"] < 10


def test_a_threadless_gateway_is_full_too_when_the_fault_lasts_long_enough():
    """By hand: what needs the orders service piles up at its rate until 512 are inside."""
    waiting_per_s = at_load(failure.LOAD, failure.THREADED).rate_per_s * (1 - SHOP_MIX.shares["browse"])
    full_after_s = failure.THREADLESS.gateway_workers / waiting_per_s
    endless = replace(failure.SLOW, for_s=100.0, factor=1e6)
    result = failure.day(
        1, endless, failure.THREADLESS, duration_s=failure.FAULT_AT_S + full_after_s + 15
    ).result
    early = failure.shares_percent(result, for_s=full_after_s - 5)["browse_percent"]
    late = failure.shares_percent(result, failure.FAULT_AT_S + full_after_s + 3, 9)["browse_percent"]
    assert (early, late) == (100, pytest.approx(0, abs=1))


def test_a_bulkhead_that_is_too_small_turns_orders_away_on_a_good_day():
    tight = failure_explore.cascade(times_slower=1, timeout_s=None, bulkhead=2, breaker=False)
    assert (tight.result.requests.outcome == "bulkhead_full").mean() > 0.05


def test_the_monolith_meets_the_same_arrivals_and_dies_as_a_whole():
    table = isolation.crash_beside_monolith(seeds=range(2)).set_index("use_case").still_served_percent
    assert table["browse, monolith"] == 0
    assert table["browse, microservices"] == 100


def test_a_slow_query_of_payments_stays_in_its_own_database_and_takes_the_shared_one_with_it():
    slow_query, guarded = failure.FAULTS["slow payments query"], isolation.GUARDED_MONOLITH
    assert failure.under_fault(1, slow_query, failure.DESIGNS["all three"])["browse_percent"] == 100
    assert isolation.monolith_under_fault(1, slow_query, guarded)["browse_percent"] < 90
    assert isolation.monolith_under_fault(1, failure.SLOW, guarded)["browse_percent"] == 100


def test_shares_and_their_intervals_stay_between_0_and_100():
    frame = failure.slower_and_slower([8], seeds=range(3))
    assert frame.browse_percent_low.item() >= 0
    assert frame.browse_percent_high.item() <= 100


@pytest.mark.parametrize("load", [0.25, 0.32])
def test_with_one_retry_the_shop_is_ill_about_as_long_as_two_calls_a_page_take_to_drain(load):
    """The published arithmetic, less the time-out, which a queue may be long without harm."""
    mean_s = np.mean([storm.recovery(seed, load)["ill_for_s"] for seed in range(3)])
    assert mean_s == pytest.approx(drain_s(load, 1.0, retries=1, outage_s=storm.FAULT_S), abs=5)


def test_from_half_of_the_capacity_on_the_storm_does_not_end():
    assert storm.recovery(seed=1, load=0.6)["ill_for_s"] == storm.WATCH_S
    assert storm.recovery(seed=1, load=0.6, watch_s=10)["ill_for_s"] == 10


def test_without_the_retry_or_with_a_budget_it_does():
    budget = replace(storm.RETRYING, guards={"catalogue": replace(storm.TWICE, retry_budget=0.1)})
    once = replace(storm.RETRYING, guards={"catalogue": Guards(timeout_s=1.0)})
    assert storm.recovery(1, 0.6, budget)["ill_for_s"] < 20
    assert storm.recovery(1, 0.6, once)["ill_for_s"] < 20


def test_the_monolith_has_the_recovery_of_services_that_ask_once():
    frame = storm.recoveries(loads=[0.6], seeds=range(2), watch_s=20)
    assert (frame.asking_once_s - frame.monolithic_s).abs().max() < 6
    assert frame.retrying_s.min() == 20


def test_a_shop_that_was_never_ill_has_been_ill_for_no_time():
    healthy = failure.day(1, replace(failure.SLOW, factor=1.0), duration_s=25).result
    assert storm.ill_for_s(healthy) == 0


def test_the_published_thresholds_come_out():
    table = published_storm.beside_published()
    assert table.published.to_dict() == {"load after the outage": 560, "stable below": 150}
    assert (table.simulated / table.published).to_numpy() == pytest.approx(1, rel=0.03)


def test_shedding_helps_only_when_it_leaves_time_for_the_work():
    ill = published_storm.ways_out().set_index("design").ill_after_the_outage_s
    assert np.isnan(ill["one retry, work older than 1.0 s dropped"])
    assert ill["one retry, work older than 0.9 s dropped"] < 5
    assert ill["one retry, budget 10 %"] == pytest.approx(ill["no retry"], abs=5)


def test_the_frames_of_the_kit_s_models_lie_on_their_formulas():
    layers = retries.layers(seeds=range(2)).dropna()
    assert (layers.attempts_per_request / layers.attempts_per_request_formula - 1).abs().max() < 0.1
    strategies = retries.strategies([0.2, 0.5], seeds=range(2)).dropna()
    assert set(strategies.design) == {"none", "three retries"}
    assert (strategies.success_percent - strategies.success_formula_percent).abs().max() < 2
    chains = retries.chains(seeds=range(2), years=200).set_index("design")
    assert (chains.availability - chains.availability_formula).abs().max() < 0.0001
    assert chains.independent_formula["30, independent"] == pytest.approx(0.9999**30)


def test_jitter_is_within_a_tenth_of_the_published_calls():
    frame = retries.jitter(seeds=range(8))
    assert (frame.calls / frame.published_calls - 1).abs().max() < 0.1
