"""Teams around the monolith: with one pipeline one train serves few of them, with one for each team it serves all.

The limits of the verdicts lie where theory, or another run, says that they must.
"""

import math
from dataclasses import replace
from itertools import pairwise

import pandas as pd
import pytest

from archlab.chapters.monolithic import people
from archlab.course.claims.verdict import Outcome
from archlab.sim.teams import LEAD_TIME, ONE_UNIT, ONE_UNIT_EQUAL_MONEY, UNIT_PER_TEAM
from archlab.sim.teams.comparison import organised
from archlab.sim.teams.theory import load as train_load

TEAMS = (1, 2, 3, 4, 6, 12)
COORDINATED_PERCENT = 100 * people.DELIVERY.coordinated_fraction


@pytest.fixture(scope="module")
def usual_runs():
    return people.both_organisations(TEAMS, days=20)


@pytest.fixture(scope="module")
def enough_pipelines():
    return people.shared_train_is_faster_from_pipelines()


@pytest.fixture(scope="module")
def extra_minutes():
    return people.extra_minutes_from_percent()


@pytest.fixture(scope="module")
def one_unit_is_faster():
    return people.one_unit_is_faster_from_percent()


@pytest.fixture(scope="module")
def grown():
    return people.one_unit_is_faster_up_to_growing_run_percent()


def test_one_train_with_one_pipeline_is_said_to_be_saturated_where_theory_says_so(usual_runs):
    found = people.lead_times(usual_runs)
    expected = [train_load(replace(people.DELIVERY, teams=teams, units=1)) >= 1 for teams in TEAMS]
    assert found.one_pipeline_h_saturated.tolist() == expected == [False, False, False, False, True, True]
    assert not found.shared_h_saturated.any()


def small_team_verdict(runs, pipelines, organisation=ONE_UNIT_EQUAL_MONEY):
    return people.team_is_small(
        shared_train_is_faster_up_to_teams=people.shared_train_is_faster_up_to_teams(runs, organisation),
        shared_train_is_faster_from_pipelines=pipelines,
    )


def test_at_equal_money_one_train_is_no_slower_for_any_number_of_teams_with_each_of_ten_seeds(
    usual_runs, enough_pipelines
):
    real = small_team_verdict(usual_runs, enough_pipelines)
    assert real.outcome is Outcome.HOLDS_WHEN
    assert real.is_stable
    assert real.flips_at == enough_pipelines == 3


def test_with_one_pipeline_against_many_one_train_serves_only_a_few_teams(usual_runs, enough_pipelines):
    poor = small_team_verdict(usual_runs, enough_pipelines, ONE_UNIT)
    assert poor.detail.startswith("up to")
    assert 2 <= poor.flips_at.low <= poor.flips_at <= 4


def test_too_few_pipelines_for_twelve_teams_are_those_that_theory_names(enough_pipelines):
    assert people.queue_grows_up_to_pipelines() == enough_pipelines - 1 == 2
    loads = [train_load(replace(people.DELIVERY, teams=12, pipelines=count)) for count in (1, 2, 3)]
    assert [load >= 1 for load in loads] == [True, True, False]


def test_one_train_is_slower_at_equal_money_when_a_run_grows_with_the_code_of_all(enough_pipelines):
    grows = replace(people.DELIVERY, build_and_test_per_team_s=7200.0)
    verdict = small_team_verdict(people.both_organisations((2, 6), grows, days=20), enough_pipelines)
    assert verdict.outcome is Outcome.DOES_NOT_HOLD
    assert verdict.is_stable


def test_with_fewer_failures_every_verdict_still_says_a_reason():
    seldom = replace(people.DELIVERY, change_failure_probability=0.02)
    pipelines = people.shared_train_is_faster_from_pipelines(seeds=range(3), model=seldom)
    runs = people.both_organisations((2, 4), seldom, days=20)
    words = [small_team_verdict(runs, pipelines).words, cycles_verdict(seldom).words]
    assert not any("inf" in verdict or verdict.endswith("when") for verdict in words)
    assert words[1] == "Does not hold: whatever the pipelines of a train for 12 teams (here 12)"


def runs_with(shared_h, separate_h, teams):
    """Runs of one seed with these lead times."""
    rows = [
        (team, name, 0, hours)
        for name, all_hours in ((ONE_UNIT_EQUAL_MONEY, shared_h), (UNIT_PER_TEAM, separate_h))
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
        queue_grows_at_equal_money_from_teams=people.queue_grows_at_equal_money_from_teams(model),
        queue_grows_up_to_pipelines=people.queue_grows_up_to_pipelines(model),
    )


def test_the_conclusion_has_words_for_limits_that_are_none():
    assert people.conclusion(3.0, math.inf) == (
        "One train is no slower with one pipeline up to 3 teams, with one for each team always"
    )
    assert people.conclusion(-math.inf, 4.0).endswith(
        "with one pipeline never, with one for each team up to 4 teams"
    )


def test_the_table_of_assumptions_is_in_hours_and_per_cent():
    values = people.in_hours().value
    assert values["the second team takes over [h]"] == 4
    assert values["changes that fail in the pipeline [%]"] == 10


def test_the_lines_of_both_figures_have_names(usual_runs):
    assert set(people.lead_time_lines(usual_runs).design) == set(people.LINES.values())
    units = people.lines_of_units(people.one_unit_or_five([0.0, 20.0], seeds=range(2)))
    assert set(units.design) == set(people.UNIT_LINES.values())
    assert units[people.TOUCHING].tolist() == 3 * [0, 20]


def test_no_queue_of_changes_grows_at_equal_money_and_with_one_pipeline_it_does_from_six_teams():
    assert people.queue_grows_from_teams() == 6
    real = cycles_verdict(people.DELIVERY)
    assert real.outcome is Outcome.DOES_NOT_HOLD
    assert "pipelines" in real.detail


def test_the_queue_grows_at_equal_money_where_a_run_grows_with_the_code():
    grows = replace(people.DELIVERY, build_and_test_per_team_s=1800.0)
    verdict = cycles_verdict(grows)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    before, here = (organised(grows, int(verdict.flips_at) - back, ONE_UNIT_EQUAL_MONEY) for back in (1, 0))
    assert train_load(before) < 1 <= train_load(here)


def test_a_mean_change_takes_over_a_working_day_where_the_queue_grows_and_less_before(usual_runs):
    hours = people.lead_times(usual_runs).set_index("teams").one_pipeline_h
    assert hours[4] < 8 < hours[12]


def test_more_failures_let_fewer_teams_ride_on_one_train():
    table = people.most_teams([8], [0.0, 0.05, 0.1, 0.2]).most_teams
    assert all(more > fewer for more, fewer in pairwise(table))


def test_changes_that_never_fail_take_one_run_in_one_unit_and_two_where_they_cross_a_border():
    slow = replace(people.DELIVERY, change_failure_probability=0.0, changes_per_team_per_day=0.5)
    frame = people.one_unit_or_five((0.0, 100.0), seeds=range(8), model=slow)
    assert frame.pipeline_minutes.tolist() == pytest.approx([30, 30], abs=1.5)
    assert frame.split_pipeline_minutes.tolist() == pytest.approx([30, 60], abs=3)
    assert frame.coordinated_percent.tolist() == [0, 100]


def test_deploying_is_easier_with_one_unit_from_a_share_of_changes_that_touch_two(extra_minutes):
    growing = people.extra_minutes_up_to_growing_run_percent()
    verdict = people.easy_deployment(
        extra_minutes_from_percent=extra_minutes, extra_minutes_up_to_growing_run_percent=growing
    )
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.is_stable
    assert extra_minutes.low <= people.NOTICEABLE_PERCENT <= extra_minutes.high < COORDINATED_PERCENT
    assert 0 < growing.low <= growing.high < 20


def test_a_queue_that_tests_changes_together_is_not_rewarded(extra_minutes):
    busy = replace(people.DELIVERY, changes_per_team_per_day=12.0)
    limit = people.extra_minutes_from_percent(seeds=range(2), model=busy)
    assert limit == pytest.approx(extra_minutes, abs=5)


def test_deploying_is_no_easier_with_one_unit_when_no_change_touches_two():
    frame = people.one_unit_or_five([0.0])
    extra_percent = 100 * (frame.split_pipeline_minutes / frame.pipeline_minutes - 1)
    assert abs(extra_percent[0]) < people.NOTICEABLE_PERCENT / 2


def test_one_unit_is_quicker_for_one_team_from_a_share_of_changes_that_cross_borders(
    one_unit_is_faster, grown
):
    real = people.rapid_prototyping(
        one_unit_is_faster_from_percent=one_unit_is_faster, one_unit_is_faster_up_to_growing_run_percent=grown
    )
    assert real.outcome is Outcome.HOLDS_WHEN
    assert real.is_stable
    assert 0 < one_unit_is_faster.low <= one_unit_is_faster.high < COORDINATED_PERCENT


def test_a_busy_team_with_one_pipeline_needs_more_such_changes_and_with_five_it_does_not(one_unit_is_faster):
    busy = replace(people.DELIVERY, changes_per_team_per_day=12.0)
    few = people.one_unit_is_faster_from_percent(seeds=range(2), model=busy, pipelines=1)
    many = people.one_unit_is_faster_from_percent(seeds=range(2), model=busy)
    assert many < 10 < one_unit_is_faster + 10 < few


def test_one_unit_is_never_quicker_when_its_only_pipeline_is_full():
    full = replace(people.DELIVERY, changes_per_team_per_day=40.0)
    limit = people.one_unit_is_faster_from_percent(seeds=[1], model=full, pipelines=1)
    assert set(limit.per_seed) == {math.inf}


def test_one_unit_is_no_quicker_when_most_of_a_run_grows_with_the_code(grown):
    assert 0 < grown.low <= grown.high < 50
    half = 0.5 * people.DELIVERY.build_and_test_s
    large = replace(people.DELIVERY, build_and_test_s=half, build_and_test_per_team_s=half)
    frame = people.one_unit_or_five([COORDINATED_PERCENT], model=large)
    assert frame.split_lead_time_h[0] < frame.lead_time_h[0]
