"""Figures are written to three digits, with the unit that their name carries."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.quantity import (
    about,
    axis_label,
    describe,
    number,
    percent,
    require_figure,
    rounded,
    with_interval,
    with_unit,
)


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
        (math.inf, "more than was tried"),
        (-math.inf, "less than was tried"),
    ],
)
def test_a_figure_is_written_to_three_digits(value, words):
    assert number(value) == words


def test_no_figure_is_off_by_more_than_half_a_digit():
    for value in np.geomspace(0.001, 99_000, 500):
        assert float(number(value).replace(",", "")) == pytest.approx(value, rel=0.0051)


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ((79.314, 76.2, 81.7), "79 (76 to 82)"),
        ((93.94, 88.7, 99.2), "94 (89 to 99)"),
        ((3.12, -1.17, 7.42), "3.1 (-1.2 to 7.4)"),
        ((2.1, 1.9, 2.4), "2.1 (1.9 to 2.4)"),
        ((2.1, 2.1, 2.1), "2.1"),
        ((0.9451, 0.9449, 0.9452), "0.945"),
        ((0.9999, 0.98, 1.004), "1.00 (0.98 to 1.00)"),
        ((0.0123, 0.0119, 0.0131), "0.0123 (0.0119 to 0.0131)"),
        ((1234.5, 1234.1, 1234.9), "1,234 (1,234 to 1,235)"),
        ((12345.0, 11800.0, 13100.0), "12,300 (11,800 to 13,100)"),
        ((1915.0, 553.0, 3200.0), "1,900 (600 to 3,200)"),
        ((0.098, -0.02, 0.41), "0.10 (-0.02 to 0.41)"),
        ((742.3, 553.0, 931.0), "740 (550 to 930)"),
        ((45.0, 0.0, 90.0), "45 (0 to 90)"),
        ((4.0, 3.0, 4.0), "4 (3 to 4)"),
        ((5.0, math.nan, 6.0), "5"),
        ((7.0, 6.9, math.inf), "7.00 (6.90 to more than was tried)"),
        ((7.0, 7.0, math.inf), "7 (7 to more than was tried)"),
        ((math.inf, 7.0, math.inf), "more than was tried (7 to more than was tried)"),
        ((math.inf, math.inf, math.inf), "more than was tried"),
    ],
)
def test_an_interval_says_how_many_digits_are_worth_writing(figures, words):
    assert with_interval(*figures) == words


INTERVALS = given(st.floats(-1e5, 1e5), st.floats(1e-4, 1e4))


@INTERVALS
def test_rounding_moves_nothing_by_more_than_half_of_half_the_interval_or_the_third_digit(value, half):
    words = with_interval(value, value - half, value + half).replace(",", "")
    if "(" in words:
        figure, low, high = in_numbers(words)
        most = max(0.501 * half, 0.501)
        assert max(abs(figure - value), abs(low - value + half), abs(high - value - half)) <= most
        assert low <= figure <= high


@INTERVALS
def test_a_label_lies_at_its_bar_to_a_twentieth_of_the_longest_and_so_do_its_ends(value, half):
    words = with_interval(value, value - half, value + half).replace(",", "")
    if "(" in words:
        figure, low, high = in_numbers(words)
        longest = max(abs(value - half), abs(value + half))
        assert max(abs(figure - value), abs(low - value + half), abs(high - value - half)) <= 0.0501 * longest


def in_numbers(words: str) -> list[float]:
    return [float(word) for word in words.replace("(", "").replace(")", "").replace("to", "").split()]


@INTERVALS
def test_a_title_writes_the_number_of_its_label(value, half):
    label = with_interval(value, value - half, value + half)
    assert rounded(value, value - half, value + half) == label.split(" (")[0]


def test_a_title_rounds_a_figure_that_knows_its_interval_and_one_that_has_none():
    assert rounded(OverSeeds([553, 742, 931] * 4)) == "740"
    assert rounded(15.432) == rounded(15.432, 15.432, 15.432) == "15.4"
    assert rounded(7.0, 7.0, math.inf) == "7"
    with pytest.raises(ValueError, match="value is 1; it must be between low and high"):
        rounded(1, 2, 3)


@pytest.mark.parametrize("low_and_high", [(2.0, 3.0), (0.0, 0.5)])
def test_a_figure_outside_its_interval_is_refused(low_and_high):
    with pytest.raises(ValueError, match="value is 1; it must be between low and high"):
        with_interval(1, *low_and_high)


def test_a_figure_over_seeds_is_written_with_its_interval_everywhere():
    served = OverSeeds([76.2, 79.3, 81.7])
    assert number(served) == "79 (76 to 82)"
    assert about(served) == "about 79 (76 to 82)"
    assert with_unit("served_percent", served) == "79 % (76 to 82)"
    assert describe("teams", OverSeeds([3, 4, 6])) == "teams: 4 (3 to 6)"
    assert (
        with_unit("wait_s", OverSeeds([1.0, math.inf, math.inf]))
        == "more than was tried (1 to more than was tried)"
    )
    assert with_interval(79.3, low=76.2, high=81.7, unit="%") == "79 % (76 to 82)"


def test_a_figure_without_doubt_is_written_without_interval():
    assert about(OverSeeds([2.5] * 10)) == about(2.5) == "2.5"
    assert with_unit("wait_s", OverSeeds([2.5] * 10)) == "2.5 s"


def test_less_than_all_is_never_written_as_all_nor_some_as_none():
    words = {0: "0 %", 0.0003: "under 0.1 %", 0.0949: "9.5 %", 0.5: "50 %", 0.9996: "over 99.9 %", 1: "100 %"}
    assert {share: percent(share) for share in words} == words


def test_the_longest_ending_that_fits_is_the_unit():
    assert describe("cost_usd_per_hour", 0.207) == "cost: 0.207 USD/h"
    assert describe("rate_per_s", 40) == "rate: 40 requests/s"
    assert describe("wait_s", 2) == "wait: 2 s"
    assert describe("teams", 7) == "teams: 7"
    assert describe("queue_ms", math.inf) == "queue: more than was tried"


def test_an_axis_begins_with_a_capital_unless_it_is_a_percentile():
    assert axis_label("p99_ms") == "p99 [ms]"
    assert axis_label("price_usd") == "Price [USD]"


@pytest.mark.parametrize("value", [math.nan, np.float64("nan"), "12", None, [1]])
def test_what_is_no_figure_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"p99_ms is .*; it must be a number that is not NaN"):
        require_figure("p99_ms", value)
