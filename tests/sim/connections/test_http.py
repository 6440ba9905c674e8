"""HTTP/1.1 serves one request at a time on a connection; HTTP/2 all at once, and all stand still for a lost segment."""

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.sim import Network, Simulation, Station, TimedOut, Unavailable
from archlab.sim.connections.http import Http1Pool, Http2Connection
from archlab.sim.connections.tcp import Tcp
from archlab.sim.theory import mg1

LATENCY_S = 0.001
ROUND_TRIP_S = 2 * LATENCY_S
RTO_S = 0.2


def http1(network, connections=1, **options):
    return Http1Pool(network, "shop", "payments", connections, **options)


def http2(network, **options):
    return Http2Connection(network, "shop", "payments", **options)


def a_network(seed=1, **options):
    sim = Simulation(seed)
    return sim, Network(sim, **({"latency_s": LATENCY_S} | options))


def work(sim, duration_s, done=None):
    yield sim.timeout(duration_s)
    if done is not None:
        done.append(sim.now)
    return "paid"


def finish_times_s(connect, calls, warm=True, answer_bytes=0.0, **network_options):
    """Send (arrival_s, work_s) calls over one kind of connections; return when each was answered."""
    sim, network = a_network(**network_options)
    connections = connect(network)
    start_s = 0.0
    if warm:  # open one connection before
        sim.run(until=connections.call(work(sim, 0)))
        start_s = 1.0
    finished = {}

    def client(number, arrival_s, work_s):
        yield sim.timeout(start_s + arrival_s - sim.now)
        yield connections.call(work(sim, work_s), 0, answer_bytes)
        finished[number] = sim.now - start_s

    for number, call in enumerate(calls):
        sim.start(client(number, *call))
    sim.run()
    return [finished[number] for number in range(len(calls))]


# Times in whole milliseconds over 1024, so that sums are exact and ties are ties.
ticks = st.integers(0, 40).map(lambda tick: tick / 1024)
calls = st.lists(st.tuples(ticks, ticks), min_size=1, max_size=12)


def oracle_times_s(calls, connections):
    """The same schedule in plain SimPy: a resource held for a round trip and the work, one more trip to open it."""
    env = simpy.Environment()
    pool = simpy.Resource(env, connections)
    idle, finished = [], {}

    def client(number, arrival_s, work_s):
        yield env.timeout(arrival_s)
        with pool.request() as turn:
            yield turn
            if idle:
                idle.pop()
            else:
                yield env.timeout(2 / 1024)
            yield env.timeout(2 / 1024 + work_s)
            idle.append(number)
            finished[number] = env.now

    for number, call in enumerate(calls):
        env.process(client(number, *call))
    env.run()
    return [finished[number] for number in range(len(calls))]


@settings(max_examples=60, deadline=None)
@given(calls=calls, connections=st.integers(1, 3))
def test_a_pool_of_http1_keeps_the_schedule_of_a_plain_simpy_resource(calls, connections):
    times_s = finish_times_s(
        lambda network: http1(network, connections), calls, warm=False, latency_s=1 / 1024
    )
    assert times_s == pytest.approx(oracle_times_s(calls, connections))


def test_three_requests_over_two_connections_by_hand():
    calls = [(0.0, 0.010), (0.0, 0.020), (0.0, 0.010)]
    times_s = finish_times_s(lambda network: http1(network, 2), calls, warm=False)
    # Open (2 ms), then 2 ms there and back and the work; the third waits for the first to end at 14 ms.
    assert times_s == pytest.approx([0.014, 0.024, 0.014 + 0.012])


def test_one_connection_of_http1_waits_as_m_d_1_says():
    rng = np.random.default_rng(7)
    work_s, load = 0.008, 0.7
    service_s = work_s + ROUND_TRIP_S
    arrivals_s = np.cumsum(rng.exponential(service_s / load, 12_000)).tolist()
    times_s = finish_times_s(http1, [(arrival_s, work_s) for arrival_s in arrivals_s])
    waits_s = np.array(times_s) - np.array(arrivals_s) - service_s
    assert waits_s.mean() == pytest.approx(mg1(load / service_s, service_s, 0.0).waiting_s, rel=0.08)


@settings(max_examples=60, deadline=None)
@given(calls=calls)
def test_without_loss_http2_is_never_slower_than_one_connection_of_http1(calls):
    one, two = finish_times_s(http1, calls), finish_times_s(http2, calls)
    assert all(second <= first + 1e-12 for first, second in zip(one, two, strict=True))


@settings(max_examples=40, deadline=None)
@given(calls=calls)
def test_without_loss_nobody_waits_for_another_on_http2(calls):
    expected = [arrival_s + work_s + ROUND_TRIP_S for arrival_s, work_s in calls]
    assert finish_times_s(http2, calls) == pytest.approx(expected)


def test_large_answers_that_share_the_bandwidth_end_together_on_http2_and_one_by_one_on_http1():
    """Taking turns is fair, and makes the first answer later. The last one is earlier all the same."""
    tcp = Tcp(bandwidth_bytes_per_s=1e6)
    options = {"answer_bytes": 500_000.0, "bandwidth_bytes_per_s": 1e6}
    calls = [(0.0, 0.0), (0.0, 0.0)]
    one = finish_times_s(lambda network: http1(network, tcp=tcp), calls, **options)
    two = finish_times_s(lambda network: http2(network, tcp=tcp), calls, **options)
    assert one[1] > 1.9 * one[0]
    assert two[1] - two[0] < 0.02
    assert two[0] > 1.8 * one[0]
    assert two[1] < one[1]


LATER_S = 0.0001


def lost_first_of_two(connect):
    """Two requests, the second a little later, the first lost on its way; return when each is answered."""
    sim, network = a_network()
    connections = connect(network)
    warm_up = [connections.call(work(sim, 0)) for _ in range(2)]
    sim.run(until=sim.all_of(warm_up))
    start_s = sim.now
    network.partition(["shop"], ["payments"])
    first = connections.call(work(sim, 0.010))
    sim.run(until=start_s + LATER_S)
    network.heal()
    second = connections.call(work(sim, 0.010))
    times_s = {}
    for name, call in (("first", first), ("second", second)):
        call.callbacks.append(lambda _, name=name: times_s.setdefault(name, sim.now - start_s))
    sim.run()
    return times_s["first"], times_s["second"]


def test_a_lost_segment_stalls_the_other_request_on_http2_by_exactly_the_time_out():
    assert lost_first_of_two(http2) == pytest.approx((RTO_S + ROUND_TRIP_S + 0.010,) * 2)


def test_a_lost_segment_does_not_touch_the_other_connections_of_http1():
    expected = (RTO_S + ROUND_TRIP_S + 0.010, LATER_S + ROUND_TRIP_S + 0.010)
    assert lost_first_of_two(lambda network: http1(network, 2)) == pytest.approx(expected)


def test_a_lost_answer_stalls_the_answers_behind_it():
    sim, network = a_network()
    connection = http2(network)
    sim.run(until=connection.call(work(sim, 0)))
    start_s = sim.now
    calls = [connection.call(work(sim, 0.010)), connection.call(work(sim, 0.030))]
    sim.call_at(start_s + 0.0105, lambda _: network.partition(["shop"], ["payments"]))
    sim.call_at(start_s + 0.0115, lambda _: network.heal())
    sim.run(until=sim.all_of(calls))
    assert sim.now - start_s == pytest.approx(0.011 + RTO_S + LATENCY_S)


@pytest.mark.parametrize("connect", [http1, http2])
def test_a_connection_is_opened_once_and_costs_a_round_trip(connect):
    sim, network = a_network()
    connections = connect(network)
    for expected_s in (2 * ROUND_TRIP_S, 3 * ROUND_TRIP_S):
        sim.run(until=connections.call(work(sim, 0)))
        assert sim.now == pytest.approx(expected_s)
    assert (connections.opened, connections.calls) == (1, 2)


def test_without_keep_alive_every_request_opens_a_connection():
    sim, network = a_network()
    pool = http1(network, keep_alive=False)
    for number in (1, 2, 3):
        sim.run(until=pool.call(work(sim, 0)))
        assert sim.now == pytest.approx(number * 2 * ROUND_TRIP_S)
    assert pool.opened == 3


@pytest.mark.parametrize("connect", [http1, http2])
def test_a_timeout_does_not_stop_the_work_at_the_server(connect):
    sim, network = a_network()
    connections, done = connect(network), []
    call = connections.call(work(sim, 0.050, done), timeout_s=0.010)
    with pytest.raises(TimedOut, match="payments: no answer in time"):
        sim.run(until=call)
    assert sim.now == pytest.approx(0.010)
    sim.run()
    assert done == [pytest.approx(0.053)]


@pytest.mark.parametrize("connect", [http1, http2])
def test_a_timeout_while_the_request_is_on_its_way_does_not_stop_the_work_either(connect):
    sim, network = a_network()
    connections, done = connect(network), []
    sim.run(until=connections.call(work(sim, 0)))
    with pytest.raises(TimedOut):
        sim.run(until=connections.call(work(sim, 0.05, done), timeout_s=LATENCY_S / 2))
    sim.run()
    assert len(done) == 1


def test_a_request_that_gave_up_in_the_queue_is_never_sent():
    sim, network = a_network()
    pool, done = http1(network), []
    first = pool.call(work(sim, 0.100))
    second = pool.call(work(sim, 0.010, done), timeout_s=0.020)
    assert pool.station.queue_length == 1
    with pytest.raises(TimedOut):
        sim.run(until=second)
    assert pool.station.queue_length == 0
    sim.run(until=first)
    sim.run()
    assert done == []


def test_a_caller_who_gives_up_frees_the_place_and_closes_the_connection():
    sim, network = a_network()
    pool = http1(network)
    sim.run(until=pool.call(work(sim, 0)))
    with pytest.raises(TimedOut):
        sim.run(until=pool.call(work(sim, 1.0), timeout_s=0.010))
    start_s = sim.now
    sim.run(until=pool.call(work(sim, 0)))
    assert sim.now - start_s == pytest.approx(2 * ROUND_TRIP_S)  # a new connection, and no waiting
    assert pool.opened == 2


def test_a_caller_who_gives_up_does_not_disturb_the_others_on_http2():
    sim, network = a_network()
    connection = http2(network)
    patient = connection.call(work(sim, 0.020))
    hasty = connection.call(work(sim, 0.050), timeout_s=0.010)
    with pytest.raises(TimedOut):
        sim.run(until=hasty)
    assert sim.run(until=patient) == "paid"
    assert sim.now == pytest.approx(0.020 + 2 * ROUND_TRIP_S)
    assert connection.opened == 1


@pytest.mark.parametrize("connect", [http1, http2])
def test_a_failure_at_the_server_travels_back_and_leaves_the_connection_open(connect):
    sim, network = a_network()
    connections, sizes = connect(network), []
    down = Station(sim, "down")
    down.crash()

    def ask():
        yield down.serve(1)

    def size(answer):
        sizes.append(answer)
        return 100

    with pytest.raises(Unavailable, match="down"):
        sim.run(until=connections.call(ask(), 100, size))
    assert sim.now == pytest.approx(2 * ROUND_TRIP_S)
    assert isinstance(sizes[0], Unavailable)
    sim.run(until=connections.call(work(sim, 0)))
    assert connections.opened == 1


@pytest.mark.parametrize("connect", [http1, http2])
def test_a_timeout_of_the_work_itself_is_an_answer(connect):
    sim, network = a_network()
    connections = connect(network)
    slow = Station(sim, "slow")

    def impatient():
        yield sim.deadline(slow.serve(1), 0.010)

    with pytest.raises(TimedOut, match="slow"):
        sim.run(until=connections.call(impatient(), timeout_s=1.0))
    sim.run(until=connections.call(work(sim, 0)))
    assert connections.opened == 1


@pytest.mark.parametrize("connect", [http1, http2])
def test_connections_recover_when_a_partition_heals(connect):
    sim, network = a_network()
    connections = connect(network)
    sim.run(until=connections.call(work(sim, 0)))
    network.partition(["shop"], ["payments"])
    call = connections.call(work(sim, 0))
    sim.call_at(1.0, lambda _: network.heal())
    assert sim.run(until=call) == "paid"
    assert 1.0 < sim.now < 1.5
    assert connections.retransmitted == 3


def test_what_was_sent_again_on_connections_that_are_closed_still_counts():
    sim, network = a_network()
    pool = http1(network, keep_alive=False)
    for number in (1, 2):
        network.partition(["shop"], ["payments"])
        call = pool.call(work(sim, 0))
        sim.run(until=sim.now + 0.5)
        network.heal()
        sim.run(until=call)
        assert pool.retransmitted == number


def test_the_pool_is_a_station_whose_queue_can_be_watched():
    sim, network = a_network()
    pool = http1(network, 2)
    for _ in range(5):
        pool.call(work(sim, 0.010))
    sim.run(until=0.001)
    assert sim.parts["connections shop to payments"].sample() == (3, 2, 2, True)


def test_the_size_of_the_answer_may_depend_on_it():
    sim, network = a_network(bandwidth_bytes_per_s=1e6)
    pool = http1(network)
    sim.run(until=pool.call(work(sim, 0)))
    start_s = sim.now
    sim.run(until=pool.call(work(sim, 0), 0, lambda answer: 1000 * len(answer)))
    assert sim.now - start_s == pytest.approx(ROUND_TRIP_S + (40 + 4000 + 3 * 40) / 1e6)


def test_the_same_seed_gives_the_same_times():
    def run(seed):
        calls = [(tick / 100, 0.005) for tick in range(200)]
        return finish_times_s(http2, calls, loss=0.05, seed=seed)

    assert run(3) == run(3)
    assert run(3) != run(4)


@pytest.mark.parametrize("connect", [http1, http2])
def test_bad_arguments_are_refused(connect):
    sim, network = a_network()
    connections = connect(network)
    with pytest.raises(TypeError, match="work must be a generator"):
        connections.call("charge")
    with pytest.raises(ValueError, match="timeout_s is -1"):
        connections.call(work(sim, 0), timeout_s=-1)
    with pytest.raises(ValueError, match="connections is 0"):
        Http1Pool(network, "a", "b", connections=0)
