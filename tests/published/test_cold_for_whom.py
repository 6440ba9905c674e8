"""Serverless in the Wild (2020) with Poisson arrivals, beside what Huawei counted (2024)."""

import math

import numpy as np
import pytest
from scipy.integrate import trapezoid

from archlab.published import cold_for_whom
from archlab.published.cold_for_whom import (
    DAY_S,
    KINDS,
    TAIL,
    cold_probability,
    cold_shares,
    counted,
    least_tail,
    rates_per_s,
    simulated_share,
    variations,
)

MINUTE_S = 60
KEEP_ALIVE_MIN = (5, 10, 20, 60)


@pytest.fixture(scope="module")
def shares():
    return {minutes: cold_shares(minutes * MINUTE_S) for minutes in KEEP_ALIVE_MIN}


@pytest.fixture(scope="module")
def irregular():
    return {kind: cold_shares(10 * MINUTE_S, irregular=True, kind=kind) for kind in KINDS}


@pytest.mark.parametrize(
    ("minutes", "mean", "median"), [(5, 0.62, 0.86), (10, 0.56, 0.74), (20, 0.50, 0.55), (60, 0.41, 0.16)]
)
def test_the_average_app_and_the_one_in_the_middle_are_as_cold_as_an_independent_run_found(
    shares, minutes, mean, median
):
    assert shares[minutes]["mean app"] == pytest.approx(mean, abs=0.03)
    assert shares[minutes]["median app"] == pytest.approx(median, abs=0.03)


def test_of_all_requests_about_as_many_are_cold_as_huawei_counted(shares):
    assert counted() == pytest.approx(0.00014)
    assert counted() / 2 < shares[10]["all requests"] < counted() * 2


def test_more_than_half_of_the_apps_are_cold_most_of_the_time_though_one_request_in_thousands_is(shares):
    assert shares[10]["median app"] > 0.5
    assert shares[10]["median app"] / shares[10]["all requests"] > 1000


def test_a_longer_keep_alive_makes_everybody_warmer(shares):
    for who in ("mean app", "median app", "all requests"):
        assert np.all(np.diff([shares[minutes][who] for minutes in KEEP_ALIVE_MIN]) < 0)


def test_the_curve_of_rates_passes_through_the_published_points():
    at, share = cold_for_whom._curve("invocations of an app")
    per_day = rates_per_s() * DAY_S
    assert per_day[0] == pytest.approx(at[0])
    assert [float((per_day <= rate).mean()) for rate in at[1:]] == pytest.approx(share[1:], abs=0.001)


def test_the_mean_rate_is_that_of_the_curve_by_calculus():
    """Of a straight piece over the logarithm, from a to b, the mean is (b - a) / ln(b / a)."""
    at, share = cold_for_whom._curve("invocations of an app")
    at, share = [*at, *(rate for rate, _ in TAIL)], [*share, *(part for _, part in TAIL)]
    pieces = zip(at, at[1:], share, share[1:], strict=False)
    mean = share[0] * at[0] + sum((s - r) * (b - a) / math.log(b / a) for a, b, r, s in pieces)
    assert rates_per_s().mean() * DAY_S == pytest.approx(mean, rel=0.001)


def test_the_end_of_the_curve_decides_about_all_requests_and_not_about_apps(shares):
    other = cold_shares(10 * MINUTE_S, tail=(TAIL[0], (1e7, 1.0)))
    assert other["mean app"] == pytest.approx(shares[10]["mean app"], abs=0.001)
    assert other["median app"] == pytest.approx(shares[10]["median app"], abs=0.001)
    assert other["all requests"] > 3 * shares[10]["all requests"]


def test_the_published_share_of_busy_apps_limits_the_end_and_so_the_share_of_cold_requests(shares):
    rates = rates_per_s(tail=least_tail())
    busy = rates > 1 / MINUTE_S
    assert rates[busy].sum() / rates.sum() == pytest.approx(0.995, abs=1e-6)
    most = cold_shares(10 * MINUTE_S, tail=least_tail())["all requests"]
    assert shares[10]["all requests"] < most
    assert most == pytest.approx(0.0005, abs=0.0001)


@pytest.mark.parametrize("awaited", [0.1, 0.5, 1.0, 3.0])
def test_the_kits_poisson_arrivals_find_no_environment_as_often_as_the_formula_says(awaited):
    share = simulated_share(awaited / 600, 600)
    assert share == pytest.approx(math.exp(-awaited), abs=4 * math.sqrt(math.exp(-awaited) / 20_000))


@pytest.mark.parametrize("cv", [0.2, 0.5, 1.0, 1.8, 4.0])
def test_the_times_between_requests_have_the_mean_and_the_variation_asked_for(cv):
    """The integral of what is longer than t is the mean; of 2 t times it, the second moment."""
    awaited = np.linspace(1e-9, 400, 400_001)  # times the rate: only the product counts
    longer = cold_probability(awaited, 1.0, cv)
    mean, second = trapezoid(longer, awaited), trapezoid(2 * awaited * longer, awaited)
    assert mean == pytest.approx(1.0, rel=0.001)
    assert math.sqrt(second - mean**2) == pytest.approx(cv, rel=0.001)


def test_bursts_make_a_busy_app_colder_and_a_rare_one_warmer_than_poisson_says():
    busy, rare = 10 / 600, 0.3 / 600
    assert cold_probability(busy, 600, cv=3)[0] > 10 * cold_probability(busy, 600)[0]
    assert cold_probability(rare, 600, cv=3)[0] < 0.8 * cold_probability(rare, 600)[0]


def test_with_the_published_variations_the_average_app_stays_about_as_cold(shares, irregular):
    for kind in KINDS:
        assert irregular[kind]["mean app"] == pytest.approx(shares[10]["mean app"], abs=0.05)
        assert irregular[kind]["all requests"] == pytest.approx(shares[10]["all requests"], rel=0.3)
    assert irregular["all apps"]["median app"] == pytest.approx(0.85, abs=0.01)


def test_a_timer_less_often_than_the_keep_alive_is_always_cold_and_one_more_often_never():
    assert cold_probability(1 / 700, 600, cv=0.02)[0] > 0.99
    assert cold_probability(1 / 500, 600, cv=0.02)[0] < 0.01


def test_the_assumed_ends_of_the_curve_of_variations_hardly_matter(irregular, monkeypatch):
    monkeypatch.setattr(cold_for_whom, "WILD", 60.0)
    monkeypatch.setattr(cold_for_whom, "REGULAR", 0.005)
    other = cold_shares(10 * MINUTE_S, irregular=True)
    assert other["mean app"] == pytest.approx(irregular["all apps"]["mean app"], abs=0.01)
    assert other["median app"] == pytest.approx(irregular["all apps"]["median app"], abs=0.01)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cold_shares(-1), "keep_alive_s is -1"),
        (lambda: cold_shares(600, irregular=True, kind="cats"), "kind is 'cats'; it must be one of"),
        (lambda: cold_shares(600, tail=((1.0, 0.9955), (2.0, 1.0))), r"tail is \(\(1.0, 0.9955\)"),
        (lambda: cold_shares(600, tail=((8.64e5, 0.9955), (1e8, 0.999))), "tail is .* share of 1"),
        (lambda: rates_per_s(0), "apps is 0"),
        (lambda: variations("all apps", 0), "points is 0"),
        (lambda: cold_probability(0, 600), "rate_per_s is 0; it must be finite numbers above 0"),
        (lambda: cold_probability([1, float("nan")], 600), r"rate_per_s is \[1, nan\]"),
        (lambda: cold_probability(1, 600, cv=0), "cv is 0"),
        (lambda: simulated_share(1, -1), "keep_alive_s is -1"),
        (lambda: simulated_share(0, 600), "rate_per_s is 0"),
        (lambda: simulated_share(1, 600, requests=0), "requests is 0"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
