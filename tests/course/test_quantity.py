"""Figures are written to three digits, with the unit that their name carries."""

import math

import numpy as np
import pytest

from archlab.course.quantity import axis_label, describe, number, percent, require_figure, with_interval


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (119.7, "120"),
        (100, "100"),
        (15.431, "15.4"),
        (12.0, "12"),
        (0.9996, "1"),
        (0.0123456, "0.0123"),
        (1884.3, "1,884"),
        (-3.14159, "-3.14"),
        (2.5e-7, "2.50e-07"),
        (True, "yes"),
        (np.bool_(False), "no"),
        (math.inf, "above all tried"),
        (-math.inf, "below all tried"),
    ],
)
def test_a_figure_is_written_to_three_digits(value, words):
    assert number(value) == words


def test_no_figure_is_off_by_more_than_half_a_digit():
    for value in np.geomspace(0.001, 99_000, 500):
        assert float(number(value).replace(",", "")) == pytest.approx(value, rel=0.0051)


def test_less_than_all_is_never_written_as_all_nor_some_as_none():
    words = {0: "0 %", 0.0003: "under 0.1 %", 0.0949: "9.5 %", 0.5: "50 %", 0.9996: "over 99.9 %", 1: "100 %"}
    assert {share: percent(share) for share in words} == words


def test_the_longest_ending_that_fits_is_the_unit():
    assert describe("cost_usd_per_hour", 0.207) == "cost: 0.207 US$/h"
    assert describe("rate_per_s", 40) == "rate: 40 requests/s"
    assert describe("wait_s", 2) == "wait: 2 s"
    assert describe("teams", 7) == "teams: 7"
    assert describe("queue_ms", math.inf) == "queue: above all tried"


def test_an_axis_begins_with_a_capital_unless_it_is_a_percentile():
    assert axis_label("p99_ms") == "p99 [ms]"
    assert axis_label("price_usd") == "Price [US$]"


@pytest.mark.parametrize("value", [math.nan, np.float64("nan"), "12", None, [1]])
def test_what_is_no_figure_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"p99_ms is .*; it must be a number that is not NaN"):
        require_figure("p99_ms", value)


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ((93.94, 88.7, 99.2), "94 (89 to 99)"),
        ((3.12, -1.17, 7.42), "3 (-1 to 7)"),
        ((0.673, 0.631, 0.715), "0.67 (0.63 to 0.71)"),
        ((2420.4, 2406.1, 2435.2), "2,420 (2,410 to 2,440)"),
        ((1915.0, 553.0, 3200.0), "2,000 (1,000 to 3,000)"),
        ((0.098, -0.02, 0.41), "0.1 (0.0 to 0.4)"),
        ((5.0, 5.0, 5.0), "5"),
        ((5.0, math.nan, 6.0), "5"),
        ((5.0, 4.0, math.inf), "5"),
    ],
)
def test_an_interval_decides_how_many_digits_are_certain(figures, words):
    assert with_interval(*figures) == words


def test_rounding_moves_no_end_by_more_than_half_of_half_the_interval():
    for half in np.geomspace(0.001, 900, 200):
        words = with_interval(1234.5678, 1234.5678 - half, 1234.5678 + half).replace(",", "")
        one, low, high = (float(word.strip("()to ")) for word in words.replace("to", " ").split())
        assert max(abs(one - 1234.5678), abs(high - 1234.5678 - half)) <= 0.5001 * half * 1.0001
        assert low <= one <= high
