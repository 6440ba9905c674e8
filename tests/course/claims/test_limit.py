"""A limit over seeds says on which side the claim holds, and no more digits than its seeds support."""

import math
import pickle
import re

import numpy as np
import pytest

from archlab.course.claims.limit import Limit
from archlab.course.quantity import about, in_unit


def test_a_limit_known_between_two_values_is_as_wide_as_they_are_apart():
    exact, coarse = Limit("from", [2.0] * 10), Limit("from", [(1.5, 2.5)] * 10)
    assert (exact.low, exact, exact.high) == (2.0, 2.0, 2.0)
    assert (coarse.low, coarse, coarse.high) == (1.5, 2.0, 2.5)
    assert about(exact) == "2"
    assert about(coarse) == "about 2.0 (1.5 to 2.5)"


def test_of_two_whole_numbers_in_the_middle_the_one_that_claims_less_is_the_limit():
    teams = [3, 3, 4, 4]
    assert Limit("from", teams, whole=True) == 4
    assert Limit("up to", teams, whole=True) == 3


@pytest.mark.parametrize(
    ("per_seed", "words"),
    [
        ([2.1] * 10, "2.1"),
        ([2.4, 1.9, 2.1, 2.0, 2.2, 2.1, 2.3, 1.9, 2.1, 2.0], "about 2.1 (1.9 to 2.3)"),
        ([31, 40, 36, 35, 38, 33, 36, 39, 34, 37], "about 36 (33 to 39)"),
        ([5.04, 4.1, 6.3, 5.5, 4.8, 5.2, 3.9, 6.1, 5.0, 4.6], "about 5.0 (4.1 to 6.1)"),
        (
            [0.9451, 0.9449, 0.945, 0.9452, 0.9448, 0.945, 0.945, 0.945, 0.945, 0.945],
            "0.945",
        ),
        ([1500, 1420, 1610, 1480, 1530, 1450, 1550, 1490, 1510, 1470], "about 1,500 (1,450 to 1,550)"),
        ([7.0] * 8 + [math.inf] * 2, "about 7 (7 to more than was tried)"),
        ([math.inf] * 10, "more than was tried"),
        ([-math.inf] * 10, "less than was tried"),
    ],
)
def test_a_limit_in_words_has_the_digits_that_its_seeds_support(per_seed, words):
    assert about(Limit("from", per_seed)) == words


def last_digit(words: str) -> float:
    """The unit of the last digit in which the numbers of "about 1,490 (1,450 to 1,550)" are written."""
    numbers = re.findall(r"[\d.]+", words.replace(",", ""))
    decimals = len(numbers[0].partition(".")[2])
    whole = math.gcd(*(int(number.replace(".", "")) for number in numbers))
    zeros = len(str(whole)) - len(str(whole).rstrip("0"))
    return 10.0 ** (zeros - decimals)


@pytest.mark.parametrize("relative_spread", [0.3, 0.03, 0.003, 0.0003])
def test_only_the_last_digit_that_is_printed_is_in_doubt(relative_spread):
    """Half the interval is less than ten steps of it, unless a coarser one would leave one digit alone; what is printed
    is off by no more than half a step."""
    draws = np.random.default_rng(1)
    for true in np.geomspace(0.02, 5000, 200):
        limit = Limit("up to", true * draws.lognormal(sigma=relative_spread, size=10))
        words = about(limit)
        step, printed = last_digit(words), float(re.findall(r"[\d.]+", words.replace(",", ""))[0])
        assert (limit.high - limit.low) / 2 < 10 * step or limit.high < 100 * step, words
        assert abs(printed - limit) <= 0.501 * step, words


def test_a_copy_in_another_process_keeps_everything():
    limit = pickle.loads(pickle.dumps(Limit("up to", [(3, 4), (5, 6)])))
    assert (limit.holds, limit.brackets, limit.whole) == ("up to", ((3, 4), (5, 6)), False)
    assert (limit, limit.per_seed) == (4.5, (3.5, 5.5))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("above", [1.0]), "holds is 'above'; it must be one of from, up to"),
        (("from", []), "per_seed is empty"),
        (("from", [math.nan]), "per_seed.* is nan"),
        (("from", [(1.0, math.nan)]), "per_seed.* is nan"),
        (("from", [1.5], True), r"per_seed has 1\.5; with whole=True it must hold whole numbers alone"),
    ],
)
def test_what_is_no_limit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Limit(*arguments)


def test_an_infinite_limit_says_how_much_was_tried_with_its_unit():
    all_bear = Limit("up to", [math.inf] * 10, whole=True, tried=(1, 6))
    assert in_unit(all_bear, "teams") == "more than 6 teams (the most tried)"
    assert f"Up to {all_bear:.0f} teams" == "Up to more than 6 teams"
    some = Limit(
        "up to", [52.0, 43.0, 45.0, 50.0, 51.0, 52.0, 53.0, 54.0, math.inf, math.inf], tried=(10, 60)
    )
    assert in_unit(some, "%") == "52 % (45 to more than 60)"
    none = Limit("from", [-math.inf] * 10, tried=(0.5, 6))
    assert in_unit(none, "ms") == "less than 0.5 ms (the least tried)"
    assert pickle.loads(pickle.dumps(none)).tried == (0.5, 6)
