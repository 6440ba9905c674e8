"""Failure of the monolith: one part stops everything, until others take over at once or only a part restarts."""

import pytest

from archlab.chapters.monolithic import failure
from archlab.course.claims.verdict import Outcome
from archlab.shop.day import KINDS, at_load
from archlab.shop.monolithic.config import MONOLITH


def crashes_of_each_part(restarts_s=None):
    """Crash each part of a shop with one clone, and of a shop with two."""
    return {clones: failure.crash_each_part(clones, restarts_s, seeds=[1]) for clones in (1, 2)}


@pytest.fixture(scope="module")
def usual_crashes():
    return crashes_of_each_part()


@pytest.fixture(scope="module")
def only_clone_deployed():
    return failure.deploy(seed=1, clones=1, restart_s=10)


def test_one_crashed_clone_stops_everything_for_its_restart_and_a_second_one_loses_only_some():
    frame = failure.crash_with_clones((1, 2), restart_s=10.0, seeds=range(2))
    one, two = frame.iloc[0], frame.iloc[1]
    assert one.good_again_s == pytest.approx(10, abs=0.2)
    assert one.lost_requests == pytest.approx(failure.RATE_PER_S * 10, rel=0.15)
    assert two.good_again_s <= MONOLITH.health_check_s
    assert two.browse_percent > 80


def test_the_payment_provider_stops_orders_and_nothing_else(usual_crashes):
    frame = usual_crashes[1].set_index("part")
    assert frame.loc["payment provider", "place_order_percent"] < 5
    assert frame.loc["payment provider", ["browse_percent", "track_order_percent"]].tolist() == [100, 100]
    assert frame.best_percent["database"] < 5


def test_the_program_and_its_database_can_each_stop_all_until_others_take_over_at_once(usual_crashes):
    def verdict(crashes):
        limit = failure.stopped_by_one_part_up_to_clones(crashes)
        return failure.single_point_of_failure(stopped_by_one_part_up_to_clones=limit)

    quick_database = crashes_of_each_part({"database": 0.5})
    all_quick = crashes_of_each_part({"database": 0.5, "shop-1": 0.5})
    assert verdict(usual_crashes).outcome is Outcome.HOLDS
    assert verdict(quick_database).words.startswith("Holds when: up to 1 clone")
    assert verdict(all_quick).outcome is Outcome.DOES_NOT_HOLD


def test_a_rolling_deployment_loses_less_than_one_that_stops_the_only_clone(only_clone_deployed):
    rolling = failure.deploy(seed=1, clones=2, restart_s=10)
    assert only_clone_deployed["browse_percent"] < 50 < 80 < rolling["browse_percent"]


def test_deploying_one_module_interrupts_all_use_cases_unless_only_its_own_part_restarts(only_clone_deployed):
    def verdict(figures):
        return failure.single_deployment_unit(
            use_cases_interrupted=figures["interrupted"], use_cases=len(KINDS)
        )

    own_part_alone = failure.deploy(seed=1, parts=["payment provider"], restart_s=10)
    assert verdict(only_clone_deployed).outcome is Outcome.HOLDS
    assert verdict(own_part_alone).outcome is Outcome.DOES_NOT_HOLD


def test_a_leak_in_orders_costs_browsing_and_without_orders_nothing():
    leaking = {"leak_mb_per_order": 20.0, "duration_s": 45.0}
    assert failure.leak(seed=1, **leaking)["lost_browsing"] > 100
    assert failure.leak(seed=1, orders=False, **leaking)["lost_browsing"] == 0


def test_a_bulkhead_saves_browsing_from_a_slow_provider_but_not_from_a_database_that_is_full():
    frame = failure.slow_neighbours(seeds=range(4))
    browse = frame.set_index(["part", "design"]).browse_percent
    shared, apart = failure.DESIGNS
    assert browse["payment provider", shared] < 10
    assert browse["payment provider", apart] > 99
    assert (browse["payments queries"][[shared, apart]] < 60).all()


def test_the_day_of_the_slow_provider_has_its_fault_and_ends_well():
    day = failure.slow_neighbour_day(seed=1, load=0.3, duration_s=40)
    assert day.result.faults.part.tolist() == ["payment provider"]
    late = day.result.requests[day.result.requests.arrived_s > 37]
    assert (late.outcome == "ok").mean() > 0.9
    assert len(day.result.requests) == pytest.approx(40 * at_load(0.3, MONOLITH).rate_per_s, rel=0.1)
