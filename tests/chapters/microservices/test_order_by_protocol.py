"""An order by REST and by gRPC: its bytes are those of its messages, its time that of its hops and encoding."""

import pytest

from archlab.chapters.microservices.order_by_protocol import (
    both,
    described_catalogue,
    order_by_both,
    order_cost,
)
from archlab.chapters.microservices.protocols import published_difference_ms
from archlab.shop.customers import Customers
from archlab.shop.domain import Payment, price_order
from archlab.shop.microservices.steps import USE_CASES
from archlab.shop.microservices.wire import Done, PlaceOrder, ProductIds, ProductList
from archlab.shop.microservices.wire.protocol import Protocol
from archlab.sim import Streams


def test_grpc_saves_of_an_order_what_it_saves_on_cores_whatever_the_hop():
    near, far = (order_by_both(1, hop_ms, text_bytes=10_000, orders=15) for hop_ms in (0.25, 5.0))
    assert near["saved_ms"] == pytest.approx(near["rest_cpu_ms"] - near["grpc_cpu_ms"], rel=0.35)
    assert near["saved_ms"] == pytest.approx(far["saved_ms"])


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


def test_the_published_difference_costs_an_order_seven_times_as_much_as_a_call():
    plain, extra = (
        order_by_both(1, orders=10, rest_extra_ms=extra_ms) for extra_ms in (0.0, published_difference_ms())
    )
    expected_ms = len(USE_CASES["place_order"]) * 2.52
    assert published_difference_ms() == pytest.approx(2.52)
    assert extra["saved_ms"] - plain["saved_ms"] == pytest.approx(expected_ms)
    assert extra["grpc_p50_ms"] == plain["grpc_p50_ms"]


def test_a_cost_below_0_is_one_of_grpc():
    dear, cheap = both(2.0), both(-2.0)
    assert (dear["rest"].per_message_s, dear["grpc"].per_message_s) == (0.0005, 0)
    assert (cheap["rest"].per_message_s, cheap["grpc"].per_message_s) == (0, 0.0005)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: order_cost(1, Protocol("rest"), hop_ms=-1), "hop_ms is -1"),
        (lambda: order_cost(1, Protocol("rest"), orders=0), "orders is 0"),
    ],
)
def test_bad_parameters_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
