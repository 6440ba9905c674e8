"""A verdict is computed from figures, and "holds when" carries the number at which it flips."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.course.claims.verdict import (
    SYMBOLS,
    Outcome,
    Verdict,
    cannot_be_shown,
    first_holding,
    holds_from,
    holds_if,
    holds_up_to,
    last_holding,
)


def test_the_condition_decides():
    assert holds_if(True).outcome is Outcome.HOLDS
    assert holds_if(False).outcome is Outcome.DOES_NOT_HOLD


def test_a_limit_inside_what_was_tried_makes_a_condition_with_its_number():
    verdict = holds_up_to(7, "teams")
    assert (verdict.outcome, verdict.flips_at, verdict.words) == (
        Outcome.HOLDS_WHEN,
        7,
        "Holds when: up to 7 teams",
    )
    assert holds_from(40.04, "requests/s").words == "Holds when: from 40 requests/s"


@pytest.mark.parametrize(("rule", "always"), [(holds_up_to, math.inf), (holds_from, -math.inf)])
def test_a_limit_beyond_what_was_tried_decides_outright(rule, always):
    assert rule(always, "teams").outcome is Outcome.HOLDS
    assert rule(-always, "teams").outcome is Outcome.DOES_NOT_HOLD


def test_the_flip_lies_on_the_line_between_the_points_around_it():
    assert last_holding([1, 2, 4, 8], [3, 2, 1, -3]) == pytest.approx(5)
    assert first_holding([10, 20, 40], [-2, -1, 3]) == pytest.approx(25)


@given(st.floats(0.5, 9.5), st.floats(0.1, 10))
def test_the_flip_of_a_straight_line_is_found_wherever_it_is(flip, slope):
    x = list(range(11))
    assert last_holding(x, [slope * (flip - point) for point in x]) == pytest.approx(flip)
    assert first_holding(x, [slope * (point - flip) for point in x]) == pytest.approx(flip)


def test_no_flip_means_always_or_never():
    assert last_holding([1, 2], [1, 1]) == math.inf
    assert last_holding([1, 2], [-1, -1]) == -math.inf
    assert first_holding([1, 2], [1, 1]) == -math.inf
    assert first_holding([1, 2], [-1, 0]) == math.inf


@pytest.mark.parametrize("margin", [[1, -1, 1], [-1, 1, -1], [-1, 1, 1], [math.nan, 1, -1], [1, -1]])
def test_a_margin_that_does_not_fall_through_0_once_is_refused(margin):
    with pytest.raises(ValueError, match="margin"):
        last_holding([1, 2, 3], margin)


def test_points_that_do_not_rise_are_refused():
    with pytest.raises(ValueError, match="x does not rise"):
        last_holding([1, 1, 2], [1, 1, -1])


@pytest.mark.parametrize("flips_at", [None, math.inf, math.nan])
def test_a_condition_without_a_number_is_refused(flips_at):
    with pytest.raises(ValueError, match="flips_at"):
        Verdict(Outcome.HOLDS_WHEN, "teams are small", flips_at)


def test_what_cannot_be_shown_needs_a_reason():
    assert cannot_be_shown("It takes years").words == "Cannot be shown here: It takes years"
    with pytest.raises(ValueError, match="detail"):
        cannot_be_shown(" ")


def test_every_outcome_has_words_and_a_symbol_of_its_own():
    assert len({SYMBOLS[outcome] for outcome in Outcome}) == len({outcome.value for outcome in Outcome}) == 4
