"""Clones and services for the same money: who serves more, from when on, and what a simulation says to the law."""

import pytest

from archlab.chapters.microservices import scaling
from archlab.course.claims import NOTICEABLE_PERCENT
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
    return scaling.scalability(two, four, eight, cores, scaling.gain_beside_five_databases_percent())


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
    assert scaling.scalability(never, never, never, 2, 0.0).outcome is Outcome.DOES_NOT_HOLD


def test_scaling_one_by_one_pays_from_some_share_of_orders_and_with_a_large_database_from_far_more():
    usual, twice = (scaling.pays_from_orders_percent(cores) for cores in (2, 4))
    assert 5 < usual < 15 < 40 < twice


def test_services_scaled_one_by_one_serve_three_times_as_much_as_all_alike_for_the_usual_money():
    figures = scaling.one_by_one()
    verdict = scaling.independent_scaling(**figures)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert (
        figures["pays_from_usd_per_hour"] < scaling.BUDGET_USD_PER_HOUR < figures["pays_up_to_usd_per_hour"]
    )
    assert 190 < figures["gain_percent"] < 210
    assert "all alike" in verdict.detail


def test_one_by_one_gains_nothing_where_the_money_pays_for_one_core_of_each_or_fills_every_database():
    assert scaling.one_by_one_gain_percent(0.65) < NOTICEABLE_PERCENT
    assert scaling.one_by_one_gain_percent(scaling.BUDGETS_USD_PER_HOUR[1]) < NOTICEABLE_PERCENT
    never = scaling.independent_scaling(float("inf"), float("-inf"), 0.0)
    assert never.outcome is Outcome.DOES_NOT_HOLD


def test_a_monolith_with_five_databases_is_never_behind_services_for_the_same_money(crossings):
    assert scaling.gain_beside_five_databases_percent() < NOTICEABLE_PERCENT
    mix = scaling.mix_with(0.12)
    assert scaling.split_monolith_per_s(mix, 1.25) == pytest.approx(3093, rel=0.01)
    assert "against a monolith with one database" in scalability(crossings, 2).detail


def test_the_simulated_gain_is_above_that_of_the_law_which_knows_no_crowded_database(gain_at_the_limit):
    assert gain_at_the_limit.low > 0
    assert gain_at_the_limit > NOTICEABLE_PERCENT
