"""The verdicts on team size, and that they come out the other way when the model says so."""

from dataclasses import replace

import pytest

from archlab.sim.teams.comparison import (
    ONE_UNIT,
    UNIT_PER_TEAM,
    crossing,
    differences,
    intervals,
    sweep_teams,
)
from archlab.sim.teams.delivery import DeliveryModel

MEAN = "lead_time_mean_h"
TEAMS = [1, 2, 4, 8]


def sweep(**changes):
    return sweep_teams(
        replace(DeliveryModel(), **changes), TEAMS, replications=4, days=40, warm_up_days=5, seed=1
    )


@pytest.fixture(scope="module")
def default():
    return sweep()


def test_two_teams_are_faster_on_one_unit_and_eight_on_their_own(default):
    more = differences(default, MEAN).set_index("teams")
    assert more.high[2] < 0 < more.low[8]
    assert crossing(default, MEAN) == 8


def test_one_team_with_one_unit_is_the_same_organisation_twice(default):
    at_one = differences(default, MEAN).set_index("teams").loc[1]
    assert (at_one["mean"], at_one.low, at_one.high) == (0, 0, 0)


def test_when_changes_never_fail_and_the_pipeline_is_quick_one_unit_never_becomes_the_slower():
    assert crossing(sweep(change_failure_probability=0.0, build_and_test_s=300.0), MEAN) is None


def test_when_no_change_crosses_teams_separate_units_win_sooner(default):
    assert crossing(sweep(coordinated_fraction=0.0), MEAN) < crossing(default, MEAN)


def test_a_shared_train_that_cannot_keep_up_is_said_to_be_saturated(default):
    table = intervals(default, MEAN).set_index(["organisation", "teams"])
    assert table.saturated[ONE_UNIT].tolist() == [False, False, False, True]
    assert not table.saturated[UNIT_PER_TEAM].any()
    assert (table.low <= table["mean"]).all()


def test_teams_stop_each_other_on_a_shared_train_but_hardly_on_their_own(default):
    share = intervals(default, "stopped_by_other_team_share").set_index(["organisation", "teams"])["mean"]
    assert share[ONE_UNIT][8] > 0.2 > 0.05 > share[UNIT_PER_TEAM][8]


def test_one_replication_gives_no_interval_and_is_refused():
    with pytest.raises(ValueError, match="replications is 1"):
        sweep_teams(DeliveryModel(), [1], replications=1)
