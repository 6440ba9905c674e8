"""The same money: what it rents for clones and for services, and what limits it."""

import pytest

from archlab.chapters.microservices import same_money
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim import Simulation

MIX = same_money.mix_with(0.12)


@pytest.mark.parametrize("budget", [0.7, 1.25, 2.0])
def test_neither_shop_costs_more_than_the_budget(budget):
    services = Microservices(Simulation(seed=1), same_money.best_services(MIX, budget))
    monolith = Monolith(Simulation(seed=1), same_money.best_monolith(MIX, budget))
    assert 0 < services.price_per_hour_usd() <= budget
    assert 0 < monolith.price_per_hour_usd() <= budget


def test_the_budget_rents_whole_cores_beside_storage_and_balancer():
    storage = 100 * 0.115 / 730
    assert same_money.cores_for(1.0, databases=1, balancer=True) == int((1 - storage - 0.0416) / 0.048)
    assert same_money.cores_for(1.0, databases=5, balancer=False) == int((1 - 5 * storage) / 0.048)


def test_no_other_place_for_a_core_serves_more():
    best = same_money.best_services(MIX, 1.25)
    limit = same_money.limit_per_s(best, MIX)
    moved = dict(best.instances)
    for giver in (name for name, count in best.instances.items() if count > 1):
        for taker in best.instances:
            other = dict(moved)
            other[giver] -= 1
            other[taker] += 1
            built = same_money._services(other, best.database_cores)
            assert same_money.limit_per_s(built, MIX) <= limit + 1e-9


def test_the_largest_database_is_not_exceeded_and_the_rest_of_the_money_is_kept():
    rich = same_money.best_services(MIX, 5.0)
    assert max(rich.database_cores.values()) == same_money.LARGEST_DATABASE_CORES
    assert same_money.bottleneck(rich, MIX) == "inventory database"
    assert rich.instances == same_money.best_services(MIX, 9.0).instances
    assert same_money.bottleneck(same_money.best_monolith(MIX, 5.0), MIX) == "database"


def test_the_monolith_with_the_fewest_clones_is_taken():
    config = same_money.best_monolith(MIX, 5.0)
    fewer = MonolithConfig(clones=config.clones - 1, database_cores=2)
    assert same_money.limit_per_s(fewer, MIX) < same_money.limit_per_s(config, MIX)


def test_a_budget_that_is_too_small_is_refused_at_once():
    with pytest.raises(ValueError, match="budget_usd_per_hour"):
        same_money.best_services(MIX, 0.3)
    with pytest.raises(ValueError, match="budget_usd_per_hour"):
        same_money.best_monolith(MIX, 0.1)
    with pytest.raises(ValueError, match="order_share"):
        same_money.mix_with(1.5)


@pytest.mark.parametrize("mix", [MIX, same_money.mix_with(0.3)])
def test_the_time_asked_of_a_station_is_that_of_the_capacity(mix):
    """An independent way: the capacity that the configuration itself gives."""
    for config in (same_money.best_monolith(mix, 1.25), same_money.best_services(mix, 1.25)):
        capacity = config.capacity_per_s(mix.shares)
        assert same_money.limit_per_s(config, mix) == pytest.approx(capacity.min())
        assert same_money.bottleneck(config, mix) == capacity.idxmin()


def test_more_threads_would_not_help_the_monolith():
    """It has 16 in each clone, where an instance of a service has 64. They are nowhere its limit."""
    config = same_money.best_monolith(MIX, 1.25)
    more = MonolithConfig(
        clones=config.clones, database_cores=config.database_cores, workers=same_money.MANY_WORKERS
    )
    assert same_money.limit_per_s(more, MIX) == same_money.limit_per_s(config, MIX)


def test_an_order_asks_the_monoliths_database_for_as_long_as_eight_pages_do():
    database_s = MonolithConfig().demands_s().database
    assert round(database_s["place_order"] / database_s["browse"]) == 8
