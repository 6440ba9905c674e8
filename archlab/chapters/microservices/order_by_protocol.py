"""An order by REST and by gRPC: the bytes, the time on cores and the latency of its calls.

Messages are really encoded, so bytes are measured. The rest is modelled: encoding at a published rate, hops, and how
calls share connections. Orders come one after the other, so nobody waits for a core or a connection; see
`shared_connections` for that. What a call costs whatever its size is 0 unless you say `rest_extra_ms`.

>>> one = order_by_both(seed=1, orders=10)
>>> bool(one["grpc_kb"] < one["rest_kb"] / 4), round(one["saved_percent"], 2)
(True, 0.01)
"""

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from simpy.events import Event

from archlab.shop.customers import Customers, typical_catalogue
from archlab.shop.domain import Basket, Order, Payment, Product, price_order
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.shop.microservices.steps import USE_CASES, Step
from archlab.shop.microservices.wire import Message, answer_message, request_message
from archlab.shop.microservices.wire.protocol import Channel, Protocol, ProtocolName
from archlab.sim.core.streams import Streams
from archlab.sim.network import Network
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_whole

CONFIG = MicroservicesConfig()
PLACE, *PLACING = USE_CASES["place_order"]


def described_catalogue(seed: int, text_bytes: int = 0, products: int = 200) -> list[Product]:
    """Return the shop's catalogue, each name followed by so many bytes of text."""
    require_whole("text_bytes", text_bytes, at_least=0)
    catalogue = typical_catalogue(products, Streams(seed).stream("catalogue"))
    return [replace(product, name=product.name + "." * text_bytes) for product in catalogue]


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


def both(rest_extra_ms: float = 0.0) -> dict[ProtocolName, Protocol]:
    """Return REST and gRPC, where a call by REST costs `rest_extra_ms` on top, whatever its size.

    A quarter of it each time a message is encoded or decoded. Below 0 it is gRPC that costs more.
    """
    extra_s = rest_extra_ms / 1000 / 4
    return {
        "rest": Protocol("rest", per_message_s=max(extra_s, 0.0)),
        "grpc": Protocol("grpc", per_message_s=max(-extra_s, 0.0)),
    }


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

    `rest_extra_ms`: what a call by REST costs on top, see `both`.
    """
    figures: dict[str, float] = {}
    for name, protocol in both(rest_extra_ms).items():
        cost = order_cost(seed, protocol, hop_ms, text_bytes, config, orders)
        figures |= {f"{name}_{figure}": value for figure, value in cost.items()}
    saved_ms = figures["rest_p50_ms"] - figures["grpc_p50_ms"]
    return figures | {"saved_ms": saved_ms, "saved_percent": 100 * saved_ms / figures["rest_p50_ms"]}
