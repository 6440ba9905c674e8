"""REST and gRPC differ little beside everything else an order does; connections matter where there are too few."""

import pytest

from archlab.chapters.microservices.protocols import (
    CASES,
    calls_in_a_row,
    described_catalogue,
    message_sizes,
    order_by_both,
    order_cost,
    published_difference_ms,
    same_order,
    where_it_matters,
)
from archlab.chapters.microservices.shared_connections import (
    MANY,
    delays,
    lost_segments,
    waiting_for_a_connection,
)
from archlab.shop.customers import Customers
from archlab.shop.domain import Payment, price_order
from archlab.shop.microservices.steps import USE_CASES
from archlab.shop.microservices.wire import Done, PlaceOrder, ProductIds, ProductList, encode, request_message
from archlab.shop.microservices.wire.http_headers import GRPC_REQUEST, grpc_bytes, http1_request
from archlab.shop.microservices.wire.protocol import BYTES_PER_S, Protocol
from archlab.shop.store import ProductPage
from archlab.sim import Exponential, Streams
from archlab.sim.connections.tcp import Tcp
from archlab.sim.theory import mmc


def test_every_message_is_shorter_in_protobuf_with_and_without_headers():
    sizes = message_sizes()
    assert (sizes.protobuf_bytes < sizes.json_bytes).all()
    assert (
        sizes.rest_bytes - sizes.json_bytes == sizes.json_bytes.map(lambda n: len(http1_request(n)))
    ).all()
    assert (sizes.grpc_bytes - sizes.protobuf_bytes == grpc_bytes(GRPC_REQUEST)).all()
    assert (sizes.grpc_first_bytes > sizes.grpc_bytes).all()


def test_sizes_are_those_of_one_customer_of_the_seed():
    assert message_sizes(1).equals(message_sizes(1))
    assert not message_sizes(1).equals(message_sizes(2))


def test_long_texts_make_the_encodings_alike():
    pages = [message_sizes(text_bytes=size).set_index("message").loc["product page"] for size in (0, 100_000)]
    short, long = ((page.protobuf_bytes / page.json_bytes) for page in pages)
    assert short < 0.4
    assert long > 0.99


def test_grpc_saves_of_an_order_what_it_saves_on_cores_whatever_the_hop():
    frame = same_order(hops_ms=[0.25, 5.0], text_bytes=[10_000], seeds=range(2), orders=15)
    on_cores_ms = frame.rest_cpu_ms - frame.grpc_cpu_ms
    assert frame.saved_ms.tolist() == pytest.approx(on_cores_ms.tolist(), rel=0.35)
    assert frame.saved_ms[0] == pytest.approx(frame.saved_ms[1])


def test_an_order_pays_two_hops_for_each_of_its_calls():
    near, far = (order_cost(3, Protocol("grpc"), hop_ms, orders=10)["p50_ms"] for hop_ms in (0.0, 2.0))
    calls = len(USE_CASES["place_order"])
    assert far - near == pytest.approx(calls * 2 * 2.0)


def test_the_bytes_of_an_order_are_those_of_its_messages():
    """The second basket of the customers: the first opens the connections, and is not measured."""
    protocol, catalogue = Protocol("rest"), described_catalogue(3)
    customers = Customers(catalogue, Streams(3).stream("customers"))
    customers.basket()
    basket = customers.basket()
    products = [product for number in basket for product in catalogue if product.id == number]
    order = price_order(2, basket, products)
    payment = Payment(2, order.total_cents, 2)
    requests = [PlaceOrder(2, basket), ProductIds(tuple(basket)), order, order, order, payment, order]
    answers = [order, ProductList(tuple(products)), Done(), payment, Done(), Done(), Done()]
    expected = sum(map(protocol.message_bytes, requests)) + sum(map(protocol.answer_bytes, answers))
    assert order_cost(3, protocol, orders=1)["kb"] == pytest.approx(expected / 1000)


def test_the_bytes_of_an_order_do_not_depend_on_the_hop():
    bytes_kb = [order_cost(3, Protocol("rest"), hop_ms, orders=5)["kb"] for hop_ms in (0.0, 2.0)]
    assert bytes_kb[0] == bytes_kb[1] > 2


def test_the_choice_does_not_matter_to_an_order_and_does_where_little_else_takes_time():
    frame = where_it_matters(
        ["an order as it is", "long texts", "provider at once, published difference"],
        seeds=range(3),
        orders=20,
    ).set_index("case")
    assert frame.matters.to_dict() == {
        "an order as it is": False,
        "long texts": False,
        "provider at once, published difference": True,
    }
    assert frame.saved_percent["an order as it is"] < 0.1


def test_the_published_difference_costs_an_order_seven_times_as_much_as_a_call():
    plain, extra = (
        order_by_both(1, orders=10, rest_extra_ms=extra_ms) for extra_ms in (0.0, published_difference_ms())
    )
    expected_ms = len(USE_CASES["place_order"]) * 2.52
    assert published_difference_ms() == pytest.approx(2.52)
    assert extra["saved_ms"] - plain["saved_ms"] == pytest.approx(expected_ms)
    assert extra["grpc_p50_ms"] == plain["grpc_p50_ms"]


def test_an_unknown_case_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=next(iter(CASES))):
        where_it_matters(["a rainy day"])


def test_calls_in_a_row_take_what_hops_and_rates_say():
    frame = calls_in_a_row(calls=[7], text_bytes=[5000], other_ms=100, hop_ms=0.5)
    answer = ProductPage(described_catalogue(1, 5000, products=1)[0], on_hand=5)
    for name, encoding in (("rest", "json"), ("grpc", "protobuf")):
        size = sum(len(encode(message, encoding)) for message in (request_message("page", 1), answer))
        one_ms = 2 * 0.5 + 1000 * 2 * size / BYTES_PER_S[encoding]
        assert frame[f"{name}_ms"][0] == pytest.approx(100 + 7 * one_ms)


def test_the_choice_matters_with_many_calls_or_large_messages_but_not_with_few_small_ones():
    saved = calls_in_a_row(calls=[1, 100], text_bytes=[0, 100_000]).set_index(["calls", "text_bytes"])
    saved = saved.saved_percent
    assert saved[(1, 0)] < saved[(100, 0)] < 1
    assert saved[(1, 100_000)] < 10 < saved[(100, 100_000)]


def test_waiting_for_a_connection_is_waiting_in_m_m_c():
    work_s, hop_ms, connections, rate_per_s = 0.010, 0.0001, 3, 200.0
    options = {"rate_per_s": rate_per_s, "hop_ms": hop_ms, "work_s": Exponential(work_s), "requests": 8000}
    measured = [delays(seed, "HTTP/1.1", connections, **options)["delay_mean_ms"] for seed in range(3)]
    expected_ms = 1000 * mmc(rate_per_s, work_s, connections).waiting_s
    assert sum(measured) / 3 == pytest.approx(expected_ms, rel=0.12)


def test_few_connections_of_http1_make_requests_wait_and_http2_does_not():
    frame = waiting_for_a_connection(connections=[2, 16], seeds=range(2), requests=600)
    two, sixteen, http2 = (frame.iloc[row] for row in range(3))
    assert two.p99_ms > 1.5 * http2.p99_ms
    assert sixteen.p99_ms == pytest.approx(http2.p99_ms)
    assert http2.delay_p99_ms == 0


def test_on_http1_a_loss_stalls_the_one_request_whose_segment_it_is():
    loss = 0.02
    measured = [delays(seed, "HTTP/1.1", MANY, 100.0, loss, requests=3000) for seed in range(2)]
    stalled = sum(figures["stalled_percent"] for figures in measured) / 2
    # A request and an answer of one segment each; five deviations of 5,400 draws.
    assert stalled == pytest.approx(100 * (1 - (1 - loss) ** 2), abs=5 * 0.27)


def test_http2_loses_under_loss_while_requests_are_rare_and_wins_when_there_are_many():
    frame = lost_segments(losses=[0.01], rates_per_s=[20.0, 500.0], seeds=range(3), requests=1500)
    frame = frame.set_index(["http", "rate_per_s"])
    assert frame.delay_mean_ms["HTTP/2", 20.0] > frame.delay_mean_ms["HTTP/1.1", 20.0]
    assert frame.delay_mean_ms["HTTP/2", 500.0] < frame.delay_mean_ms["HTTP/1.1", 500.0]
    for rate_per_s in (20.0, 500.0):  # in any case it holds up more requests
        assert frame.stalled_percent["HTTP/2", rate_per_s] > frame.stalled_percent["HTTP/1.1", rate_per_s]


def test_the_tail_under_loss_is_the_time_out_of_tcp():
    slow = Tcp(rto_s=1.0)
    for tcp, expected_ms in ((Tcp(), 200), (slow, 1000)):
        figures = delays(1, "HTTP/1.1", MANY, 100.0, loss=0.01, requests=2000, tcp=tcp)
        assert figures["delay_p99_ms"] == pytest.approx(expected_ms)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: delays(1, "HTTP/3"), "http is 'HTTP/3'; it must be one of HTTP/1.1, HTTP/2"),
        (lambda: delays(1, requests=5), "requests is 5"),
        (lambda: delays(1, rate_per_s=0), "rate_per_s is 0"),
        (lambda: delays(1, loss=2), "loss is 2"),
        (lambda: message_sizes(text_bytes=-1), "text_bytes is -1"),
        (lambda: order_cost(1, Protocol("rest"), hop_ms=-1), "hop_ms is -1"),
        (lambda: order_cost(1, Protocol("rest"), orders=0), "orders is 0"),
    ],
)
def test_bad_parameters_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
