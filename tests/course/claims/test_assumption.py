"""The assumption that decides stands in the verdict's own words, with the value at which it flips."""

import math

import pytest

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.limit import Limit


@pytest.mark.parametrize(
    ("usual", "flips_at", "holds", "words"),
    [
        (2, 4, True, "with the database at most 4 cores (here 2)"),
        (8, 4, True, "with the database at least 4 cores (here 8)"),
        (8, 4, False, "it would hold with the database at most 4 cores (here 8)"),
        (2, 4, False, "it would hold with the database at least 4 cores (here 2)"),
        (4, Limit("up to", [4] * 10, whole=True), True, "with the database at most 4 cores (here 4)"),
        (4, Limit("from", [4] * 10, whole=True), True, "with the database at least 4 cores (here 4)"),
        (2, Limit("up to", [3, 5] * 5), True, "with the database at most about 4 (3 to 5) cores (here 2)"),
        (2, math.inf, True, "whatever the database (here 2 cores)"),
        (2, -math.inf, False, "whatever the database (here 2 cores)"),
    ],
)
def test_the_side_on_which_the_claim_holds_is_named(usual, flips_at, holds, words):
    assert Assumption("the database", usual, flips_at, "cores").words(holds) == words


def test_other_words_for_the_condition_carry_its_value():
    largest = Assumption("cores", 2, 4, "cores", when="no database has more than {flips_at}")
    assert largest.words(holds=True) == "when no database has more than 4 cores (here 2)"
    assert largest.words(holds=False) == "it would hold when no database has more than 4 cores (here 2)"


def test_a_value_without_unit_leaves_no_gap():
    assert (
        Assumption("the number of tries", 2, 3).words(holds=True)
        == "with the number of tries at most 3 (here 2)"
    )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"usual": math.nan}, "usual is nan"),
        ({"flips_at": "never"}, "flips_at is 'never'"),
        ({"when": "it is small"}, r"when is 'it is small'; it must contain \{flips_at\}"),
    ],
)
def test_what_does_not_say_when_it_flips_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        Assumption(**({"name": "the database", "usual": 2, "flips_at": 4} | changed))
