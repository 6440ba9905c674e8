"""What all registries have in common, with the smallest one that can be."""

import pytest

from archlab.sim import Network, Simulation, Station, Unavailable
from archlab.sim.core.repeating import Repeating
from archlab.sim.discovery.consul import Consul
from archlab.sim.discovery.etcd import Etcd
from archlab.sim.discovery.eureka import Eureka
from archlab.sim.discovery.kinds import KINDS, SERVERS, build

LATENCY_S = 0.001


@pytest.fixture
def sim():
    return Simulation(seed=1)


@pytest.fixture(params=[Eureka, Consul, Etcd], ids=lambda kind: kind.__name__)
def registry(request, sim):
    return request.param(sim, Network(sim, LATENCY_S), servers=["one", "two", "three"])


def register(registry, *names, service="orders"):
    stations = [Station(registry.sim, name) for name in names]
    for station in stations:
        registry.register(service, station)
    return stations


def test_a_client_sees_the_instances_of_the_service_it_asks_for(registry):
    register(registry, "orders-1", "orders-2")
    register(registry, "payments-1", service="payments")
    assert registry.instances("orders", "web") == ["orders-1", "orders-2"]
    assert registry.instances("payments", "web") == ["payments-1"]
    assert registry.instances("stock", "web") == []


def test_what_nobody_changes_stays_known_for_an_hour(registry, sim):
    register(registry, "orders-1", "orders-2", "orders-3")
    news = []
    registry.on_news(news.append)
    registry.instances("orders", "web")
    sim.run(until=3600)
    assert registry.instances("orders", "web") == ["orders-1", "orders-2", "orders-3"]
    assert news == []


def test_a_client_learns_of_an_instance_that_comes_later(registry, sim):
    register(registry, "orders-1")
    registry.instances("orders", "web")
    sim.run(until=100)
    register(registry, "orders-2")
    sim.run(until=161)  # the slowest: a copy every 30 s and a poll every 30 s
    assert registry.instances("orders", "web") == ["orders-1", "orders-2"]


def test_an_instance_that_says_goodbye_is_forgotten_sooner_than_one_that_dies(registry, sim):
    stations = register(registry, *(f"orders-{number}" for number in range(10)))
    registry.instances("orders", "web")
    sim.run(until=300)
    gone_at_s = {}
    registry.on_news(lambda client: gone_at_s.setdefault(len(registry.instances("orders", client)), sim.now))
    registry.deregister("orders", "orders-0")
    stations[1].crash()
    sim.run(until=700)
    assert gone_at_s[9] - 300 <= 60 + 4 * LATENCY_S
    assert gone_at_s[8] > gone_at_s[9]
    assert registry.instances("orders", "web") == [f"orders-{number}" for number in range(2, 10)]


def test_an_instance_that_restarts_is_found_again(registry, sim):
    stations = register(registry, *(f"orders-{number}" for number in range(10)))
    registry.instances("orders", "web")
    sim.call_at(300, lambda _: stations[0].crash())
    sim.call_at(900, lambda _: stations[0].restart())
    sim.run(until=900)
    assert len(registry.instances("orders", "web")) == 9
    sim.run(until=1000)
    assert len(registry.instances("orders", "web")) == 10


def test_a_client_that_finds_no_server_is_told_so_and_asks_again_later(registry):
    register(registry, "orders-1")
    for server in registry.servers.values():
        server.crash()
    with pytest.raises(Unavailable) as failure:
        registry.instances("orders", "web")
    assert failure.value.part == registry.name
    for server in registry.servers.values():
        server.restart()
    assert registry.instances("orders", "web") == ["orders-1"]


def test_a_client_that_knows_goes_on_with_that_when_all_servers_are_down(registry, sim):
    orders = register(registry, "orders-1", "orders-2")
    registry.instances("orders", "web")
    for server in registry.servers.values():
        server.crash()
    orders[0].crash()
    sim.run(until=600)
    assert registry.instances("orders", "web") == ["orders-1", "orders-2"]


def test_one_server_of_three_may_crash_without_anybody_noticing(registry, sim):
    register(registry, *(f"orders-{number}" for number in range(10)))
    sim.call_at(200, lambda _: registry.servers["one"].crash())
    registry.instances("orders", "web")
    news = []
    registry.on_news(news.append)
    sim.run(until=900)
    assert news == []
    assert len(registry.instances("orders", "somebody new")) == 10


def test_the_registry_hears_of_every_instance_at_least_once_an_interval(registry, sim):
    register(registry, "orders-1")
    sim.run(until=1000)
    assert registry.silent_s("orders", "orders-1") <= registry._beat_every_s + 2 * LATENCY_S


def test_an_instance_that_has_left_can_still_be_looked_up(registry):
    (orders,) = register(registry, "orders-1")
    registry.deregister("orders", "orders-1")
    assert registry.instance("orders", "orders-1") is orders


def test_an_instance_cannot_register_twice_nor_leave_twice(registry):
    (orders,) = register(registry, "orders-1")
    with pytest.raises(ValueError, match="already registered"):
        registry.register("orders", orders)
    registry.deregister("orders", "orders-1")
    with pytest.raises(ValueError, match="not registered"):
        registry.deregister("orders", "orders-1")


def test_an_instance_that_comes_back_after_a_goodbye_is_found(registry, sim):
    orders, _ = register(registry, "orders-1", "orders-2")
    registry.instances("orders", "web")
    registry.deregister("orders", "orders-1")
    sim.run(until=100)
    assert registry.instances("orders", "web") == ["orders-2"]
    registry.register("orders", orders)
    sim.run(until=200)
    assert sorted(registry.instances("orders", "web")) == ["orders-1", "orders-2"]


@pytest.mark.parametrize("servers", [[], "one"])
@pytest.mark.parametrize("kind", [Eureka, Consul, Etcd])
def test_a_registry_needs_a_list_of_servers(sim, kind, servers):
    with pytest.raises(ValueError, match=r"servers is .*list of names"):
        kind(sim, Network(sim, LATENCY_S), servers=servers)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_history(kind):
    def history(seed):
        sim = Simulation(seed)
        registry = build(kind, sim, Network(sim, LATENCY_S))
        stations = register(registry, *(f"orders-{number}" for number in range(10)))
        registry.instances("orders", "web")
        news = []
        registry.on_news(lambda client: news.append((sim.now, registry.instances("orders", client))))
        sim.call_at(300, lambda _: stations[3].crash())
        sim.run(until=800)
        return news

    assert history(1) == history(1) != []
    assert history(1) != history(2)


def test_an_unknown_kind_of_registry_is_answered_with_those_that_exist(sim):
    with pytest.raises(ValueError, match=r"registry is 'zookeeper'.*'eureka'.*'etcd'"):
        build("zookeeper", sim, Network(sim, LATENCY_S))


@pytest.mark.parametrize("kind", KINDS)
def test_an_idle_registry_costs_few_entries_of_the_calendar(sim, kind):
    registry = build(kind, sim, Network(sim, LATENCY_S))
    register(registry, *(f"orders-{number}" for number in range(10)))
    for client in range(5):
        registry.instances("orders", f"client-{client}")
    before = next(sim._eid)
    sim.run(until=600)
    assert (next(sim._eid) - before) / 10 < 1500  # a minute; a leader's heartbeats alone are 600


def test_the_servers_are_parts_that_a_fault_can_crash(sim):
    build("etcd", sim, Network(sim, LATENCY_S))
    assert set(SERVERS) <= set(sim.parts)


def test_what_repeats_can_start_at_any_phase_but_not_in_the_past(sim):
    firsts = []
    for number in range(2000):
        seen = Simulation(number)
        Repeating.at_random_phase(seen, 30, lambda seen=seen: firsts.append(seen.now), "x")
        seen.run(until=30)
    assert len(firsts) == 2000
    assert sum(firsts) / 2000 == pytest.approx(15, abs=4 * 30 / 12**0.5 / 2000**0.5)
    sim.run(until=5)
    with pytest.raises(ValueError, match="first_at_s is 4"):
        Repeating(sim, 1, lambda: None, first_at_s=4)
    with pytest.raises(ValueError, match="every_s is 0"):
        Repeating(sim, 0, lambda: None, first_at_s=6)
