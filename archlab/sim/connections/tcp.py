"""A TCP connection over the `Network`: a stream of bytes each way, cut into segments, which arrive all and in order.

What is lost is sent again: after a time-out that doubles each time, or a round trip after three later segments have
arrived (fast retransmit, with selective acknowledgement). Until then the stream stands still: whatever came behind the
lost segment waits at the receiver, since TCP hands on bytes in order only. That is head-of-line blocking.

Several messages may be on their way in one stream. Where a bandwidth is given, they take turns, a frame each.

What this leaves out, and which way it errs:

- congestion control and the receiver's window: a sender never slows down. Large messages and lossy links look better
  than they are, new connections too.
- acknowledgements, unless three of them tell of a loss: they cost nothing. A time-out counts from the moment of
  sending, where real ones begin anew with every acknowledgement. Recovery looks up to a round trip faster.
- probes for a lost tail (RFC 8985): recovery by time-out looks slower where several segments are on their way, but a
  few.
- giving up: a sender repeats for ever, where Linux stops after about a quarter of an hour.
- TLS: one round trip less to open a connection.

>>> from archlab.sim import Network, Simulation
>>> sim = Simulation(seed=1)
>>> stream = ByteStream(Network(sim, latency_s=0.001), "shop", "payments")
>>> arrived = stream.send(4000)
>>> sim.run(until=arrived), sim.now, stream.segments
(None, 0.001, 3)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any

from simpy.events import Event

from archlab.sim.core.events import LeanEvent, process_event, when
from archlab.sim.core.task import Task
from archlab.sim.failure import Failure
from archlab.sim.network import Network, require_size
from archlab.sim.validation import (
    require_function,
    require_instance,
    require_positive,
    require_text,
    require_whole,
)

HEADER_BYTES = 40
"""Of one segment: 20 of IPv4 and 20 of TCP, no options."""

DUPLICATE_ACKS = 3
"""Later arrivals that tell the sender of a loss (Linux, include/net/tcp.h: TCP_FASTRETRANS_THRESH)."""

LARGEST_RTO_S = 120.0
"""Linux, include/net/tcp.h: TCP_RTO_MAX."""

DOUBLINGS = 16
"""After so many the time-out is longer than that in any case."""


@dataclass(frozen=True)
class Tcp:
    """How a connection is set. Sources of the defaults are in data/protocols.csv.

    Attributes:
        rto_s: retransmission time-out, which doubles with each repetition. 0.2 s is the least that Linux uses,
            RFC 6298 recommends 1 s at least. It must be longer than a round trip; that is not checked.
        connect_rto_s: the same for opening a connection, when no round trip is known yet: 1 s.
        segment_bytes: the most a segment carries: 1,460, what Ethernet's 1,500 leave.
        frame_bytes: how much of a message goes before it is another's turn. 16,384 is the largest frame of HTTP/2
            unless both sides agree on more.
        bandwidth_bytes_per_s: how fast a sender puts frames on the link. Give it what the network has. None: at once.
    """

    rto_s: float = 0.2
    connect_rto_s: float = 1.0
    segment_bytes: int = 1460
    frame_bytes: int = 16_384
    bandwidth_bytes_per_s: float | None = None

    def __post_init__(self) -> None:
        for name in ("rto_s", "connect_rto_s"):
            require_positive(name, getattr(self, name))
        for name in ("segment_bytes", "frame_bytes"):
            require_whole(name, getattr(self, name), at_least=1)
        if self.bandwidth_bytes_per_s is not None:
            require_positive("bandwidth_bytes_per_s", self.bandwidth_bytes_per_s)


class Delivery(LeanEvent):
    """A message in a stream, and the event of its last byte being handed on at the far end."""

    def __init__(self, stream: ByteStream, size_bytes: float, rto_s: float) -> None:
        self.env = stream.network.sim
        self.waiter = None
        self.name = stream.target
        self.left_bytes = size_bytes
        self.rto_s = rto_s


class Segment:
    """A piece of a stream. `ends` is the message that is complete with it, if any."""

    __slots__ = ("arrived", "ends", "number", "overtaken", "rto_s", "sent", "size_bytes", "timeouts")

    def __init__(self, number: int, size_bytes: float, rto_s: float, ends: Delivery | None) -> None:
        self.number, self.size_bytes, self.rto_s, self.ends = number, size_bytes, rto_s, ends
        self.arrived = False
        self.sent = self.timeouts = self.overtaken = 0


class ByteStream:
    """One direction of a connection, from the node `source` to the node `target`.

    `segments` and `retransmitted` count what was sent for the first time, and again.
    """

    def __init__(self, network: Network, source: str, target: str, tcp: Tcp | None = None) -> None:
        require_ends(network, source, target, tcp)
        self.network, self.source, self.target = network, source, target
        self.tcp = tcp or Tcp()
        self.segments = self.retransmitted = 0
        self._unsent: deque[Delivery] = deque()
        self._begun: Delivery | None = None  # the message whose turn it was last, when there is more of it
        self._undelivered: deque[Segment] = deque()
        self._lost: list[Segment] = []
        self._is_sending = False

    def send(self, size_bytes: float, rto_s: float | None = None) -> Delivery:
        """Send a message. Yield it to wait until all of it, and all that was sent before, has arrived."""
        require_size("size_bytes", size_bytes)
        if rto_s is not None:
            require_positive("rto_s", rto_s)
        message = Delivery(self, size_bytes, self.tcp.rto_s if rto_s is None else rto_s)
        self._unsent.append(message)
        if not self._is_sending:
            self._send_frames()
        return message

    def _send_frames(self, _: object = None) -> None:
        """Put frames on the link, one of each message in turn; with a bandwidth, each when the last one is out."""
        self._is_sending = False
        while self._next_turn():
            on_wire_bytes = self._send_frame(self._unsent.popleft())
            if self.tcp.bandwidth_bytes_per_s is not None:
                self._is_sending = True
                sim = self.network.sim
                sim.call_at(sim.now + on_wire_bytes / self.tcp.bandwidth_bytes_per_s, self._send_frames)
                return

    def _next_turn(self) -> bool:
        """Whether a message has its turn. The one that had the last turn goes behind those that came meanwhile."""
        if self._begun is not None:
            self._unsent.append(self._begun)
            self._begun = None
        return bool(self._unsent)

    def _send_frame(self, message: Delivery) -> float:
        """Send the next frame of a message, segment by segment; return its bytes with all headers."""
        sizes_bytes = _pieces(min(message.left_bytes, self.tcp.frame_bytes), self.tcp.segment_bytes)
        message.left_bytes -= sum(sizes_bytes)
        if message.left_bytes:
            self._begun = message
        for number, size_bytes in enumerate(sizes_bytes, start=1):
            is_last = number == len(sizes_bytes) and not message.left_bytes
            self._put(self._new_segment(size_bytes, message.rto_s, message if is_last else None))
        return sum(sizes_bytes) + HEADER_BYTES * len(sizes_bytes)

    def _new_segment(self, size_bytes: float, rto_s: float, ends: Delivery | None) -> Segment:
        segment = Segment(self.segments, size_bytes, rto_s, ends)
        self.segments += 1
        self._undelivered.append(segment)
        return segment

    def _put(self, segment: Segment) -> None:
        """Put a segment on the link, and set the timer that will run out if it is lost."""
        lost_before = self.network.lost
        packet = self.network.send(self.source, self.target, segment.size_bytes + HEADER_BYTES)
        segment.sent += 1
        if self.network.lost == lost_before:
            when(packet, partial(self._arrive, segment))
            return
        self._lost.append(segment)
        rto_s = min(segment.rto_s * 2 ** min(segment.timeouts, DOUBLINGS), LARGEST_RTO_S)
        self.network.sim.call_at(self.network.sim.now + rto_s, self._time_out, (segment, segment.sent))

    def _time_out(self, timer: tuple[Segment, int]) -> None:
        segment, sent = timer
        if segment.sent == sent:
            segment.timeouts += 1
            self._put_again(segment, sent)

    def _put_again(self, segment: Segment, sent: int) -> None:
        """Send a lost segment again, unless it has been sent again since it was sent for the `sent`th time."""
        if segment.sent == sent:
            self._lost.remove(segment)
            segment.overtaken = 0
            self.retransmitted += 1
            self._put(segment)

    def _arrive(self, segment: Segment, _: object = None) -> None:
        segment.arrived = True
        if self._lost:
            self._report_losses(segment)
        while self._undelivered and self._undelivered[0].arrived:
            ends = self._undelivered.popleft().ends
            if ends is not None:
                ends._value = None
                process_event(ends)

    def _report_losses(self, arrived: Segment) -> None:
        """Acknowledge a segment. The sender repeats all those before it that are missing for the third time."""
        missing = [lost for lost in self._lost if lost.number < arrived.number]
        for lost in missing:
            lost.overtaken += 1
        to_repeat = [(lost, lost.sent) for lost in missing if lost.overtaken >= DUPLICATE_ACKS]
        if to_repeat:
            packet = self.network.send(self.target, self.source, HEADER_BYTES)
            when(packet, partial(self._repeat, to_repeat))

    def _repeat(self, missing: list[tuple[Segment, int]], _: object) -> None:
        for segment, sent in missing:
            self._put_again(segment, sent)


class TcpConnection:
    """A connection that `source` opens to `target`: a stream there, `out`, and a stream `back`."""

    def __init__(self, network: Network, source: str, target: str, tcp: Tcp | None = None) -> None:
        require_ends(network, source, target, tcp)
        self.sim = network.sim
        self.target = target
        self.tcp = tcp or Tcp()
        self.out = ByteStream(network, source, target, self.tcp)
        self.back = ByteStream(network, target, source, self.tcp)
        self._opening: Task | None = None

    @property
    def retransmitted(self) -> int:
        """Segments sent again, in both directions."""
        return self.out.retransmitted + self.back.retransmitted

    def open(self) -> Task:
        """Begin to open the connection, if that was not done yet. Yield the task to wait until it is open.

        It takes a round trip: the first data goes along with the last of the three messages of the handshake.
        """
        if self._opening is None:
            self._opening = Task(self.sim, self._shake_hands())
        return self._opening

    def exchange(
        self, work: Generator[Event, Any, Any], request_bytes: float, answer_bytes: Callable[[Any], float]
    ) -> Task:
        """Send a request, let `work` run at the far end, and bring its value back, or the `Failure` that ended it.

        `answer_bytes` gives the size of an answer: of the value, or of the failure. Raises `TypeError` when `work` is
        not a generator or `answer_bytes` no function, `ValueError` for a size below 0.
        """
        if not hasattr(work, "send"):
            raise TypeError(f"work must be a generator, such as charge(order), not {work!r}")
        require_size("request_bytes", request_bytes)
        require_function("answer_bytes", answer_bytes)
        return Task(self.sim, self._exchange(work, request_bytes, answer_bytes))

    def _shake_hands(self) -> Generator[Event, Any, None]:
        yield self.out.send(0, self.tcp.connect_rto_s)
        yield self.back.send(0, self.tcp.connect_rto_s)

    def _exchange(
        self, work: Generator[Event, Any, Any], request_bytes: float, answer_bytes: Callable[[Any], float]
    ) -> Generator[Event, Any, Any]:
        yield self.out.send(request_bytes)
        try:
            answer = yield Task(self.sim, work)
        except Failure as failure:
            yield self.back.send(answer_bytes(failure))
            raise
        yield self.back.send(answer_bytes(answer))
        return answer


def require_ends(network: Network, source: str, target: str, tcp: Tcp | None) -> None:
    """Raise `ValueError` or `TypeError` unless a connection can be made of these. Its ends are nodes from now on."""
    require_instance("network", network, Network, "a Network")
    require_text("source", source)
    require_text("target", target)
    require_instance("tcp", tcp, (Tcp, type(None)), "a Tcp or None")
    network.nodes(source, target)


def _pieces(size_bytes: float, at_most_bytes: int) -> list[float]:
    """Cut a size into pieces; nothing makes one piece of nothing."""
    whole, rest = divmod(size_bytes, at_most_bytes)
    return [float(at_most_bytes)] * int(whole) + ([rest] if rest or not whole else [])
