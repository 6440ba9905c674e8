"""What the money serves, in one program and on tiers."""

from itertools import pairwise

import pytest

from archlab.chapters.layered import scaling
from archlab.chapters.layered.scaling import WAYS, best, capacity, usd_per_h
from archlab.shop.architecture import SHOP_MIX
from archlab.shop.day import run_day
from archlab.shop.layered import Layered
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Poisson


@pytest.mark.parametrize("way", WAYS)
def test_the_best_shop_costs_no_more_than_the_money_and_another_machine_would(way):
    shop = best(way, 1.0)
    assert usd_per_h(shop) <= 1.0 < usd_per_h(shop) + 0.096


@pytest.mark.parametrize("way", WAYS)
def test_more_money_never_serves_less(way):
    served = [capacity(way, budget) for budget in (0.6, 0.8, 1.0, 1.2)]
    assert all(more >= less for less, more in pairwise(served))


def test_the_price_is_that_of_the_running_shop():
    for smallest in WAYS.values():
        assert usd_per_h(smallest) == pytest.approx(Layered(Simulation(1), smallest).price_per_hour_usd())


def test_a_shop_serves_what_the_law_says_and_no_more():
    shop = best("two tiers", 0.4)
    limit = capacity("two tiers", 0.4)
    overloaded = run_day(Layered, shop, Poisson(1.3 * limit), seed=1, duration_s=3.0, warmup_s=1.0)
    assert overloaded.result.throughput_per_s() == pytest.approx(limit, rel=0.06)


def test_no_other_split_of_the_same_machines_serves_more():
    shop = best("two tiers", 1.0)
    machines = shop.count("web") + shop.count("app")
    others = [
        scaling.replace(shop, instances={"web": web, "app": machines - web}) for web in range(1, machines)
    ]
    served = [float(other.capacity_per_s(SHOP_MIX.shares).min()) for other in others]
    assert max(served) <= capacity("two tiers", 1.0) * (1 + 1e-9)


def test_too_little_money_is_refused():
    with pytest.raises(ValueError, match=r"budget_usd_per_h is 0\.1"):
        best("three tiers", 0.1)


def test_the_picture_has_a_line_for_each_way():
    table = scaling.against_budget((0.6, 1.0))
    assert all(way in scaling.figure(table, "Alike").alt for way in WAYS)
