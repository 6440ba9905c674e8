"""The closed forms, against enumeration of every train and the limits that can be said in words."""

from itertools import product

import pytest

from archlab.sim.teams.delivery import DeliveryModel
from archlab.sim.teams.release_train import deliver
from archlab.sim.teams.theory import (
    capacity_per_day,
    changes_per_day,
    load,
    most_teams_on_one_unit,
    probability_train_fails,
    released_per_run,
    runs_per_train,
)


def runs_needed(fails: tuple[bool, ...]) -> int:
    """Count the runs of binary splitting for one train whose failing changes are known."""
    if not any(fails) or len(fails) == 1:
        return 1
    half = len(fails) // 2
    return 1 + runs_needed(fails[:half]) + runs_needed(fails[half:])


@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_probability_and_runs_agree_with_the_enumeration_of_all_trains(size):
    p = 0.3
    fail, runs = 0.0, 0.0
    for fails in product([False, True], repeat=size):
        weight = p ** sum(fails) * (1 - p) ** (size - sum(fails))
        fail += weight * any(fails)
        runs += weight * runs_needed(fails)
    assert probability_train_fails(size, p) == pytest.approx(fail)
    assert runs_per_train(size, p) == pytest.approx(runs)


def test_large_trains_pay_when_changes_seldom_fail_and_cost_when_they_often_do():
    assert released_per_run(8, 0.02) > 4 * released_per_run(1, 0.02)
    assert released_per_run(8, 0.3) < released_per_run(1, 0.3)


def test_a_pipeline_under_overload_releases_what_its_capacity_says():
    model = DeliveryModel(teams=12, fix_s=0.0)
    summary = deliver(model, days=400, seed=1).summary(20)
    assert load(model) > 1
    assert summary["released"] / 380 == pytest.approx(capacity_per_day(model), rel=0.02)


def test_a_load_below_one_keeps_up_and_above_one_falls_behind():
    most = most_teams_on_one_unit(DeliveryModel())
    below, above = (DeliveryModel(teams=teams) for teams in (most, most + 1))
    assert load(below) < 1 <= load(above)
    left_inside = [deliver(above, days=days, seed=1).summary()["unreleased"] for days in (200, 400)]
    assert left_inside[1] > 1.5 * left_inside[0]
    assert deliver(below, days=400, seed=1).summary()["unreleased"] < 60


def test_coordinated_changes_arrive_at_a_second_unit_as_well():
    model = DeliveryModel(teams=3, units=3, changes_per_team_per_day=2, coordinated_fraction=0.5)
    assert changes_per_day(model) == pytest.approx([3, 3, 3])


def test_changes_arrive_at_the_units_as_the_simulation_counts_them():
    model = DeliveryModel(teams=2, units=3, change_failure_probability=0.0, coordinated_fraction=0.4)
    counted = deliver(model, days=1500, seed=2).trains.groupby("unit")["size"].sum() / 1500
    assert counted.tolist() == pytest.approx(changes_per_day(model), rel=0.05)


def test_a_pipeline_too_slow_for_one_team_serves_none():
    assert most_teams_on_one_unit(DeliveryModel(build_and_test_s=8 * 3600, batch_size=1)) == 0


def test_twice_the_pipelines_release_twice_as_much():
    model = DeliveryModel(teams=12, pipelines=2, fix_s=0.0)
    assert capacity_per_day(model) == 2 * capacity_per_day(DeliveryModel(teams=12))
    summary = deliver(model, days=400, seed=1).summary(20)
    assert summary["released"] / 380 == pytest.approx(capacity_per_day(model), rel=0.02)
