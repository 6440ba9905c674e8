"""REST and gRPC differ little beside everything else an order does, but for many calls or large answers."""

import pytest

from archlab.chapters.microservices import protocols
from archlab.course.claims.verdict import Outcome
from archlab.shop.customers import Customers
from archlab.shop.domain import Payment, price_order
from archlab.shop.microservices.steps import USE_CASES
from archlab.shop.microservices.wire import Done, PlaceOrder, ProductIds, ProductList, encode, request_message
from archlab.shop.microservices.wire.http_headers import GRPC_REQUEST, grpc_bytes, http1_request
from archlab.shop.microservices.wire.protocol import BYTES_PER_S, Protocol
from archlab.shop.store import ProductPage
from archlab.sim import Streams

CALLS = (1, 10, 50, 100, 200)


def test_every_message_is_shorter_in_protobuf_with_and_without_headers():
    sizes = protocols.message_sizes()
    assert (sizes.protobuf_bytes < sizes.json_bytes).all()
    assert (
        sizes.rest_bytes - sizes.json_bytes == sizes.json_bytes.map(lambda n: len(http1_request(n)))
    ).all()
    assert (sizes.grpc_bytes - sizes.protobuf_bytes == grpc_bytes(GRPC_REQUEST)).all()
    assert (sizes.grpc_first_bytes > sizes.grpc_bytes).all()


def test_sizes_are_those_of_one_customer_of_the_seed():
    assert protocols.message_sizes(1).equals(protocols.message_sizes(1))
    assert not protocols.message_sizes(1).equals(protocols.message_sizes(2))


def test_long_texts_make_the_encodings_alike():
    pages = [
        protocols.message_sizes(text_bytes=size).set_index("message").loc["product page"]
        for size in (0, 100_000)
    ]
    short, long = ((page.protobuf_bytes / page.json_bytes) for page in pages)
    assert short < 0.4
    assert long > 0.99


def test_grpc_saves_of_an_order_what_it_saves_on_cores_whatever_the_hop():
    frame = protocols.same_order(hops_ms=[0.25, 5.0], text_bytes=[10_000], seeds=range(2), orders=15)
    on_cores_ms = frame.rest_cpu_ms - frame.grpc_cpu_ms
    assert frame.saved_ms.tolist() == pytest.approx(on_cores_ms.tolist(), rel=0.35)
    assert frame.saved_ms[0] == pytest.approx(frame.saved_ms[1])


def test_an_order_pays_two_hops_for_each_of_its_calls():
    near, far = (
        protocols.order_cost(3, Protocol("grpc"), hop_ms, orders=10)["p50_ms"] for hop_ms in (0.0, 2.0)
    )
    calls = len(USE_CASES["place_order"])
    assert far - near == pytest.approx(calls * 2 * 2.0)


def test_the_bytes_of_an_order_are_those_of_its_messages():
    """The second basket of the customers: the first opens the connections, and is not measured."""
    protocol, catalogue = Protocol("rest"), protocols.described_catalogue(3)
    customers = Customers(catalogue, Streams(3).stream("customers"))
    customers.basket()
    basket = customers.basket()
    products = [product for number in basket for product in catalogue if product.id == number]
    order = price_order(2, basket, products)
    payment = Payment(2, order.total_cents, 2)
    requests = [PlaceOrder(2, basket), ProductIds(tuple(basket)), order, order, order, payment, order]
    answers = [order, ProductList(tuple(products)), Done(), payment, Done(), Done(), Done()]
    expected = sum(map(protocol.message_bytes, requests)) + sum(map(protocol.answer_bytes, answers))
    assert protocols.order_cost(3, protocol, orders=1)["kb"] == pytest.approx(expected / 1000)


def test_the_bytes_of_an_order_do_not_depend_on_the_hop():
    bytes_kb = [protocols.order_cost(3, Protocol("rest"), hop_ms, orders=5)["kb"] for hop_ms in (0.0, 2.0)]
    assert bytes_kb[0] == bytes_kb[1] > 2


def test_the_choice_does_not_matter_to_an_order_and_does_where_little_else_takes_time():
    frame = protocols.where_it_matters(
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
        protocols.order_by_both(1, orders=10, rest_extra_ms=extra_ms)
        for extra_ms in (0.0, protocols.published_difference_ms())
    )
    expected_ms = len(USE_CASES["place_order"]) * 2.52
    assert protocols.published_difference_ms() == pytest.approx(2.52)
    assert extra["saved_ms"] - plain["saved_ms"] == pytest.approx(expected_ms)
    assert extra["grpc_p50_ms"] == plain["grpc_p50_ms"]


def test_an_unknown_case_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=next(iter(protocols.CASES))):
        protocols.where_it_matters(["a rainy day"])


def test_calls_in_a_row_take_what_hops_and_rates_say():
    frame = protocols.calls_in_a_row(calls=[7], text_bytes=[5000], other_ms=100, hop_ms=0.5)
    answer = ProductPage(protocols.described_catalogue(1, 5000, products=1)[0], on_hand=5)
    for name, encoding in (("rest", "json"), ("grpc", "protobuf")):
        size = sum(len(encode(message, encoding)) for message in (request_message("page", 1), answer))
        one_ms = 2 * 0.5 + 1000 * 2 * size / BYTES_PER_S[encoding]
        assert frame[f"{name}_ms"][0] == pytest.approx(100 + 7 * one_ms)


def test_the_choice_matters_with_many_calls_or_large_messages_but_not_with_few_small_ones():
    frame = protocols.calls_in_a_row(calls=[1, 100], text_bytes=[0, 100_000])
    saved = frame.set_index(["calls", "text_bytes"]).saved_percent
    assert saved[(1, 0)] < saved[(100, 0)] < 1
    assert saved[(1, 100_000)] < 10 < saved[(100, 100_000)]


def test_rest_is_as_good_up_to_many_calls_and_never_for_huge_answers():
    def verdict(calls, text_bytes):
        rows = protocols.calls_in_a_row(calls, (text_bytes,))
        return protocols.synchronous_rest(as_good_up_to_calls=protocols.as_good_up_to_calls(rows))

    assert 50 < verdict(CALLS, 10_000).flips_at < 200
    assert verdict(CALLS, 100).outcome is Outcome.HOLDS
    # Already one call is noticed; to encode such answers for all the others would take long.
    assert verdict(CALLS[:3], 1_000_000).outcome is Outcome.DOES_NOT_HOLD


def test_grpc_is_faster_from_some_size_on_and_never_beside_a_second_of_other_work():
    def verdict(other_ms):
        rows = protocols.calls_in_a_row((10,), (1_000, 10_000, 50_000, 100_000), other_ms)
        return protocols.synchronous_grpc(faster_from_kb=protocols.faster_from_kb(rows))

    assert 50 < verdict(120.0).flips_at < 100
    assert verdict(5_000.0).outcome is Outcome.DOES_NOT_HOLD


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: protocols.message_sizes(text_bytes=-1), "text_bytes is -1"),
        (lambda: protocols.order_cost(1, Protocol("rest"), hop_ms=-1), "hop_ms is -1"),
        (lambda: protocols.order_cost(1, Protocol("rest"), orders=0), "orders is 0"),
    ],
)
def test_bad_parameters_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
