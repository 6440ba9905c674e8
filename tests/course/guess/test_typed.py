"""What people type for a number is understood, or refused in words; never misread without a word."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.course.guess.typed import LARGEST, canonical, to_number


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("2", "times", 2),
        ("2x", "times", 2),
        (" 2 × ", "times", 2),
        ("2-fold", "times", 2),
        ("2 times as long.", "times", 2),
        ("2 times", "times as long", 2),
        ("1,5", "", 1.5),
        ("0,125", "", 0.125),
        ("1,500", "", 1500),
        ("1.500", "", 1.5),
        ("1.500,5", "", 1500.5),
        ("1,500.5", "", 1500.5),
        ("1 500", "", 1500),
        ("1’500", "", 1500),
        ("1 500 requests", "requests", 1500),
        (".5", "", 0.5),
        ("−3", "", -3),
        ("1e3", "", 1000),
        ("~ 7", "", 7),
        ("about 40 %", "%", 40),
        ("ca. 40 per cent of them", "%", 40),
        ("5 requests per second", "requests/s", 5),
        ("5/s", "requests/s", 5),
        ("2 s", "ms", 2000),
        ("250ms", "s", 0.25),
        ("1 day", "h", 24),
        ("3 request", "requests", 3),
    ],
)
def test_a_number_is_understood_with_its_unit_and_its_comma(text: str, unit: str, value: float):
    assert to_number(text, unit) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    ["", "  ", "many", "2-3", "2 to 3", "1/3", "10^3", "nan", "inf", "1e999", "9" * 400, "1.2.3", "1,2,3"],
)
def test_what_is_not_one_number_is_refused_with_what_is_asked_for(text: str):
    with pytest.raises(ValueError, match=r"guess is .*; it must be (one|a) number"):
        to_number(text, "times")


@pytest.mark.parametrize(
    ("text", "unit"), [("2 bananas", "times"), ("2 s", "times"), ("40 %", ""), ("not 5", "")]
)
def test_another_unit_is_refused_and_not_taken_for_the_one_that_was_asked_for(text: str, unit: str):
    with pytest.raises(ValueError, match="it must be one number"):
        to_number(text, unit)


@given(st.floats(-LARGEST, LARGEST), st.sampled_from(["times", "ms", "%", ""]))
def test_a_number_written_by_the_computer_is_read_back(value: float, unit: str):
    assert to_number(f"{value!r} {unit}", unit) == value


@given(st.text(max_size=30))
def test_any_text_gives_a_finite_number_or_is_refused(text: str):
    try:
        value = to_number(text, "times")
    except ValueError:
        return
    assert math.isfinite(value)


def test_spellings_of_one_unit_are_the_same():
    assert {canonical(unit) for unit in ("times", "x", "×", "fold", "times as long")} == {"time"}
    assert {canonical(unit) for unit in ("s", "sec", "Seconds", "second")} == {"s"}
    assert canonical("ms") != canonical("min")
