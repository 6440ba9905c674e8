"""The availability of a chain: thirty dependencies at 99.99 % (documentation of Netflix Hystrix).

99.7 % up, 3,000,000 failures in a billion requests, two hours a month and more. The tolerance follows from how many
outages were seen: the downtime of n exponential outages, n itself being random, is off by sqrt(2 / n).
"""

import math

import pytest

from archlab.published import availability_chain
from archlab.published.availability_chain import Chain, availability, failures_per_1e9, model


def within(figures, sd=3):
    """The downtime's tolerance after so many outages, as a share of all time."""
    return sd * math.sqrt(2 / figures["outages"]) * (1 - figures["availability_formula"])


def test_thirty_dependencies_at_four_nines_fail_as_often_as_published():
    figures = model(seed=1)
    assert figures["outages"] > 100_000
    assert figures["availability"] == pytest.approx(0.9970, abs=0.00005)
    assert figures["failures_per_1e9"] == pytest.approx(3_000_000, rel=0.02)
    assert figures["hours_down_per_month"] > 2


def test_the_simulation_agrees_with_the_formula_and_the_formula_with_hand_arithmetic():
    figures = model(seed=2)
    assert figures["availability"] == pytest.approx(figures["availability_formula"], abs=within(figures))
    assert figures["availability_formula"] == pytest.approx(0.9999**30, rel=1e-12)
    assert failures_per_1e9(30, 0.9999) == pytest.approx(2_995_654, abs=1)
    hours_down = availability_chain.HOURS_A_MONTH * (1 - 0.9999**30)
    assert hours_down == pytest.approx(2.19, abs=0.005)


@pytest.mark.parametrize("shared_share", [0.3, 1.0])
def test_a_shared_cause_breaks_the_formula_of_independence(shared_share):
    figures = model(seed=3, shared_share=shared_share)
    assert figures["availability"] == pytest.approx(figures["availability_formula"], abs=within(figures))
    assert figures["availability"] - figures["independent_formula"] > within(figures)


def test_with_one_cause_for_everything_thirty_dependencies_are_as_good_as_one():
    assert availability(Chain(shared_share=1.0)) == pytest.approx(0.9999, abs=1e-12)


@pytest.mark.parametrize("fallbacks", [10, 29])
def test_fallbacks_break_the_formula_of_a_chain_without_help(fallbacks):
    figures = model(seed=4, fallbacks=fallbacks)
    assert figures["availability"] == pytest.approx(figures["availability_formula"], abs=within(figures))
    assert figures["availability"] - figures["independent_formula"] > within(figures)
    assert availability(Chain(fallbacks=fallbacks)) == pytest.approx(0.9999 ** (30 - fallbacks), rel=1e-12)


def test_a_fallback_for_everything_leaves_no_outage_and_worse_answers_instead():
    figures = model(seed=1, fallbacks=30)
    assert figures["availability"] == 1
    assert figures["outages"] == 0
    assert figures["degraded_share"] == pytest.approx(1 - 0.9999**30, rel=0.02)


def test_a_dependency_is_up_as_often_as_promised_whatever_the_cause():
    for shared_share in (0, 0.5, 1):
        figures = model(seed=5, dependencies=1, each_up=0.99, shared_share=shared_share, years=200)
        assert figures["availability"] == pytest.approx(0.99, abs=within(figures))


def test_outages_of_large_shares_overlap_and_are_not_counted_twice():
    figures = model(seed=6, dependencies=5, each_up=0.5, years=2)
    assert figures["availability_formula"] == pytest.approx(0.5**5)
    assert figures["availability"] == pytest.approx(0.5**5, rel=0.03)


@pytest.mark.parametrize(
    "wrong",
    [
        {"fallbacks": 31},
        {"each_up": 0},
        {"each_up": 1.1},
        {"shared_share": -0.1},
        {"dependencies": 0},
        {"years": 0},
    ],
)
def test_what_makes_no_sense_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        model(seed=1, **wrong)
