"""A timer that fires twice or not at all: the rows are counted by hand, from how each way works."""

import pytest

from archlab.chapters.serverless import timers
from archlab.chapters.serverless.timers import CALL_S, ORDERS, WAYS

NIGHT, MARK, OPEN, KEYS = WAYS
QUIET = {"twice": (), "missed": (), "dies": None}
CALLS_DONE = int(timers.DIES_AFTER_S / CALL_S)
"""Calls that are answered before the function dies; one more is on its way."""
CALLS_APART = round(timers.APART_S / CALL_S)


def month(way, **changes):
    return timers.month(way, nights=4, **{**QUIET, **changes})


@pytest.mark.parametrize("way", WAYS)
def test_a_timer_that_fires_once_each_night_needs_no_guard(way):
    assert month(way) == {"twice": 0, "never": 0, "late": 0}


@pytest.mark.parametrize(
    ("way", "twice"),
    [(NIGHT, ORDERS), (MARK, 0), (OPEN, ORDERS - CALLS_APART), (KEYS, 0)],
)
def test_a_second_firing_while_the_first_one_works(way, twice):
    """What is open at its beginning is open no more when its turn comes, and is charged twice all the same."""
    found = month(way, twice=(1,))
    assert found["twice"] == pytest.approx(twice, abs=1)
    assert (found["never"], found["late"]) == (0, 0)


@pytest.mark.parametrize(("way", "never"), [(NIGHT, ORDERS), (MARK, ORDERS), (OPEN, 0), (KEYS, 0)])
def test_a_missed_firing_is_made_up_for_only_by_what_looks_at_open_orders(way, never):
    assert month(way, missed=(1,)) == {"twice": 0, "never": never, "late": ORDERS - never}


@pytest.mark.parametrize(
    ("way", "twice", "never"),
    [(NIGHT, CALLS_DONE + 1, 0), (MARK, 0, ORDERS - CALLS_DONE - 1), (OPEN, 1, 0), (KEYS, 0, 0)],
)
def test_a_function_that_dies_at_work_and_is_invoked_again(way, twice, never):
    assert month(way, dies=1) == {"twice": twice, "never": never, "late": 0}


def test_the_month_is_the_sum_of_its_three_troubles():
    table = timers.months().set_index("design")
    assert table.twice.to_dict() == {NIGHT: 61, MARK: 0, OPEN: 31, KEYS: 0}
    assert table.never.to_dict() == {NIGHT: 40, MARK: 59, OPEN: 0, KEYS: 0}
    assert table.late.to_dict() == {NIGHT: 0, MARK: 0, OPEN: 40, KEYS: 40}


def test_the_figure_reads_out_the_rows():
    picture = timers.figure(timers.months([MARK], nights=4, **QUIET), "Nothing happens")
    assert "a mark for the night: 0 twice, 0 never, 0 late." in picture.alt
    with pytest.raises(ValueError, match="table has"):
        timers.figure(timers.months([MARK], nights=1, **QUIET).drop(columns="late"), "Nothing")


@pytest.mark.parametrize(
    ("options", "words"), [({"way": "hope"}, "way is 'hope'"), ({"nights": 0}, "nights is 0")]
)
def test_bad_input_is_named(options, words):
    with pytest.raises(ValueError, match=words):
        timers.month(**{"way": KEYS, **options})
