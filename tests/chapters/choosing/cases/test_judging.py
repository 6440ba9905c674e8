"""The rule of the cases: each of the four answers comes out, and guesses are moved."""

import math

import pytest

from archlab.chapters.choosing.cases.judging import Foretold, judge, not_testable
from archlab.chapters.choosing.cases.question import Guess, Question, Unknown

GUESS = Guess("scale", "a scale", 1.0, "for the test")


def up_to(seed, value, scale):
    """Says what was published up to 10 times the scale."""
    return 10 * scale - value


def by_seed(seed, value, scale):
    return 10 - value if seed % 2 else -1.0


def asked(between=(1.0, 100.0), seen=None, margin=up_to, seeds=(0,), guess=GUESS):
    return Question(margin, Unknown("value", "the value", between, "up to", seen=seen), (guess,), seeds)


def test_with_a_limit_and_nothing_seen_the_answer_is_a_condition():
    judgement = judge(asked())
    assert judgement.foretold is Foretold.WHEN
    assert float(judgement.limit) == pytest.approx(10, rel=0.002)
    assert judgement.words == "Yes, when the value is at most 10"


def test_where_no_value_does_it_the_answer_is_no():
    judgement = judge(asked(between=(11.0, 100.0)))
    assert judgement.foretold is Foretold.NO
    assert judgement.words == "No: no value of the value from 11 to 100 gives it"


def test_it_is_yes_where_every_value_does_it_with_every_guess():
    assert judge(asked(between=(1.0, 4.0))).foretold is Foretold.YES


def test_it_is_no_yes_where_a_guess_half_as_large_takes_it_away():
    assert judge(asked(between=(1.0, 8.0))).foretold is Foretold.WHEN


@pytest.mark.parametrize(
    ("seen", "answer"),
    [
        ((2.0, 4.0), Foretold.YES),
        ((2.0, 8.0), Foretold.WHEN),
        ((8.0, 12.0), Foretold.WHEN),
        ((12.0, 20.0), Foretold.NO),
    ],
)
def test_what_was_seen_elsewhere_decides_where_there_is_such(seen, answer):
    assert judge(asked(seen=seen)).foretold is answer


def test_a_no_by_what_was_seen_says_what_it_would_need():
    assert (
        "it would need that the value is at most 10 (seen elsewhere: 12 to 20)"
        in judge(asked(seen=(12, 20))).words
    )


def test_seeds_that_do_not_agree_whether_there_is_a_limit_test_nothing():
    judgement = judge(asked(margin=by_seed, seeds=tuple(range(10))))
    assert judgement.foretold is Foretold.NOT_TESTABLE
    assert "luck" in judgement.condition


def test_each_guess_is_halved_and_doubled():
    row = judge(asked()).sensitivity.iloc[0]
    assert (row.low, row.high) == (0.5, 2.0)
    assert row.limit_at_low == pytest.approx(5, rel=0.002)
    assert row.limit_at_high == pytest.approx(20, rel=0.002)
    assert row.times == pytest.approx(4, rel=0.01)


def test_the_guess_that_moves_most_decides():
    judgement = judge(
        Question(
            _two,
            Unknown("value", "the value", (1, 100), "up to"),
            (GUESS, Guess("other", "other", 1.0, "test")),
        )
    )
    assert judgement.decides == "a scale"


def _two(seed, value, scale, other):
    return 10 * scale * other**0.1 - value


def test_a_guess_turns_the_answer_where_the_unknown_is_easiest_and_where_it_is_hardest():
    question = asked(between=(2.0, 100.0))
    assert question.no_at(GUESS) == pytest.approx(0.2, rel=0.01)
    assert question.yes_at(GUESS) == pytest.approx(10, rel=0.01)


def test_a_guess_that_cannot_be_larger_does_not_turn_it():
    guess = Guess("scale", "a scale", 1.0, "test", most=2.0)
    question = asked(guess=guess)
    assert question.yes_at(guess) == math.inf
    assert guess.values == (0.5, 2.0)


def test_a_limit_from_which_on_it_holds_is_said_so():
    question = Question(lambda seed, n: n - 6.5, Unknown("n", "the number", (1, 64), "from", whole=True), ())
    assert judge(question).words == "Yes, when the number is at least 7"


def test_a_guess_needs_a_number_and_a_reason_and_not_testable_a_reason():
    with pytest.raises(ValueError, match="reason"):
        Guess("scale", "a scale", 1.0, "")
    with pytest.raises(ValueError, match="usual"):
        Guess("scale", "a scale", math.nan, "why")
    with pytest.raises(ValueError, match="reason"):
        not_testable("")
