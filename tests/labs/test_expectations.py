"""What check cells are written with."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

from archlab.course.labs import (
    expect,
    expect_close,
    expect_mapping,
    expect_number,
    expect_numbers,
    expect_steps,
    expect_text,
    seed,
    stream,
)
from archlab.course.labs.expectations import SEED_VARIABLE
from archlab.sim.statistics import Interval


def test_without_a_judge_the_seed_is_1(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(SEED_VARIABLE, raising=False)
    assert seed() == 1


def test_the_judges_seed_changes_what_is_drawn(monkeypatch: pytest.MonkeyPatch):
    drawn = []
    for number in ("1", "8"):
        monkeypatch.setenv(SEED_VARIABLE, number)
        drawn.append(stream("capacity").random())
    assert drawn[0] != drawn[1]


def test_the_same_task_and_seed_draw_the_same_numbers_and_other_tasks_others():
    assert stream("capacity").random() == stream("capacity").random()
    assert stream("capacity").random() != stream("bulkhead").random()


def test_a_condition_that_does_not_hold_raises_its_message():
    expect(np.bool_(True), "unused")
    with pytest.raises(AssertionError, match="too few servers"):
        expect(3 > 4, "too few servers")


NUMBERS = [
    100,
    100.9,
    np.float64(99.1),
    np.int64(100),
    np.array(100.0),
    np.array([100.0]),
    pd.Series([100.0], index=["p99"]),
    Fraction(100),
    Decimal(100),
]


@pytest.mark.parametrize("figure", NUMBERS, ids=repr)
def test_any_kind_of_number_that_is_close_enough_passes(figure: object):
    expect_close(figure, 100, "the p99")


@pytest.mark.parametrize(
    "figure", [101.1, 98.9, float("nan"), float("inf"), None, "100", True, [100], np.array([100, 100]), {}]
)
def test_what_is_not_a_number_or_not_close_does_not_pass(figure: object):
    with pytest.raises(AssertionError, match="the p99 is"):
        expect_close(figure, 100, "the p99")


PAIRS = [
    (1, 2),
    [1, 2],
    np.array([1, 2]),
    pd.Series([1.0, 2.0], index=["low", "high"]),
    {"low": 1, "high": 2},
    Interval(1.5, 1, 2, 10, 0.95),
    (number for number in (1, 2)),
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: type(pair).__name__)
def test_two_numbers_may_come_in_any_form(pair: object):
    assert expect_numbers(pair, 2, "saved_ms") == (1.0, 2.0)


@pytest.mark.parametrize("pair", [None, 1, "12", (1, 2, 3), (1,), {1: 1}, (1, None), (1, "2")], ids=repr)
def test_what_is_not_two_numbers_is_named(pair: object):
    with pytest.raises(AssertionError, match="saved_ms gives"):
        expect_numbers(pair, 2, "saved_ms")


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (200, "1,000 times too large"),
        (0.0002, "1,000 times too small"),
        (20, "100 times too large"),
        (12, "60 times too large"),
    ],
)
def test_a_figure_in_another_unit_is_asked_about_its_unit(figure: float, words: str):
    with pytest.raises(AssertionError, match=f"It is {words}: which unit"):
        expect_close(figure, 0.2, "the p99 in seconds")


def test_a_figure_that_is_just_wrong_is_not_asked_about_its_unit():
    with pytest.raises(AssertionError) as refused:
        expect_close(0.3, 0.2, "the p99 in seconds")
    assert "unit" not in str(refused.value)


def test_a_method_that_was_not_called_is_named():
    with pytest.raises(AssertionError, match="not called; put"):
        expect_number([1].count, "the p99")


class Part(StrEnum):
    DATABASE = "database"


class EqualToAll(str):
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return True


@pytest.mark.parametrize("text", ["database", np.str_("database"), Part.DATABASE, np.array("database")])
def test_a_text_in_any_form_is_a_plain_string(text: object):
    assert type(expect_text(text, "the part")) is str
    assert expect_text(text, "the part") == "database"


def test_a_text_that_is_equal_to_all_others_is_compared_by_its_letters():
    assert expect_text(EqualToAll("database"), "the part") != "shop-1"


@pytest.mark.parametrize("kind", [dict, MappingProxyType, pd.Series])
def test_a_mapping_in_any_form_is_a_dictionary(kind: type):
    assert expect_mapping(kind({"browse": 3}), "bulkheads") == {"browse": 3}


def test_a_function_without_a_yield_is_no_generator():
    def place() -> Iterator[int]:
        return iter(())

    with pytest.raises(AssertionError, match="place is no generator: is there a `yield from`"):
        expect_steps(place)()
