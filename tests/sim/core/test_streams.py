"""Random streams depend on the seed and the name, and on nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.sim.core.streams import Streams


def test_the_same_name_gives_the_same_object_which_goes_on_where_it_was():
    streams = Streams(seed=1)
    first, again = streams.stream("arrivals").random(), streams.stream("arrivals").random()
    assert streams.stream("arrivals") is streams.stream("arrivals")
    assert [first, again] == Streams(seed=1).stream("arrivals").random(2).tolist()


def test_adding_a_part_with_its_own_stream_disturbs_no_other():
    alone, together = Streams(seed=5), Streams(seed=5)
    together.stream("new part").random(1000)
    assert alone.stream("arrivals").random(10).tolist() == together.stream("arrivals").random(10).tolist()


def test_the_numbers_are_the_same_in_every_process_and_on_every_machine():
    drawn = Streams(seed=2024).stream("arrivals").integers(0, 1_000_000, 4).tolist()
    assert drawn == [858923, 448791, 104848, 682921]


def test_different_seeds_and_different_names_give_uncorrelated_numbers():
    draws = np.array(
        [Streams(seed).stream(name).random(20_000) for seed in (1, 2, 11) for name in ("a", "b", "1:a")]
    )
    correlations = np.corrcoef(draws)[np.triu_indices(len(draws), k=1)]
    assert np.abs(correlations).max() < 4 / np.sqrt(20_000)


@given(st.lists(st.tuples(st.integers(0, 2**70), st.text(min_size=1)), min_size=2, max_size=8, unique=True))
def test_no_two_pairs_of_seed_and_name_share_their_numbers(pairs):
    first_draws = [Streams(seed).stream(name).integers(0, 2**62) for seed, name in pairs]
    assert len(set(first_draws)) == len(pairs)


def test_a_numpy_integer_is_the_same_seed_as_the_python_integer():
    assert Streams(np.int64(9)).stream("x").random() == Streams(9).stream("x").random()


@pytest.mark.parametrize("seed", [-1, 1.5, "7", None, True])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(ValueError, match=r"seed is .* whole number, 0 or more"):
        Streams(seed)


@pytest.mark.parametrize("name", ["", None, 3])
def test_a_stream_needs_a_name(name):
    with pytest.raises(ValueError, match=r"name is .* text of at least one character"):
        Streams(1).stream(name)
