"""etcd as a registry: leases by hand calculation, and what a minority gets."""

import pytest

from archlab.sim import Network, Simulation, Station, Unavailable
from archlab.sim.discovery.etcd import Etcd

SERVERS = ["etcd-1", "etcd-2", "etcd-3"]


def fleet(instances=3, ttl_s=10.0, seed=1, servers=SERVERS):
    sim = Simulation(seed)
    etcd = Etcd(sim, Network(sim, latency_s=0.001), servers, ttl_s=ttl_s)
    stations = [Station(sim, f"orders-{number}") for number in range(instances)]
    for station in stations:
        etcd.register("orders", station)
    etcd.instances("orders", "web")
    return sim, etcd, stations


def gone_after_s(sim, etcd, station):
    """Crash `station` now and return how long the client at the web node did not know."""
    died_at_s, gone = sim.now, sim.event()
    etcd.on_news(lambda client: client == "web" and not gone.triggered and gone.succeed())
    station.crash()
    sim.run(until=gone)
    return sim.now - died_at_s


@pytest.mark.parametrize("ttl_s", [3, 10, 60])
def test_a_dead_instance_is_gone_between_two_thirds_of_the_ttl_and_the_whole(ttl_s):
    found_s = []
    for seed in range(60):
        sim, etcd, stations = fleet(ttl_s=ttl_s, seed=seed)
        sim.run(until=100)
        found_s.append(gone_after_s(sim, etcd, stations[0]))
    assert ttl_s * 2 / 3 - 0.01 <= min(found_s) < max(found_s) <= ttl_s + 0.5 + 0.01
    assert max(found_s) - min(found_s) > 0.8 * ttl_s / 3


@pytest.mark.parametrize(("asked_s", "given_s"), [(0.5, 2), (2, 2), (2.5, 2.5), (30, 30)])
def test_a_ttl_below_one_and_a_half_election_timeouts_is_raised(asked_s, given_s):
    assert fleet(ttl_s=asked_s)[1].ttl_s == given_s


def test_a_client_hears_of_a_change_one_message_after_it():
    sim, etcd, _ = fleet()
    sim.run(until=100)
    news = []
    etcd.on_news(lambda client: news.append(sim.now))
    etcd.register("orders", Station(sim, "late"))
    sim.run(until=101)
    assert news == [pytest.approx(100.001)]


def test_after_an_election_the_dead_stay_visible_for_the_whole_ttl_and_the_election_timeout():
    sim, etcd, stations = fleet()
    sim.run(until=100)
    etcd.servers[etcd.quorum.leader].crash()
    elected_s = []
    etcd.quorum.on_election(lambda: elected_s.append(sim.now))
    gone_s = 100 + gone_after_s(sim, etcd, stations[0])
    assert len(elected_s) == 1
    assert elected_s[0] + 10 + 1 <= gone_s <= elected_s[0] + 10 + 1 + 0.5 + 0.01


def test_on_the_small_side_of_a_cut_who_knows_goes_on_and_who_does_not_is_turned_away():
    sim, etcd, stations = fleet()
    sim.run(until=100)
    etcd.network.nodes("web", "new", "far")
    etcd.network.partition(
        ["etcd-1", "orders-0", "web", "new"], ["etcd-2", "etcd-3", "orders-1", "orders-2", "far"]
    )
    stations[1].crash()
    sim.run(until=200)
    assert etcd.instances("orders", "web") == ["orders-0", "orders-1", "orders-2"]
    with pytest.raises(Unavailable):
        etcd.instances("orders", "new")
    assert etcd.instances("orders", "far") == ["orders-2"]
    etcd.network.heal()
    sim.run(until=204)  # the next keep-alive comes after a third of the TTL
    assert sorted(etcd.instances("orders", "web")) == ["orders-0", "orders-2"]
    assert sorted(etcd.instances("orders", "new")) == ["orders-0", "orders-2"]


def test_an_instance_of_the_small_side_cannot_register_until_the_cut_heals():
    sim, etcd, _ = fleet()
    sim.run(until=100)
    etcd.network.nodes("late")
    etcd.network.partition(["etcd-1", "late"], ["etcd-2", "etcd-3"])
    etcd.register("orders", Station(sim, "late"))
    sim.run(until=160)
    assert "late" not in etcd.instances("orders", "web")
    etcd.network.heal()
    sim.run(until=164)
    assert "late" in etcd.instances("orders", "web")


def test_leases_do_not_end_while_nobody_leads():
    sim, etcd, _ = fleet()
    sim.run(until=100)
    etcd.servers["etcd-1"].crash()
    etcd.servers["etcd-2"].crash()
    sim.run(until=400)
    etcd.servers["etcd-2"].restart()
    sim.run(until=403)
    assert len(etcd.instances("orders", "new")) == 3


def test_a_lossy_link_delays_news_by_a_heartbeat_or_a_few_but_loses_none():
    sim, etcd, _ = fleet()
    for server in SERVERS:
        etcd.network.link(server, "web", loss=0.5)
    sim.run(until=100)
    etcd.register("orders", Station(sim, "late"))
    sim.run(until=102)  # 20 heartbeats: all lost once in a million
    assert "late" in etcd.instances("orders", "web")


def test_one_lease_is_swept_once_however_often_its_instance_comes_and_goes():
    sim, etcd, stations = fleet(instances=1)
    for _ in range(50):
        etcd.deregister("orders", "orders-0")
        sim.run(until=sim.now + 0.01)
        etcd.register("orders", stations[0])
    sim.run(until=sim.now + 100)
    assert sum(entry[3] == etcd._sweep for entry in sim._queue) == 1


def test_a_ttl_must_be_above_0():
    with pytest.raises(ValueError, match="ttl_s is 0"):
        fleet(ttl_s=0)
