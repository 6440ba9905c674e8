"""The same money for clones and for services: what it rents, what limits it, and what a simulation says to that."""

import math

import pytest

from archlab.chapters.microservices import autoscaling, scaling
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.monolithic.architecture import Monolith
from archlab.sim import Simulation

MIX = scaling.mix_with(0.12)


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
    fewer = scaling.MonolithConfig(clones=config.clones - 1, database_cores=2)
    assert scaling.limit_per_s(fewer, MIX) < scaling.limit_per_s(config, MIX)


def test_with_few_orders_the_monolith_serves_more_and_with_many_the_services():
    shops = scaling.same_budget()
    assert shops.services_gain_percent.iloc[0] < -20
    assert shops.services_gain_percent.iloc[-1] > 50
    assert set(shops.monolith_bottleneck) == {"database"}


def test_a_simulation_agrees_on_who_serves_more_and_stays_below_the_law():
    few, many = scaling.simulated([0.0, 0.3], seeds=range(2)).itertuples()
    assert few.monolith_per_s > few.microservices_per_s
    assert many.microservices_per_s > many.monolith_per_s
    law = scaling.same_budget([0.0, 0.3])
    assert (law.monolith_per_s > [few.monolith_per_s, many.monolith_per_s]).all()
    measured = [few.microservices_per_s, many.microservices_per_s]
    assert (1.02 * law.microservices_per_s > measured).all(), (
        "more than the law allows, and more than chance explains"
    )


def test_a_budget_that_is_too_small_is_refused_at_once():
    with pytest.raises(ValueError, match="budget_usd_per_hour"):
        scaling.best_services(MIX, 0.3)
    with pytest.raises(ValueError, match="budget_usd_per_hour"):
        scaling.best_monolith(MIX, 0.1)
    with pytest.raises(ValueError, match="order_share"):
        scaling.mix_with(1.5)


def test_instances_that_start_late_leave_more_pages_slow():
    lines, figures = autoscaling.compare()
    fast, slow = figures.slow_percent
    assert fast < 5
    assert slow > 80
    ready = lines.pivot(index="time_s", columns="design", values="instances")
    assert (ready["ready, start-up 5 s"] >= ready["ready, start-up 60 s"]).all()
    assert (ready["needed"].iloc[:4] >= ready["ready, start-up 5 s"].iloc[:4]).all()


def test_the_instances_needed_are_the_work_over_the_target():
    work = 720 * 0.00479
    assert autoscaling.needed(720) == math.ceil(work / 0.6)
    assert autoscaling.needed(1) == 1


def test_a_full_instance_never_asks_for_more_than_its_share_of_the_target():
    sale = autoscaling.ramp(startup_s=5.0, over_s=1.0, duration_s=35.0)
    assert sale.instances_per_time.ready.iloc[-1] <= math.ceil(1 / autoscaling.TARGET_UTILISATION)
