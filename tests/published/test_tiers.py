"""Tiers hold as many requests as their rates and times say, and nobody ever waits in them."""

import pandas as pd
import pytest

from archlab.published.tiers import Tier, from_counters, inside, own_time_s, simulate

WEB = Tier("web", calls_per_s=200, mean_s=0.050)
SQL = Tier("SQL", calls_per_s=500, mean_s=0.010)
CACHE = Tier("cache", calls_per_s=1_000, mean_s=0.001)


@pytest.fixture(scope="module")
def result():
    return simulate(WEB, [SQL, CACHE], seed=3, duration_s=60)


def test_counters_of_a_period_become_rates_and_means():
    counters = pd.DataFrame({"tier": ["web"], "calls": [7_200], "total_ms": [1_800_000]})
    assert from_counters(counters, period_s=3_600) == {"web": Tier("web", calls_per_s=2.0, mean_s=0.25)}


def test_what_is_left_for_the_front_tier_is_its_time_without_that_of_the_others():
    assert own_time_s(WEB, [SQL, CACHE]) == pytest.approx(0.050 - 2.5 * 0.010 - 5 * 0.001)


def test_tiers_behind_that_take_more_than_there_is_are_refused():
    slow = Tier("slow", calls_per_s=200, mean_s=0.060)
    with pytest.raises(
        ValueError, match=r"behind takes 0\.01 s a request more than the front tier, web, has"
    ):
        simulate(WEB, [slow], seed=1, duration_s=1)


@pytest.mark.parametrize("tier", [WEB, SQL, CACHE], ids=lambda tier: tier.name)
def test_each_tier_holds_rate_times_mean(result, tier):
    assert inside(result)[tier.name] == pytest.approx(tier.inside, rel=0.03)


def test_each_tier_is_asked_as_often_as_said(result):
    for tier in (WEB, SQL, CACHE):
        assert result.parts.completed[tier.name] / 60 == pytest.approx(tier.calls_per_s, rel=0.03)


def test_nobody_waits(result):
    assert result.parts.mean_queue_length.tolist() == [0, 0, 0]


def test_half_the_time_of_a_tier_behind_leaves_half_of_it_inside_and_the_front_as_it_was():
    quick = Tier("SQL", SQL.calls_per_s, SQL.mean_s / 2)
    found = inside(simulate(WEB, [quick, CACHE], seed=3, duration_s=60))
    assert found["SQL"] == pytest.approx(SQL.inside / 2, rel=0.03)
    assert found["web"] == pytest.approx(WEB.inside, rel=0.03)


def test_the_same_seed_gives_the_same_numbers():
    one, two = (inside(simulate(WEB, [SQL], seed=5, duration_s=5)) for _ in range(2))
    assert one.equals(two)


@pytest.mark.parametrize(("name", "value"), [("calls_per_s", 0), ("mean_s", -1.0)])
def test_a_tier_that_cannot_be_is_refused(name, value):
    parameters = {"calls_per_s": 1.0, "mean_s": 1.0} | {name: value}
    with pytest.raises(ValueError, match=f"{name} is {value}"):
        Tier("web", **parameters)
