"""Eureka: leases, evictions and self-preservation by hand calculation."""

import pytest

from archlab.published.discovery_staleness import staleness
from archlab.sim import Network, Simulation, Station
from archlab.sim.discovery.eureka import Eureka
from archlab.sim.discovery.eureka_server import LEASE_IN_EFFECT_S, LEASE_S, EurekaServer, EurekaSettings


def server_with(instances, **settings):
    server = EurekaServer(Simulation(seed=1), "eureka", EurekaSettings(**settings))
    for number in range(instances):
        server.renew(("orders", f"orders-{number}"))
    return server


def fleet(instances, servers=("eureka",), seed=1, settings=None):
    sim = Simulation(seed)
    eureka = Eureka(sim, Network(sim, latency_s=0.001), servers, settings or EurekaSettings())
    stations = [Station(sim, f"orders-{number}") for number in range(instances)]
    for station in stations:
        eureka.register("orders", station)
    return sim, eureka, stations


@pytest.mark.parametrize(("instances", "threshold"), [(3, 5), (6, 10), (7, 11), (10, 17), (100, 170)])
def test_a_server_expects_85_percent_of_two_renewals_a_minute_rounded_down(instances, threshold):
    assert server_with(instances).threshold == threshold


@pytest.mark.parametrize("instances", [7, 10, 13])
def test_one_death_among_seven_or_more_is_no_reason_to_protect_itself(instances):
    sim, eureka, stations = fleet(instances)
    sim.run(until=200)
    stations[0].crash()
    sim.run(until=501)
    assert len(eureka.instances("orders", "web")) == instances - 1


@pytest.mark.parametrize("instances", [1, 3, 6])
def test_one_death_among_six_or_fewer_is_never_found_for_the_server_protects_itself(instances):
    """Of 12 renewals a minute 10 are left, and 10 is not more than the threshold of 10."""
    sim, eureka, stations = fleet(instances)
    sim.run(until=200)
    stations[0].crash()
    sim.run(until=2 * 3600)
    assert eureka.peers["eureka"].protects_itself
    assert len(eureka.instances("orders", "web")) == instances


def test_without_self_preservation_the_small_fleet_loses_its_dead():
    sim, eureka, stations = fleet(3, settings=EurekaSettings(self_preservation=False))
    sim.run(until=200)
    stations[0].crash()
    sim.run(until=501)
    assert eureka.instances("orders", "web") == ["orders-1", "orders-2"]


def test_two_deaths_at_once_among_ten_are_kept_but_one_after_the_other_are_not():
    """16 renewals are not more than 17. After one eviction 9 are expected, 15 renewals: 16 are more."""
    at_once, in_turn = fleet(10), fleet(10)
    for sim, _, stations in (at_once, in_turn):
        sim.run(until=300)
        stations[0].crash()
    at_once[2][1].crash()
    in_turn[0].run(until=700)
    in_turn[2][1].crash()
    for sim, _, _ in (at_once, in_turn):
        sim.run(until=7200)
    assert len(at_once[1].instances("orders", "web")) == 10
    assert len(in_turn[1].instances("orders", "web")) == 8


def test_a_round_of_eviction_takes_no_more_than_15_percent():
    server = server_with(20, self_preservation=False, eviction_every_s=1e6)
    server.sim.run(until=LEASE_IN_EFFECT_S + 1)
    server.evict()
    assert len(server.view()["orders"]) == 17
    server.evict()
    assert len(server.view()["orders"]) == 14  # of 17, int(14.45) stay


def test_a_lease_lasts_twice_its_90_seconds_after_its_last_renewal_and_not_longer():
    server = server_with(10, self_preservation=False, eviction_every_s=1e6)
    server.sim.run(until=2 * LEASE_S)
    server.evict()
    assert len(server.view()["orders"]) == 10
    server.sim.run(until=2 * LEASE_S + 0.001)
    server.evict()
    assert len(server.view()["orders"]) < 10


def test_renewals_are_counted_by_the_full_minute():
    sim, eureka, _ = fleet(10)
    sim.run(until=600)
    assert eureka.peers["eureka"].renewals_last_minute == 20


def test_every_server_hears_of_every_renewal():
    sim, eureka, _ = fleet(10, servers=["one", "two", "three"])
    sim.run(until=600)
    assert [peer.renewals_last_minute for peer in eureka.peers.values()] == [20, 20, 20]
    assert [peer.expected for peer in eureka.peers.values()] == [10, 10, 10]


def test_a_goodbye_lowers_what_every_server_expects():
    sim, eureka, _ = fleet(10, servers=["one", "two"])
    sim.run(until=100)
    eureka.deregister("orders", "orders-0")
    sim.run(until=101)
    assert [peer.expected for peer in eureka.peers.values()] == [9, 9]


def test_each_part_of_a_cut_network_takes_new_instances_and_both_know_all_after_it():
    sim, eureka, stations = fleet(4, servers=["one", "two"])
    left = ["one", "orders-0", "orders-1", "client left", "orders-left"]
    right = ["two", "orders-2", "orders-3", "client right", "orders-right"]
    for client in ("client left", "client right"):
        eureka.instances("orders", client)
    sim.run(until=300)
    eureka.network.nodes("orders-left", "orders-right")
    eureka.network.partition(left, right)
    for name in ("orders-left", "orders-right"):
        eureka.register("orders", Station(sim, name))
    sim.run(until=900)
    old = [station.name for station in stations]
    assert eureka.instances("orders", "client left") == [*old, "orders-left"]
    assert eureka.instances("orders", "client right") == [*old, "orders-right"]
    assert all(peer.protects_itself for peer in eureka.peers.values())
    eureka.network.heal()
    sim.run(until=900 + 30 + 30 + 30 + 1)  # a heartbeat, a copy, a poll
    for client in ("client left", "client right"):
        assert sorted(eureka.instances("orders", client)) == sorted([*old, "orders-left", "orders-right"])


def test_clients_see_a_copy_and_not_the_leases():
    sim, eureka, _ = fleet(2)
    eureka.instances("orders", "web")
    sim.run(until=100)
    eureka.register("orders", Station(sim, "late"))
    assert "late" in eureka.peers["eureka"].view()["orders"]
    assert "late" not in eureka.instances("orders", "web")


def test_the_code_needs_90_seconds_longer_than_the_documentation_says():
    """Eviction comes in rounds of 60 s, so one death is found 60 s or 120 s later, as often the one as the other."""
    later_s = [
        staleness(seed, "eureka", deaths=1)["mean_s"]
        - staleness(seed, "eureka as documented", deaths=1)["mean_s"]
        for seed in range(40)
    ]
    assert sum(later_s) / 40 == pytest.approx(90, abs=4 * 30 / 40**0.5)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("lease_s", 0), ("heartbeat_s", -1), ("renewal_threshold", 1.1), ("fetch_every_s", 0)],
)
def test_settings_that_make_no_sense_are_refused(setting, value):
    with pytest.raises(ValueError, match=f"{setting} is {value}"):
        EurekaSettings(**{setting: value})
