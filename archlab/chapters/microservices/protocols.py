"""REST against gRPC: the bytes, the time on cores and the latency of one order, by one protocol and by the other.

Messages are really encoded, so bytes are measured. The rest is modelled: encoding at a published rate, hops, and how
calls share connections. Orders come one after the other, so nobody waits for a core or a connection; see
`shared_connections` for that. What a call costs whatever its size is not in it (see
`archlab.shop.microservices.wire.protocol`); in a published comparison that is nearly all there is, and
`rest_extra_ms` brings it in.

The rules ask how many calls in a row, and how large answers, it takes until one notices the difference.

>>> sizes = message_sizes().set_index("message")
>>> bool(sizes.protobuf_bytes["order"] < sizes.json_bytes["order"] / 3)
True
>>> synchronous_grpc(faster_from_kb=80).words
'Holds when: from 80 kB an answer, with 10 calls in a row'
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, first_holding, holds_from, holds_up_to, last_holding
from archlab.data import load
from archlab.shop.customers import Customers, typical_catalogue
from archlab.shop.domain import Basket, Order, Payment, Product, confirmation, price_order
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.shop.microservices.steps import USE_CASES, Step
from archlab.shop.microservices.wire import (
    Message,
    OrderRequest,
    PlaceOrder,
    ProductList,
    answer_message,
    encode,
    request_message,
)
from archlab.shop.microservices.wire.http_headers import GRPC_REQUEST, grpc_bytes
from archlab.shop.microservices.wire.protocol import Channel, Protocol, ProtocolName
from archlab.shop.store import ProductPage
from archlab.sim.core.streams import Streams
from archlab.sim.experiment import sweep
from archlab.sim.network import Network
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_whole

CONFIG = MicroservicesConfig()
HOPS_MS = (0.05, 0.25, 1.0, 5.0, 30.0)
"""One way, as in the monolith's experiment on hops."""

TEXT_BYTES = (0, 1_000, 10_000, 100_000)
"""Of the text that describes a product, on top of its name. Assumptions."""

PROTOCOLS: tuple[ProtocolName, ...] = ("rest", "grpc")
PLACE, *PLACING = USE_CASES["place_order"]


def published_difference_ms() -> float:
    """Return how much longer a median call took by REST than by gRPC in Go, in the published comparison."""
    published = load("protocols").set_index("setting").value
    return float(1000 * (published["median call Go REST"] - published["median call Go gRPC"]))


def described_catalogue(seed: int, text_bytes: int = 0, products: int = 200) -> list[Product]:
    """Return the shop's catalogue, each name followed by so many bytes of text."""
    require_whole("text_bytes", text_bytes, at_least=0)
    catalogue = typical_catalogue(products, Streams(seed).stream("catalogue"))
    return [replace(product, name=product.name + "." * text_bytes) for product in catalogue]


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


class OrderByCalls:
    """An order as its calls: from the gateway to the orders service, and from there to the others.

    It keeps no rows. The work of a step takes as long as in the shop: `config` and `archlab.shop.microservices.steps`.
    """

    def __init__(self, channel: Channel, config: MicroservicesConfig, catalogue: Sequence[Product]) -> None:
        self.channel, self.sim = channel, channel.sim
        self.catalogue = {product.id: product for product in catalogue}
        self._next_cpu_s = self.sim.draws("order cpu", config.cpu_s["place_order"])
        self._next_query_s = self.sim.draws("query", config.query_s)
        self._next_commit_s = self.sim.draws("commit", config.commit_s)
        self._next_provider_s = self.sim.draws("provider", config.provider_s)

    def place(self, order_id: int, basket: Basket) -> Event:
        """Place an order. Yield the event to wait for its answer."""
        request = request_message(PLACE.operation, order_id, basket)
        return self.channel.call(PLACE.caller, PLACE.service, self._place(order_id, basket), request)

    def _place(self, order_id: int, basket: Basket) -> Generator[Event, Any, Message]:
        yield self._work(PLACE, len(basket))
        products = [self.catalogue[product] for product in basket]
        order = price_order(order_id, basket, products)
        for step in PLACING:
            yield self._ask(step, order, products)
        return order

    def _ask(self, step: Step, order: Order, products: Sequence[Product]) -> Event:
        """Make one call of an order, with the messages that it really sends."""
        payment = Payment(order.id, order.total_cents, authorisation=order.id)
        says = {"products": [product.id for product in products], "record": payment}.get(
            step.operation, order
        )
        hears = {"products": products, "authorise": payment}.get(step.operation)
        request = request_message(step.operation, says)
        return self.channel.call(step.caller, step.service, self._serve(step, order, hears), request)

    def _serve(self, step: Step, order: Order, answer: object) -> Generator[Event, Any, Message]:
        yield self._work(step, len(order.lines))
        return answer_message(step.operation, answer)

    def _work(self, step: Step, lines: int) -> Event:
        """What a step does beside its messages."""
        queries = round(step.queries + step.queries_per_line * lines)
        work_s = step.cpu_share * self._next_cpu_s() + sum(self._next_query_s() for _ in range(queries))
        work_s += sum(self._next_commit_s() for _ in range(step.commits))
        return self.sim.timeout(work_s + (self._next_provider_s() if step.provider else 0.0))


def order_cost(
    seed: int,
    protocol: Protocol,
    hop_ms: float = 0.25,
    text_bytes: int = 0,
    config: MicroservicesConfig = CONFIG,
    orders: int = 60,
) -> dict[str, float]:
    """Place `orders` orders one after the other. Returns `p50_ms`, and `kb` (1,000 bytes) and `cpu_ms` of an order.

    `cpu_ms` is the time on cores for messages alone. A first order, which opens the connections, is not measured.
    """
    require_whole("orders", orders, at_least=1)
    require_non_negative("hop_ms", hop_ms)
    sim = Simulation(seed)
    channel = Channel(Network(sim, hop_ms / 1000), protocol)
    catalogue = described_catalogue(seed, text_bytes, config.assortment.products)
    shop = OrderByCalls(channel, config, catalogue)
    customers = Customers(catalogue, sim.stream("customers"))
    sim.run(until=shop.place(1, customers.basket()))
    before_bytes, before_s = channel.wire_bytes, channel.cpu_s
    latencies_s = [_timed(sim, shop, number, customers.basket()) for number in range(2, orders + 2)]
    return {
        "p50_ms": 1000 * float(np.median(latencies_s)),
        "kb": (channel.wire_bytes - before_bytes) / orders / 1000,
        "cpu_ms": 1000 * (channel.cpu_s - before_s) / orders,
    }


def _timed(sim: Simulation, shop: OrderByCalls, order_id: int, basket: Basket) -> float:
    start_s = sim.now
    sim.run(until=shop.place(order_id, basket))
    return float(sim.now - start_s)


def order_by_both(
    seed: int,
    hop_ms: float = 0.25,
    text_bytes: int = 0,
    config: MicroservicesConfig = CONFIG,
    orders: int = 60,
    rest_extra_ms: float = 0.0,
) -> dict[str, float]:
    """Place the same orders by REST and by gRPC: `order_cost` of both, and what gRPC saves of the median.

    `rest_extra_ms`: what a call by REST costs on top, whatever its size; a quarter of it each time a message is encoded
    or decoded.
    """
    built = {"rest": Protocol("rest", per_message_s=rest_extra_ms / 1000 / 4), "grpc": Protocol("grpc")}
    figures: dict[str, float] = {}
    for name, protocol in built.items():
        cost = order_cost(seed, protocol, hop_ms, text_bytes, config, orders)
        figures |= {f"{name}_{figure}": value for figure, value in cost.items()}
    saved_ms = figures["rest_p50_ms"] - figures["grpc_p50_ms"]
    return figures | {"saved_ms": saved_ms, "saved_percent": 100 * saved_ms / figures["rest_p50_ms"]}


def same_order(
    hops_ms: Sequence[float] = HOPS_MS,
    text_bytes: Sequence[int] = (0,),
    seeds: Iterable[int] = range(3),
    config: MicroservicesConfig = CONFIG,
    orders: int = 40,
) -> pd.DataFrame:
    """Sweep `order_by_both` over hops and sizes of text.

    Columns: hop_ms, text_bytes, and with intervals rest_p50_ms, rest_kb, rest_cpu_ms, the same for grpc, saved_ms and
    saved_percent. Same seeds for both: the same customers, and the same luck in every step.
    """
    model = partial(order_by_both, config=config, orders=orders)
    return sweep(model, {"hop_ms": hops_ms, "text_bytes": text_bytes}, seeds)


AT_ONCE = replace(CONFIG, provider_s=0.0)
CASES: Mapping[str, Mapping[str, Any]] = {
    "an order as it is": {},
    "long texts": {"text_bytes": TEXT_BYTES[-1]},
    "published difference a call": {"rest_extra_ms": published_difference_ms()},
    "provider answers at once": {"config": AT_ONCE},
    "provider at once, long texts": {"config": AT_ONCE, "text_bytes": TEXT_BYTES[-1]},
    "provider at once, published difference": {"config": AT_ONCE, "rest_extra_ms": published_difference_ms()},
}
"""What is changed in an order: parameters of `order_by_both`."""


def in_case(seed: int, case: str, orders: int = 40) -> dict[str, float]:
    """Run `order_by_both` with the parameters of a case. Raises `ValueError` when there is no such case."""
    if case not in CASES:
        raise ValueError(f"case is {case!r}; it must be one of {', '.join(CASES)}")
    return order_by_both(seed, orders=orders, **CASES[case])


def where_it_matters(
    cases: Sequence[str] = tuple(CASES),
    seeds: Iterable[int] = range(4),
    threshold_percent: float = 10.0,
    orders: int = 60,
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
    other_ms: float = 120.0,
    hop_ms: float = 0.25,
) -> pd.DataFrame:
    """Compare a use case that makes so many calls, one after the other, each answered with one product.

    `other_ms` is everything else it does, about what an order takes. A row for each number of calls and size of text:
    calls, text_bytes, rest_ms, grpc_ms, saved_percent. No luck is involved. Connections are open.
    """
    rows = []
    for number in calls:
        for size_bytes in text_bytes:
            times_ms = {
                name: _row_of_calls_ms(name, number, size_bytes, hop_ms) + other_ms for name in PROTOCOLS
            }
            saved_percent = 100 * (1 - times_ms["grpc"] / times_ms["rest"])
            row = {"calls": number, "text_bytes": size_bytes, "rest_ms": times_ms["rest"]}
            rows.append(row | {"grpc_ms": times_ms["grpc"], "saved_percent": saved_percent})
    return pd.DataFrame(rows)


def _row_of_calls_ms(name: ProtocolName, calls: int, text_bytes: int, hop_ms: float) -> float:
    """How long the calls take after one more, which opens the connection."""
    sim = Simulation(seed=1)
    channel = Channel(Network(sim, hop_ms / 1000), Protocol(name))
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


ANSWER_KB, CALLS = 10.0, 10
"""The size of the answers where calls are counted, and the number of calls where the size is sought."""


def as_good_up_to_calls(rows: pd.DataFrame) -> float:
    """Return up to how many calls REST is as good; takes `protocols.calls_in_a_row` with one size of answers."""
    return last_holding(rows.calls.tolist(), (NOTICEABLE_PERCENT - rows.saved_percent).tolist())


@settles("service-communication.synchronous-rest", evidence=Evidence.SIMULATED)
def synchronous_rest(as_good_up_to_calls: float) -> Verdict:
    """Holds up to the number of calls in a row, each answered with {ANSWER_KB} kB, at which gRPC is
    {NOTICEABLE_PERCENT} % faster.
    """
    return holds_up_to(as_good_up_to_calls, f"calls in a row with answers of {ANSWER_KB:.0f} kB")


def faster_from_kb(rows: pd.DataFrame) -> float:
    """Return the size of answers from which gRPC is faster; takes `protocols.calls_in_a_row` for some calls."""
    return first_holding(
        (rows.text_bytes / 1000).tolist(), (rows.saved_percent - NOTICEABLE_PERCENT).tolist()
    )


@settles("service-communication.synchronous-grpc", evidence=Evidence.SIMULATED)
def synchronous_grpc(faster_from_kb: float) -> Verdict:
    """Holds from the size of an answer at which {CALLS} calls in a row are {NOTICEABLE_PERCENT} % faster by gRPC
    than by REST.
    """
    return holds_from(faster_from_kb, f"kB an answer, with {CALLS} calls in a row")
