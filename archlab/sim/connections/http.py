"""Connections: how the requests of one client to one server share TCP connections, by HTTP/1.1 and by HTTP/2.

**HTTP/1.1** serves one request at a time on a connection. Further ones need further connections, or wait until one is
free: head-of-line blocking in the pool. **HTTP/2** sends all requests over one connection at once. None waits for
another's answer, but all share its one stream of bytes: where a segment is lost, all wait until it has been sent again.

Both run over the kit's `Network`, with its latency, its loss and its partitions; what is lost, TCP sends again (see
`archlab.sim.connections.tcp`, and there what it leaves out). Left out here: pipelining (no client uses it), the limit
of streams and the flow control of HTTP/2, and servers that close idle connections. The first two err in favour of
HTTP/2. A failure at the server travels back like an answer.

>>> from archlab.sim import Network, Simulation, Station
>>> sim = Simulation(seed=1)
>>> payments = Station(sim, "payments", capacity=8)
>>> def charge():
...     yield payments.serve(0.010)
...     return sim.now
>>> network = Network(sim, latency_s=0.001)
>>> pool = Http1Pool(network, "shop", "payments", connections=1)
>>> first, second = pool.call(charge()), pool.call(charge())
>>> sim.run(until=second), pool.opened  # a round trip to open, then one after the other
(0.025, 1)
>>> connection = Http2Connection(network, "shop", "payments")
>>> first, second = connection.call(charge()), connection.call(charge())
>>> round(sim.run(until=second) - 0.026, 6)  # both at once
0.013
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from typing import Any

from simpy.events import Event

from archlab.sim.connections.tcp import Tcp, TcpConnection, require_ends
from archlab.sim.core.deadline import deadline
from archlab.sim.core.events import when
from archlab.sim.core.task import Task
from archlab.sim.failure import Failure
from archlab.sim.network import Network, require_size
from archlab.sim.servers.pool import Pool
from archlab.sim.validation import require_flag, require_non_negative, require_whole

Work = Generator[Event, Any, Any]
Size = float | Callable[[Any], float]


class GaveUp(Failure):
    """The caller has stopped waiting. It never hears of this: it got `TimedOut`."""

    outcome = "gave_up"
    what = "the caller gave up"


class HttpCall(Task):
    """A call as its client sees it. `name` is the node that was called."""

    def __init__(self, http: HttpConnections, steps: Work) -> None:
        self.name = http.target
        super().__init__(http.network.sim, steps)

    def give_up_when(self, deadline: Event) -> None:
        """Stop waiting for a connection or an answer when `deadline` fails. The server does not hear of it."""

        def give_up(deadline: Event) -> None:
            if not deadline._ok and self.is_alive:
                self.throw_now(GaveUp(self.name))

        when(deadline, give_up)


class HttpConnections(ABC):
    """What a client has to one server. `calls` counts requests, `opened` the connections that were opened."""

    def __init__(self, network: Network, source: str, target: str, tcp: Tcp | None = None) -> None:
        require_ends(network, source, target, tcp)
        self.network, self.source, self.target = network, source, target
        self.tcp = tcp or Tcp()
        self.calls = self.opened = 0
        self._connections: dict[TcpConnection, None] = {}
        self._retransmitted_before = 0

    @property
    def retransmitted(self) -> int:
        """Segments sent again."""
        return self._retransmitted_before + sum(connection.retransmitted for connection in self._connections)

    def call(
        self,
        work: Work,
        request_bytes: float = 0,
        answer_bytes: Size = 0,
        timeout_s: float | None = None,
    ) -> Event:
        """Let `work` run at the target when the request arrives there, and wait for its value.

        `answer_bytes` is a size, or a function that gives it: of the work's value, or of the `Failure` that ended
        it. Without an answer after `timeout_s`, the time in a queue for a connection included, the caller gets
        `TimedOut`; work that has been asked for goes on. Raises `TypeError` when `work` is not a generator.
        """
        if not hasattr(work, "send"):
            raise TypeError(f"work must be a generator, such as charge(order), not {work!r}")
        require_size("request_bytes", request_bytes)
        if not callable(answer_bytes):
            require_size("answer_bytes", answer_bytes)
        if timeout_s is not None:
            require_non_negative("timeout_s", timeout_s)
        self.calls += 1
        size = answer_bytes if callable(answer_bytes) else lambda _: answer_bytes
        request = HttpCall(self, self._steps(work, request_bytes, size))
        if timeout_s is None or request.processed:
            return request
        answer = deadline(self.network.sim, request, timeout_s)
        request.give_up_when(answer)
        return answer

    @abstractmethod
    def _steps(self, work: Work, request_bytes: float, answer_bytes: Callable[[Any], float]) -> Work:
        """Get hold of a connection, and exchange the request for its answer."""

    def _new_connection(self) -> TcpConnection:
        connection = TcpConnection(self.network, self.source, self.target, self.tcp)
        self._connections[connection] = None
        self.opened += 1
        return connection

    def _close(self, connection: TcpConnection) -> None:
        del self._connections[connection]
        self._retransmitted_before += connection.retransmitted


class Http1Pool(HttpConnections):
    """At most `connections` connections of HTTP/1.1, each for one request at a time.

    Args:
        connections: how many there may be at the same time. They are opened when they are needed.
        keep_alive: whether a connection is kept for later requests, or closed after each answer.

    The pool is a station, "connections <source> to <target>": busy connections are its busy servers, requests that
    wait for one are its queue. A connection whose caller has given up is closed: its answer is still to come.
    """

    def __init__(
        self,
        network: Network,
        source: str,
        target: str,
        connections: int,
        keep_alive: bool = True,
        tcp: Tcp | None = None,
    ) -> None:
        super().__init__(network, source, target, tcp)
        require_whole("connections", connections, at_least=1)
        require_flag("keep_alive", keep_alive)
        self.station = Pool(network.sim, f"connections {source} to {target}", connections)
        self.keep_alive = keep_alive
        self._idle: list[TcpConnection] = []

    def _steps(self, work: Work, request_bytes: float, answer_bytes: Callable[[Any], float]) -> Work:
        with self.station.hold() as turn:
            yield turn
            connection = self._idle.pop() if self._idle else self._new_connection()
            is_answered = True
            try:
                yield connection.open()
                return (yield connection.exchange(work, request_bytes, answer_bytes))
            except GaveUp:
                is_answered = False
                raise
            finally:
                self._put_back(connection, is_answered)

    def _put_back(self, connection: TcpConnection, is_answered: bool) -> None:
        if is_answered and self.keep_alive:
            self._idle.append(connection)
        else:
            self._close(connection)


class Http2Connection(HttpConnections):
    """One connection of HTTP/2 for all requests, opened with the first one."""

    def __init__(self, network: Network, source: str, target: str, tcp: Tcp | None = None) -> None:
        super().__init__(network, source, target, tcp)
        self._connection: TcpConnection | None = None

    def _steps(self, work: Work, request_bytes: float, answer_bytes: Callable[[Any], float]) -> Work:
        if self._connection is None:
            self._connection = self._new_connection()
        yield self._connection.open()
        return (yield self._connection.exchange(work, request_bytes, answer_bytes))
