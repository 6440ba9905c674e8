"""Failure of the monolith: one part stops everything, until others take over at once or only a part restarts."""

import networkx as nx
import numpy as np
import pytest

from archlab.chapters.monolithic import explorers, failure
from archlab.course.claims.rule import Evidence
from archlab.course.claims.verdict import Outcome
from archlab.shop.day import at_load
from archlab.shop.monolithic.architecture import MODULES, Monolith
from archlab.shop.monolithic.config import MONOLITH
from archlab.sim import Simulation

MODULE_NAMES = [module.__name__.lower() for module in MODULES]


@pytest.fixture(scope="module")
def usual_crashes():
    return failure.crashes(clones=(1, 2))


@pytest.fixture(scope="module")
def only_clone_deployed():
    return failure.deploy(seed=1, clones=1, restart_s=10)


def test_one_crashed_clone_stops_everything_for_its_restart_and_a_second_one_loses_only_some():
    one = failure.crash(seed=1, restart_s=10.0)
    two = failure.crash(seed=1, clones=2, restart_s=10.0)
    assert one["good_again_s"] == pytest.approx(10, abs=0.2)
    assert one["nobody_s"] == pytest.approx(10, abs=0.3)
    assert one["lost_requests"] == pytest.approx(failure.RATE_PER_S * 10, rel=0.15)
    assert two["good_again_s"] <= MONOLITH.health_check_s
    assert two["nobody_s"] < 1
    assert two["browse_percent"] > 80


def test_the_payment_provider_stops_orders_and_nothing_else():
    figures = failure.crash(seed=1, part="payment provider")
    assert figures["place_order_percent"] < 5
    assert figures["browse_percent"] == figures["track_order_percent"] == 100
    assert figures["nobody_s"] < 1


def point_of_failure_verdict(crashes, database_back_after_s=failure.RESTART_S):
    return failure.single_point_of_failure(
        clones_up_to_which_one_crash_stops_all=failure.clones_up_to_which_one_crash_stops_all(crashes),
        database_back_after_s=database_back_after_s,
    )


def test_some_part_stops_all_with_any_number_of_clones_because_of_the_database(usual_crashes):
    verdict = point_of_failure_verdict(usual_crashes)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.is_stable
    assert "database or a standby for it is back at least 5 s (here 30)" in verdict.detail


def test_a_standby_that_takes_over_at_once_leaves_the_program_and_clones_then_leave_nothing():
    quick = failure.crashes(clones=(1, 2), restarts_s={"database": 1.0}, seeds=range(2))
    assert point_of_failure_verdict(quick, 1.0).words.startswith("Holds when: up to 1 clone")
    clones_alone = quick[quick.clones > 1]
    assert point_of_failure_verdict(clones_alone, 1.0).outcome is Outcome.DOES_NOT_HOLD


def test_nobody_is_answered_for_about_as_long_as_the_database_is_away():
    for away_s in (failure.STOPPED_S - 1, failure.STOPPED_S + 1):
        nobody_s = failure.crash(seed=1, part="database", clones=2, restart_s=away_s)["nobody_s"]
        assert nobody_s == pytest.approx(away_s, abs=0.5)


def test_a_second_clone_saves_pages_only_while_one_clone_can_carry_the_load():
    light, heavy = (failure.crash(seed=1, clones=2, rate_per_s=rate, timeout_s=2.0) for rate in (60.0, 450.0))
    one_serves_per_s = at_load(1.0, MONOLITH).rate_per_s
    assert 60 < one_serves_per_s < 450 < 2 * one_serves_per_s
    assert light["browse_percent"] > 90
    assert heavy["browse_percent"] < 60


def test_the_spread_over_seeds_names_the_best_and_the_worst(usual_crashes):
    found = failure.over_seeds(usual_crashes, ["part", "clones"], "browse_percent")
    two = found.set_index(["part", "clones"]).loc[("shop-1", 2)]
    assert two.browse_percent_least < two.browse_percent_low < two.browse_percent
    assert two.browse_percent < two.browse_percent_high < two.browse_percent_most <= 100


def test_what_is_down_or_slow_is_said_in_words():
    down = [failure.who_is_down(*case) for case in (("shop-1", 1), ("shop-1", 2), ("database", 3))]
    assert down == ["the only clone down", "one of 2 clones down", "database down, 3 clones"]
    slow = [failure.slow_case(*case) for case in ((failure.QUERY, 0), (failure.PROVIDER, 6))]
    assert slow == ["slow query, no bulkhead", "slow provider, 6 workers for orders"]


def test_a_dead_clone_is_noticed_after_half_the_time_between_two_checks_on_average(usual_crashes):
    two = usual_crashes[(usual_crashes.part == "shop-1") & (usual_crashes.clones == 2)]
    assert two.good_again_s.mean() == pytest.approx(MONOLITH.health_check_s / 2, abs=1)
    assert 100 - two.browse_percent.mean() == pytest.approx(4, abs=1)


def test_a_rolling_deployment_loses_less_than_one_that_stops_the_only_clone(only_clone_deployed):
    rolling = failure.deploy(seed=1, clones=2, restart_s=10)
    assert only_clone_deployed["browse_percent"] < 50 < 80 < rolling["browse_percent"]


def test_deploying_one_module_restarts_all_that_are_in_its_process():
    def verdict(topology):
        restarted = failure.restarted_with("orders", topology)
        return failure.single_deployment_unit(
            modules_restarted_with_one=len(restarted), modules=len(MODULE_NAMES)
        )

    topology = Monolith(Simulation(seed=1)).topology()
    apart = topology.copy()
    nx.set_node_attributes(apart, {"payments": "another process"}, "inside")
    assert sorted(failure.restarted_with("orders", topology)) == sorted(MODULE_NAMES)
    assert verdict(topology).outcome is Outcome.HOLDS
    assert verdict(apart).outcome is Outcome.DOES_NOT_HOLD
    assert failure.single_deployment_unit.evidence is Evidence.BY_CONSTRUCTION
    with pytest.raises(ValueError, match="module is 'sales'"):
        failure.restarted_with("sales", topology)


def test_deploying_one_module_interrupts_all_use_cases_unless_only_its_own_part_restarts(only_clone_deployed):
    own_part_alone = failure.deploy(seed=1, parts=["payment provider"], restart_s=10)
    assert only_clone_deployed["interrupted"] == 3
    assert own_part_alone["interrupted"] == 1


def test_a_leak_in_orders_costs_browsing_and_without_orders_nothing():
    leaking = {"leak_mb_per_order": 20.0, "duration_s": 45.0}
    assert failure.leak(seed=1, **leaking)["lost_browsing"] > 100
    assert failure.leak(seed=1, orders=False, **leaking)["lost_browsing"] == 0


def test_a_bulkhead_saves_browsing_from_a_slow_provider_and_only_a_small_one_from_a_slow_query():
    runs = failure.slow_neighbours(seeds=range(2))
    pages = failure.over_seeds(runs, ["part", "order_workers"], "browse_percent")
    browse = pages.set_index(["part", "order_workers"]).browse_percent
    assert browse[failure.PROVIDER, 0] < 10 > 0.5 * browse[failure.QUERY, 0]
    assert browse[failure.PROVIDER, 6] == browse[failure.QUERY, 3] == 100
    assert browse[failure.QUERY, 6] < 90


def test_three_workers_for_orders_are_enough_on_a_good_day_and_two_are_not():
    good = {
        workers: failure.slow_neighbour(1, factor=1.0, bulkheads=failure.for_orders_only(workers))
        for workers in (2, 3)
    }
    assert good[3]["place_order_percent"] == 100 > 50 > good[2]["place_order_percent"]


def test_the_day_of_the_slow_provider_has_its_fault_and_ends_well():
    day = failure.slow_neighbour_day(seed=1, load=0.3, duration_s=40)
    assert day.result.faults.part.tolist() == ["payment provider"]
    late = day.result.requests[day.result.requests.arrived_s > 37]
    assert (late.outcome == "ok").mean() > 0.9
    assert len(day.result.requests) == pytest.approx(40 * at_load(0.3, MONOLITH).rate_per_s, rel=0.1)


# What the text says about the explorer

SOME = range(1, 9)


def pages_that_came(times_slower, patience_s=2.0, seed=1):
    day = explorers.beside_a_slow_provider(times_slower, 0, patience_s, seed)
    return explorers.PagesWhileSlow().read(day).figures["pages_that_came_while_slow_percent"]


def median_page_ms(times_slower):
    requests = explorers.beside_a_slow_provider(times_slower, 0, 2.0).result.requests
    end_s = explorers.FAULT_AT_S + explorers.FAULT_S
    in_time = (requests.outcome == "ok") & requests.arrived_s.between(explorers.FAULT_AT_S, end_s)
    return 1000 * requests.latency_s[in_time & (requests.kind == "browse")].median()


def test_at_five_times_all_pages_come_forty_times_as_late_and_at_ten_three_in_four_are_lost():
    assert explorers.FAULT_S == 10
    assert pages_that_came(5) == 100
    assert median_page_ms(1) == pytest.approx(5, abs=0.5)
    assert median_page_ms(5) == pytest.approx(190, abs=10)
    assert [pages_that_came(5, seed=seed) for seed in SOME] == [100] * len(SOME)
    assert np.mean([pages_that_came(10, seed=seed) for seed in SOME]) == pytest.approx(25, abs=5)
    assert max(pages_that_came(10, seed=seed) for seed in SOME) < 45


def test_of_sixteen_workers_fourteen_wait_at_five_times_and_at_ten_more_than_there_are():
    orders_per_s = 0.12 * at_load(0.5, MONOLITH).rate_per_s
    usual = orders_per_s * MONOLITH.demands_s().provider["place_order"]
    assert [round(5 * usual), round(10 * usual)] == [14, 28]
    assert MONOLITH.workers == 16


def test_patience_helps_a_few_who_wait_nearly_as_long_as_they_can():
    patient = explorers.beside_a_slow_provider(times_slower=40, order_workers=0, patience_s=5.0).result
    saved = [pages_that_came(40, 5.0, seed) - pages_that_came(40, 2.0, seed) for seed in SOME]
    assert np.mean(saved) == pytest.approx(10, abs=2)
    assert 4500 < patient.latency_s(99, "browse") * 1000 < 5000
