"""Teams around the monolith: one train serves few of them well, and all of them when no change ever fails.

The limits of the verdicts lie where theory, or another run, says that they must.
"""

import math
from dataclasses import replace
from itertools import pairwise

import pandas as pd
import pytest

from archlab.chapters.monolithic import people
from archlab.course.claims import OverSeeds
from archlab.course.claims.verdict import Outcome
from archlab.sim.teams import LEAD_TIME
from archlab.sim.teams.theory import load as train_load

TEAMS = (1, 2, 3, 4, 6)
COORDINATED_PERCENT = 100 * people.DELIVERY.coordinated_fraction


@pytest.fixture(scope="module")
def usual_runs():
    return people.both_organisations(TEAMS, days=40)


@pytest.fixture(scope="module")
def touching():
    return people.shared_train_is_faster_from_percent()


@pytest.fixture(scope="module")
def extra_runs():
    return people.extra_runs_from_percent()


@pytest.fixture(scope="module")
def one_unit_is_faster():
    return people.one_unit_is_faster_from_percent()


@pytest.fixture(scope="module")
def grown():
    return people.one_unit_is_faster_up_to_growing_run_percent()


def test_the_shared_train_is_said_to_be_saturated_where_theory_says_so(usual_runs):
    expected = [train_load(replace(people.DELIVERY, teams=teams, units=1)) >= 1 for teams in TEAMS]
    found = people.lead_times(usual_runs)
    assert found.shared_saturated.tolist() == expected == [False, False, False, False, True]
    slower_h = found.shared_h - found.separate_h
    assert slower_h.tolist() == pytest.approx(found.shared_is_slower_by_h.tolist())


def small_team_verdict(runs, from_percent):
    return people.team_is_small(
        shared_train_is_faster_up_to_teams=people.shared_train_is_faster_up_to_teams(runs),
        shared_train_is_faster_from_percent=from_percent,
    )


def test_one_train_is_better_for_few_teams_with_each_of_ten_seeds(usual_runs, touching):
    real = small_team_verdict(usual_runs, touching)
    assert real.outcome is Outcome.HOLDS_WHEN
    assert real.is_stable
    assert 2 <= real.flips_at.low <= real.flips_at <= 3 <= real.flips_at.high <= 5


def test_one_train_is_better_for_all_when_no_change_ever_fails(touching):
    flawless = replace(people.DELIVERY, change_failure_probability=0.0, build_and_test_s=300.0)
    runs = people.both_organisations((2, 6), flawless, days=20)
    assert people.shared_train_is_faster_up_to_teams(runs) == math.inf
    assert "teams" not in small_team_verdict(runs, touching).detail


def test_one_train_is_slower_even_for_two_teams_when_no_change_touches_two_units(touching):
    apart = replace(people.DELIVERY, coordinated_fraction=0.0)
    verdict = small_team_verdict(people.both_organisations((1, 2), apart), touching)
    assert verdict.outcome is Outcome.DOES_NOT_HOLD
    assert 0 < touching.low <= touching.high < COORDINATED_PERCENT


def runs_with(shared_h, separate_h, teams):
    """Runs of one seed with these lead times."""
    rows = [
        (team, name, 0, hours)
        for name, all_hours in (("one unit", shared_h), ("a unit per team", separate_h))
        for team, hours in zip(teams, all_hours, strict=True)
    ]
    return pd.DataFrame(rows, columns=["teams", "organisation", "replication", LEAD_TIME])


def test_a_train_that_is_exactly_as_fast_is_not_the_slower_one():
    equal_then_slower = runs_with([1.0, 2.0, 3.0], [1.0, 2.0, 2.0], teams=[1, 2, 3])
    at_once = runs_with([1.0, 3.0, 4.0], [1.0, 2.0, 2.0], teams=[1, 2, 3])
    never = runs_with([1.0, 2.0, 2.0], [1.0, 2.0, 2.0], teams=[1, 2, 3])
    limits = [people.shared_train_is_faster_up_to_teams(runs) for runs in (equal_then_slower, at_once, never)]
    assert limits == [2, -math.inf, math.inf]


def cycles_verdict(model):
    return people.long_deployment_cycles(
        queue_grows_from_teams=people.queue_grows_from_teams(model),
        queue_grows_from_minutes=people.queue_grows_from_minutes(model),
    )


def test_the_queue_of_changes_grows_from_six_teams_and_with_short_runs_for_none():
    real = cycles_verdict(people.DELIVERY)
    assert real.outcome is Outcome.HOLDS_WHEN
    assert real.flips_at == 6
    limit_s = 60 * people.queue_grows_from_minutes()
    quicker, slower = (replace(people.DELIVERY, build_and_test_s=factor * limit_s) for factor in (0.99, 1.01))
    assert cycles_verdict(quicker).outcome is Outcome.DOES_NOT_HOLD
    assert cycles_verdict(slower).flips_at == people.LARGEST_ORGANISATION


def test_a_mean_change_takes_over_a_working_day_where_the_queue_grows_and_less_before(usual_runs):
    shared_h = people.lead_times(usual_runs).set_index("teams").shared_h
    assert shared_h[4] < 8 < shared_h[6]


def test_more_failures_let_fewer_teams_ride_on_one_train():
    table = people.most_teams([8], [0.0, 0.05, 0.1, 0.2]).most_teams
    assert all(more > fewer for more, fewer in pairwise(table))


def test_changes_that_never_fail_need_one_run_in_one_unit_and_two_where_they_cross_a_border():
    slow = replace(people.DELIVERY, change_failure_probability=0.0, changes_per_team_per_day=0.5)
    frame = people.one_unit_or_five((0.0, 100.0), seeds=range(8), model=slow)
    assert frame.runs_per_change.tolist() == pytest.approx([1, 1], abs=0.05)
    assert frame.split_runs_per_change.tolist() == pytest.approx([1, 2], abs=0.1)
    assert frame.coordinated_percent.tolist() == [0, 100]


def test_deploying_is_easier_with_one_unit_from_a_share_of_changes_that_touch_two(extra_runs):
    busy = OverSeeds(extra_runs.n * [9.0])
    verdict = people.easy_deployment(
        extra_runs_from_percent=extra_runs, extra_runs_anyway_from_changes_per_day=busy
    )
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.is_stable
    assert 4 <= extra_runs.low <= extra_runs <= extra_runs.high < COORDINATED_PERCENT


def test_deploying_is_no_easier_with_one_unit_when_no_change_touches_two():
    frame = people.one_unit_or_five([0.0])
    extra_percent = 100 * (frame.split_runs_per_change / frame.runs_per_change - 1)
    assert extra_percent[0] < people.NOTICEABLE_PERCENT / 2


def test_five_units_run_more_often_anyway_when_a_busy_team_would_test_changes_together():
    limit = people.extra_runs_anyway_from_changes_per_day(seeds=range(2))
    assert people.DELIVERY.changes_per_team_per_day < limit.low <= limit.high < 16
    busy = replace(people.DELIVERY, changes_per_team_per_day=16.0)
    always = people.extra_runs_from_percent(seeds=range(2), model=busy)
    assert set(always.per_seed) == {-math.inf}


def test_one_unit_is_quicker_for_one_team_from_a_share_of_changes_that_cross_borders(
    one_unit_is_faster, grown
):
    real = people.rapid_prototyping(
        one_unit_is_faster_from_percent=one_unit_is_faster, one_unit_is_faster_up_to_growing_run_percent=grown
    )
    assert real.outcome is Outcome.HOLDS_WHEN
    assert real.is_stable
    assert 0 < one_unit_is_faster.low <= one_unit_is_faster.high < COORDINATED_PERCENT


def test_one_unit_is_never_quicker_when_its_train_is_full():
    full = replace(people.DELIVERY, changes_per_team_per_day=40.0)
    limit = people.one_unit_is_faster_from_percent(seeds=[1], model=full)
    assert set(limit.per_seed) == {math.inf}


def test_one_unit_is_no_quicker_when_most_of_a_run_grows_with_the_code(grown):
    assert 0 < grown.low <= grown.high < 50
    half = 0.5 * people.DELIVERY.build_and_test_s
    large = replace(people.DELIVERY, build_and_test_s=half, build_and_test_per_team_s=half)
    frame = people.one_unit_or_five([COORDINATED_PERCENT], model=large)
    assert frame.split_lead_time_h[0] < frame.lead_time_h[0]
