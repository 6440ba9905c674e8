"""Client-side and server-side discovery: hops, parts that fail, and the list each works with."""

import pytest

from archlab.sim import Crashed, Failure, Network, Simulation, Station, TimedOut, Unavailable
from archlab.sim.balancing.replicas import Replicas
from archlab.sim.balancing.rules import RoundRobin
from archlab.sim.discovery.etcd import Etcd
from archlab.sim.discovery.sides import ClientSideDiscovery, ServerSideDiscovery

LATENCY_S = 0.001


class World:
    """A service of two instances, a client, and both ways to it."""

    def __init__(self):
        self.sim = Simulation(seed=1)
        self.network = Network(self.sim, LATENCY_S)
        self.etcd = Etcd(self.sim, self.network)
        self.stations = [Station(self.sim, name) for name in ("orders-1", "orders-2")]
        for station in self.stations:
            self.etcd.register("orders", station)
        self.balancer = Station(self.sim, "balancer")
        self.client_side = ClientSideDiscovery(self.etcd)
        self.server_side = ServerSideDiscovery(self.etcd, self.balancer, hop_s=0.0005)

    def ask(self, way, service_s=0.010):
        """Call the first candidate and return the outcome and how long it took."""
        started_s = self.sim.now

        def work(station):
            yield station.serve(service_s)
            return station.name

        def attempt():
            target = way.candidates("orders", "web")[0]
            return self.network.call(way.source("web"), target.name, work(target))

        try:
            answer = self.sim.run(until=way.call("web", attempt))
        except Failure as failure:
            answer = type(failure), failure.part
        return answer, self.sim.now - started_s


@pytest.fixture
def world():
    return World()


def test_server_side_costs_one_hop_there_and_back_and_the_balancers_time(world):
    assert world.ask(world.client_side) == ("orders-1", pytest.approx(0.010 + 2 * LATENCY_S))
    assert world.ask(world.server_side) == ("orders-1", pytest.approx(0.010 + 4 * LATENCY_S + 0.0005))


def test_candidates_are_the_instances_themselves(world):
    for way in (world.client_side, world.server_side):
        assert way.candidates("orders", "web") == world.stations
        assert way.candidates("stock", "web") == []


def test_without_its_balancer_a_client_reaches_nothing_but_client_side_goes_on(world):
    world.balancer.crash()
    assert world.ask(world.server_side)[0] == (Unavailable, "balancer")
    assert world.ask(world.client_side)[0] == "orders-1"


def test_a_balancer_that_crashes_takes_the_answers_under_way_with_it(world):
    world.sim.call_at(0.005, lambda _: world.balancer.crash())
    assert world.ask(world.server_side)[0] == (Crashed, "balancer")


def test_the_failure_of_an_instance_comes_back_through_the_balancer(world):
    world.stations[0].crash()
    assert world.ask(world.server_side)[0] == (Unavailable, "orders-1")


def test_the_balancer_has_one_list_and_each_client_its_own(world):
    """The client is cut off from the servers, the balancer is not: only the balancer hears of the death."""
    for way in (world.client_side, world.server_side):
        way.candidates("orders", "web")
    world.network.partition(["web"], ["etcd-1", "etcd-2", "etcd-3"])
    world.sim.run(until=50)
    world.stations[0].crash()
    world.sim.run(until=100)
    assert world.client_side.candidates("orders", "web") == world.stations
    assert world.server_side.candidates("orders", "web") == world.stations[1:]


@pytest.mark.parametrize("server_side", [False, True])
def test_replicas_take_their_candidates_from_either(world, server_side):
    way = world.server_side if server_side else world.client_side
    replicas = Replicas(
        world.sim, "orders", lambda: way.candidates("orders", "web"), RoundRobin(world.sim, "orders")
    )

    def work(station):
        yield station.serve(0.010)
        return station.name

    def ask():
        return way.call(
            "web",
            lambda: replicas.call(lambda one: world.network.call(way.source("web"), one.name, work(one))),
        )

    answers = [world.sim.run(until=ask()) for _ in range(2)]
    world.stations[0].crash()
    world.sim.run(until=60)
    answers += [world.sim.run(until=ask()) for _ in range(2)]
    assert answers == ["orders-1", "orders-2", "orders-2", "orders-2"]


def test_nothing_known_and_nobody_to_ask_means_no_candidates(world):
    for server in world.etcd.servers.values():
        server.crash()
    for way in (world.client_side, world.server_side):
        assert way.candidates("orders", "web") == []


def test_a_caller_may_stop_waiting_for_the_balancer(world):
    way = ServerSideDiscovery(world.etcd, world.balancer, timeout_s=0.005)
    assert world.ask(way) == ((TimedOut, "balancer"), pytest.approx(0.005))


def test_a_hop_takes_no_negative_time(world):
    with pytest.raises(ValueError, match="hop_s is -1"):
        ServerSideDiscovery(world.etcd, world.balancer, hop_s=-1)
