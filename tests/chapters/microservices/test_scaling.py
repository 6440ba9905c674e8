"""Clones and services for the same money: who serves more, from when on, and what a simulation says to the law."""

import pytest

from archlab.chapters.microservices import scaling
from archlab.course.claims import NOTICEABLE_PERCENT, OverSeeds
from archlab.course.claims.verdict import Outcome


@pytest.fixture(scope="module")
def by_law():
    return scaling.same_budget()


@pytest.fixture(scope="module")
def crossings():
    """The budget from which services serve more, for the largest database: 2, 4 and 8 cores."""
    return {cores: scaling.serve_more_from_usd_per_hour(cores) for cores in (2, 4, 8)}


@pytest.fixture(scope="module")
def gain_at_the_limit():
    return scaling.simulated_gain_percent(scaling.pays_from_orders_percent())


def scalability(crossings, cores):
    two, four, eight = crossings.values()
    return scaling.scalability(two, four, eight, cores)


def test_with_few_orders_the_monolith_serves_more_and_with_many_the_services(by_law):
    assert by_law.services_gain_percent.iloc[0] < -20
    assert by_law.services_gain_percent.iloc[-1] > 50
    assert set(by_law.monolith_bottleneck) == {"database"}


def test_a_simulation_agrees_that_the_monolith_serves_more_if_nobody_orders_and_both_stay_below_the_law():
    few = scaling.simulated([0.0], seeds=range(2)).iloc[0]
    law = scaling.same_budget([0.0]).iloc[0]
    assert few.microservices_per_s < few.monolith_per_s < law.monolith_per_s
    assert few.microservices_per_s < 1.02 * law.microservices_per_s, "more than chance explains"


def test_at_the_limit_services_serve_as_much_more_as_the_rule_asks_for():
    limit = scaling.pays_from_orders_percent()
    below, above = (scaling.gain_percent(share / 100) for share in (limit - 0.2, limit + 0.2))
    assert below < NOTICEABLE_PERCENT < above


def test_the_crossing_moves_with_the_largest_database(crossings):
    """With 4 and 8 cores it is at 1.9 and 3.4 USD an hour: what decides is the database that you can buy."""
    assert {cores: round(usd, 1) for cores, usd in crossings.items()} == {2: 1.2, 4: 1.9, 8: 3.4}
    assert scaling.up_to_database_cores() == 2
    assert scaling.gain_percent(largest_database_cores=3) < NOTICEABLE_PERCENT


def test_the_verdict_on_scalability_names_the_database_and_both_later_crossings(crossings):
    verdict = scalability(crossings, scaling.up_to_database_cores())
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.flips_at == crossings[2]
    for words in (
        "from 1.18 USD",
        "from 1.85 with 4",
        "from 3.44 with 8",
        "no database has more than 2 cores",
    ):
        assert words in verdict.detail


def test_services_never_serve_more_within_the_budgets_tried_beside_a_very_large_database():
    never = scaling.serve_more_from_usd_per_hour(largest_database_cores=32)
    assert scaling.scalability(never, never, never, 2).outcome is Outcome.DOES_NOT_HOLD


def test_scaling_one_by_one_pays_from_some_share_of_orders_and_with_a_large_database_from_far_more():
    usual, twice = (scaling.pays_from_orders_percent(cores) for cores in (2, 4))
    assert 5 < usual < 15 < 40 < twice


def test_the_verdict_on_independent_scaling_is_stable_and_names_the_database(gain_at_the_limit):
    limit = scaling.pays_from_orders_percent()
    verdict = scaling.independent_scaling(limit, gain_at_the_limit, scaling.up_to_database_cores())
    assert verdict.is_stable
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert "no database has more than 2 cores" in verdict.detail


def test_the_verdict_falls_when_a_simulation_says_that_the_monolith_serves_more(gain_at_the_limit):
    less = OverSeeds(-gain for gain in gain_at_the_limit.per_seed)
    assert scaling.independent_scaling(9.1, less, 2).outcome is Outcome.DOES_NOT_HOLD


def test_the_simulated_gain_is_above_that_of_the_law_which_knows_no_crowded_database(gain_at_the_limit):
    assert gain_at_the_limit.low > 0
    assert gain_at_the_limit > NOTICEABLE_PERCENT
