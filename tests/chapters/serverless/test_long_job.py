"""A job that is longer than a function may run: on real rows, as it is and around the limit."""

import math

import numpy as np
import pytest

from archlab.chapters.serverless import long_job, long_job_ways
from archlab.course.claims.verdict import Outcome


def test_as_it_is_the_same_first_rows_are_booked_three_times_and_the_rest_never():
    job = long_job.run("as it is", kills_s=())
    limit_rows = int(long_job.TIME_LIMIT_S / long_job.ROW_S) - 1  # the last one ends with the limit
    assert (job.rows_done, job.done_twice, job.finished) == (limit_rows, 2 * limit_rows, False)


@pytest.mark.parametrize("way", long_job.WAYS[1:])
@pytest.mark.parametrize("seed", range(4))
def test_with_notes_no_kill_anywhere_loses_a_row_or_repeats_more_than_one_a_kill(way, seed):
    kills_s = sorted(np.random.default_rng(seed).uniform(10, 3500, size=3))
    job = long_job.run(way, kills_s)
    assert job.finished
    assert job.rows_done == long_job.ROWS
    most = 3 * (long_job_ways.PARTS if way == "at once" else 1)
    assert job.done_twice <= most


def test_a_job_within_the_limit_is_finished_as_it_is():
    assert long_job.run("as it is", (), rows=100).finished


def test_who_dies_and_who_waits_for_a_retry_takes_a_minute_longer_a_kill():
    quiet, killed = long_job.run("in pieces", ()), long_job.run("in pieces", (1000.0,))
    assert 1.0 < killed.finished_min - quiet.finished_min < 1.2


def test_a_workflow_pays_for_two_transitions_a_piece():
    plain, workflow = long_job.run("in pieces", ()), long_job.run("as a workflow", ())
    pieces = math.ceil(long_job.ROWS * long_job.ROW_S / long_job.TIME_LIMIT_S) + 1
    assert workflow.usd - plain.usd == pytest.approx(2 * pieces * 0.000025, rel=0.3)


def test_the_verdict_names_the_limit_and_flips_where_the_limit_is_hours():
    figures = long_job.figures()
    verdict = long_job.limited_execution_time.decide(**figures)
    assert verdict.outcome == Outcome.HOLDS_WHEN
    assert figures["cut_off_from_min"] == pytest.approx(15, abs=0.2)
    assert figures["lost_rows"] == 0
    longer = {**figures, "cut_off_from_min": long_job.cut_off_from_min(limit_s=3 * 3600.0)}
    assert long_job.limited_execution_time.decide(**longer).outcome == Outcome.DOES_NOT_HOLD


def test_a_longer_limit_lets_the_job_be_finished_as_it_is():
    assert long_job.run("as it is", (), limit_s=2 * 3600).finished


def test_the_figure_says_what_was_booked():
    assert "as it is: 179 rows" in long_job.figure(long_job.all_ways(), "cut off").alt


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"way": "by hand"}, "way"),
        ({"rows": 0}, "rows"),
        ({"row_s": 0}, "row_s"),
        ({"limit_s": 6.0}, "limit_s"),
    ],
)
def test_a_job_of_nothing_is_refused(values, name):
    with pytest.raises(ValueError, match=name):
        long_job.run(**{"way": "at once", **values})
