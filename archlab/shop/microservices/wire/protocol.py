"""The protocol of the calls between services: REST (JSON over HTTP/1.1) or gRPC (protocol buffers over HTTP/2).

A protocol is three things: how messages are encoded, which headers go around them, and how calls share connections.
Messages are really encoded, and answers are read back from their bytes, so sizes are measured. How long that takes is
a published rate, since this program's own speed says nothing about a server's: 100 MiB/s for JSON and its like, 1 GiB/s
for fast binary formats (S. Eskildsen, *napkin-math*, 2026).

What this leaves out: what a call costs whatever its size, such as system calls, parsing of headers, and memory
management. Set `per_message_s` for it. At 0, calls look cheaper than they are, and the two protocols more alike: a
published test has gRPC ahead by 2.5 ms a call (data/protocols.csv), which sizes and rates do not explain.

>>> from archlab.shop.domain import Order, OrderLine
>>> order = Order(7, (OrderLine(product=1, quantity=2, unit_price_cents=450),))
>>> Protocol("rest").message_bytes(order), Protocol("grpc").message_bytes(order)
(243, 43)
>>> Protocol("soap")
Traceback (most recent call last):
ValueError: name is 'soap'; it must be one of rest, grpc
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, NamedTuple, get_args

from simpy.events import Event

from archlab.shop.cores import Cores
from archlab.shop.microservices.wire import Encoding, Message, decode, encode
from archlab.shop.microservices.wire.http_headers import (
    GRPC_ANSWER,
    GRPC_REQUEST,
    grpc_bytes,
    http1_answer,
    http1_request,
)
from archlab.sim.connections.http import Http1Pool, Http2Connection, HttpConnections
from archlab.sim.connections.tcp import Tcp
from archlab.sim.core.task import Task
from archlab.sim.failure import Failure
from archlab.sim.network import Network
from archlab.sim.validation import require_non_negative, require_whole

ProtocolName = Literal["rest", "grpc"]
Work = Generator[Event, Any, Any]

ENCODING: Mapping[ProtocolName, Encoding] = {"rest": "json", "grpc": "protobuf"}
BYTES_PER_S: Mapping[Encoding, float] = {"json": 100 * 2**20, "protobuf": 2**30}
"""How fast one core encodes or decodes (data/protocols.csv)."""


@dataclass(frozen=True)
class Cost:
    """What one message costs: time on a core at each end, and bytes on the wire without those of TCP and IP."""

    encode_s: float
    decode_s: float
    wire_bytes: int


@dataclass(frozen=True)
class Protocol:
    """How services talk.

    Attributes:
        name: "rest" or "grpc".
        connections: REST only: how many connections one client may have to one server. An assumption. gRPC has one.
        per_message_s: time on a core at each end for a message whatever its size. 0 errs low.
        tcp: how its connections are set.

    Raises:
        ValueError: when a parameter is not allowed.
    """

    name: ProtocolName
    connections: int = 16
    per_message_s: float = 0.0
    tcp: Tcp = field(default_factory=Tcp)

    def __post_init__(self) -> None:
        if self.name not in get_args(ProtocolName):
            raise ValueError(f"name is {self.name!r}; it must be one of {', '.join(get_args(ProtocolName))}")
        require_whole("connections", self.connections, at_least=1)
        require_non_negative("per_message_s", self.per_message_s)

    @property
    def encoding(self) -> Encoding:
        return ENCODING[self.name]

    def cpu_s(self, size_bytes: float) -> float:
        """Return the time on a core to encode a message of this size, without headers. To decode it takes as long."""
        return self.per_message_s + size_bytes / BYTES_PER_S[self.encoding]

    def message_bytes(self, message: Message) -> int:
        """Return the size of a request on a connection in use: message, headers and frames."""
        return self.request_bytes(len(encode(message, self.encoding)))

    def answer_bytes(self, message: Message) -> int:
        """Return the size of an answer on a connection in use: message, headers and frames."""
        return self.response_bytes(len(encode(message, self.encoding)))

    def request_bytes(self, body_bytes: int) -> int:
        """Return the same for a request whose message is of this size."""
        return body_bytes + (_grpc_request_bytes() if self.name == "grpc" else len(http1_request(body_bytes)))

    def response_bytes(self, body_bytes: int) -> int:
        """Return the same for an answer whose message is of this size."""
        return body_bytes + (_grpc_answer_bytes() if self.name == "grpc" else len(http1_answer(body_bytes)))

    def cost(self, message: Message) -> Cost:
        """Return what a message costs as a request."""
        body_bytes = len(encode(message, self.encoding))
        cpu_s = self.cpu_s(body_bytes)
        return Cost(cpu_s, cpu_s, self.request_bytes(body_bytes))

    def connect(self, network: Network, source: str, target: str) -> HttpConnections:
        """Return the connections of one client to one server. They are opened when they are needed."""
        if self.name == "grpc":
            return Http2Connection(network, source, target, self.tcp)
        return Http1Pool(network, source, target, self.connections, tcp=self.tcp)


class Encoded(NamedTuple):
    """An answer on its way. The class of its message is known from the call, and whether it went well."""

    kind: type
    data: bytes


class Channel:
    """The calls of a shop by one protocol, over one network.

    Args:
        cores: node -> the cores that encode and decode there. At a node without one it takes its time, but
            nobody waits for a core.

    `calls`, `wire_bytes` and `cpu_s` are sums over all calls so far: bytes both ways, time on cores at both ends.

    >>> from archlab.shop.microservices.wire import Done, OrderRequest
    >>> from archlab.sim import Simulation
    >>> sim = Simulation(seed=1)
    >>> channel = Channel(Network(sim, latency_s=0.001), Protocol("grpc"))
    >>> def confirm():
    ...     yield sim.timeout(0.005)
    ...     return Done()
    >>> sim.run(until=channel.call("orders", "notifications", confirm(), OrderRequest(7)))
    Done()
    >>> round(sim.now, 6), channel.wire_bytes  # with a round trip to open the connection
    (0.009, 67)
    """

    def __init__(
        self, network: Network, protocol: Protocol, cores: Mapping[str, Cores] | None = None
    ) -> None:
        self.network, self.protocol = network, protocol
        self.sim = network.sim
        self.cores = {} if cores is None else cores
        self.calls = self.wire_bytes = 0
        self.cpu_s = 0.0
        self._connections: dict[tuple[str, str], HttpConnections] = {}

    def connections(self, source: str, target: str) -> HttpConnections:
        """Return the connections from one node to another."""
        pair = (source, target)
        if pair not in self._connections:
            self._connections[pair] = self.protocol.connect(self.network, source, target)
        return self._connections[pair]

    def call(
        self, source: str, target: str, work: Work, request: Message, timeout_s: float | None = None
    ) -> Event:
        """Encode the request, let `work` run at the target, and wait for the message that it returns.

        A `Failure` that ends the work travels back as an answer without a message. Without an answer after
        `timeout_s`, counted from when the request is encoded, the caller gets `TimedOut`; the work goes on.
        Raises `ValueError` when the request is no message, and so does the run when the answer is none.
        """
        data = encode(request, self.protocol.encoding)
        return Task(self.sim, self._call(source, target, work, data, timeout_s))

    def _call(
        self, source: str, target: str, work: Work, data: bytes, timeout_s: float | None
    ) -> Generator[Event, Any, Message]:
        self.calls += 1
        yield from self._compute(source, data)
        size_bytes = self.protocol.request_bytes(len(data))
        self.wire_bytes += size_bytes
        served = self._serve(target, work, data)
        connections = self.connections(source, target)
        answer: Encoded = yield connections.call(served, size_bytes, self._response_bytes, timeout_s)
        yield from self._compute(source, answer.data)
        return decode(answer.kind, answer.data, self.protocol.encoding)

    def _serve(self, target: str, work: Work, data: bytes) -> Generator[Event, Any, Encoded]:
        """What happens at the target: decode, work, encode."""
        yield from self._compute(target, data)
        message = yield from work
        answer = Encoded(type(message), encode(message, self.protocol.encoding))
        yield from self._compute(target, answer.data)
        return answer

    def _response_bytes(self, answer: Encoded | Failure) -> int:
        size_bytes = self.protocol.response_bytes(len(answer.data) if isinstance(answer, Encoded) else 0)
        self.wire_bytes += size_bytes
        return size_bytes

    def _compute(self, node: str, data: bytes) -> Generator[Event, Any, None]:
        """Encode or decode at a node."""
        cpu_s = self.protocol.cpu_s(len(data))
        self.cpu_s += cpu_s
        cores = self.cores.get(node)
        if cores is not None:
            yield cores.serve(cpu_s)
        elif cpu_s:
            yield self.sim.timeout(cpu_s)


@cache
def _grpc_request_bytes() -> int:
    return grpc_bytes(GRPC_REQUEST)


@cache
def _grpc_answer_bytes() -> int:
    return grpc_bytes(GRPC_ANSWER)
