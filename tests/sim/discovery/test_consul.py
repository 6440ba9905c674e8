"""Consul: health checks and gossip by hand calculation, and both sides of a cut."""

import pytest

from archlab.sim import Network, Simulation, Station, Unavailable
from archlab.sim.discovery.consul import Consul


def fleet(instances=4, seed=1, **settings):
    sim = Simulation(seed)
    consul = Consul(sim, Network(sim, latency_s=0.001), **settings)
    stations = [Station(sim, f"orders-{number}") for number in range(instances)]
    for station in stations:
        consul.register("orders", station)
    consul.instances("orders", "web")
    sim.run(until=100)
    return sim, consul, stations


def gone_after_s(seed, **settings):
    """How long the client does not know of a death."""
    sim, consul, stations = fleet(seed=seed, **settings)
    gone = sim.event()
    consul.on_news(lambda client: gone.triggered or gone.succeed())
    stations[0].crash()
    sim.run(until=gone)
    return sim.now - 100


@pytest.mark.parametrize("check_every_s", [2, 10, 30])
def test_a_process_that_refuses_is_found_by_the_next_check(check_every_s):
    found_s = [gone_after_s(seed, check_every_s=check_every_s) for seed in range(60)]
    assert 0 < min(found_s) < max(found_s) <= check_every_s + 0.003
    standard_error_s = check_every_s / 12**0.5 / 60**0.5
    assert sum(found_s) / 60 == pytest.approx(check_every_s / 2, abs=4 * standard_error_s)


def test_a_process_that_hangs_is_found_one_timeout_later_than_one_that_refuses():
    for seed in range(5):
        later_s = gone_after_s(seed, death="hangs") - gone_after_s(seed, death="refuses")
        assert later_s == pytest.approx(10)


def test_a_process_that_hangs_and_answers_again_before_the_timeout_is_never_out():
    sim, consul, stations = fleet(death="hangs")
    news = []
    consul.on_news(news.append)
    sim.call_at(120, lambda _: stations[0].crash())
    sim.call_at(129, lambda _: stations[0].restart())
    sim.run(until=200)
    assert news == []


def test_a_machine_that_dies_is_found_by_gossip_and_not_by_its_own_agent():
    """Seven agents: 1 s of probing and 4 s to object, after a probe within the first seconds."""
    found_s = [gone_after_s(seed, death="machine", check_every_s=1e6) for seed in range(40)]
    assert all(5 < one_s < 12 for one_s in found_s)
    assert sum(found_s) / 40 == pytest.approx(6 / 7 + 1 + 4, abs=0.6)


def test_gossip_counts_a_machine_once_however_many_instances_it_has():
    sim, consul, _ = fleet(instances=2)
    for number in range(5):
        consul.register("stock", Station(sim, f"stock-{number}"), node="one machine")
    assert consul.members == 2 + 1 + 3


def test_a_machine_that_is_back_before_its_time_to_object_is_over_is_not_lost():
    sim, consul, stations = fleet(death="machine")
    news = []
    consul.on_news(news.append)
    stations[0].crash()
    sim.run(until=103)
    stations[0].restart()
    sim.run(until=200)
    assert news == []


def test_the_large_side_forgets_the_small_one_and_the_small_one_nothing():
    sim, consul, _ = fleet()
    small = ["consul-1", "orders-0", "orders-1", "web", "new"]
    consul.network.nodes("web", "new", "far")
    consul.network.partition(small, ["consul-2", "consul-3", "orders-2", "orders-3", "far"])
    sim.run(until=200)
    assert consul.instances("orders", "web") == ["orders-0", "orders-1", "orders-2", "orders-3"]
    assert consul.instances("orders", "far") == ["orders-2", "orders-3"]
    with pytest.raises(Unavailable):
        consul.instances("orders", "new")
    consul.network.heal()
    sim.run(until=201)
    assert len(consul.instances("orders", "far")) == 4


def test_an_instance_that_died_behind_a_cut_is_found_by_its_agent_after_it():
    sim, consul, stations = fleet()
    consul.network.partition(["orders-0"], ["consul-1", "consul-2", "consul-3"])
    stations[0].crash()
    sim.run(until=200)
    consul.network.heal()
    sim.run(until=200 + 10 + 1)
    assert "orders-0" not in consul.instances("orders", "web")


def test_what_makes_no_sense_is_refused():
    for settings, message in [
        ({"check_every_s": 0}, "check_every_s is 0"),
        ({"check_timeout_s": -1}, "check_timeout_s is -1"),
        ({"death": "sleeps"}, "death is 'sleeps'.*'refuses', 'hangs', 'machine'"),
    ]:
        with pytest.raises(ValueError, match=message):
            fleet(**settings)
