"""Teams around the monolith: one train serves few of them well, and all of them when no change ever fails."""

from dataclasses import replace
from itertools import pairwise

import pytest

from archlab.chapters.monolithic import people
from archlab.course.claims.verdict import Outcome
from archlab.sim.teams.theory import load as train_load

TEAMS = (1, 2, 3, 6, 8)
COORDINATED = people.DELIVERY.coordinated_fraction


@pytest.fixture(scope="module")
def usual_teams():
    return people.lead_times(TEAMS, replications=2, days=40)


@pytest.fixture(scope="module")
def flawless_teams():
    flawless = replace(people.DELIVERY, change_failure_probability=0.0, build_and_test_s=300.0)
    return people.lead_times(TEAMS, flawless, replications=2, days=40)


@pytest.fixture(scope="module")
def one_team():
    return people.one_unit_or_five((0.0, COORDINATED, 0.5), seeds=range(2))


def test_the_shared_train_is_said_to_be_saturated_where_theory_says_so(usual_teams):
    expected = [train_load(replace(people.DELIVERY, teams=teams, units=1)) >= 1 for teams in TEAMS]
    assert usual_teams.shared_saturated.tolist() == expected == [False, False, False, True, True]


def test_the_shared_train_is_slower_by_the_difference_of_the_lead_times(usual_teams):
    slower_h = usual_teams.shared_h - usual_teams.separate_h
    assert slower_h.tolist() == pytest.approx(usual_teams.shared_is_slower_by_h.tolist())


def test_one_train_is_better_for_few_teams_and_for_all_when_no_change_ever_fails(usual_teams, flawless_teams):
    def verdict(times):
        limit = people.shared_train_is_faster_up_to_teams(times)
        return people.team_is_small(shared_train_is_faster_up_to_teams=limit)

    real = verdict(usual_teams)
    assert real.outcome is Outcome.HOLDS_WHEN
    assert 2 <= real.flips_at <= 5
    assert verdict(flawless_teams).outcome is Outcome.HOLDS


def test_one_train_is_late_for_many_teams_and_never_when_no_change_ever_fails(usual_teams, flawless_teams):
    def verdict(times):
        return people.long_deployment_cycles(over_a_day_from_teams=people.over_a_day_from_teams(times))

    real = verdict(usual_teams)
    assert real.outcome is Outcome.HOLDS_WHEN
    assert 4 <= real.flips_at <= 8
    assert verdict(flawless_teams).outcome is Outcome.DOES_NOT_HOLD


def test_more_failures_let_fewer_teams_ride_on_one_train():
    table = people.most_teams([8], [0.0, 0.05, 0.1, 0.2]).most_teams
    assert all(more > fewer for more, fewer in pairwise(table))


def test_changes_that_never_fail_need_one_run_in_one_unit_and_two_where_they_cross_a_border():
    slow = replace(people.DELIVERY, change_failure_probability=0.0, changes_per_team_per_day=0.2)
    frame = people.one_unit_or_five((0.0, 1.0), seeds=range(2), model=slow, days=300)
    assert frame.runs_per_change.tolist() == pytest.approx([1, 1], abs=0.05)
    assert frame.split_runs_per_change.tolist() == pytest.approx([1, 2], abs=0.1)
    assert frame.coordinated_percent.tolist() == [0, 100]


def test_one_unit_is_quicker_for_one_team_when_changes_cross_borders_and_not_when_its_train_is_full(one_team):
    def verdict(units):
        limit = people.one_unit_is_faster_from_percent(units)
        return people.rapid_prototyping(one_unit_is_faster_from_percent=limit)

    real = verdict(one_team)
    assert real.outcome is Outcome.HOLDS_WHEN
    assert 0 < real.flips_at < 20
    busy = replace(people.DELIVERY, changes_per_team_per_day=40.0)
    full_train = people.one_unit_or_five((0.0, 0.2, 0.5), seeds=range(2), model=busy, days=60)
    assert verdict(full_train).outcome is Outcome.DOES_NOT_HOLD


def test_deploying_is_easy_because_changes_cross_borders(one_team):
    def verdict(coordinated_fraction):
        units = one_team.set_index("coordinated_percent").loc[100 * coordinated_fraction]
        return people.easy_deployment(
            runs_per_change_one_unit=units.runs_per_change,
            runs_per_change_five_units=units.split_runs_per_change,
        )

    assert verdict(coordinated_fraction=COORDINATED).outcome is Outcome.HOLDS
    assert verdict(coordinated_fraction=0.0).outcome is Outcome.DOES_NOT_HOLD
