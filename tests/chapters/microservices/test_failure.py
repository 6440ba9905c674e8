"""Failure of the shop as microservices: who suffers when payments is slow, which guards help, and what decides."""

from dataclasses import replace

import pytest

from archlab.chapters.microservices import failure
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.verdict import Outcome
from archlab.shop.architecture import SHOP_MIX
from archlab.shop.day import at_load
from archlab.shop.microservices.steps import USE_CASES
from archlab.sim.faults import Crash

CRASH = Crash("payments-1", failure.FAULT_AT_S, 5.0)
CALLERS_OF_PAYMENTS = {
    kind for kind, steps in USE_CASES.items() if any(step.service == "payments" for step in steps)
}
SAVED = ["time-out 1 s and breaker", "time-out 0.5 s", "bulkhead in the gateway", "gateway without threads"]
LOST = ["no guard", "breaker alone", "time-out 1 s"]


@pytest.fixture(scope="module")
def crash():
    return failure.under_fault(1, CRASH)


@pytest.fixture(scope="module")
def guards():
    return failure.by_design(failure.during_the_fault(seed=3))


@pytest.fixture(scope="module")
def unguarded():
    """With ten seeds, without any guard, in the shop as it is configured."""
    return failure.without_guards()


def verdict(crash, unguarded):
    down = OverSeeds([crash["browse_percent"]] * 10)
    return failure.isolation(pages_while_payments_is_down_percent=down, **unguarded)


def test_a_crash_of_payments_stops_exactly_the_use_cases_that_call_it(crash):
    assert {"place_order", "track_order"} == CALLERS_OF_PAYMENTS
    for kind in USE_CASES:
        assert (crash[f"{kind}_percent"] < 5) == (kind in CALLERS_OF_PAYMENTS)


def test_a_slow_provider_fills_the_pools_of_all_who_wait_and_only_those():
    samples = failure.day(seed=1).result.samples
    busy = samples[samples.time_s.between(8, 17)].groupby("part").busy.mean()
    assert busy[["gateway-1", "orders-1"]].min() > 15
    assert busy["catalogue-1"] < 2


def test_pages_come_as_long_as_little_s_law_leaves_a_worker_and_then_they_do_not():
    """By hand: orders a second times the seconds of a payment are the workers that wait; there are 16."""
    orders_per_s = at_load(failure.LOAD, failure.THREADED).rate_per_s * SHOP_MIX.shares["place_order"]
    assert failure.longest_wait_s() * orders_per_s == pytest.approx(16)
    last_factor = failure.harmless_up_to_times_slower()
    assert failure.slow_provider(1, 0.8 * last_factor)["browse_percent"] == 100
    assert failure.slow_provider(1, 1.4 * last_factor)["browse_percent"] < 60


def test_a_breaker_alone_changes_nothing_because_a_slow_answer_is_no_failure(guards):
    assert guards.loc["breaker alone"].to_dict() == guards.loc["no guard"].to_dict()


def test_a_time_out_that_little_s_law_calls_too_long_saves_the_pages_beside_a_breaker_as_hystrix_is_shipped(
    guards,
):
    assert failure.TIMEOUT.timeout_s < failure.longest_wait_s() < failure.HYSTRIX.timeout_s == 1.0
    assert guards.browse_percent["time-out 1 s"] < 90
    assert guards.browse_percent["time-out 1 s and breaker"] == 100


def test_each_other_guard_saves_the_pages_and_none_saves_the_orders(guards):
    assert guards.browse_percent[SAVED].min() > 99.9
    assert guards.browse_percent[LOST].max() < 90
    assert guards.place_order_percent.max() < 20
    assert set(guards.index) == {*SAVED, *LOST}


def test_shares_by_design_are_those_of_the_run(guards):
    shares = failure.slow_provider(3, config=failure.DESIGNS["bulkhead in the gateway"])
    assert guards.loc["bulkhead in the gateway"].to_dict() == pytest.approx(shares)


def test_a_threadless_gateway_is_full_too_when_the_fault_lasts_long_enough():
    """By hand: what needs the orders service piles up at its rate until 512 are inside."""
    waiting_per_s = at_load(failure.LOAD, failure.THREADED).rate_per_s * (1 - SHOP_MIX.shares["browse"])
    full_after_s = failure.THREADLESS.gateway_workers / waiting_per_s
    endless = replace(failure.SLOW, for_s=None, factor=1e6)
    result = failure.day(
        1, endless, failure.THREADLESS, duration_s=failure.FAULT_AT_S + full_after_s + 15
    ).result
    early = failure.shares_percent(result, for_s=full_after_s - 5)["browse_percent"]
    late = failure.shares_percent(result, failure.FAULT_AT_S + full_after_s + 3, 9)["browse_percent"]
    assert (early, late) == (100, pytest.approx(0, abs=1))


def test_isolation_holds_with_every_seed_and_names_the_room_in_the_gateway_that_decides(crash, unguarded):
    settled = verdict(crash, unguarded)
    assert settled.outcome is Outcome.HOLDS_WHEN
    assert settled.is_stable
    assert failure.THREADED.gateway_workers < settled.flips_at < failure.THREADLESS.gateway_workers
    assert "the room in the gateway" in settled.words
    assert "s of a slow provider (here 15)" in settled.words


@pytest.mark.parametrize(("longer_s", "come"), [(-1, True), (6, False)])
def test_pages_come_while_the_fault_is_no_longer_than_the_room_lasts(unguarded, longer_s, come):
    lasts_s = round(unguarded["isolated_from_faults_up_to_s"]) + longer_s
    pages = failure.under_fault(1, replace(failure.SLOW, for_s=lasts_s))["browse_percent"]
    assert lasts_s > failure.FAULT_S
    assert (pages >= failure.UNHURT_PERCENT) == come


def test_a_queue_of_bounded_length_saves_the_pages_however_long_the_fault_lasts():
    bounded = replace(failure.THREADLESS, queue_limit=64)
    long = replace(failure.SLOW, for_s=30.0)
    assert (
        failure.under_fault(1, long, bounded)["browse_percent"]
        == 100
        > failure.under_fault(1, long)["browse_percent"]
    )


@pytest.mark.parametrize(("share", "come"), [(0.8, False), (1.15, True)])
def test_pages_come_with_the_room_that_was_counted_and_not_with_less(unguarded, share, come):
    places = int(share * unguarded["isolated_from_places_in_the_gateway"])
    less = replace(failure.THREADLESS, gateway_workers=places)
    pages = [failure.slow_provider(seed, config=less)["browse_percent"] for seed in range(2)]
    assert (min(pages) >= failure.UNHURT_PERCENT) == come


def test_isolation_does_not_hold_with_a_gateway_of_threads(crash, unguarded):
    pages = failure.slow_provider(1, config=failure.THREADED)["browse_percent"]
    threads = {**unguarded, "pages_while_provider_is_slow_percent": OverSeeds([pages] * 10)}
    assert verdict(crash, threads).outcome is Outcome.DOES_NOT_HOLD


def test_a_crash_that_pages_notice_is_no_isolation(unguarded):
    settled = verdict({"browse_percent": 90.0}, unguarded)
    assert settled.outcome is Outcome.DOES_NOT_HOLD
    assert isinstance(unguarded["isolated_from_places_in_the_gateway"], Limit)
