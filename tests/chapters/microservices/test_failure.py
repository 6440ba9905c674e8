"""Failure of the shop as microservices: who suffers when payments is down or slow, and which guards help whom."""

import math
from dataclasses import replace

import pytest

from archlab.chapters.microservices import failure, isolation
from archlab.course.claims.verdict import Outcome
from archlab.shop.architecture import SHOP_MIX
from archlab.shop.day import at_load
from archlab.shop.microservices.steps import USE_CASES

CALLERS_OF_PAYMENTS = {
    kind for kind, steps in USE_CASES.items() if any(step.service == "payments" for step in steps)
}


@pytest.fixture(scope="module")
def crash():
    return failure.payments_crash(seed=1)


@pytest.fixture(scope="module")
def slower():
    return failure.slower_and_slower([5, 12], seeds=range(2))


def test_a_crash_of_payments_stops_exactly_the_use_cases_that_call_it(crash):
    assert {"place_order", "track_order"} == CALLERS_OF_PAYMENTS
    for kind in USE_CASES:
        assert (crash[f"{kind}_percent"] < 5) == (kind in CALLERS_OF_PAYMENTS)


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


def test_shares_and_their_intervals_stay_between_0_and_100(slower):
    """A t interval reaches as far below its mean as above: here two would reach beyond, and are cut off."""
    assert slower.filter(like="_percent_low").min(axis=None) >= 0
    assert slower.filter(like="_percent_high").max(axis=None) <= 100
    few, many = slower.itertuples()
    assert few.place_order_percent_high == 100 < 2 * few.place_order_percent - few.place_order_percent_low
    assert many.track_order_percent_low == 0 > 2 * many.track_order_percent - many.track_order_percent_high


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


def test_isolation_without_guards_ends_at_some_slowness_unless_waiting_needs_no_thread(crash, slower):
    def verdict(crash, slower):
        return failure.isolation(
            pages_while_payments_is_down_percent=crash["browse_percent"],
            isolated_up_to_times_slower=failure.isolated_up_to_times_slower(slower),
        )

    def verdict_of(config):
        slower = failure.slower_and_slower([12], seeds=range(2), config=config)
        return verdict(failure.payments_crash(1, config), slower)

    threads = verdict(crash, slower)
    assert threads.outcome is Outcome.HOLDS_WHEN
    assert 5 <= threads.flips_at < 7
    assert verdict_of(failure.THREADLESS).outcome is Outcome.HOLDS
    tiny = replace(failure.THREADED, workers=2, gateway_workers=2)
    assert verdict_of(tiny).outcome is Outcome.DOES_NOT_HOLD


def test_a_crash_that_pages_notice_is_no_isolation():
    """As in the monolith: there the same crash takes the pages with it."""
    crash = isolation.monolith_under_fault(1, isolation.CRASH_OF_MONOLITH)
    verdict = failure.isolation(
        pages_while_payments_is_down_percent=crash["browse_percent"], isolated_up_to_times_slower=math.inf
    )
    assert verdict.outcome is Outcome.DOES_NOT_HOLD
