"""What a check says, and the values at the edge of what it takes."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from archlab.sim.validation import (
    numbers_in,
    require_failures,
    require_lasting,
    require_non_negative,
    require_positive,
    require_texts,
    require_whole,
    shown,
)


@pytest.mark.parametrize("value", [1, 1.5, np.float32(1.5), np.int64(3), Fraction(1, 3), 5e-324, 1.7e308])
def test_every_kind_of_real_number_is_a_number(value):
    require_positive("x", value)


@pytest.mark.parametrize(
    "value", [True, np.True_, 1j, Decimal(1), "1", None, [1], np.array([1.0]), math.nan, 10**400]
)
def test_what_is_no_finite_real_number_is_refused_with_its_name_and_itself(value):
    with pytest.raises(ValueError, match=r"^x is .*; it must be a finite number, 0 or more$") as caught:
        require_non_negative("x", value)
    assert repr(value)[:200] in str(caught.value)


def test_whole_numbers_are_those_without_a_fraction_by_type():
    require_whole("x", np.int64(2), at_least=2)
    require_whole("x", 10**400, at_least=2)
    for wrong in (2.0, np.float64(2), True, 1):
        with pytest.raises(ValueError, match=r"x is .*; it must be a whole number, 2 or more"):
            require_whole("x", wrong, at_least=2)


def test_none_lasts_for_ever_and_infinity_is_not_the_word_for_it():
    require_lasting("for_s", None)
    require_lasting("for_s", 0.1)
    for wrong in (0, math.inf, math.nan, "for ever"):
        with pytest.raises(
            ValueError, match=r"for_s is .*; it must be a finite number above 0, or None: it never"
        ):
            require_lasting("for_s", wrong)


def test_one_name_is_no_list_of_names():
    require_texts("servers", ("a",), of="nodes")
    for wrong in ("a", [], [""], [1], 3, None, b"ab"):
        with pytest.raises(
            ValueError, match=r"servers is .*; it must be a list of names of nodes, at least one"
        ):
            require_texts("servers", wrong, of="nodes")


def test_failures_are_given_as_except_takes_them():
    require_failures("counts", (ValueError, KeyError))
    for wrong in (ValueError, [ValueError], ("ValueError",), (3,)):
        with pytest.raises(TypeError, match=r"counts is .*; it must be a tuple of classes"):
            require_failures("counts", wrong)


def test_a_list_of_numbers_has_one_dimension():
    assert numbers_in("x", range(3), "numbers").tolist() == [0, 1, 2]
    for wrong in ([], 3, [[1]], ["a"], {}, "12"):
        with pytest.raises(ValueError, match=r"x is .*; it must be a list of numbers"):
            numbers_in("x", wrong, "numbers")


def test_a_long_value_is_cut_short():
    assert shown("a" * 300) == "'" + "a" * 199 + "..."
