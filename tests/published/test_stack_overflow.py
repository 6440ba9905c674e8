"""One day of Stack Overflow, 9 February 2016 (N. Craver, *Stack Overflow: The Architecture - 2016 Edition*).

The counters give how many requests were inside each tier on average, by Little's law. A simulation of requests that
make the counted calls, for the counted times, must find as many. This tests our bookkeeping, not the world: the law
holds for any counters.
"""

import pytest

from archlab.data import load
from archlab.published import tiers

TOLERANCE = 0.03


@pytest.fixture(scope="module")
def site():
    return tiers.from_counters(load("stack_overflow_2016"))


@pytest.fixture(scope="module")
def result(site):
    return tiers.simulate(site["web"], [site["SQL"], site["Redis"]], seed=2016, duration_s=8)


def test_the_counters_give_the_rates_and_means_worked_out_by_hand(site):
    assert [round(tier.calls_per_s) for tier in site.values()] == [2424, 5843, 67496, 42]
    assert round(1000 * site["SQL"].mean_s, 2) == 1.20
    assert round(1e6 * site["Redis"].mean_s, 1) == 1.8
    assert round(1000 * site["tag engine"].mean_s) == 40


def test_18_6_requests_were_in_process_and_7_0_queries_running(site):
    assert [round(site[name].inside, 1) for name in ("web", "SQL")] == [18.6, 7.0]


@pytest.mark.parametrize("tier", ["web", "SQL", "Redis"])
def test_as_many_are_inside_a_simulated_tier_as_the_counters_say(site, result, tier):
    assert tiers.inside(result)[tier] == pytest.approx(site[tier].inside, rel=TOLERANCE)


def test_the_rows_of_the_requests_say_the_same_as_the_busy_servers(result):
    by_littles_law = result.arrived / result.duration_s * result.mean_latency_s()
    assert tiers.inside(result)["web"] == pytest.approx(by_littles_law, rel=0.005)


def test_a_request_is_in_process_for_as_long_as_counted(site, result):
    assert result.mean_latency_s() == pytest.approx(site["web"].mean_s, rel=TOLERANCE)


def test_simulated_counters_that_are_wrong_close_as_well(site):
    """The identity holds for a site that never was: twice the queries, each three times as slow."""
    wrong = tiers.Tier("SQL", 2 * site["SQL"].calls_per_s, 3 * site["SQL"].mean_s)
    web = tiers.Tier("web", site["web"].calls_per_s, 10 * site["web"].mean_s)
    found = tiers.inside(tiers.simulate(web, [wrong], seed=1, duration_s=5))
    assert found["SQL"] == pytest.approx(6 * site["SQL"].inside, rel=TOLERANCE)
