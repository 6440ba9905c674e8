"""A TCP stream delivers all bytes in order; what is lost comes late, and holds up what is behind it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.data import load
from archlab.sim import Exponential, Network, Simulation
from archlab.sim.connections.tcp import DUPLICATE_ACKS, LARGEST_RTO_S, ByteStream, Tcp, TcpConnection

LATENCY_S = 0.001
RTO_S = 0.2


def a_stream(tcp=None, seed=1, **network):
    sim = Simulation(seed)
    return sim, ByteStream(Network(sim, **({"latency_s": LATENCY_S} | network)), "a", "b", tcp)


def arrivals_s(sim, messages):
    """Return when each message has arrived, in the order in which they were sent."""
    times = {}
    for number, message in enumerate(messages):
        message.callbacks.append(lambda _, number=number: times.setdefault(number, sim.now))
    sim.run()
    return [times[number] for number in range(len(messages))]


def lose_next(stream, size_bytes=100):
    """Send a message that the network loses."""
    stream.network.partition(["a"], ["b"])
    message = stream.send(size_bytes)
    stream.network.heal()
    return message


def send_at(stream, *times_s):
    """Send a small message at each of these times; return the events of their arrival."""
    sim = stream.network.sim
    events = [sim.event() for _ in times_s]

    def later(number):
        yield sim.timeout(times_s[number])
        yield stream.send(100)
        events[number].succeed()

    for number in range(len(times_s)):
        sim.start(later(number))
    return events


def test_without_loss_a_message_takes_the_latency():
    sim, stream = a_stream()
    assert arrivals_s(sim, [stream.send(100), stream.send(0)]) == [LATENCY_S, LATENCY_S]
    assert stream.retransmitted == 0


@pytest.mark.parametrize(("size_bytes", "segments"), [(0, 1), (1, 1), (1460, 1), (1461, 2), (14_600, 10)])
def test_a_message_is_cut_into_segments(size_bytes, segments):
    sim, stream = a_stream()
    arrivals_s(sim, [stream.send(size_bytes)])
    assert stream.segments == segments


def test_a_lost_segment_stalls_the_others_by_exactly_the_time_out():
    sim, stream = a_stream()
    messages = [stream.send(100), lose_next(stream), stream.send(100), stream.send(100)]
    stalled_s = RTO_S + LATENCY_S
    assert arrivals_s(sim, messages) == [LATENCY_S, stalled_s, stalled_s, stalled_s]
    assert stream.retransmitted == 1


def test_the_time_out_doubles_until_the_segment_gets_through():
    sim, stream = a_stream()
    stream.network.partition(["a"], ["b"])
    message = stream.send(100)
    sim.call_at(1.0, lambda _: stream.network.heal())
    # Sent at 0, 0.2, 0.2 + 0.4 and 0.6 + 0.8.
    assert arrivals_s(sim, [message]) == [pytest.approx(1.4 + LATENCY_S)]
    assert stream.retransmitted == 3


def test_the_time_out_does_not_grow_for_ever():
    sim, stream = a_stream()
    stream.network.partition(["a"], ["b"])
    message = stream.send(100)
    sim.call_at(10_000.0, lambda _: stream.network.heal())
    (arrived_s,) = arrivals_s(sim, [message])
    assert 10_000 < arrived_s <= 10_000 + LARGEST_RTO_S + LATENCY_S


def test_three_later_arrivals_make_the_sender_repeat_after_a_round_trip():
    sim, stream = a_stream()
    lost = lose_next(stream)
    events = send_at(stream, 0.010, 0.020, 0.030)
    # The third arrives at 0.031, its acknowledgement at 0.032, the repeated segment at 0.033.
    assert arrivals_s(sim, [lost, *events]) == [pytest.approx(0.033)] * 4
    assert stream.retransmitted == 1


def test_two_later_arrivals_do_not():
    sim, stream = a_stream()
    lost = lose_next(stream)
    events = send_at(stream, 0.010, 0.020)
    assert arrivals_s(sim, [lost, *events]) == [RTO_S + LATENCY_S] * 3


def test_an_acknowledgement_that_is_lost_is_followed_by_the_next():
    sim, stream = a_stream()
    lost = lose_next(stream)
    events = send_at(stream, 0.010, 0.020, 0.030, 0.050)
    sim.call_at(0.0305, lambda _: stream.network.partition(["a"], ["b"]))
    sim.call_at(0.0315, lambda _: stream.network.heal())
    assert arrivals_s(sim, [lost, *events]) == [pytest.approx(0.053)] * 5


def test_a_segment_that_was_repeated_in_time_is_not_repeated_by_the_timer():
    sim, stream = a_stream()
    lost = lose_next(stream)
    arrivals_s(sim, [lost, *send_at(stream, 0.01, 0.02, 0.03)])
    sim.run(until=5)
    assert stream.retransmitted == 1


def test_a_repetition_that_is_lost_too_waits_for_a_timer_of_its_own():
    sim, stream = a_stream()
    lost = lose_next(stream)
    events = send_at(stream, 0.010, 0.020, 0.030, 0.040)
    for repeated_at_s in (0.032, RTO_S + 0.032):  # by the third arrival, then by time-out
        sim.call_at(repeated_at_s - 0.0005, lambda _: stream.network.partition(["a"], ["b"]))
        sim.call_at(repeated_at_s + 0.0005, lambda _: stream.network.heal())
    # The first timer, which would run out at 0.2, counts no more; the fourth arrival alone is not enough.
    expected_s = 0.032 + RTO_S + 2 * RTO_S + LATENCY_S
    assert arrivals_s(sim, [lost, *events]) == [pytest.approx(expected_s)] * 5


def test_a_loss_in_one_direction_does_not_hold_up_the_other():
    sim = Simulation(seed=1)
    connection = TcpConnection(Network(sim, LATENCY_S), "a", "b")
    lost, back = lose_next(connection.out), connection.back.send(100)
    assert arrivals_s(sim, [lost, back]) == [RTO_S + LATENCY_S, LATENCY_S]


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 50_000), min_size=1, max_size=12),
    loss=st.sampled_from([0.0, 0.1, 0.5]),
    seed=st.integers(0, 1000),
)
def test_everything_arrives_once_and_in_order_whatever_is_lost_or_overtaken(sizes, loss, seed):
    sim, stream = a_stream(seed=seed, latency_s=Exponential(LATENCY_S), loss=loss)
    order = []
    for number, size in enumerate(sizes):
        stream.send(size).callbacks.append(lambda _, number=number: order.append(number))
    sim.run()
    assert order == list(range(len(sizes)))


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 80_000), min_size=1, max_size=8),
    loss=st.sampled_from([0.0, 0.2]),
    seed=st.integers(0, 1000),
)
def test_everything_arrives_once_when_messages_take_turns(sizes, loss, seed):
    bandwidth = 1e6
    tcp = Tcp(bandwidth_bytes_per_s=bandwidth)
    sim, stream = a_stream(tcp, seed, loss=loss, bandwidth_bytes_per_s=bandwidth)
    arrived = []
    for number, size in enumerate(sizes):
        stream.send(size).callbacks.append(lambda _, number=number: arrived.append(number))
    sim.run()
    assert sorted(arrived) == list(range(len(sizes)))
    # Nobody is passed by a message that came later and has as many frames or more.
    frames = [max(1, -(-size // tcp.frame_bytes)) for size in sizes]
    assert arrived == sorted(range(len(sizes)), key=lambda number: frames[number])


def test_the_share_that_is_sent_again_is_what_the_loss_makes_of_it():
    sim, stream = a_stream(loss=0.05)
    for number in range(10_000):
        sim.call_at(0.01 * number, lambda _: stream.send(100))
    sim.run()
    # Each segment is sent 1 / (1 - loss) times on average; the deviation of that sum is about 24.
    assert stream.retransmitted == pytest.approx(10_000 * 0.05 / 0.95, abs=4 * 24)


def test_with_a_bandwidth_a_message_takes_its_bytes_and_headers_over_it():
    bandwidth = 1e6
    sim, stream = a_stream(Tcp(bandwidth_bytes_per_s=bandwidth), bandwidth_bytes_per_s=bandwidth)
    on_wire_bytes = 100_000 + 40 * sum(-(-frame // 1460) for frame in [16_384] * 6 + [1_696])
    assert arrivals_s(sim, [stream.send(100_000)]) == [pytest.approx(on_wire_bytes / bandwidth + LATENCY_S)]


def test_a_small_message_waits_for_one_frame_of_a_large_one_not_for_all():
    bandwidth = 1e6
    sim, stream = a_stream(Tcp(bandwidth_bytes_per_s=bandwidth), bandwidth_bytes_per_s=bandwidth)
    large, small = stream.send(1_000_000), stream.send(100)
    _, small_s = arrivals_s(sim, [large, small])
    one_frame_bytes = 16_384 + 12 * 40
    assert small_s == pytest.approx((one_frame_bytes + 140) / bandwidth + LATENCY_S)


def test_two_large_messages_share_the_bandwidth():
    bandwidth = 1e6
    sim, stream = a_stream(Tcp(bandwidth_bytes_per_s=bandwidth), bandwidth_bytes_per_s=bandwidth)
    first_s, second_s = arrivals_s(sim, [stream.send(1_000_000), stream.send(1_000_000)])
    assert second_s - first_s == pytest.approx((1_000_000 % 16_384 + 40) / bandwidth, abs=0.001)


def test_opening_takes_a_round_trip_and_its_time_out_is_a_second():
    sim = Simulation(seed=1)
    network = Network(sim, LATENCY_S)
    opening = TcpConnection(network, "a", "b").open()
    sim.run(until=opening)
    assert sim.now == 2 * LATENCY_S
    network.partition(["a"], ["b"])
    second = TcpConnection(network, "a", "b").open()
    network.heal()
    sim.run(until=second)
    assert sim.now == pytest.approx(1 + 4 * LATENCY_S)


def test_the_defaults_are_those_of_the_sources():
    published = load("protocols").set_index("setting").value
    assert Tcp().rto_s == published["least retransmission time-out"]
    assert Tcp().connect_rto_s == published["retransmission time-out before a round trip is known"]
    assert Tcp().frame_bytes == published["HTTP/2 frame"]
    assert published["largest retransmission time-out"] == LARGEST_RTO_S
    assert published["duplicate acknowledgements for fast retransmit"] == DUPLICATE_ACKS


@pytest.mark.parametrize(
    "parameters",
    [
        {"rto_s": 0},
        {"connect_rto_s": -1},
        {"segment_bytes": 0},
        {"frame_bytes": 1.5},
        {"bandwidth_bytes_per_s": 0},
    ],
)
def test_bad_parameters_are_refused(parameters):
    with pytest.raises(ValueError, match=f"{next(iter(parameters))} is"):
        Tcp(**parameters)


def test_a_negative_size_is_refused():
    _, stream = a_stream()
    with pytest.raises(ValueError, match="size_bytes is -1"):
        stream.send(-1)
