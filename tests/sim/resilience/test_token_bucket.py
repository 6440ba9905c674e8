"""A token bucket: what passes in any window, in the long run, and with Amazon's figures."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.sim import Deterministic, Simulation
from archlab.sim.failure import Refused
from archlab.sim.resilience.token_bucket import TokenBucket

GATEWAY = {"rate_per_s": 10_000, "burst": 5_000}
"""The limit of an account of Amazon's API Gateway, per Region."""


def asked(bucket, gaps_s, tokens=1):
    """The times at which a request passed, of one after each gap."""
    passed = []
    for gap_s in gaps_s:
        bucket.sim._now += gap_s
        if bucket.take(tokens):
            passed.append(bucket.sim.now)
    return passed


def at_once(bucket, requests):
    """How many of so many requests at the same moment pass."""
    return sum(bucket.take() for _ in range(requests))


@given(
    st.floats(0.1, 50),
    st.integers(1, 20),
    st.lists(st.one_of(st.just(0.0), st.floats(0, 3)), min_size=1, max_size=80),
)
def test_in_no_window_pass_more_than_the_burst_and_what_drops_in(rate_per_s, burst, gaps_s):
    passed = asked(TokenBucket(Simulation(seed=1), rate_per_s, burst), gaps_s)
    for first, last in itertools.combinations(range(len(passed)), 2):
        window_s = passed[last] - passed[first]
        assert last - first + 1 <= burst + rate_per_s * window_s + 1e-6 * len(passed)


@given(st.floats(0.1, 50), st.integers(1, 20), st.lists(st.floats(0, 3), min_size=1, max_size=80))
def test_nobody_is_turned_away_while_a_token_is_there(rate_per_s, burst, gaps_s):
    """It is not too strict either: what it holds is burst, and what dropped in, less what was taken."""
    bucket = TokenBucket(Simulation(seed=1), rate_per_s, burst)
    for gap_s in gaps_s:
        bucket.sim._now += gap_s
        before = bucket.tokens
        assert bucket.take() == (before >= 1 - 1e-6)
        assert bucket.tokens == pytest.approx(before - (before >= 1 - 1e-6), abs=2e-6)


@pytest.mark.parametrize(("rate_per_s", "burst"), [(2.0, 1), (0.1, 3), (7.3, 20)])
def test_the_long_run_rate_is_exact_under_too_many_requests(rate_per_s, burst):
    """Over T seconds burst + rate * T tokens exist, and all are taken but the last fraction."""
    sim, passed = Simulation(seed=1), []
    bucket = TokenBucket(sim, rate_per_s, burst)

    def handler(request):
        if not bucket.take():
            raise Refused("gateway")
        passed.append(sim.now)
        return
        yield

    sim.open_load(Deterministic(rate_per_s=64), handler)
    result = sim.measure(1000)
    assert 0 <= burst + rate_per_s * passed[-1] - len(passed) < 1
    assert len(passed) == int(burst + rate_per_s * passed[-1] + 1e-9)
    assert passed[-1] > 1000 - 1 / rate_per_s - 1 / 64
    assert result.completed == len(passed)


@pytest.mark.parametrize("rate_per_s", [0.1, 0.3, 3, 7, 10, 1 / 3, 9_999])
def test_requests_at_just_the_rate_all_pass_in_spite_of_rounding(rate_per_s):
    bucket = TokenBucket(Simulation(seed=1), rate_per_s, burst=1)
    assert len(asked(bucket, [1 / rate_per_s] * 10_000)) == 10_000


@pytest.mark.parametrize(
    ("requests", "passing"), [(100, 100), (5_000, 5_000), (10_000, 5_000), (20_000, 5_000)]
)
def test_of_a_burst_at_once_the_gateway_of_amazon_lets_5000_pass(requests, passing):
    assert at_once(TokenBucket(Simulation(seed=1), **GATEWAY), requests) == passing


def test_a_second_after_a_burst_the_bucket_is_full_again_and_no_fuller():
    """5,000 are back after half a second; an hour later there are still no more."""
    bucket = TokenBucket(Simulation(seed=1), **GATEWAY)
    passing = []
    for gap_s in (0, 0.25, 0.5, 3600):
        bucket.sim._now += gap_s
        passing.append(at_once(bucket, 10_000))
    assert passing == [5_000, 2_500, 5_000, 5_000]


def test_at_twice_the_rate_the_gateway_passes_everything_for_half_a_second_then_half():
    bucket = TokenBucket(Simulation(seed=1), **GATEWAY)
    passed = asked(bucket, [1 / 20_000] * 20_000)
    turned_away_from_s = 5_000 / (20_000 - 10_000)
    assert sum(time_s <= turned_away_from_s for time_s in passed) == pytest.approx(10_000, abs=1)
    assert sum(time_s > turned_away_from_s for time_s in passed) == pytest.approx(5_000, abs=1)


def test_a_request_may_cost_several_tokens_and_takes_none_when_it_fails():
    bucket = TokenBucket(Simulation(seed=1), rate_per_s=1, burst=5)
    assert [bucket.take(3), bucket.take(3), bucket.take(2), bucket.tokens] == [True, False, True, 0]


@pytest.mark.parametrize("tokens", [0, -1, 6])
def test_asking_for_what_can_never_be_there_is_an_error(tokens):
    with pytest.raises(ValueError, match=rf"tokens is {tokens}; it must be above 0 and at most the burst, 5"):
        TokenBucket(Simulation(seed=1), rate_per_s=1, burst=5).take(tokens)


@pytest.mark.parametrize(
    ("rate_per_s", "burst", "name"), [(0, 5, "rate_per_s"), (1, 0, "burst"), (1, 0.5, "burst")]
)
def test_a_bucket_through_which_nothing_could_pass_is_refused(rate_per_s, burst, name):
    with pytest.raises(ValueError, match=rf"{name} is .*; it must be"):
        TokenBucket(Simulation(seed=1), rate_per_s, burst)
