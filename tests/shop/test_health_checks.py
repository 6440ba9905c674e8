"""The balancer knows what the last health check said, and nothing newer."""

from collections import Counter

import pytest

from archlab.shop.health_checks import HealthChecks
from archlab.shop.monolithic.clone import Clone
from archlab.sim import Simulation


@pytest.fixture
def sim():
    return Simulation(seed=1)


@pytest.fixture
def clones(sim):
    return [Clone(sim, f"shop-{number}", workers=1, cores=1, connections=1) for number in (1, 2, 3)]


def checked(sim, clones):
    return HealthChecks(sim, clones, every_s=5, stream="health checks")


def chosen(balancer, count=30):
    return Counter(balancer.choose().name for _ in range(count))


def test_every_clone_gets_its_turn(sim, clones):
    assert chosen(checked(sim, clones)) == {
        "shop-1": 10,
        "shop-2": 10,
        "shop-3": 10,
    }


def test_a_dead_clone_gets_requests_until_the_next_health_check(sim, clones):
    balancer = checked(sim, clones)
    sim.run(until=6)
    clones[1].crash()
    assert chosen(balancer)["shop-2"] == 10
    sim.run(until=11)
    assert chosen(balancer) == {"shop-1": 15, "shop-3": 15}


def test_a_clone_that_came_back_waits_for_the_next_health_check(sim, clones):
    balancer = checked(sim, clones)
    clones[1].crash()
    sim.run(until=6)
    clones[1].restart()
    assert "shop-2" not in chosen(balancer)
    sim.run(until=11)
    assert chosen(balancer)["shop-2"] == 10


def test_when_all_look_dead_it_tries_them_all(sim, clones):
    balancer = checked(sim, clones)
    for clone in clones:
        clone.crash()
    sim.run(until=6)
    assert chosen(balancer) == {"shop-1": 10, "shop-2": 10, "shop-3": 10}


def test_the_health_checks_have_no_fixed_relation_to_the_clock():
    noticed = set()
    for seed in range(5):
        sim = Simulation(seed)
        pair = [Clone(sim, name, workers=1, cores=1, connections=1) for name in ("shop-1", "shop-2")]
        balancer = checked(sim, pair)
        pair[0].crash()
        while "shop-1" in chosen(balancer):
            sim.run(until=sim.now + 0.1)
        noticed.add(round(sim.now, 1))
    assert len(noticed) > 2
    assert max(noticed) <= 5.1


def test_an_impossible_interval_is_refused(sim, clones):
    with pytest.raises(ValueError, match="every_s is 0"):
        HealthChecks(sim, clones, every_s=0, stream="health checks")
