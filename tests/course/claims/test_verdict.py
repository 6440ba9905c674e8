"""A verdict is computed from figures, and "holds when" carries the number at which it flips."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.verdict import (
    SYMBOLS,
    Outcome,
    Verdict,
    all_of,
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
    assert len({SYMBOLS[outcome] for outcome in Outcome}) == len({outcome.value for outcome in Outcome}) == 5


TEN = [2.4, 1.9, 2.1, 2.0, 2.2, 2.1, 2.3, 1.9, 2.1, 2.0]


def test_a_limit_over_seeds_stands_in_the_words_with_its_interval():
    verdict = holds_from(Limit("from", TEN), "USD an hour")
    assert verdict.words == "Holds when: from about 2.1 (1.9 to 2.3) USD an hour"
    assert (verdict.flips_at, verdict.seeds, verdict.is_stable) == (pytest.approx(2.1), 10, True)
    assert holds_up_to(OverSeeds(TEN), "s").words == "Holds when: up to about 2.1 (1.9 to 2.3) s"
    assert holds_up_to(Limit("up to", [4] * 10, whole=True), "teams").words == "Holds when: up to 4 teams"


@pytest.mark.parametrize(("side", "rule"), [("up to", holds_up_to), ("from", holds_from)])
def test_a_limit_that_no_seed_has_decides_outright(side, rule):
    always = math.inf if side == "up to" else -math.inf
    assert rule(Limit(side, [always] * 10), "teams") == Verdict(Outcome.HOLDS, seeds=10)
    assert rule(Limit(side, [-always] * 10), "teams") == Verdict(Outcome.DOES_NOT_HOLD, seeds=10)


def test_a_limit_that_only_some_seeds_have_depends_on_luck():
    verdict = holds_up_to(Limit("up to", [*TEN, math.inf, -math.inf]), "teams")
    assert verdict.words == (
        "Depends on luck (run again with other chances, it comes out otherwise): "
        "'holds when' with 10 of 12 seeds, 'holds' with 1, 'does not hold' with 1"
    )
    assert not verdict.is_stable


@pytest.mark.parametrize(("side", "rule"), [("from", holds_up_to), ("up to", holds_from)])
def test_a_limit_from_which_a_claim_holds_is_none_up_to_which_it_does(side, rule):
    with pytest.raises(ValueError, match=f"limit is one that holds '{side}' its value"):
        rule(Limit(side, [1.0]), "teams")


DATABASE = Assumption("the largest database", usual=2, flips_at=4, unit="cores")
ANY_DATABASE = Assumption("the largest database", usual=2, flips_at=math.inf, unit="cores")


@pytest.mark.parametrize(
    ("verdict", "words", "flips_at"),
    [
        (
            holds_from(1.9, "USD/h", decided_by=DATABASE),
            "Holds when: from 1.9 USD/h, with the largest database at most 4 cores (here 2)",
            1.9,
        ),
        (
            holds_from(math.inf, "USD/h", decided_by=DATABASE),
            "Does not hold: it would hold with the largest database at least 4 cores (here 2)",
            None,
        ),
        (
            holds_from(-math.inf, "USD/h", decided_by=DATABASE),
            "Holds when: with the largest database at most 4 cores (here 2)",
            4,
        ),
        (
            holds_up_to(1.9, "USD/h", decided_by=ANY_DATABASE),
            "Holds when: up to 1.9 USD/h, whatever the largest database (here 2 cores)",
            1.9,
        ),
        (holds_if(True, DATABASE), "Holds when: with the largest database at most 4 cores (here 2)", 4),
        (
            holds_if(False, DATABASE),
            "Does not hold: it would hold with the largest database at least 4 cores (here 2)",
            None,
        ),
        (holds_if(True, ANY_DATABASE), "Holds: whatever the largest database (here 2 cores)", None),
        (holds_if(False, ANY_DATABASE), "Does not hold: whatever the largest database (here 2 cores)", None),
    ],
)
def test_what_decides_stands_in_the_words(verdict, words, flips_at):
    assert (verdict.words, verdict.flips_at) == (words, flips_at)


def test_conditions_hold_together_and_one_that_fails_decides():
    few, cheap = holds_up_to(5, "teams"), holds_from(2, "USD")
    both = all_of(few, cheap)
    assert (both.words, both.flips_at) == ("Holds when: up to 5 teams, and from 2 USD", 5)
    assert all_of(holds_if(True), cheap) == cheap
    assert all_of(holds_if(True), holds_if(True)).outcome is Outcome.HOLDS
    assert all_of(few, holds_if(False)).outcome is Outcome.DOES_NOT_HOLD
    by_luck = holds_up_to(Limit("up to", [1, math.inf]), "teams")
    assert all_of(few, by_luck) == by_luck
    assert all_of(by_luck, holds_if(False)).outcome is Outcome.DOES_NOT_HOLD
    assert all_of(few, cannot_be_shown("No users")).words == "Cannot be shown here: No users"


def test_a_condition_that_begins_with_when_is_not_told_twice():
    largest = Assumption("cores", 2, 3, "cores", when="the database has fewer than {flips_at}")
    assert holds_if(True, largest).words == "Holds when the database has fewer than 3 cores (here 2)"
