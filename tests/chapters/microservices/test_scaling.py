"""The same money for clones and for services: what it rents, what limits it, and what a simulation says to that."""

import pytest

from archlab.chapters.microservices import scaling
from archlab.course.claims.verdict import Outcome
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim import Simulation

MIX = scaling.mix_with(0.12)


@pytest.fixture(scope="module")
def by_law():
    return scaling.same_budget()


@pytest.fixture(scope="module")
def simulated():
    return scaling.simulated(seeds=range(2))


@pytest.mark.parametrize("budget", [0.7, 1.25, 2.0])
def test_neither_shop_costs_more_than_the_budget(budget):
    services = Microservices(Simulation(seed=1), scaling.best_services(MIX, budget))
    monolith = Monolith(Simulation(seed=1), scaling.best_monolith(MIX, budget))
    assert 0 < services.price_per_hour_usd() <= budget
    assert 0 < monolith.price_per_hour_usd() <= budget


def test_the_budget_rents_whole_cores_beside_storage_and_balancer():
    storage = 100 * 0.115 / 730
    assert scaling.cores_for(1.0, databases=1, balancer=True) == int((1 - storage - 0.0416) / 0.048)
    assert scaling.cores_for(1.0, databases=5, balancer=False) == int((1 - 5 * storage) / 0.048)


def test_no_other_place_for_a_core_serves_more():
    best = scaling.best_services(MIX, 1.25)
    limit = scaling.limit_per_s(best, MIX)
    moved = dict(best.instances)
    for giver in (name for name, count in best.instances.items() if count > 1):
        for taker in best.instances:
            other = dict(moved)
            other[giver] -= 1
            other[taker] += 1
            built = scaling._services(other, best.database_cores)
            assert scaling.limit_per_s(built, MIX) <= limit + 1e-9


def test_the_largest_database_is_not_exceeded_and_the_rest_of_the_money_is_kept():
    rich = scaling.best_services(MIX, 5.0)
    assert max(rich.database_cores.values()) == scaling.LARGEST_DATABASE_CORES
    assert scaling.bottleneck(rich, MIX) == "inventory database"
    assert rich.instances == scaling.best_services(MIX, 9.0).instances
    assert scaling.bottleneck(scaling.best_monolith(MIX, 5.0), MIX) == "database"


def test_the_monolith_with_the_fewest_clones_is_taken():
    config = scaling.best_monolith(MIX, 5.0)
    fewer = MonolithConfig(clones=config.clones - 1, database_cores=2)
    assert scaling.limit_per_s(fewer, MIX) < scaling.limit_per_s(config, MIX)


def test_a_budget_that_is_too_small_is_refused_at_once():
    with pytest.raises(ValueError, match="budget_usd_per_hour"):
        scaling.best_services(MIX, 0.3)
    with pytest.raises(ValueError, match="budget_usd_per_hour"):
        scaling.best_monolith(MIX, 0.1)
    with pytest.raises(ValueError, match="order_share"):
        scaling.mix_with(1.5)


def test_with_few_orders_the_monolith_serves_more_and_with_many_the_services(by_law):
    assert by_law.services_gain_percent.iloc[0] < -20
    assert by_law.services_gain_percent.iloc[-1] > 50
    assert set(by_law.monolith_bottleneck) == {"database"}


def test_a_simulation_agrees_on_who_serves_more_and_stays_below_the_law(simulated, by_law):
    few, *_, many = simulated.itertuples()
    assert few.monolith_per_s > few.microservices_per_s
    assert many.microservices_per_s > many.monolith_per_s
    both = simulated.merge(by_law, on="orders_percent", suffixes=("", "_by_law"))
    assert both.orders_percent.tolist() == [0, 12, 30]
    assert (both.monolith_per_s < both.monolith_per_s_by_law).all()
    assert (both.microservices_per_s < 1.02 * both.microservices_per_s_by_law).all(), (
        "more than the law allows, and more than chance explains"
    )


def test_the_simulation_puts_the_crossing_near_that_of_the_law(simulated, by_law):
    crossing = scaling.pays_from_orders_percent(simulated)
    assert 0 < crossing < scaling.pays_from_orders_percent(by_law) < 15


def test_scaling_services_alone_pays_from_some_share_of_orders_and_never_beside_a_large_database(by_law):
    def verdict(shops):  # by the simulation's law, which is much faster
        return scaling.independent_scaling(pays_from_orders_percent=scaling.pays_from_orders_percent(shops))

    small = verdict(by_law)
    assert small.outcome is Outcome.HOLDS_WHEN
    assert 5 < small.flips_at < 15
    assert verdict(scaling.same_budget(largest_database_cores=16)).outcome is Outcome.DOES_NOT_HOLD


def test_services_scale_further_from_some_budget_and_never_beside_a_large_database():
    def verdict(largest):
        shops = scaling.budgets(largest_database_cores=largest)
        figure = scaling.services_serve_more_from_usd_per_hour(shops)
        return scaling.scalability(services_serve_more_from_usd_per_hour=figure)

    small = verdict(scaling.LARGEST_DATABASE_CORES)
    assert small.outcome is Outcome.HOLDS_WHEN
    assert 1.0 < small.flips_at < 1.25
    assert verdict(16).outcome is Outcome.DOES_NOT_HOLD
