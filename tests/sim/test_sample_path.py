"""The same arrivals and the same work in plain SimPy and in the kit: the same latencies, request by request."""

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.sim import Simulation, Station, Trace

REQUESTS = 2000


def draws(seed, stations, requests=REQUESTS, utilisation=0.9):
    """Arrival times, work at each station (requests, stations) and priorities."""
    rng = np.random.default_rng(seed)
    arrivals = np.cumsum(rng.exponential(1 / utilisation, requests)).tolist()
    work = rng.exponential(1.0, (requests, stations)).tolist()
    return arrivals, work, rng.integers(0, 3, requests).tolist()


def plain(arrivals, work, priorities, capacities, make_resource):
    """The idiom of SimPy's documentation: a process a customer, `with resource.request()`."""
    env = simpy.Environment()
    resources = [make_resource(env, capacity) for capacity in capacities]
    latencies = [float("nan")] * len(arrivals)

    def customer(number):
        yield env.timeout(arrivals[number])
        for resource, service_s in zip(resources, work[number], strict=True):
            urgency = {"priority": priorities[number]} if make_resource is simpy.PriorityResource else {}
            with resource.request(**urgency) as request:
                yield request
                yield env.timeout(service_s)
        latencies[number] = env.now - arrivals[number]

    for number in range(len(arrivals)):
        env.process(customer(number))
    env.run()
    return latencies


def kit(arrivals, work, priorities, capacities, discipline="fifo", hold=False):
    """The same in the kit."""
    sim = Simulation(seed=1)
    stations = [Station(sim, f"{i}", c, discipline=discipline) for i, c in enumerate(capacities)]
    if discipline != "priority":
        priorities = [0] * len(priorities)

    def handler(request):
        for station, service_s in zip(stations, work[request.id], strict=True):
            if hold:
                with station.hold(priorities[request.id]) as server:
                    yield server
                    yield sim.timeout(service_s)
            else:
                yield station.serve(service_s, priorities[request.id])

    sim.open_load(Trace(arrivals), handler)
    sim.run()
    return (sim.recorder.column("finished_s") - sim.recorder.column("arrived_s")).tolist()


@pytest.mark.parametrize("capacities", [[1], [4], [2, 1, 3]])
@pytest.mark.parametrize("hold", [False, True])
@pytest.mark.parametrize(
    ("discipline", "resource"), [("fifo", simpy.Resource), ("priority", simpy.PriorityResource)]
)
def test_open_systems_agree_with_plain_simpy_request_by_request(capacities, hold, discipline, resource):
    path = draws(1, len(capacities), utilisation=0.9 * min(capacities))
    expected = plain(*path, capacities, resource)
    assert kit(*path, capacities, discipline, hold) == pytest.approx(expected, abs=1e-9, rel=0)
    assert max(expected) > 5  # there was a queue


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    capacities=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    utilisation=st.floats(0.3, 3.0),
    hold=st.booleans(),
)
def test_random_systems_agree_with_plain_simpy_request_by_request(seed, capacities, utilisation, hold):
    path = draws(seed, len(capacities), requests=60, utilisation=utilisation)
    expected = plain(*path, capacities, simpy.Resource)
    assert kit(*path, capacities, hold=hold) == pytest.approx(expected, abs=1e-9, rel=0)


def lindley(arrivals, work):
    """Latencies of one server, first come, first served, by Lindley's recursion (1952)."""
    latencies, free_at = [], 0.0
    for arrived, (service_s,) in zip(arrivals, work, strict=True):
        free_at = max(arrived, free_at) + service_s
        latencies.append(free_at - arrived)
    return latencies


def test_one_server_agrees_with_lindleys_recursion():
    arrivals, work, priorities = draws(2, 1, requests=20_000)
    latencies = kit(arrivals, work, [0] * len(priorities), [1])
    assert latencies == pytest.approx(lindley(arrivals, work), abs=1e-7, rel=0)


def test_a_closed_system_agrees_with_plain_simpy_request_by_request():
    """Each user has a list of thinking times, each request a piece of work by user and number."""
    users, rounds, capacity = 12, 100, 2
    rng = np.random.default_rng(3)
    think = rng.exponential(2.0, (users, rounds)).tolist()
    work = rng.exponential(0.5, (users, rounds)).tolist()

    def user(env, me, serve, seen):
        for number in range(rounds):
            yield env.timeout(think[me][number])
            asked_s = env.now
            yield from serve(work[me][number])
            seen[me].append(env.now - asked_s)

    env, plain_seen = simpy.Environment(), [[] for _ in range(users)]
    resource = simpy.Resource(env, capacity)

    def by_request(service_s):
        with resource.request() as request:
            yield request
            yield env.timeout(service_s)

    for me in range(users):
        env.process(user(env, me, by_request, plain_seen))
    env.run()

    sim, kit_seen = Simulation(seed=1), [[] for _ in range(users)]
    web = Station(sim, "web", capacity)

    def by_visit(service_s):
        yield web.serve(service_s)

    for me in range(users):
        (sim.start if me % 2 else sim.process)(user(sim, me, by_visit, kit_seen))
    sim.run()
    for ours, theirs in zip(kit_seen, plain_seen, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-9, rel=0)
    assert sim.now == pytest.approx(env.now, abs=1e-9, rel=0)


def test_the_kits_closed_load_agrees_with_plain_simpy_users():
    """Both take think and service times in the order in which they are needed, from streams of the same name."""
    from archlab.sim import Exponential

    def plain_users(env, think_s, service_s, resource, latencies):
        def user(first_think_s):
            yield env.timeout(first_think_s)
            while True:
                asked_s = env.now
                took_s = service_s()
                with resource.request() as request:
                    yield request
                    yield env.timeout(took_s)
                latencies.append((asked_s, env.now - asked_s))
                yield env.timeout(think_s())

        for _ in range(20):
            env.process(user(think_s()))

    stock, latencies = Simulation(seed=1), []
    env = simpy.Environment()
    plain_users(
        env,
        stock.draws("load think time", Exponential(1.0)),
        stock.draws("service", Exponential(0.1)),
        simpy.Resource(env, 1),
        latencies,
    )
    env.run(until=200)

    sim = Simulation(seed=1)
    web, service_s = Station(sim, "web"), sim.draws("service", Exponential(0.1))

    def handler(request):
        yield web.serve(service_s())

    sim.closed_load(20, Exponential(1.0), handler)
    rows = sim.measure(duration_s=200).rows
    ours = rows.loc[rows["outcome"] == "ok", ["arrived_s", "latency_s"]].to_numpy()
    np.testing.assert_allclose(ours, sorted(latencies), atol=1e-9, rtol=0)
    assert len(ours) > 1500


def test_lifo_agrees_with_a_stack_served_by_hand():
    arrivals, work, priorities = draws(4, 1, requests=500)
    latencies, stack, free_at, number = [0.0] * 500, [], 0.0, 0
    while number < 500 or stack:
        while number < 500 and (arrivals[number] <= free_at or not stack):
            if not stack and arrivals[number] > free_at:
                free_at = arrivals[number]
            stack.append(number)
            number += 1
        served = stack.pop()
        free_at += work[served][0]
        latencies[served] = free_at - arrivals[served]
    assert kit(arrivals, work, priorities, [1], "lifo") == pytest.approx(latencies, abs=1e-9, rel=0)
