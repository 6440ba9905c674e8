"""A figure over seeds is a number, its median, and knows where the median of all seeds would be."""

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.course.claims.over_seeds import OverSeeds


def test_as_a_number_it_is_the_median_and_computes_like_one():
    figure = OverSeeds([3.0, 1.0, 2.0, 10.0])
    assert figure == 2.5 == float(figure)
    assert f"{figure:.2f}" == "2.50"
    assert 100 * (figure - 0.5) == 200
    assert figure.per_seed == (3.0, 1.0, 2.0, 10.0)


def test_ten_seeds_leave_one_out_at_either_end():
    figure = OverSeeds(range(10))
    assert (figure.low, figure.high, figure.n) == (1, 8, 10)


@pytest.mark.parametrize("n", range(1, 6))
def test_fewer_than_six_seeds_have_the_smallest_and_the_largest_as_interval(n):
    figure = OverSeeds(range(n))
    assert (figure.low, figure.high) == (0, n - 1)


@pytest.mark.parametrize("n", [6, 10, 16])
@pytest.mark.parametrize("spread", ["lognormal", "uniform", "exponential"])
def test_the_interval_holds_the_true_median_in_at_least_95_of_100_cases(n, spread):
    """With ten seeds in 97.9, by the binomial law; the intervals are not so wide that they always do."""
    draws = np.random.default_rng(n)
    median = {"lognormal": 1.0, "uniform": 0.5, "exponential": math.log(2)}[spread]
    figures = [OverSeeds(getattr(draws, spread)(size=n)) for _ in range(2000)]
    share = np.mean([figure.low <= median <= figure.high for figure in figures])
    assert 0.945 < share < 0.995


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_the_figure_lies_in_its_interval_whatever_the_seeds_say(values):
    figure = OverSeeds(values)
    assert figure.low <= figure <= figure.high
    assert figure.low in values
    assert figure.high in values


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20), st.randoms())
def test_the_order_of_the_seeds_changes_nothing_but_the_order(values, luck):
    shuffled = luck.sample(values, len(values))
    one, other = OverSeeds(values), OverSeeds(shuffled)
    assert (one, one.low, one.high) == (other, other.low, other.high)


def test_seeds_without_a_limit_stand_at_the_ends():
    assert OverSeeds([1, 2, math.inf, math.inf]) == 2
    assert OverSeeds([math.inf] * 3) == math.inf
    assert OverSeeds([-math.inf, math.inf]) == -math.inf


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_a_copy_knows_its_seeds(duplicate):
    figure = duplicate(OverSeeds([1.0, 2.0, 4.0]))
    assert figure.per_seed == (1.0, 2.0, 4.0)
    assert figure == 2


def test_it_is_printed_in_the_digits_that_its_seeds_support():
    figure = OverSeeds([76.0, 79.3, 79.1, 80.2, 81.6, 78.8, 79.9, 77.2, 83.0, 79.4])
    assert (str(figure), f"{figure}") == ("79 (77 to 82)", "79 (77 to 82)")
    assert repr(figure) == "<79 (77 to 82) over 10 seeds>"
    assert str(OverSeeds([0.5] * 10)) == "0.5"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "per_seed is empty; it must have a value for each seed"),
        ([1.0, math.nan], r"per_seed\[1\] is nan"),
        (["many"], r"per_seed\[0\] is 'many'"),
    ],
)
def test_what_is_no_figure_for_each_seed_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        OverSeeds(values)
