"""REST against gRPC: how large their messages are, and when one notices which of them carries an order.

Encoding costs time by the byte, at a published rate. What a call costs *whatever its size* (system calls, parsing of
headers, a connection that is opened anew) is a matter of libraries, and published comparisons differ by more than
anything else here: in one, REST is `DEAR_MS` slower a call; in another, with connections kept open, it is not slower at
all. So this cost is what decides, and the rules ask from which cost on one notices it in an order.

The strongest form of each: connections are open, requests never queue for one, and nobody's messages are compressed. A
JSON library faster than the published rate would let REST look better where answers are large.

>>> sizes = message_sizes().set_index("message")
>>> bool(sizes.protobuf_bytes["order"] < sizes.json_bytes["order"] / 3)
True
>>> [as_good_up_to_calls(extra_ms) for extra_ms in (0.0, DEAR_MS)]
[114.0, 5.0]
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
from simpy.events import Event

from archlab.chapters.microservices.order_by_protocol import CONFIG, both, described_catalogue, order_by_both
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, holds_from, holds_up_to
from archlab.course.quantity import number
from archlab.data import load
from archlab.shop.config import PROVIDER_S
from archlab.shop.customers import Customers
from archlab.shop.domain import Payment, confirmation, price_order
from archlab.shop.microservices.steps import USE_CASES
from archlab.shop.microservices.wire import (
    Message,
    OrderRequest,
    PlaceOrder,
    ProductList,
    encode,
    request_message,
)
from archlab.shop.microservices.wire.http_headers import GRPC_REQUEST, grpc_bytes
from archlab.shop.microservices.wire.protocol import Channel, Protocol
from archlab.shop.store import ProductPage
from archlab.sim.core.streams import Streams
from archlab.sim.experiment import sweep
from archlab.sim.network import Network
from archlab.sim.simulation import Simulation

TEXT_BYTES = (0, 1_000, 10_000, 100_000)
"""Of the text that describes a product, on top of its name. Assumptions."""


def published_difference_ms(call: str = "median call Go") -> float:
    """Return how much longer a call took by REST than by gRPC in a published comparison (`data/protocols.csv`).

    `call` is "median call Go" of one study, or "kept call Go" of another, whose connections stay open.
    """
    published = load("protocols").set_index("setting").value
    return float(1000 * (published[f"{call} REST"] - published[f"{call} gRPC"]))


DEAR_MS = published_difference_ms()
"""The largest difference a call that somebody published."""


def message_sizes(seed: int = 1, text_bytes: int = 0) -> pd.DataFrame:
    """Return the sizes of the shop's messages, for the basket of one customer and products of the catalogue.

    A row a message: `message`, `json_bytes` and `protobuf_bytes` alone, `rest_bytes` and `grpc_bytes` as a request with
    its headers on a connection in use, and `grpc_first_bytes` as the first one on a new connection. Without TCP and IP.
    """
    rest, grpc = Protocol("rest"), Protocol("grpc")
    first_bytes = grpc_bytes(GRPC_REQUEST, first_on_connection=True)
    rows = []
    for name, message in sample_messages(seed, text_bytes).items():
        protobuf_bytes = len(encode(message, "protobuf"))
        row = {"message": name, "json_bytes": len(encode(message, "json")), "protobuf_bytes": protobuf_bytes}
        row |= {"rest_bytes": rest.message_bytes(message), "grpc_bytes": grpc.message_bytes(message)}
        rows.append(row | {"grpc_first_bytes": protobuf_bytes + first_bytes})
    return pd.DataFrame(rows)


def sample_messages(seed: int, text_bytes: int = 0) -> Mapping[str, Message]:
    """Return one message of each kind that the use cases send, named in plain words."""
    catalogue = described_catalogue(seed, text_bytes)
    basket = Customers(catalogue, Streams(seed).stream("customers")).basket()
    products = [product for product in catalogue if product.id in basket]
    order = price_order(123_456, basket, products)
    return {
        "which order": OrderRequest(order.id),
        "product page": ProductPage(products[0], on_hand=999_998),
        "basket": PlaceOrder(order.id, basket),
        "products of a basket": ProductList(tuple(products)),
        "order": order,
        "payment": Payment(order.id, order.total_cents, authorisation=123_456),
        "notification": confirmation(order),
    }


OTHER_MS = 120.0
"""What a use case of many calls takes without them: about as much as an order."""

AT_ONCE = replace(CONFIG, provider_s=0.0)
CASES: Mapping[str, Mapping[str, Any]] = {
    "an order as it is": {},
    "texts of 100 kB": {"text_bytes": TEXT_BYTES[-1]},
    "each call dearer by REST": {"rest_extra_ms": DEAR_MS},
    "provider answers at once": {"config": AT_ONCE},
    "at once, texts of 100 kB": {"config": AT_ONCE, "text_bytes": TEXT_BYTES[-1]},
    "at once, each call dearer": {"config": AT_ONCE, "rest_extra_ms": DEAR_MS},
}
"""What is changed in an order: parameters of `order_by_both`. A dearer call costs `DEAR_MS` more, whatever its size."""


def in_case(seed: int, case: str, orders: int = 40) -> dict[str, float]:
    """Run `order_by_both` with the parameters of a case. Raises `ValueError` when there is no such case."""
    if case not in CASES:
        raise ValueError(f"case is {case!r}; it must be one of {', '.join(CASES)}")
    return order_by_both(seed, orders=orders, **CASES[case])


def where_it_matters(
    cases: Sequence[str] = tuple(CASES),
    seeds: Iterable[int] = range(10),
    threshold_percent: float = NOTICEABLE_PERCENT,
    orders: int = 25,
) -> pd.DataFrame:
    """Compare REST and gRPC for an order as it is, and where more depends on the protocol.

    Columns: case, the figures of `order_by_both` with intervals, and `matters`: whether gRPC saves more than the
    threshold, with its whole interval. The published difference is that of one study, taken for every call.
    """
    frame = sweep(partial(in_case, orders=orders), {"case": cases}, seeds)
    return frame.assign(matters=frame.saved_percent_low > threshold_percent)


def calls_in_a_row(
    calls: Sequence[int] = (1, 10, 100),
    text_bytes: Sequence[int] = TEXT_BYTES,
    other_ms: float = OTHER_MS,
    hop_ms: float = 0.25,
    rest_extra_ms: float = 0.0,
) -> pd.DataFrame:
    """Compare a use case that makes so many calls, one after the other, each answered with one product.

    `other_ms` is everything else it does, about what an order takes. A row for each number of calls and size of text:
    calls, text_bytes, rest_ms, grpc_ms, saved_percent. No luck is involved. Connections are open.
    """
    rows = []
    for number_of_calls in calls:
        for size_bytes in text_bytes:
            times_ms = {
                name: _row_of_calls_ms(protocol, number_of_calls, size_bytes, hop_ms) + other_ms
                for name, protocol in both(rest_extra_ms).items()
            }
            saved_percent = 100 * (1 - times_ms["grpc"] / times_ms["rest"])
            row = {"calls": number_of_calls, "text_bytes": size_bytes, "rest_ms": times_ms["rest"]}
            rows.append(row | {"grpc_ms": times_ms["grpc"], "saved_percent": saved_percent})
    return pd.DataFrame(rows)


def _row_of_calls_ms(protocol: Protocol, calls: int, text_bytes: int, hop_ms: float) -> float:
    """How long the calls take after one more, which opens the connection."""
    sim = Simulation(seed=1)
    channel = Channel(Network(sim, hop_ms / 1000), protocol)
    page = ProductPage(described_catalogue(1, text_bytes, products=1)[0], on_hand=5)
    ended_s = []
    for _ in range(calls + 1):
        sim.run(until=channel.call("orders", "catalogue", _nothing_but(page), request_message("page", 1)))
        ended_s.append(sim.now)
    return float(1000 * (ended_s[-1] - ended_s[0]))


def _nothing_but(answer: Message) -> Generator[Event, Any, Message]:
    """Work that takes no time."""
    yield from ()
    return answer


ORDER_CALLS = len(USE_CASES["place_order"])
PROVIDER_MS = 1000 * PROVIDER_S.median
"""Half of the orders wait longer for the payment provider. The less they wait, the sooner one notices a dear call."""
ANSWER_KB = 10.0
"""The size of the answers where calls are counted."""

MOST_CALLS, LEAST_KB, MOST_KB = 1000, 1.0, 300.0
"""Limits are looked for up to these."""

KB_FINENESS = 0.02
"""As a share."""


def bearable_extra_ms(seeds: Iterable[int] = range(10), orders: int = 60) -> Limit:
    """Return up to which extra cost of a call by REST gRPC makes an order not noticeably faster.

    Calls of an order come one after the other, so extra costs add up. An order by REST takes the time by gRPC, what
    gRPC saves anyway, and `ORDER_CALLS` times the extra cost; gRPC must take `NOTICEABLE_PERCENT` less than that.
    """
    slower = NOTICEABLE_PERCENT / (100 - NOTICEABLE_PERCENT)
    each = [order_by_both(seed, orders=orders) for seed in seeds]
    return Limit("up to", [(slower * one["grpc_p50_ms"] - one["saved_ms"]) / ORDER_CALLS for one in each])


def as_good_up_to_calls(rest_extra_ms: float = 0.0) -> float:
    """Return up to how many calls in a row REST is as good, with answers of `ANSWER_KB`. No luck is in it."""
    margin = partial(_bears_calls, rest_extra_ms=rest_extra_ms)
    return float(bisect(margin, (1, MOST_CALLS), "up to", [0], whole=True, log=True))


def _bears_calls(seed: int, calls: float, rest_extra_ms: float) -> float:
    row = calls_in_a_row([int(calls)], [round(1000 * ANSWER_KB)], rest_extra_ms=rest_extra_ms)
    return NOTICEABLE_PERCENT - float(row.saved_percent[0])


def faster_from_kb(rest_extra_ms: float = 0.0) -> float:
    """Return the size of answers from which gRPC makes as many calls as an order has noticeably faster."""
    margin = partial(_saves, rest_extra_ms=rest_extra_ms)
    return float(bisect(margin, (LEAST_KB, MOST_KB), "from", [0], KB_FINENESS, log=True))


def _saves(seed: int, answer_kb: float, rest_extra_ms: float) -> float:
    row = calls_in_a_row([ORDER_CALLS], [round(1000 * answer_kb)], rest_extra_ms=rest_extra_ms)
    return float(row.saved_percent[0]) - NOTICEABLE_PERCENT


def rest_figures(bearable_extra_ms: Limit) -> dict[str, float]:
    """Return the figures that the rule of REST needs; takes `bearable_extra_ms`."""
    dear, alike = (as_good_up_to_calls(extra_ms) for extra_ms in (DEAR_MS, 0.0))
    return {
        "bearable_extra_ms": bearable_extra_ms,
        "up_to_calls_if_dear": dear,
        "up_to_calls_if_alike": alike,
    }


def grpc_figures(bearable_extra_ms: Limit) -> dict[str, float]:
    """Return the figures that the rule of gRPC needs; takes `bearable_extra_ms`."""
    return {
        "pays_from_extra_ms": Limit("from", bearable_extra_ms.per_seed),
        "faster_from_kb_if_alike": faster_from_kb(),
    }


ORDER_WORDS = (
    f"ms more for a call by REST, in an order of {ORDER_CALLS} calls that waits {number(PROVIDER_MS)} ms for its "
    "provider"
)


@settles(
    "service-communication.synchronous-rest",
    evidence=Evidence.SIMULATED,
    says={
        "bearable_extra_ms": "what a call by REST may cost more",
        "up_to_calls_if_dear": "calls in a row that nobody notices, if REST is as dear as published",
        "up_to_calls_if_alike": "the same, if both cost alike",
    },
)
def synchronous_rest(
    bearable_extra_ms: float, up_to_calls_if_dear: float, up_to_calls_if_alike: float
) -> Verdict:
    """Holds up to the cost of a call by REST, beyond that of one by gRPC and whatever its size, at which gRPC makes an
    order with its {ORDER_CALLS} calls {NOTICEABLE_PERCENT} % faster. For {DEAR_MS} ms, and for no such cost, it says
    how many calls in a row one does not notice, with answers of {ANSWER_KB} kB, beside {OTHER_MS} ms of other work.
    """
    sides = (
        f"at the {number(DEAR_MS)} ms of one published comparison up to {number(up_to_calls_if_dear)} calls in a row, "
        f"at equal cost up to {number(up_to_calls_if_alike)}, beside {number(OTHER_MS)} ms of other work and with "
        f"answers of {number(ANSWER_KB)} kB"
    )
    return holds_up_to(bearable_extra_ms, f"{ORDER_WORDS}; {sides}")


@settles(
    "service-communication.synchronous-grpc",
    evidence=Evidence.SIMULATED,
    says={
        "pays_from_extra_ms": "gRPC is noticed when a call by REST costs more by",
        "faster_from_kb_if_alike": "if both cost alike, it is noticed from answers of {} kB",
    },
)
def synchronous_grpc(pays_from_extra_ms: float, faster_from_kb_if_alike: float) -> Verdict:
    """Holds from the cost of a call by REST, beyond that of one by gRPC and whatever its size, at which gRPC makes an
    order with its {ORDER_CALLS} calls {NOTICEABLE_PERCENT} % faster; without such a cost, from the size of answers at
    which it does.
    """
    alike = f"at equal cost from answers of {number(faster_from_kb_if_alike)} kB on"
    return holds_from(pays_from_extra_ms, f"{ORDER_WORDS}; {alike}")
