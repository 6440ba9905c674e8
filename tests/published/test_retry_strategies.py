"""M. Brooker (2022), *Fixing retries with token buckets and circuit breakers*.

No retries and three retries have formulas. The other two were published as pictures, so only their shape is compared:
the breaker trips at half its threshold, the bucket adds a tenth of load, and with many small clients the breaker comes
close to no retries, the bucket to three.
"""

import pytest

from archlab.published.retry_strategies import STRATEGIES, model

LONG = {"duration_s": 60}
TOTAL_PER_S = 1000


def extra_load(strategy, failure, clients, seed=1):
    """The load above one call for each request, as a share of what three retries add, over 10 s."""
    rate = {"clients": clients, "rate_per_client_per_s": TOTAL_PER_S / clients}
    load, three = (model(seed, name, failure, **rate)["load"] for name in (strategy, "three retries"))
    return (load - 1) / (three - 1)


@pytest.mark.parametrize("failure", [0.05, 0.2, 0.5])
def test_no_retries_succeed_as_often_as_the_service(failure):
    figures = model(1, "none", failure, **LONG)
    assert figures["success"] == pytest.approx(1 - failure, rel=0.01)
    assert figures["load"] == 1


@pytest.mark.parametrize("failure", [0.05, 0.2, 0.5])
def test_three_retries_succeed_and_load_as_the_formulas_say(failure):
    figures = model(1, "three retries", failure, **LONG)
    assert figures["success"] == pytest.approx(1 - failure**4, rel=0.01)
    assert figures["load"] == pytest.approx((1 - failure**4) / (1 - failure), rel=0.01)


def test_at_one_failure_in_two_three_retries_win_93_75_percent_for_1_875_times_the_load():
    figures = model(1, "three retries", 0.5, duration_s=1)
    assert (figures["success_formula"], figures["load_formula"]) == (0.9375, 1.875)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_nobody_retries_when_nothing_fails(strategy):
    figures = model(1, strategy, failure=0.0)
    assert (figures["success"], figures["load"]) == (1, 1)


def test_at_low_failure_rates_the_bucket_is_as_good_as_three_retries():
    assert model(1, "token bucket", 0.02)["success"] > 0.9999
    assert extra_load("token bucket", 0.02, clients=100) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("failure", [0.2, 0.3, 0.5])
def test_at_high_failure_rates_the_bucket_adds_no_more_than_a_tenth(failure):
    """By hand: s successes pay for s / 10 retries, s = (1 - p) (1 + s / 10), once what was saved is spent."""
    figures = model(1, "token bucket", failure, clients=10, rate_per_client_per_s=10, duration_s=300)
    successes = (1 - failure) / (1 - (1 - failure) / 10)
    assert figures["load"] == pytest.approx(1 + successes / 10, abs=0.01)
    assert figures["load"] < 1.1
    assert figures["success"] == pytest.approx(successes, rel=0.02)


def test_the_retry_breaker_trips_at_half_its_threshold_already():
    """At 5 % failures the breaker of 10 % should never trip, but each client knows only its own few calls."""
    assert 0.3 < extra_load("retry breaker", 0.05, clients=100) < 0.8
    assert extra_load("retry breaker", 0.01, clients=100) > extra_load("retry breaker", 0.05, clients=100)


def test_well_above_its_threshold_the_retry_breaker_is_as_no_retries():
    figures = model(1, "retry breaker", 0.3)
    assert figures["load"] == pytest.approx(1, abs=0.005)
    assert figures["success"] == pytest.approx(0.7, abs=0.015)


def test_many_small_clients_make_the_breaker_trip_and_the_bucket_last():
    breaker = [extra_load("retry breaker", 0.05, clients) for clients in (10, 100, 1000)]
    bucket = [extra_load("token bucket", 0.3, clients) for clients in (10, 100, 1000)]
    assert breaker == sorted(breaker, reverse=True)
    assert breaker[0] > 2 * breaker[-1]
    assert bucket == sorted(bucket)
    assert bucket[-1] > 3 * bucket[0]


def test_a_breaker_around_first_tries_makes_a_partial_outage_worse():
    broken, none = model(1, "circuit breaker", 0.2), model(1, "none", 0.2)
    assert broken["success"] < 0.6 * none["success"]
    assert broken["load"] < 0.6


def test_an_unknown_strategy_is_answered_with_those_there_are():
    with pytest.raises(ValueError, match=r"strategy is 'hope'; it must be one of 'none', 'three retries'"):
        model(1, "hope")


@pytest.mark.parametrize("wrong", [{"failure": -0.1}, {"clients": 0}, {"duration_s": 0}])
def test_what_makes_no_sense_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        model(1, **wrong)
