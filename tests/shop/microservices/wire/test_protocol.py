"""A protocol costs what its messages weigh, and calls over it carry real messages."""

import pytest

from archlab.data import load
from archlab.shop.domain import Order, OrderLine, OrderState, Payment, Product
from archlab.shop.microservices.wire import Done, OrderRequest, ProductList, encode
from archlab.shop.microservices.wire.http_headers import (
    GRPC_ANSWER,
    GRPC_REQUEST,
    grpc_bytes,
    http1_answer,
    http1_request,
)
from archlab.shop.microservices.wire.protocol import BYTES_PER_S, Channel, Protocol
from archlab.shop.store import ProductPage
from archlab.sim import Crashed, Network, Simulation, Station, TimedOut, Unavailable
from archlab.sim.connections.http import Http1Pool, Http2Connection
from archlab.sim.connections.tcp import Tcp

HOP_S = 0.001
NAMES = ("rest", "grpc")
ORDER = Order(7, (OrderLine(1, 2, 450), OrderLine(300, 1, 20_000)))
LARGE = ProductList(tuple(Product(number, "x" * 1000, 100) for number in range(1, 1001)))


def a_channel(name="rest", cores=None, **options):
    sim = Simulation(seed=1)
    return sim, Channel(Network(sim, HOP_S), Protocol(name, **options), cores)


def answer(sim, message, duration_s=0.0):
    yield sim.timeout(duration_s)
    return message


def test_bytes_on_the_wire_are_the_message_and_what_goes_around_it():
    json_bytes, protobuf_bytes = len(encode(ORDER, "json")), len(encode(ORDER, "protobuf"))
    rest, grpc = Protocol("rest"), Protocol("grpc")
    assert rest.message_bytes(ORDER) == json_bytes + len(http1_request(json_bytes))
    assert rest.answer_bytes(ORDER) == json_bytes + len(http1_answer(json_bytes))
    assert grpc.message_bytes(ORDER) == protobuf_bytes + grpc_bytes(GRPC_REQUEST)
    assert grpc.answer_bytes(ORDER) == protobuf_bytes + grpc_bytes(GRPC_ANSWER)


def test_the_rates_are_the_published_ones():
    published = load("protocols").set_index("setting").value
    assert BYTES_PER_S["json"] == published["JSON-class serialisation"]
    assert BYTES_PER_S["protobuf"] == published["fast binary serialisation"]


def test_encoding_takes_the_size_over_the_rate():
    assert Protocol("rest").cpu_s(2**20) == pytest.approx(0.01)
    assert Protocol("grpc").cpu_s(2**20) == pytest.approx(1 / 1024)
    assert Protocol("rest", per_message_s=0.002).cpu_s(2**20) == pytest.approx(0.012)


def test_the_cost_of_a_message_is_that_of_its_own_bytes():
    cost = Protocol("rest").cost(ORDER)
    assert cost.encode_s == cost.decode_s == pytest.approx(len(encode(ORDER, "json")) / (100 * 2**20))
    assert cost.wire_bytes == Protocol("rest").message_bytes(ORDER)


def test_rest_has_a_pool_and_grpc_one_connection():
    sim = Simulation(seed=1)
    network = Network(sim, HOP_S)
    pool = Protocol("rest", connections=3, tcp=Tcp(rto_s=0.5)).connect(network, "a", "b")
    assert isinstance(pool, Http1Pool)
    assert (pool.station.capacity, pool.tcp.rto_s) == (3, 0.5)
    assert isinstance(Protocol("grpc").connect(network, "a", "b"), Http2Connection)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "message", [ORDER, Payment(7, 450, 1), Done(), ProductPage(Product(1, "Tasse, weiß", 450), 3)]
)
def test_the_answer_comes_through_its_bytes_as_it_was(name, message):
    sim, channel = a_channel(name)
    assert sim.run(until=channel.call("a", "b", answer(sim, message), OrderRequest(7))) == message


@pytest.mark.parametrize("name", NAMES)
def test_a_call_takes_its_hops_its_work_and_its_encoding(name):
    sim, channel = a_channel(name)
    protocol = channel.protocol
    sim.run(until=channel.call("a", "b", answer(sim, Done()), Done()))
    start_s = sim.now
    sim.run(until=channel.call("a", "b", answer(sim, LARGE, 0.010), ORDER))
    encoding_s = 2 * protocol.cost(ORDER).encode_s + 2 * protocol.cost(LARGE).encode_s
    assert sim.now - start_s == pytest.approx(2 * HOP_S + 0.010 + encoding_s)


@pytest.mark.parametrize("name", NAMES)
def test_the_sums_of_a_channel_are_those_of_its_calls(name):
    sim, channel = a_channel(name)
    protocol = channel.protocol
    for _ in range(3):
        sim.run(until=channel.call("a", "b", answer(sim, LARGE), ORDER))
    assert channel.calls == 3
    assert channel.wire_bytes == 3 * (protocol.message_bytes(ORDER) + protocol.answer_bytes(LARGE))
    encode_s = protocol.cost(ORDER).encode_s + protocol.cost(LARGE).encode_s
    assert channel.cpu_s == pytest.approx(3 * 2 * encode_s)


def test_encoding_waits_for_the_cores_of_its_node():
    sim = Simulation(seed=1)
    cores = {name: Station(sim, f"{name} cpu") for name in ("a", "b")}
    channel = Channel(Network(sim, HOP_S), Protocol("rest"), cores)
    calls = [channel.call("a", "b", answer(sim, LARGE), ORDER) for _ in range(2)]
    sim.run(until=sim.all_of(calls))
    one_s = channel.protocol.cost(LARGE).encode_s
    assert cores["b"].totals()["busy_s"] == pytest.approx(2 * (one_s + channel.protocol.cost(ORDER).decode_s))
    assert cores["a"].totals()["busy_s"] == pytest.approx(channel.cpu_s / 2)
    assert sim.now > 3 * one_s  # two are encoded one after the other, and the last one is decoded


@pytest.mark.parametrize("name", NAMES)
def test_a_failure_of_the_work_reaches_the_caller(name):
    sim, channel = a_channel(name)
    down = Station(sim, "payments")
    down.crash()

    def charge():
        yield down.serve(1)

    with pytest.raises(Unavailable, match="payments"):
        sim.run(until=channel.call("a", "b", charge(), ORDER))
    assert sim.now == pytest.approx(4 * HOP_S, abs=1e-5)  # opened, asked, answered
    assert channel.wire_bytes == channel.protocol.message_bytes(ORDER) + channel.protocol.response_bytes(0)


@pytest.mark.parametrize("name", NAMES)
def test_a_timeout_does_not_stop_the_work(name):
    sim, channel = a_channel(name)
    done = []

    def slow():
        yield sim.timeout(0.100)
        done.append(sim.now)
        return Done()

    with pytest.raises(TimedOut, match="b: no answer in time"):
        sim.run(until=channel.call("a", "b", slow(), ORDER, timeout_s=0.020))
    assert done == []
    sim.run()
    assert len(done) == 1


def test_a_caller_whose_cores_die_fails():
    sim = Simulation(seed=1)
    cores = {"a": Station(sim, "a cpu")}
    channel = Channel(Network(sim, HOP_S), Protocol("rest"), cores)
    call = channel.call("a", "b", answer(sim, Done()), LARGE)
    sim.call_at(0.001, lambda _: cores["a"].crash())
    with pytest.raises(Crashed, match="a cpu"):
        sim.run(until=call)


def test_calls_of_one_pair_share_their_connections_and_other_pairs_have_their_own():
    sim, channel = a_channel("grpc")
    for target in ("b", "b", "c"):
        sim.run(until=channel.call("a", target, answer(sim, Done()), ORDER))
    assert channel.connections("a", "b").calls == 2
    assert channel.connections("a", "c").calls == 1
    assert channel.connections("a", "b").opened == 1


def test_what_is_no_message_is_refused():
    sim, channel = a_channel()
    with pytest.raises(ValueError, match="a message is dict"):
        channel.call("a", "b", answer(sim, Done()), {"id": 7})
    with pytest.raises(ValueError, match="a message is str"):
        sim.run(until=channel.call("a", "b", answer(sim, "paid"), ORDER))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"name": "soap"}, "name is 'soap'; it must be one of rest, grpc"),
        ({"name": "rest", "connections": 0}, "connections is 0"),
        ({"name": "rest", "per_message_s": -1}, "per_message_s is -1"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        Protocol(**parameters)


def test_an_order_becomes_shorter_by_grpc_than_its_json_alone():
    assert Protocol("grpc").message_bytes(ORDER) < len(encode(ORDER, "json"))
    assert ORDER.state is OrderState.PLACED
