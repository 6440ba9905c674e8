"""A projector that is away or slow: how old the page becomes and when it has caught up agree with arithmetic."""

import numpy as np
import pytest

from archlab.chapters.cqrs import projector_backlog as backlog
from archlab.chapters.cqrs import projector_down as down
from archlab.chapters.cqrs.projector_backlog import AT_S, COMMIT_S, LASTS_S, ROW_S, Fault, expected
from archlab.chapters.cqrs.projector_incident import PROJECTOR, incident
from archlab.course.replay import replay

FULL_BATCH_S = 50 * ROW_S + COMMIT_S
"""Of a batch of 100 events: 50 orders, a row each, and one commit."""


@pytest.fixture(scope="module")
def table():
    return down.every_case(loads=(0.5,), seeds=range(5))


@pytest.fixture(scope="module")
def summary(table):
    return down.summary(table).set_index(["fault", "batch"])


def test_what_a_projector_can_do_is_its_rows_and_its_commits():
    assert backlog.capacity_per_s(1) == pytest.approx(1 / (ROW_S + 2 * COMMIT_S))
    assert backlog.capacity_per_s(100) == pytest.approx(100 / 2 / FULL_BATCH_S)


def test_a_page_becomes_as_old_as_the_stop_and_one_batch_more(summary):
    assert summary.peak_lag_s["stopped", 1] == pytest.approx(LASTS_S, abs=0.2)
    assert LASTS_S < summary.peak_lag_s["stopped", 100] < LASTS_S + FULL_BATCH_S + 0.05


def test_a_slow_projector_falls_behind_by_what_it_does_not_do(summary):
    slow = summary.loc["slow"]
    assert slow.peak_lag_s[1] == pytest.approx(expected(Fault.SLOW, 0.5, 1).stop_s, rel=0.25)
    full_s = 50 * backlog.SLOWER * ROW_S + COMMIT_S
    assert 0 < slow.peak_lag_s[100] - expected(Fault.SLOW, 0.5, 100).stop_s < full_s + 1


def test_it_has_caught_up_when_the_arithmetic_says(summary):
    assert summary.caught_up_s["stopped", 1] == pytest.approx(30, rel=0.15)
    assert summary.caught_up_s["stopped", 100] == pytest.approx(10.1, rel=0.15)
    assert summary.caught_up_s["slow", 1] == pytest.approx(10, rel=0.25)
    assert summary.caught_up_s["slow", 100] < 4


def test_with_more_load_it_takes_longer_than_in_proportion():
    busy = down.run(Fault.STOP, load=0.8, batch=100, seed=1).caught_up()
    assert busy.caught_up_s == pytest.approx(20.3, rel=0.15)


def test_the_lag_is_the_age_of_the_oldest_commit_that_is_missing():
    run = down.Run(at_s=np.array([1.0, 2.0, 7.0]), seen_s=np.array([4.0, 5.0, np.inf]))
    assert run.lag_s(np.array([0.5, 3.0, 4.5, 6.0, 9.0])).tolist() == [0.0, 2.0, 2.5, 0.0, 2.0]
    late = down.Run(at_s=np.array([1.0, 49.0]), seen_s=np.array([2.0, AT_S + LASTS_S + 3]))
    assert late.caught_up() == down.CaughtUp(peak_lag_s=4.0, caught_up_s=3.0)
    never = down.Run(at_s=np.array([1.0, 49.0]), seen_s=np.array([2.0, np.inf]))
    assert np.isnan(never.caught_up().caught_up_s)


def test_the_line_by_arithmetic_has_its_peak_at_the_end_and_its_zero_where_it_is_drained():
    times_s = np.array([0.0, AT_S, AT_S + LASTS_S, AT_S + LASTS_S + 60, AT_S + LASTS_S + 120, 500])
    line = backlog.expected_lag_s(Fault.STOP, 0.8, 1, times_s)
    assert line == pytest.approx([0, 0, 30, 15, 0, 0])


def test_the_picture_has_its_numbers_in_words():
    frame = down.over_time(load=0.5, batches=[100], watched_s=20.0)
    assert frame.lag_s.iloc[-1] < 1
    assert "By arithmetic 0 at 60 s." in down.figure(frame, "It catches up in ten seconds").alt


def test_in_the_incident_only_pages_of_orders_suffer():
    result, topology = incident()
    rows = result.requests
    failed = rows[~rows.outcome.isin(["ok", "unfinished"])]
    assert set(failed.kind) == {"track_order"}
    assert result.availability("place_order") == result.availability("browse") == 1
    shown = replay(result, topology, "The page of orders is old").go_to(15.5)
    assert not shown.states[PROJECTOR].is_up
    assert shown.states[PROJECTOR].queue_length > 300


@pytest.mark.parametrize(
    ("fault", "load", "batch", "named"), [("gone", 0.5, 1, "fault"), (Fault.STOP, 1.5, 1, "load")]
)
def test_what_cannot_be_is_refused(fault, load, batch, named):
    with pytest.raises(ValueError, match=named):
        down.run(fault, load, batch, seed=1)


def test_a_batch_has_an_event_at_least():
    with pytest.raises(ValueError, match="batch"):
        backlog.capacity_per_s(0)
