"""What check cells are written with."""

import numpy as np
import pytest

from archlab.course.labs import expect, expect_close, passed, seed, stream
from archlab.course.labs.expectations import SEED_VARIABLE


def test_without_a_judge_the_seed_is_1(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(SEED_VARIABLE, raising=False)
    assert seed() == 1


def test_the_judges_seed_changes_what_is_drawn_and_the_line(monkeypatch: pytest.MonkeyPatch, capsys):
    drawn = []
    for number in ("1", "8"):
        monkeypatch.setenv(SEED_VARIABLE, number)
        drawn.append(stream("capacity").random())
        passed("capacity", "4 servers")
    assert drawn[0] != drawn[1]
    assert capsys.readouterr().out.splitlines() == [
        "capacity: passed with seed 1. 4 servers",
        "capacity: passed with seed 8. 4 servers",
    ]


def test_the_same_task_and_seed_draw_the_same_numbers_and_other_tasks_others():
    assert stream("capacity").random() == stream("capacity").random()
    assert stream("capacity").random() != stream("bulkhead").random()


def test_a_condition_that_does_not_hold_raises_its_message():
    expect(np.bool_(True), "unused")
    with pytest.raises(AssertionError, match="too few servers"):
        expect(3 > 4, "too few servers")


@pytest.mark.parametrize("figure", [100, 100.9, np.float64(99.1), np.int64(100)])
def test_any_kind_of_number_that_is_close_enough_passes(figure: object):
    expect_close(figure, 100, "the p99")


@pytest.mark.parametrize("figure", [101.1, 98.9, float("nan"), float("inf"), None, "100", True, [100]])
def test_what_is_not_a_number_or_not_close_does_not_pass(figure: object):
    with pytest.raises(AssertionError, match="the p99 is"):
        expect_close(figure, 100, "the p99")


def test_a_verdict_of_two_lines_is_refused_because_only_the_last_one_is_compared():
    with pytest.raises(ValueError, match="it must be one line"):
        passed("capacity", "one\ntwo")
