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


def test_the_table_has_a_row_for_each_way_that_the_money_pays_for():
    table = scaling.against_budget((0.3, 0.6))
    assert table.groupby("way").usd_per_hour.min().to_dict() == {
        "one process": 0.3,
        "two tiers": 0.3,
        "three tiers": 0.6,
    }


def test_a_larger_budget_asked_for_first_changes_nothing():
    scaling._steps.cache_clear()
    small_first = [best("one process", budget) for budget in (0.5, 2.0)]
    scaling._steps.cache_clear()
    assert [best("one process", budget) for budget in (2.0, 0.5)] == small_first[::-1]


def test_the_database_stops_growing_and_so_does_the_shop(monkeypatch):
    scaling._steps.cache_clear()
    monkeypatch.setattr(scaling, "LARGEST_DATABASE_CORES", 2)
    assert best("one process", 10.0) == best("one process", 20.0)
    assert best("one process", 10.0).database_cores == 2
    scaling._steps.cache_clear()


def test_one_process_always_serves_more_and_how_much_goes_up_and_down_with_the_budget():
    table = scaling.advantage().set_index("usd_per_hour").more_percent
    assert table.min() > 0
    changes = table.diff().dropna()
    assert (changes > 0).sum() > 10
    assert (changes < 0).sum() > 10
    assert table[table.index < 1.2].mean() > 2 * table[table.index > 2].mean()


def test_the_advantage_is_that_of_the_two_capacities():
    (row,) = scaling.advantage([1.0]).itertuples()
    assert row.more_percent == pytest.approx(
        100 * (capacity("one process", 1.0) / capacity("three tiers", 1.0) - 1)
    )


def test_the_picture_says_between_which_shares_it_lies():
    table = scaling.advantage((0.6, 1.0, 4.0))
    alt = scaling.advantage_figure(table, "It depends on the budget").alt
    assert f"Between {table.more_percent.min():.2f}" in alt
