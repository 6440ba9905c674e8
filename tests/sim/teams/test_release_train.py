"""The simulated trains, against closed forms, conservation and changes followed by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.sim.statistics import mean_interval
from archlab.sim.teams.delivery import WORKING_DAY_S, DeliveryModel
from archlab.sim.teams.release_train import deliver
from archlab.sim.teams.theory import probability_train_fails, runs_per_train
from archlab.sim.theory import mg1

BUSY = DeliveryModel(teams=5, change_failure_probability=0.1)
"""Near saturation, so that trains of every size leave."""


def test_a_pipeline_that_takes_one_change_at_a_time_waits_like_an_md1_queue():
    model = DeliveryModel(changes_per_team_per_day=11.2, change_failure_probability=0.0, batch_size=1)
    expected_h = mg1(11.2 / WORKING_DAY_S, model.pipeline_s, service_cv=0).response_s / 3600
    means = [deliver(model, days=400, seed=seed).summary(20)["lead_time_mean_h"] for seed in range(6)]
    assert mean_interval(means, confidence=0.99).contains(expected_h)
    assert mean_interval(means).half_width < 0.1 * expected_h


def test_a_train_fails_as_often_as_at_least_one_of_its_independent_changes():
    trains = deliver(BUSY, days=400, seed=1).trains
    p = BUSY.change_failure_probability
    expected = trains["size"].map(lambda size: probability_train_fails(size, p))
    standard_error = np.sqrt((expected * (1 - expected)).sum())
    assert abs(trains.failed.sum() - expected.sum()) < 3 * standard_error
    assert trains["size"].nunique() == BUSY.batch_size


def test_finding_the_culprits_costs_the_runs_that_binary_splitting_predicts():
    trains = deliver(BUSY, days=400, seed=2).trains.dropna(subset="finished_s")
    full = trains[trains["size"] == BUSY.batch_size]
    p = BUSY.change_failure_probability
    assert mean_interval(full.runs, confidence=0.99).contains(runs_per_train(BUSY.batch_size, p))


def test_a_train_keeps_its_pipeline_for_exactly_its_runs():
    trains = deliver(BUSY, days=60, seed=3).trains.dropna(subset="finished_s")
    expected = trains.runs * BUSY.pipeline_s
    pd.testing.assert_series_equal(trains.finished_s - trains.left_s, expected, check_names=False)


def test_two_trains_never_share_a_pipeline():
    trains = deliver(DeliveryModel(teams=6, units=3), days=60, seed=4).trains.dropna(subset="finished_s")
    for _, of_one_unit in trains.groupby("unit"):
        assert (of_one_unit.left_s.to_numpy()[1:] >= of_one_unit.finished_s.to_numpy()[:-1]).all()


def test_so_many_trains_run_at_once_as_there_are_pipelines():
    trains = deliver(DeliveryModel(teams=12, pipelines=3), days=30, seed=4).trains.dropna(subset="finished_s")
    running = [((trains.left_s <= at_s) & (trains.finished_s > at_s)).sum() for at_s in trains.left_s]
    assert max(running) == 3


def test_many_pipelines_leave_only_the_run_and_the_fix():
    model = DeliveryModel(pipelines=50, change_failure_probability=0.5)
    changes = deliver(model, days=400, seed=6).changes
    by_failures = changes.groupby("trains_failed").lead_time_h
    assert by_failures.median()[[0, 1]].tolist() == pytest.approx([0.5, 0.5 + 2 + 0.5])


@settings(max_examples=25, deadline=None)
@given(
    teams=st.integers(1, 5),
    units=st.integers(1, 6),
    pipelines=st.integers(1, 3),
    batch_size=st.integers(1, 9),
    p=st.sampled_from([0.0, 0.1, 0.5, 0.9]),
    coordinated=st.sampled_from([0.0, 0.3, 1.0]),
    seed=st.integers(0, 1000),
)
def test_every_change_is_released_once_or_still_inside(
    teams, units, pipelines, batch_size, p, coordinated, seed
):
    model = DeliveryModel(
        teams=teams,
        units=units,
        pipelines=pipelines,
        batch_size=batch_size,
        change_failure_probability=p,
        coordinated_fraction=coordinated,
    )
    deliveries = deliver(model, days=12, seed=seed)
    summary = deliveries.summary()
    assert summary["released"] + summary["unreleased"] == len(deliveries.changes)
    lead_s = deliveries.changes.lead_time_h.dropna() * 3600
    assert (lead_s >= model.pipeline_s - 1e-6).all()
    assert (deliveries.trains["size"] <= batch_size).all()


def test_with_no_failures_every_part_of_every_change_rides_exactly_one_train():
    model = DeliveryModel(teams=3, units=3, change_failure_probability=0.0, coordinated_fraction=0.5)
    deliveries = deliver(model, days=200, seed=5)
    changes, trains = deliveries.changes, deliveries.trains
    fewest = (changes.coordinated[changes.released_s.notna()] + 1).sum()
    assert fewest <= trains["size"].sum() <= fewest + 2 * changes.released_s.isna().sum()
    assert (changes.trains_failed == 0).all()


def test_a_failing_change_comes_back_after_its_fix():
    model = DeliveryModel(changes_per_team_per_day=0.2, change_failure_probability=0.5)
    changes = deliver(model, days=400, seed=6).changes
    shortest = changes.groupby("trains_failed").lead_time_h.min()
    assert shortest[[0, 1, 2]].tolist() == pytest.approx([0.5, 0.5 + 2 + 0.5, 0.5 + 2 * (2 + 0.5)])


def test_only_another_teams_failing_change_counts_as_stopped_by_another_team():
    assert deliver(BUSY, days=60, seed=6).changes.stopped_by_other_team.any()
    alone = deliver(DeliveryModel(changes_per_team_per_day=20), days=60, seed=6)
    assert (alone.trains["size"][alone.trains.failed] > 1).any()
    assert not alone.changes.stopped_by_other_team.any()


def test_a_coordinated_change_takes_two_pipelines_and_a_handover_between_teams():
    quiet = {"changes_per_team_per_day": 0.2, "change_failure_probability": 0.0, "coordinated_fraction": 1.0}
    between_teams = deliver(DeliveryModel(teams=2, units=2, **quiet), days=200, seed=7)
    within_a_team = deliver(DeliveryModel(teams=1, units=2, **quiet), days=200, seed=7)
    assert between_teams.changes.lead_time_h.min() == pytest.approx(0.5 + 4 + 0.5)
    assert within_a_team.changes.lead_time_h.min() == pytest.approx(0.5 + 0.5)


def test_a_change_that_finds_the_train_full_misses_it():
    model = DeliveryModel(teams=4, batch_size=1, change_failure_probability=0.0)
    changes = deliver(model, days=30, seed=8).changes
    released = changes[changes.released_s.notna()]
    # first in, first out, one a train: it misses one train for each change queued before it
    in_queue_before = [
        (
            (released.committed_s < row.committed_s)
            & (released.released_s - model.pipeline_s > row.committed_s)
        ).sum()
        for row in released.itertuples()
    ]
    assert released.trains_missed.tolist() == in_queue_before
    assert max(in_queue_before) > 1


def test_both_organisations_see_the_same_changes_under_one_seed():
    shared = deliver(DeliveryModel(teams=4, units=1), days=30, seed=9).changes
    separate = deliver(DeliveryModel(teams=4, units=4), days=30, seed=9).changes
    pd.testing.assert_frame_equal(shared[["team", "committed_s"]], separate[["team", "committed_s"]])


def test_another_team_does_not_change_when_the_first_ones_commit():
    three = deliver(DeliveryModel(teams=3), days=30, seed=9).changes
    four = deliver(DeliveryModel(teams=4), days=30, seed=9).changes
    pd.testing.assert_series_equal(
        three.committed_s, four[four.team < 3].committed_s.reset_index(drop=True), check_names=False
    )


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others():
    runs = [deliver(BUSY, days=20, seed=seed).summary() for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_a_warm_up_as_long_as_the_run_is_refused():
    with pytest.raises(ValueError, match=r"warm_up_days is 10.*below 10"):
        deliver(BUSY, days=10, seed=1).summary(warm_up_days=10)
