"""Fault isolation beside the monolith: two clones for the same money stand all but a fault that takes both."""

from dataclasses import replace

import pytest

from archlab.chapters.microservices import failure, isolation
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.verdict import Outcome
from archlab.shop.monolithic.architecture import Monolith

ONE = isolation.ONE_CLONE, "browse"


@pytest.fixture(scope="module")
def crashes():
    return isolation.crashes()


@pytest.fixture(scope="module")
def worst(crashes):
    return isolation.figures(crashes)


def test_the_monolith_costs_no_more_than_the_services_and_could_not_have_another_clone():
    prices = isolation.prices_usd_per_hour()
    assert prices["monolithic"] <= prices["microservices"]
    larger = replace(isolation.CLONES, clones=isolation.CLONES.clones + 1)
    more = isolation.prices_usd_per_hour(monolith=larger)
    assert more["monolithic"] > prices["microservices"]


def test_a_crash_of_payments_stops_all_orders_where_clones_still_sell(crashes):
    assert crashes[isolation.SERVICES_CRASH, "place_order"] < 1
    assert crashes[isolation.ONE_CLONE, "place_order"] > 50
    assert crashes[isolation.ALL_CLONES, "place_order"] == 0


def test_clones_whose_door_asks_once_keep_most_of_the_pages_and_one_process_none(crashes):
    once = isolation.clones_die(1, dead=1, architecture=Monolith)
    assert 50 < once["browse_percent"] < failure.UNHURT_PERCENT <= crashes[ONE]
    alone = replace(isolation.CLONES, clones=1)
    assert isolation.clones_die(1, dead=1, config=alone)["browse_percent"] == 0


def test_a_slow_payments_query_takes_a_database_when_the_bulkhead_lets_in_more_orders_than_it_has_cores(
    worst,
):
    slow = [isolation.SLOWNESS["slow payments query"]]
    small = replace(isolation.CLONES, clones=4, database_cores=2, bulkheads={"place_order": 6})
    assert isolation.monolith_under(1, slow, small)["browse_percent"] < 90
    assert worst["worst_pages_monolith_percent"] >= failure.UNHURT_PERCENT


def test_services_isolate_better_only_from_what_takes_every_clone_and_with_every_seed(worst):
    verdict = isolation.isolation_pays(**worst)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.is_stable
    assert verdict.flips_at == isolation.CLONES.clones == 2


def test_the_verdict_is_about_pages_and_says_that_the_monolith_still_sells_where_services_do_not(worst):
    assert worst["orders_services_percent"] < 10 < 90 < worst["orders_monolith_percent"]
    assert "about pages" in isolation.isolation_pays(**worst).words


def test_they_isolate_better_from_any_fault_than_clones_whose_door_asks_once(worst):
    once = OverSeeds(
        [isolation.clones_die(seed, dead=1, architecture=Monolith)["browse_percent"] for seed in range(10)]
    )
    verdict = isolation.isolation_pays(**{**worst, "worst_pages_monolith_percent": once})
    assert verdict.outcome is Outcome.HOLDS
    assert verdict.is_stable


def test_services_without_guards_whose_gateway_has_threads_do_not_isolate_at_all(crashes, worst):
    down = OverSeeds(crashes[isolation.SERVICES_CRASH, "browse"].per_seed[:1])
    slowed = isolation.slowed_services(seeds=range(1), config=failure.THREADED)
    threads = isolation.worst_pages_percent(down, slowed)
    assert threads < failure.UNHURT_PERCENT
    bad = {**worst, "worst_pages_services_percent": OverSeeds([float(threads)] * 10)}
    assert isolation.isolation_pays(**bad).outcome is Outcome.DOES_NOT_HOLD
