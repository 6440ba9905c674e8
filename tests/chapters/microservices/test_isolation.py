"""Fault isolation beside the monolith: one shop dies as a whole, the other keeps its pages as long as it has guards."""

import pytest

from archlab.chapters.microservices import failure, isolation
from archlab.course.claims.verdict import Outcome


@pytest.fixture(scope="module")
def guarded():
    return isolation.isolation(seeds=range(2))


@pytest.fixture(scope="module")
def timeouts():
    return failure.timeouts([0.6, 1.2], seeds=range(2))


def pays(apart, timeouts):
    return isolation.isolation_pays(
        worst_pages_services_percent=isolation.worst_pages_percent(apart, "microservices"),
        worst_pages_monolith_percent=isolation.worst_pages_percent(apart, "monolithic"),
        isolated_up_to_timeout_s=failure.isolated_up_to_timeout_s(timeouts),
    )


def test_the_monolith_meets_the_same_arrivals_and_dies_as_a_whole():
    table = isolation.crash_beside_monolith(seeds=range(2)).set_index("use_case").still_served_percent
    assert table["browse, monolith"] == 0
    assert table["browse, microservices"] == 100


def test_a_slow_query_of_payments_stays_in_its_own_database_and_takes_the_shared_one_with_it(guarded):
    pages_percent = guarded.set_index(["fault", "design"]).browse_percent
    assert pages_percent["slow payments query", "microservices"] == 100
    assert pages_percent["slow payments query", "monolithic"] < 90
    assert pages_percent["slow provider", "monolithic"] == 100


def test_guarded_services_isolate_what_a_monolith_does_not_up_to_some_timeout(guarded, timeouts):
    verdict = pays(guarded, timeouts)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert 0.6 <= verdict.flips_at < 1.2
    patient = failure.timeouts([1.2], seeds=range(2), config=failure.THREADLESS)
    assert pays(guarded, patient).outcome is Outcome.HOLDS


def test_services_without_guards_isolate_no_better_than_a_monolith(timeouts):
    unguarded = isolation.isolation(services=failure.THREADED, seeds=range(2))
    assert pays(unguarded, timeouts).outcome is Outcome.DOES_NOT_HOLD
