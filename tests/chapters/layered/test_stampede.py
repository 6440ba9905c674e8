"""A cache is lost under load: with and without single flight."""

import pytest

from archlab.chapters.layered import stampede
from archlab.chapters.layered.page_cache import CachedShop
from archlab.chapters.layered.stampede import (
    DATABASE_PER_S,
    QUERY_S,
    TTL_S,
    WAYS,
    asked_per_s,
    config_of,
    lost,
    wait_that_lasts_s,
    warm,
)
from archlab.shop.day import BROWSE_ONLY
from archlab.sim import Poisson, Simulation

ALONE, JITTER, SINGLE, BOTH = WAYS
SEEDS = range(3)


@pytest.fixture(scope="module")
def runs():
    return {way: [lost(seed, way) for seed in SEEDS] for way in WAYS}


def test_before_the_loss_all_is_well_in_every_way(runs):
    for way, of_way in runs.items():
        assert all(run.in_time(-4.0, 0.0) == 1.0 for run in of_way), way


def test_without_single_flight_it_does_not_come_back(runs):
    assert all(run.recovered_s() == float("inf") for run in runs[ALONE])
    assert all(run.in_time() < 0.9 for run in runs[ALONE])


def test_jitter_alone_does_not_help(runs):
    assert all(run.recovered_s() == float("inf") for run in runs[JITTER])


def test_with_single_flight_hardly_a_page_is_late(runs):
    for way in (SINGLE, BOTH):
        assert all(run.in_time() > 0.999 for run in runs[way])
        assert all(run.recovered_s() == 0.0 for run in runs[way])


def test_with_single_flight_each_page_is_asked_for_once_in_its_time_to_live(runs):
    assert all(run.sent(0.0, TTL_S) <= stampede.PRODUCTS + 3 for run in runs[SINGLE])
    assert all(run.sent(0.0, TTL_S) > 4 * stampede.PRODUCTS for run in runs[ALONE])


def test_a_load_that_the_database_can_nearly_carry_is_no_danger_at_all():
    run = lost(1, ALONE, rate_per_s=1.5 * DATABASE_PER_S)
    assert run.recovered_s() == 0.0


def test_a_small_pool_of_workers_lets_it_come_back_and_a_large_one_does_not():
    for seed in SEEDS:
        small, large = (lost(seed, ALONE, workers=workers) for workers in (16, 1000))
        assert small.recovered_s() < 15
        assert small.in_time() > 0.9 > large.in_time()
        assert large.recovered_s() == float("inf")


def test_few_workers_bring_it_back_some_hundreds_make_it_total_and_no_limit_is_between():
    few, hundreds, no_limit = (stampede.late(ALONE, SEEDS, workers) for workers in (64, 256, stampede.MANY))
    assert few.low > 99
    assert hundreds.high < 1
    assert 20 < no_limit.low < no_limit.high < 80


def test_late_is_the_share_that_the_whole_run_has_in_that_span(runs):
    assert stampede.late(ALONE, SEEDS).per_seed == tuple(100 * run.in_time(12, 18) for run in runs[ALONE])
    assert stampede.late(SINGLE, SEEDS) == 100


def test_the_load_up_to_which_it_comes_back_is_found_and_there_is_none_with_single_flight():
    alone = stampede.recovers_up_to_per_s(ALONE, seeds=[1])
    assert 3 * DATABASE_PER_S < alone < 12 * DATABASE_PER_S
    assert stampede.recovers_up_to_per_s(SINGLE, seeds=[1]) == float("inf")


@pytest.mark.parametrize("single_flight", [False, True])
def test_in_its_good_state_it_sends_as_many_queries_as_the_arithmetic_says(single_flight):
    sim = Simulation(seed=1)
    shop = CachedShop(sim, config_of(), stampede.PRODUCTS, TTL_S, single_flight=single_flight)
    warm(shop, TTL_S)
    sim.open_load(Poisson(150.0), shop.handle, BROWSE_ONLY)
    sim.run(until=60.0)
    expected = asked_per_s(QUERY_S, 150.0, TTL_S, single_flight)
    assert shop.cached.fetched / 60.0 == pytest.approx(expected, rel=0.1)


def test_runs_whose_waits_stay_below_the_one_that_lasts_recover():
    below = 0
    for rate_per_s in (100.0, 150.0, 200.0):
        for seed in SEEDS:
            run = lost(seed, ALONE, rate_per_s)
            if run.longest_s(TTL_S) < wait_that_lasts_s(rate_per_s):
                below += 1
                assert run.in_time(10.0, 19.0) > 0.99
    assert below >= 5


def test_longer_waits_ask_for_more_without_single_flight_and_for_less_with_it():
    waits_s = (0.03, 0.3, 3.0, 30.0)
    alone = [asked_per_s(wait_s) for wait_s in waits_s]
    single = [asked_per_s(wait_s, single_flight=True) for wait_s in waits_s]
    assert alone == sorted(alone)
    assert single == sorted(single, reverse=True)
    assert max(single) < DATABASE_PER_S < alone[-1]


def test_the_figure_tells_of_each_way():
    table = stampede.over_seconds(seeds=[1], ways=[ALONE, SINGLE])
    alt = stampede.figure(table, "It does not come back").alt
    assert "every miss asks, pages in time" in alt
    assert "40 a second" in alt


def test_the_table_over_seconds_is_of_as_many_workers_as_are_asked_for():
    few, many = (stampede.over_seconds(seeds=[1], ways=[ALONE], workers=workers) for workers in (64, 256))
    assert few.in_time_percent.iloc[-1] > 99 > 1 > many.in_time_percent.iloc[-1]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: lost(1, "caching"),
        lambda: lost(1, rate_per_s=0.0),
        lambda: stampede.late("caching"),
        lambda: stampede.late(until_s=12.0),
        lambda: stampede.recovers_up_to_per_s("caching"),
    ],
)
def test_what_is_not_allowed_is_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        wrong()
