"""Backoff: each jitter against its definition, its mean in closed form, and its whole distribution."""

from itertools import islice
from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from archlab.sim.resilience.backoff import Backoff

JITTERS = ("none", "full", "equal", "decorrelated")
CALLS = 20_000


def waits(backoff, calls=CALLS, retries=6, seed=7):
    """The waits of so many calls, shape (calls, retries)."""
    random = np.random.default_rng(seed)
    return np.array([list(islice(backoff.delays(random), retries)) for _ in range(calls)])


def test_without_jitter_the_wait_doubles_up_to_the_cap_and_stays_there():
    assert waits(Backoff(0.5, 3.0, "none"), calls=1)[0].tolist() == [0.5, 1, 2, 3, 3, 3]


def test_without_a_cap_the_wait_doubles_for_ever():
    assert waits(Backoff(1.0, jitter="none"), calls=1, retries=20)[0, -1] == 2**19


# The means, to four standard errors ------------------------------------------------------------------------------


@pytest.mark.parametrize(("jitter", "share"), [("none", 1.0), ("full", 1 / 2), ("equal", 3 / 4)])
def test_the_mean_wait_is_this_share_of_the_wait_without_jitter(jitter, share):
    plain = np.array([0.1, 0.2, 0.4, 0.8, 1.0, 1.0])
    found = waits(Backoff(0.1, 1.0, jitter))
    error = found.std(axis=0) / sqrt(CALLS)
    assert (np.abs(found.mean(axis=0) - share * plain) <= 4 * error + 1e-12).all()


def test_the_mean_wait_with_decorrelated_jitter_grows_by_half_and_half_a_base():
    """Without a cap a wait is uniform from b to three times the one before: its mean is b / 2 + 3 / 2 of that one."""
    expected, before = [], 1.0
    for _ in range(6):
        before = 0.5 + 1.5 * before
        expected.append(before)
    found = waits(Backoff(1.0, jitter="decorrelated"))
    error = found.std(axis=0) / sqrt(CALLS)
    assert (np.abs(found.mean(axis=0) - expected) < 4 * error).all()


def test_a_cap_takes_its_part_of_the_mean_of_decorrelated_jitter():
    """The first wait is uniform from 1 to 3. Capped at 2, its mean is (1 + 2) / 2 half of the time, and 2 the other."""
    first = waits(Backoff(1.0, 2.0, "decorrelated"), retries=1)
    assert first.mean() == pytest.approx(0.5 * 1.5 + 0.5 * 2, abs=4 * first.std() / sqrt(CALLS))
    assert np.mean(first == 2.0) == pytest.approx(0.5, abs=4 * 0.5 / sqrt(CALLS))


# The distributions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("jitter", "low"), [("full", 0.0), ("equal", 0.5)])
@pytest.mark.parametrize(("retry", "full_s"), [(0, 0.1), (3, 0.8), (5, 1.0)])
def test_full_and_equal_jitter_are_uniform_over_the_whole_and_the_upper_half(jitter, low, retry, full_s):
    found = waits(Backoff(0.1, 1.0, jitter), calls=5000)[:, retry]
    assert stats.kstest(found, stats.uniform(low * full_s, (1 - low) * full_s).cdf).pvalue > 0.001


def test_decorrelated_jitter_is_uniform_from_the_base_to_three_times_the_wait_before():
    found = waits(Backoff(1.0, jitter="decorrelated"), calls=5000)
    share = (found[:, 1:] - 1) / (3 * found[:, :-1] - 1)
    assert stats.kstest(share.ravel(), stats.uniform.cdf).pvalue > 0.001


@given(st.floats(1e-3, 10), st.floats(1, 100), st.sampled_from(JITTERS), st.integers(0, 1000))
def test_no_wait_is_longer_than_the_cap_or_shorter_than_its_rule_allows(base_s, times, jitter, seed):
    cap_s = base_s * times
    least_s = {"none": base_s, "full": 0.0, "equal": base_s / 2, "decorrelated": base_s}[jitter]
    found = waits(Backoff(base_s, cap_s, jitter), calls=1, retries=12, seed=seed)
    assert (found <= cap_s).all()
    assert (found >= least_s).all()


# Whose numbers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jitter", JITTERS)
def test_each_call_begins_at_the_base_again(jitter):
    """The rule has no memory. The n-th wait comes from the n-th draw, however many calls were made before."""
    backoff = Backoff(0.1, 5.0, jitter)
    waits(backoff, calls=3)
    again = np.random.default_rng(3), np.random.default_rng(3)
    fresh = Backoff(0.1, 5.0, jitter).delays(again[0])
    assert list(islice(backoff.delays(again[1]), 8)) == list(islice(fresh, 8))


@pytest.mark.parametrize("jitter", ["full", "equal", "decorrelated"])
def test_two_clients_with_streams_of_their_own_do_not_wait_alike(jitter):
    backoff = Backoff(0.1, 5.0, jitter)
    assert (waits(backoff, calls=1, seed=1) != waits(backoff, calls=1, seed=2)).all()


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ({"base_s": 0.0}, "base_s is 0.0"),
        ({"base_s": inf}, "base_s is inf"),
        ({"cap_s": 0.5}, r"cap_s is 0.5; it must be base_s, 1.0, or more"),
        ({"cap_s": float("nan")}, "cap_s is nan"),
        ({"jitter": "half"}, "jitter is 'half'; it must be one of 'none', 'full'"),
    ],
)
def test_wrong_parameters_are_refused_by_name(wrong, names):
    with pytest.raises(ValueError, match=names):
        Backoff(**({"base_s": 1.0} | wrong))
