"""A budget: what it rents, and the bottleneck law by hand."""

import pytest

from archlab.shop.budget import asked_s, bottleneck, cores_for, least_per_s, limit_per_s, mix_with
from archlab.shop.event_driven import EventDrivenConfig
from archlab.shop.monolithic.budget import best_monolith
from archlab.shop.monolithic.config import MonolithConfig


def test_a_core_is_half_a_machine_and_storage_and_balancer_are_paid_first():
    storage = 100 * 0.115 / 730
    assert cores_for(2.0, databases=8, balancer=False) == int((2.0 - 8 * storage) / 0.048)
    assert cores_for(2.0, databases=8, balancer=True) == int((2.0 - 8 * storage - 0.0416) / 0.048)


def test_the_limit_is_the_least_of_servers_over_demand():
    config, mix = MonolithConfig(clones=3, database_cores=2), mix_with(0.12)
    demands_s = config.demands_s().mul(dict(mix.shares), axis=0).sum()
    by_hand = {"cpu": 6 / demands_s.cpu, "database": 2 / demands_s.database, "log": 1 / demands_s.log}
    assert limit_per_s(config, mix) == pytest.approx(min(by_hand.values()))
    assert bottleneck(config, mix) == min(by_hand, key=by_hand.__getitem__)


@pytest.mark.parametrize("config", [MonolithConfig(), EventDrivenConfig(workers=64)])
def test_what_is_asked_is_the_same_whatever_is_rented(config):
    mix = mix_with(0.3)
    per_s = config.capacity_per_s(mix.shares)
    least, name = least_per_s(config, asked_s(config, mix))
    assert (least, name) == (pytest.approx(per_s.min()), per_s.idxmin())


def test_the_best_monolith_is_better_than_its_neighbours_for_the_same_money():
    mix, usd = mix_with(0.12), 0.6
    best = best_monolith(mix, usd)
    cores = cores_for(usd, databases=1, balancer=True)
    for database in (1, 2):
        clones = (cores - database) // 2
        built = MonolithConfig(clones=clones, database_cores=database)
        assert limit_per_s(built, mix) <= limit_per_s(best, mix)


def test_shares_and_budgets_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="order_share"):
        mix_with(1.2)
    with pytest.raises(ValueError, match="budget_usd_per_hour"):
        cores_for(0, databases=1, balancer=False)
    with pytest.raises(ValueError, match="budget_usd_per_hour"):
        best_monolith(mix_with(0.1), 0.05)
