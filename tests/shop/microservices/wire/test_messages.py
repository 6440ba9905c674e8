"""Messages come back from their bytes as they were, and the bytes are those that the public rules ask for."""

import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.shop.domain import (
    Notification,
    Order,
    OrderLine,
    OrderState,
    OutOfStock,
    Payment,
    PaymentState,
    Product,
    confirmation,
)
from archlab.shop.microservices.steps import OFF_THE_PATH, PROGRAMS, USE_CASES
from archlab.shop.microservices.wire import (
    ENCODINGS,
    FIELDS,
    Done,
    OnHand,
    OrderRequest,
    PaymentStatus,
    PlaceOrder,
    ProductIds,
    ProductList,
    ProductRequest,
    RefusalAnswer,
    answer_message,
    answer_value,
    as_message,
    decode,
    encode,
    request_message,
)
from archlab.shop.microservices.wire.operations import OPERATIONS
from archlab.shop.store import OrderStatus, ProductPage
from archlab.sim import Simulation

numbers = st.integers(-(2**63), 2**63 - 1)
counts = st.dictionaries(numbers, numbers, max_size=5)
texts = st.text(max_size=40)
products = st.builds(Product, numbers, texts, st.integers(1, 2**63 - 1))
lines = st.builds(OrderLine, numbers, st.integers(1, 2**31), numbers)
payment_states = st.sampled_from(PaymentState)
messages = st.one_of(
    products,
    lines,
    st.builds(ProductPage, products, numbers),
    st.builds(
        Order,
        numbers,
        st.lists(lines, min_size=1, max_size=4).map(tuple),
        st.sampled_from(OrderState),
    ),
    st.builds(OrderStatus, numbers, st.sampled_from(OrderState), numbers, st.none() | payment_states),
    st.builds(Payment, numbers, numbers, numbers, payment_states),
    st.builds(Notification, numbers, texts),
    st.builds(ProductRequest, numbers),
    st.builds(ProductIds, st.lists(numbers, max_size=5).map(tuple)),
    st.builds(ProductList, st.lists(products, max_size=4).map(tuple)),
    st.builds(OnHand, counts),
    st.builds(PlaceOrder, numbers, counts),
    st.builds(OrderRequest, numbers),
    st.builds(PaymentStatus, st.none() | payment_states),
    st.builds(Done),
    st.builds(RefusalAnswer, texts, texts),
)

MUG = Product(7, "mug", 1200)
ORDER = Order(7, (OrderLine(1, 2, 450), OrderLine(300, 1, 20_000)))


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(message=messages)
def test_every_message_comes_back_as_it_was(encoding, message):
    assert decode(type(message), encode(message, encoding), encoding) == message


def test_every_field_of_every_message_has_a_number_of_its_own():
    for kind, numbers_of in FIELDS.items():
        assert list(numbers_of) == [field.name for field in fields(kind)]
        assert sorted(numbers_of.values()) == list(range(1, len(numbers_of) + 1))


def test_the_field_numbers_are_those_of_the_first_contract():
    """A number that changes its meaning breaks every program that was built before."""
    assert FIELDS[Order] == {"id": 1, "lines": 2, "state": 3}
    assert FIELDS[Payment] == {"order_id": 1, "amount_cents": 2, "authorisation": 3, "state": 4}
    assert FIELDS[Product] == {"id": 1, "name": 2, "price_cents": 3}
    assert FIELDS[OrderStatus] == {"order_id": 1, "state": 2, "total_cents": 3, "payment": 4}


def tag(number, wire_type):
    """A field's key on the wire: protobuf.dev, Encoding, 'message structure'."""
    return bytes([number << 3 | wire_type])


def varint(value):
    """Seven bits a byte, the lowest first, the top bit set on all but the last: protobuf.dev, Encoding."""
    digits = []
    while value >= 128:
        digits.append(value & 127 | 128)
        value >>= 7
    return bytes([*digits, value])


def test_the_bytes_of_a_small_message_are_those_of_the_public_rules():
    # The documentation's own example: field 1 with the value 150 is 08 96 01.
    assert encode(OrderRequest(150), "protobuf") == bytes.fromhex("08 96 01")
    expected = tag(1, 0) + varint(7) + tag(2, 2) + varint(3) + b"mug" + tag(3, 0) + varint(1200)
    assert encode(MUG, "protobuf") == expected


def test_the_bytes_of_nested_and_repeated_messages_are_those_of_the_public_rules():
    first = tag(1, 0) + varint(1) + tag(2, 0) + varint(2) + tag(3, 0) + varint(450)
    second = tag(1, 0) + varint(300) + tag(2, 0) + varint(1) + tag(3, 0) + varint(20_000)
    line_bytes = b"".join(tag(2, 2) + varint(len(line)) + line for line in (first, second))
    assert encode(ORDER, "protobuf") == tag(1, 0) + varint(7) + line_bytes + tag(3, 0) + varint(2)
    packed = varint(1) + varint(300)
    assert encode(ProductIds((1, 300)), "protobuf") == tag(1, 2) + varint(len(packed)) + packed


def test_a_map_is_a_repeated_pair_and_a_negative_number_takes_ten_bytes():
    pair = tag(1, 0) + varint(3) + tag(2, 0) + varint(5)
    assert encode(OnHand({3: 5}), "protobuf") == tag(1, 2) + varint(len(pair)) + pair
    assert encode(OrderRequest(-1), "protobuf") == tag(1, 0) + varint(2**64 - 1)
    assert len(varint(2**64 - 1)) == 10


def test_the_order_of_a_map_does_not_change_its_bytes():
    pieces = {number: 1 for number in range(1, 40)}
    backwards = dict(reversed(pieces.items()))
    assert encode(OnHand(pieces), "protobuf") == encode(OnHand(backwards), "protobuf")


def test_zero_is_not_written_and_an_empty_message_has_no_bytes():
    assert encode(OrderRequest(0), "protobuf") == b""
    assert encode(PaymentStatus(None), "protobuf") == b""
    assert encode(Done(), "protobuf") == b""


def test_json_is_what_anybody_reads():
    assert json.loads(encode(ORDER, "json")) == {
        "id": 7,
        "lines": [
            {"product": 1, "quantity": 2, "unit_price_cents": 450},
            {"product": 300, "quantity": 1, "unit_price_cents": 20_000},
        ],
        "state": "placed",
    }
    assert encode(Notification(1, "Für Zoë"), "json").decode("utf-8") == '{"order_id":1,"text":"Für Zoë"}'


def test_protobuf_is_shorter_and_least_so_where_a_message_is_mostly_text():
    def saved(message):
        return 1 - len(encode(message, "protobuf")) / len(encode(message, "json"))

    assert saved(ORDER) > 0.75
    assert saved(Payment(7, 2100, 12)) > 0.75
    assert 0.25 < saved(confirmation(ORDER)) < 0.5
    assert saved(Notification(7, "x" * 10_000)) < 0.01


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_old_reader_passes_over_a_field_it_does_not_know(encoding):
    newer = {
        "json": b'{"id":7,"name":"mug","price_cents":1200,"colour":"blue"}',
        "protobuf": encode(MUG, "protobuf") + tag(9, 2) + varint(4) + b"blue",
    }
    assert decode(Product, newer[encoding], encoding) == MUG


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (Product, b"{"),
        (Product, b'{"id":7,"name":"mug"}'),
        (Product, b'{"id":true,"name":"mug","price_cents":1200}'),
        (Product, b'{"id":7,"name":"mug","price_cents":0}'),
        (OrderRequest, b"[]"),
        (PaymentStatus, b'{"state":"stolen"}'),
        (OnHand, b'{"pieces":{"one":1}}'),
        (ProductIds, b'{"ids":7}'),
    ],
)
def test_json_that_is_not_the_message_is_refused(kind, data):
    with pytest.raises(ValueError, match=f"no {kind.__name__} in JSON"):
        decode(kind, data, "json")


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (OrderRequest, b"\x08"),  # a key and no value
        (Product, b"\x12\x09mug"),  # a text shorter than its length says
        (Payment, tag(4, 0) + varint(9)),  # no such state
        (Order, b""),  # an order without lines is none
    ],
)
def test_protobuf_that_is_not_the_message_is_refused(kind, data):
    with pytest.raises(ValueError, match=f"no {kind.__name__} in protocol buffers"):
        decode(kind, data, "protobuf")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_is_no_message_is_refused(encoding):
    with pytest.raises(ValueError, match="a message is dict"):
        encode({"id": 7}, encoding)
    with pytest.raises(ValueError, match="a message is int"):
        decode(int, b"7", encoding)


def test_a_number_of_more_than_64_bits_does_not_fit_into_protobuf():
    with pytest.raises(ValueError, match="out of range"):
        encode(OrderRequest(2**63), "protobuf")


def test_an_unknown_encoding_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="encoding is 'xml'; it must be one of json, protobuf"):
        encode(MUG, "xml")


def test_every_operation_of_the_shop_has_its_messages():
    called = {step.operation for steps in USE_CASES.values() for step in steps}
    called |= {step.operation for step in OFF_THE_PATH if step.caller in PROGRAMS}
    assert set(OPERATIONS) == called


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("operation", "arguments", "value"),
    [
        ("page", (7,), ProductPage(MUG, 5)),
        ("products", ([7, 8],), [MUG]),
        ("on_hand", ([7],), {7: 5}),
        ("place", (7, {1: 2}), ORDER),
        ("status", (7,), OrderStatus(7, OrderState.PLACED, 450, None)),
        ("check", (ORDER,), None),
        ("reserve", (ORDER,), None),
        ("authorise", (ORDER,), Payment(7, 450, 1)),
        ("record", (Payment(7, 450, 1),), None),
        ("state_of", (7,), PaymentState.CAPTURED),
        ("state_of", (7,), None),
        ("confirm", (ORDER,), None),
    ],
)
def test_arguments_and_answers_of_an_operation_travel_as_messages(operation, arguments, value, encoding):
    request = request_message(operation, *arguments)
    assert decode(type(request), encode(request, encoding), encoding) == request
    answer = answer_message(operation, value)
    assert answer_value(operation, decode(type(answer), encode(answer, encoding), encoding)) == value


def test_a_refusal_travels_as_an_answer_and_keeps_its_kind():
    answer = answer_message("reserve", OutOfStock("too few of product 1"))
    back = answer_value("reserve", decode(RefusalAnswer, encode(answer, "protobuf"), "protobuf"))
    assert isinstance(back, OutOfStock)
    assert str(back) == "too few of product 1"


def test_work_answers_with_a_message_instead_of_its_value():
    sim = Simulation(seed=1)

    def on_hand():
        yield sim.timeout(1)
        return {1: 5}

    assert sim.run(until=sim.start(as_message("on_hand", on_hand()))) == OnHand({1: 5})


def test_an_unknown_operation_is_refused():
    with pytest.raises(ValueError, match="operation is 'destroy'"):
        request_message("destroy", 7)
