"""The verdicts on scaling come from the two shops, and come out the other way when what they can rent changes."""

from archlab.chapters import microservices_scaling as rules
from archlab.chapters.microservices import scaling
from archlab.course.claims.verdict import Outcome


def test_scaling_services_alone_pays_from_some_share_of_orders_and_never_beside_a_large_database():
    def verdict(largest):
        shops = scaling.same_budget(largest_database_cores=largest)  # the simulation's law, and much faster
        return rules.independent_scaling(pays_from_orders_percent=rules.pays_from_orders_percent(shops))

    small = verdict(scaling.LARGEST_DATABASE_CORES)
    assert small.outcome is Outcome.HOLDS_WHEN
    assert 5 < small.flips_at < 15
    assert verdict(16).outcome is Outcome.DOES_NOT_HOLD


def test_services_scale_further_from_some_budget_and_never_beside_a_large_database():
    def verdict(largest):
        shops = scaling.budgets(largest_database_cores=largest)
        figure = rules.services_serve_more_from_usd_per_hour(shops)
        return rules.scalability(services_serve_more_from_usd_per_hour=figure)

    small = verdict(scaling.LARGEST_DATABASE_CORES)
    assert small.outcome is Outcome.HOLDS_WHEN
    assert 1.0 < small.flips_at < 1.25
    assert verdict(16).outcome is Outcome.DOES_NOT_HOLD


def test_the_simulation_puts_the_crossing_near_that_of_the_law():
    simulated = rules.pays_from_orders_percent(scaling.simulated(seeds=range(2)))
    law = rules.pays_from_orders_percent(scaling.same_budget())
    assert 0 < simulated < law < 15
