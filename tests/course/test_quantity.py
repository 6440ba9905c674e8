"""Figures are written to three digits, with the unit that their name carries."""

import math

import numpy as np
import pytest

from archlab.course.quantity import axis_label, describe, number, percent, require_figure


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
