"""A network: messages between named nodes take time, may be lost, and do not cross a partition.

A call sends a request, lets the far end work, and waits for the answer. The caller may stop waiting; the far end does
not know, and works on. Forgetting that is the usual lie of simple simulators.

What this leaves out: connections, retransmission and congestion. A lost message stays lost (real TCP sends it again
after a while), so loss hurts more here, and rather suddenly.

>>> from archlab.sim import Network, Simulation, Station
>>> sim = Simulation(seed=1)
>>> network = Network(sim, latency_s=0.001)
>>> payments = Station(sim, "payments")
>>> def charge():
...     yield payments.serve(0.010)
...     return "paid"
>>> def order():
...     answer = yield network.call("shop", "payments", charge())
...     return answer, sim.now
>>> sim.run(until=sim.start(order()))
('paid', 0.012)
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, Any

from simpy.events import Event

from archlab.sim.core.deadline import deadline
from archlab.sim.core.events import fail_now, process_event
from archlab.sim.core.task import Task
from archlab.sim.distributions import Distribution
from archlab.sim.validation import require_fraction, require_non_negative, require_positive

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar


class Link:
    """One direction between two nodes."""

    def __init__(
        self,
        sim: Calendar,
        name: str,
        latency_s: float | Distribution,
        bandwidth: float | None,
        loss: float,
    ) -> None:
        if not isinstance(latency_s, Distribution):
            require_non_negative("latency_s", latency_s)
        require_fraction("loss", loss)
        if bandwidth is not None:
            require_positive("bandwidth_bytes_per_s", bandwidth)
        self.sim = sim
        self.loss = loss
        self._next_latency_s: Callable[[], float] = sim.draws(f"latency {name}", latency_s)
        self._luck = sim.stream(f"loss {name}")
        self._seconds_per_byte = 0.0 if bandwidth is None else 1 / bandwidth
        self._free_at_s = 0.0

    def loses(self) -> bool:
        """Whether the next message is lost."""
        return self.loss > 0 and self._luck.random() < self.loss

    def delay_s(self, size_bytes: float) -> float:
        """How long a message of this size takes, behind those that are being sent already."""
        latency_s = self._next_latency_s()
        if not self._seconds_per_byte:
            return latency_s
        now = self.sim._now
        self._free_at_s = max(now, self._free_at_s) + size_bytes * self._seconds_per_byte
        return self._free_at_s - now + latency_s


class Message(Event):
    """A message on its way, and the event of its arrival. A lost one never arrives."""

    _ok = True

    def __init__(self, sim: Calendar, name: str) -> None:
        self.env = sim
        self.callbacks = []
        self.name = name


class Network:
    """Links between named nodes. Any two nodes can talk; links that were not described have the defaults.

    Args:
        latency_s: how long a small message takes one way: seconds, or a distribution (then with jitter).
            Under jitter messages may overtake one another.
        bandwidth_bytes_per_s: messages of a link are sent one after the other at this speed. None: at once.
        loss: the probability that a message is lost.

    `sent` and `lost` count messages. Raises `ValueError` when an argument is not allowed or the name is taken.
    """

    def __init__(
        self,
        sim: Calendar,
        latency_s: float | Distribution,
        bandwidth_bytes_per_s: float | None = None,
        loss: float = 0.0,
        name: str = "network",
    ) -> None:
        self.sim = sim
        self.name = name
        self._defaults = (latency_s, bandwidth_bytes_per_s, loss)
        self._links: dict[tuple[str, str], Link] = {}
        self._cuts: list[tuple[frozenset[str], frozenset[str]]] = []
        self.sent = self.lost = 0
        Link(sim, f"{name} defaults", *self._defaults)
        sim.enter("network", name, self)

    def link(
        self,
        one: str,
        other: str,
        latency_s: float | Distribution | None = None,
        bandwidth_bytes_per_s: float | None = None,
        loss: float | None = None,
    ) -> None:
        """Describe the link between two nodes, in both directions. What is None stays at the network's default."""
        usual_latency_s, usual_bandwidth, usual_loss = self._defaults
        for pair in ((one, other), (other, one)):
            self._links[pair] = self._new_link(
                pair,
                usual_latency_s if latency_s is None else latency_s,
                usual_bandwidth if bandwidth_bytes_per_s is None else bandwidth_bytes_per_s,
                usual_loss if loss is None else loss,
            )

    def send(self, source: str, target: str, size_bytes: float = 0) -> Message:
        """Send a message. Yield it to wait for its arrival, which never comes when it is lost or cut off."""
        if not size_bytes >= 0:
            raise ValueError(f"size_bytes is {size_bytes!r}; it must be a number of bytes, 0 or more")
        self.sent += 1
        message = Message(self.sim, target)
        link = self._links.get((source, target)) or self._usual_link(source, target)
        delay_s = link.delay_s(size_bytes)
        if link.loses() or (self._cuts and self.is_cut(source, target)):
            self.lost += 1
        else:
            self.sim.call_at(self.sim._now + delay_s, _arrive, message)
        return message

    def call(
        self,
        source: str,
        target: str,
        work: Generator[Event, Any, Any],
        timeout_s: float | None = None,
        request_bytes: float = 0,
        response_bytes: float = 0,
    ) -> Event:
        """Let `work` run at `target` when the request arrives there, and wait for its value.

        A `Failure` that ends the work travels back as an answer and is thrown into the caller. Without an answer
        after `timeout_s` the caller gets `TimedOut`; the work goes on. With no `timeout_s` a lost message means
        waiting for ever. Raises `TypeError` when `work` is not a generator.
        """
        if not hasattr(work, "send"):
            raise TypeError(f"work must be a generator, such as charge(order), not {work!r}")
        if timeout_s is not None:
            require_non_negative("timeout_s", timeout_s)
        call = Call(self, source, target, work, response_bytes)
        _then(self.send(source, target, request_bytes), call.begin)
        return call if timeout_s is None else deadline(self.sim, call, timeout_s)

    def partition(self, one_side: Iterable[str], other_side: Iterable[str]) -> None:
        """Let no message that is sent from now on pass between the two groups of nodes.

        Raises `ValueError` when a side is empty or a single text.
        """
        self._cuts.append((group("one_side", one_side), group("other_side", other_side)))

    def heal(self, one_side: Iterable[str] | None = None, other_side: Iterable[str] | None = None) -> None:
        """End one partition, or all of them when you name no side. Healing what is whole does nothing."""
        if one_side is None and other_side is None:
            self._cuts.clear()
            return
        cut = (group("one_side", one_side), group("other_side", other_side))
        if cut in self._cuts:
            self._cuts.remove(cut)

    def is_cut(self, source: str, target: str) -> bool:
        """Whether a partition separates the two nodes."""
        return any(
            (source in one and target in other) or (source in other and target in one)
            for one, other in self._cuts
        )

    def loss_of(self, one: str, other: str) -> float:
        """The probability that a message from one node to the other is lost."""
        return (self._links.get((one, other)) or self._usual_link(one, other)).loss

    def set_loss(self, one: str, other: str, loss: float) -> None:
        """Change the loss of a link, in both directions."""
        require_fraction("loss", loss)
        for pair in ((one, other), (other, one)):
            (self._links.get(pair) or self._usual_link(*pair)).loss = loss

    def _usual_link(self, source: str, target: str) -> Link:
        """A link with the defaults, made the first time it is used."""
        pair = (source, target)
        self._links[pair] = self._new_link(pair, *self._defaults)
        return self._links[pair]

    def _new_link(
        self, pair: tuple[str, str], latency_s: float | Distribution, bandwidth: float | None, loss: float
    ) -> Link:
        return Link(self.sim, f"{self.name} {pair[0]} to {pair[1]}", latency_s, bandwidth, loss)


class Call(Event):
    """A request to another node, and the event of its answer."""

    _ok = True

    def __init__(
        self,
        network: Network,
        source: str,
        target: str,
        work: Generator[Event, Any, Any],
        response_bytes: float,
    ) -> None:
        self.env = network.sim
        self.callbacks = []
        self.network, self.source, self.name = network, source, target
        self.work, self.response_bytes = work, response_bytes

    def begin(self, _: Event) -> None:
        """The request has arrived: work."""
        self.task = Task(self.network.sim, self.work)
        if self.task.callbacks is None:
            self._answer(self.task)
        else:
            self.task.callbacks.append(self._answer)

    def _answer(self, task: Event) -> None:
        """The work is done: send the answer back."""
        _then(self.network.send(self.name, self.source, self.response_bytes), self._receive)

    def _receive(self, _: Event) -> None:
        if self.task._ok:
            self._value = self.task._value
            process_event(self)
        else:
            fail_now(self, self.task._value)


def group(name: str, nodes: Iterable[str] | None) -> frozenset[str]:
    """The nodes of one side of a partition. Raises `ValueError` for none at all, or one name instead of a list."""
    if isinstance(nodes, str) or not nodes:
        raise ValueError(f"{name} is {nodes!r}; it must be a list of names of nodes, such as ['shop', 'web']")
    return frozenset(nodes)


def _arrive(message: Message) -> None:
    message._value = None
    process_event(message)


def _then(event: Event, action: Callable[[Any], None]) -> None:
    assert event.callbacks is not None
    event.callbacks.append(action)
