"""The verdicts on failure come from the shop, and come out the other way when the shop is built in another way."""

import math
from dataclasses import replace

import pytest

from archlab.chapters import microservices_failure as rules
from archlab.chapters.microservices import explorers as failure_explore
from archlab.chapters.microservices import failure, isolation, storm
from archlab.chapters.microservices.explorers import StormOverTime, UseCasesOverTime
from archlab.course.claims.verdict import Outcome
from archlab.course.explorer import explore

HOLDS, HOLDS_WHEN, DOES_NOT_HOLD = Outcome.HOLDS, Outcome.HOLDS_WHEN, Outcome.DOES_NOT_HOLD


def test_isolation_without_guards_ends_at_some_slowness_unless_waiting_needs_no_thread():
    def verdict(config, times_slower=(12,)):
        slower = failure.slower_and_slower(times_slower, seeds=range(2), config=config)
        return rules.isolation(
            pages_while_payments_is_down_percent=failure.payments_crash(1, config)["browse_percent"],
            isolated_up_to_times_slower=rules.isolated_up_to_times_slower(slower),
        )

    threads = verdict(failure.THREADED, (5, 12))
    assert threads.outcome is HOLDS_WHEN
    assert 5 <= threads.flips_at < 7
    assert verdict(failure.THREADLESS).outcome is HOLDS
    assert verdict(replace(failure.THREADED, workers=2, gateway_workers=2)).outcome is DOES_NOT_HOLD


def test_a_crash_that_pages_notice_is_no_isolation():
    """As in the monolith: there the same crash takes the pages with it."""
    crash = isolation.monolith_under_fault(1, isolation.CRASH_OF_MONOLITH)
    verdict = rules.isolation(
        pages_while_payments_is_down_percent=crash["browse_percent"], isolated_up_to_times_slower=math.inf
    )
    assert verdict.outcome is DOES_NOT_HOLD


@pytest.fixture(scope="module")
def timeouts():
    return failure.timeouts([0.6, 1.2], seeds=range(2))


def test_guarded_services_isolate_what_a_monolith_does_not_up_to_some_timeout(timeouts):
    apart = isolation.isolation(seeds=range(2))
    verdict = pays(apart, timeouts)
    assert verdict.outcome is HOLDS_WHEN
    assert 0.6 <= verdict.flips_at < 1.2
    patient = failure.timeouts([1.2], seeds=range(2), config=failure.THREADLESS)
    assert pays(apart, patient).outcome is HOLDS


def test_services_without_guards_isolate_no_better_than_a_monolith(timeouts):
    apart = isolation.isolation(services=failure.THREADED, seeds=range(2))
    assert pays(apart, timeouts).outcome is DOES_NOT_HOLD


def pays(apart, timeouts):
    return rules.isolation_pays(
        worst_pages_services_percent=rules.worst_pages_percent(apart, "microservices"),
        worst_pages_monolith_percent=rules.worst_pages_percent(apart, "monolithic"),
        isolated_up_to_timeout_s=rules.isolated_up_to_timeout_s(timeouts),
    )


def test_a_fault_outlives_itself_in_services_that_retry_and_not_in_those_with_a_budget():
    def verdict(services):
        frame = storm.recoveries([0.25, 0.5], seeds=range(2), services=services, watch_s=35)
        return rules.distributed_system_complexity(**rules.storm_limits(frame))

    real = verdict(storm.RETRYING)
    assert real.outcome is HOLDS_WHEN
    assert 30 < real.flips_at < 50
    budget = replace(storm.RETRYING, guards={"catalogue": replace(storm.TWICE, retry_budget=0.1)})
    assert verdict(budget).outcome is DOES_NOT_HOLD


def test_the_explorer_of_the_cascade_tells_who_suffers():
    ex = explore(
        failure_explore.cascade,
        view=UseCasesOverTime(),
        times_slower=(1, 60, 40),
        timeout_s=(None, 0.5),
        bulkhead=(0, 16, 0),
        breaker=(False, True),
    )
    assert ex.figures["pages_percent"] < 50
    assert ex.set(timeout_s=0.5).figures["pages_percent"] == 100
    result = failure_explore.cascade(40, 0.5, 0, False).result
    shares = failure.shares_percent(result, failure_explore.FAULT_AT_S, failure_explore.FAULT_S)
    assert ex.figures["orders_percent"] == pytest.approx(shares["place_order_percent"])


def test_the_view_of_a_storm_tells_the_published_rates():
    reading = StormOverTime().read(failure_explore.retry_storm(280, 1, None, None))
    assert reading.figures["arriving_in_the_end_per_s"] == pytest.approx(560)
    assert reading.figures["in_time_in_the_end_per_s"] == 0
    assert math.isnan(reading.figures["ill_after_the_outage_s"])
    assert (reading.windows[0].start, reading.windows[0].end) == (20, 30)
    assert [curve.name for curve in reading.curves] == ["arrive", "in time", "database"]
