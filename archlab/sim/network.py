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

from collections.abc import Callable, Collection, Generator, Iterable
from difflib import get_close_matches
from heapq import heappush
from math import inf, prod
from typing import TYPE_CHECKING, Any

from simpy.events import NORMAL, Event

from archlab.sim.core.calendar import require_sim
from archlab.sim.core.deadline import deadline
from archlab.sim.core.events import LeanEvent, fail_now, happen, process_event, when
from archlab.sim.core.task import Task
from archlab.sim.distributions import Distribution, as_distribution
from archlab.sim.validation import (
    refuse,
    require_fraction,
    require_non_negative,
    require_positive,
    require_text,
)

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar


class Link:
    """One direction between two nodes. `own_loss` is what it loses without a fault, `loss` what it loses now."""

    def __init__(
        self,
        sim: Calendar,
        name: str,
        latency_s: float | Distribution,
        bandwidth: float | None,
        loss: float,
    ) -> None:
        self.sim = sim
        self.own_loss = self.loss = loss
        self._next_latency_s = sim.durations(f"latency {name}", "latency_s", latency_s)
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


class Message(LeanEvent):
    """A message on its way, and the event of its arrival. A lost one never arrives."""

    def __init__(self, sim: Calendar, name: str) -> None:
        self.env = sim
        self.waiter = None
        self.name = name


class Cut:
    """A partition that is on: no message passes between its two sides. `on_heal()` is called when it ends."""

    on_heal: Callable[[], object] | None = None

    def __init__(self, one_side: frozenset[str], other_side: frozenset[str]) -> None:
        self.one_side, self.other_side = one_side, other_side

    def separates(self, source: str, target: str) -> bool:
        """Whether the two nodes are on different sides."""
        one, other = self.one_side, self.other_side
        return (source in one and target in other) or (source in other and target in one)


class Network:
    """Links between named nodes. Any two nodes can talk; links that were not described have the defaults.

    A node is known once it has a link of its own, has sent or got a message, shares its name with a part, or was
    named to `nodes`. Only known nodes can be cut off or made lossy, so that a misspelt name is found out.

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
        require_sim(sim)
        _require_link(latency_s, bandwidth_bytes_per_s, loss)
        self.sim = sim
        self.name = name
        self._defaults = (latency_s, bandwidth_bytes_per_s, loss)
        self._nodes: set[str] = set()
        self._links: dict[tuple[str, str], Link] = {}
        self._more_losses: dict[frozenset[str], list[float]] = {}
        self._cuts: list[Cut] = []
        self.sent = self.lost = 0
        sim.enter("network", name, self)

    def nodes(self, *names: str) -> None:
        """Make nodes known before they have sent or got anything. Raises `ValueError` for a name that is no text."""
        for name in names:
            require_text("names", name)
        self._nodes.update(names)

    def link(
        self,
        one: str,
        other: str,
        latency_s: float | Distribution | None = None,
        bandwidth_bytes_per_s: float | None = None,
        loss: float | None = None,
    ) -> None:
        """Describe the link between two nodes, in both directions. What is None stays at the network's default.

        Raises `ValueError` when an argument is not allowed.
        """
        require_text("one", one)
        require_text("other", other)
        usual_latency_s, usual_bandwidth, usual_loss = self._defaults
        described = (
            usual_latency_s if latency_s is None else latency_s,
            usual_bandwidth if bandwidth_bytes_per_s is None else bandwidth_bytes_per_s,
            usual_loss if loss is None else loss,
        )
        _require_link(*described)
        for pair in ((one, other), (other, one)):
            self._links[pair] = self._new_link(pair, *described)
        self._reckon_loss(one, other)

    def send(self, source: str, target: str, size_bytes: float = 0) -> Message:
        """Send a message. Yield it to wait for its arrival, which never comes when it is lost or cut off.

        Raises `ValueError` when the size is negative or no number, or a node's name is no text.
        """
        try:
            if not 0 <= size_bytes < inf:
                require_size("size_bytes", size_bytes)
        except TypeError:
            require_size("size_bytes", size_bytes)
        try:
            link = self._links[source, target]
        except (KeyError, TypeError):
            link = self._usual_link(source, target)
        self.sent += 1
        message = Message(self.sim, target)
        delay_s = link.delay_s(size_bytes)
        if link.loses() or (self._cuts and self.is_cut(source, target)):
            self.lost += 1
        else:
            sim = self.sim
            heappush(sim._queue, (sim._now + delay_s, NORMAL, next(sim._eid), _arrive, message))  # type: ignore[misc]
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
        waiting for ever. Raises `TypeError` when `work` is not a generator, `ValueError` for a number out of range.
        """
        if not hasattr(work, "send"):
            raise TypeError(f"work must be a generator, such as charge(order), not {work!r}")
        if timeout_s is not None:
            require_non_negative("timeout_s", timeout_s)
        if request_bytes or response_bytes:
            require_size("request_bytes", request_bytes)
            require_size("response_bytes", response_bytes)
        call = Call(self, source, target, work, response_bytes)
        when(self.send(source, target, request_bytes), call.begin)
        return call if timeout_s is None else deadline(self.sim, call, timeout_s)

    def partition(self, one_side: Iterable[str], other_side: Iterable[str]) -> None:
        """Let no message that is sent from now on pass between the two groups of nodes.

        Raises `ValueError` when a side is empty or a single text, a node is on both sides, or is not known.
        """
        self.cut(one_side, other_side)

    def cut(self, one_side: Iterable[str], other_side: Iterable[str]) -> Cut:
        """The same, and return what `mend` takes to end this partition and no other."""
        cut = Cut(group("one_side", one_side), group("other_side", other_side))
        require_two_sides(cut.one_side, cut.other_side)
        self._require_known("one_side", *sorted(cut.one_side))
        self._require_known("other_side", *sorted(cut.other_side))
        self._cuts.append(cut)
        return cut

    def heal(self, one_side: Iterable[str] | None = None, other_side: Iterable[str] | None = None) -> None:
        """End one partition, or all of them when you name no side. Healing what is whole does nothing.

        Raises `ValueError` when you name one side only, or a node that is not known.
        """
        if one_side is None and other_side is None:
            for cut in list(self._cuts):
                self.mend(cut)
            return
        sides = (group("one_side", one_side), group("other_side", other_side))
        self._require_known("one_side", *sorted(sides[0]))
        self._require_known("other_side", *sorted(sides[1]))
        same = [cut for cut in self._cuts if (cut.one_side, cut.other_side) in (sides, sides[::-1])]
        for cut in same[:1]:
            self.mend(cut)

    def mend(self, cut: Cut) -> None:
        """End this one partition, as `cut` returned it. Does nothing when it has ended."""
        if cut in self._cuts:
            self._cuts.remove(cut)
            if cut.on_heal is not None:
                cut.on_heal()

    def is_cut(self, source: str, target: str) -> bool:
        """Whether a partition separates the two nodes."""
        if source.__class__ is not str or target.__class__ is not str:
            require_text("source", source)
            require_text("target", target)
        return bool(self._cuts) and any(cut.separates(source, target) for cut in self._cuts)

    def loss_of(self, one: str, other: str) -> float:
        """The probability that a message from one node to the other is lost, with all faults that are on."""
        require_text("one", one)
        require_text("other", other)
        link = self._links.get((one, other))
        return self._defaults[2] if link is None else link.loss

    def set_loss(self, one: str, other: str, loss: float) -> None:
        """Change the loss of a link itself, in both directions. What faults lose comes on top.

        Raises `ValueError` when `loss` is not between 0 and 1, or a node is not known.
        """
        require_fraction("loss", loss)
        self._require_known("one", one)
        self._require_known("other", other)
        for pair in ((one, other), (other, one)):
            (self._links.get(pair) or self._usual_link(*pair)).own_loss = loss
        self._reckon_loss(one, other)

    def add_loss(self, source: str, target: str, loss: float) -> None:
        """Let a link lose more, in both directions, independently of what it loses anyway.

        Raises `ValueError` when `loss` is not between 0 and 1, or a node is not known.
        """
        require_fraction("loss", loss)
        self._require_known("source", source)
        self._require_known("target", target)
        self._more_losses.setdefault(frozenset((source, target)), []).append(loss)
        self._reckon_loss(source, target)

    def remove_loss(self, source: str, target: str, loss: float) -> None:
        """Undo one `add_loss`. Raises `ValueError` when there was none."""
        require_text("source", source)
        require_text("target", target)
        losses = self._more_losses.get(frozenset((source, target)), [])
        if loss not in losses:
            refuse(
                ValueError, "loss", loss, f"one that was added to the link {source!r} - {target!r}: {losses}"
            )
        losses.remove(loss)
        self._reckon_loss(source, target)

    def _reckon_loss(self, one: str, other: str) -> None:
        """What a link loses now: each of its losses comes independently of the others."""
        more = self._more_losses.get(frozenset((one, other)), [])
        for pair in ((one, other), (other, one)):
            link = self._links.get(pair) or self._usual_link(*pair)
            losses = [loss for loss in (link.own_loss, *more) if loss]
            link.loss = losses[0] if len(losses) == 1 else 1 - prod(1 - loss for loss in losses)

    def _require_known(self, what: str, *nodes: str) -> None:
        for node in nodes:
            require_text(what, node)
            if node not in self._nodes and node not in self.sim.parts:
                close = get_close_matches(node, [*self._nodes, *self.sim.parts], n=1)
                hint = f" Did you mean {close[0]!r}?" if close else ""
                raise ValueError(
                    f"{what} names {node!r}, which is no node of {self.name!r} so far; it must have a link, have sent "
                    f"or got a message, be the name of a part, or be made known by nodes({node!r}).{hint}"
                )

    def _usual_link(self, source: str, target: str) -> Link:
        """A link with the defaults, made the first time it is used."""
        require_text("source", source)
        require_text("target", target)
        pair = (source, target)
        self._links[pair] = self._new_link(pair, *self._defaults)
        return self._links[pair]

    def _new_link(
        self, pair: tuple[str, str], latency_s: float | Distribution, bandwidth: float | None, loss: float
    ) -> Link:
        self._nodes.update(pair)
        return Link(self.sim, f"{self.name} {pair[0]} to {pair[1]}", latency_s, bandwidth, loss)


class Call(LeanEvent):
    """A request to another node, and the event of its answer."""

    def __init__(
        self,
        network: Network,
        source: str,
        target: str,
        work: Generator[Event, Any, Any],
        response_bytes: float,
    ) -> None:
        self.env = network.sim
        self.waiter = None
        self.network, self.source, self.name = network, source, target
        self.work, self.response_bytes = work, response_bytes

    def begin(self, _: Event) -> None:
        """The request has arrived: work."""
        self.task = Task(self.network.sim, self.work)
        when(self.task, self._answer)

    def _answer(self, task: Event) -> None:
        """The work is done: send the answer back."""
        when(self.network.send(self.name, self.source, self.response_bytes), self._receive)

    def _receive(self, _: Event) -> None:
        if self.task._ok:
            self._value = self.task._value
            process_event(self)
        else:
            fail_now(self, self.task._value)


def group(name: str, nodes: Iterable[str] | None) -> frozenset[str]:
    """The nodes of one side of a partition. Raises `ValueError` for none at all, or one name instead of a list."""
    names = [] if isinstance(nodes, str) or not isinstance(nodes, Iterable) else list(nodes)
    if not names or not all(isinstance(node, str) and node for node in names):
        refuse(ValueError, name, nodes, "a list of names of nodes, such as ['shop', 'web']")
    return frozenset(names)


def require_two_sides(one_side: Collection[str], other_side: Collection[str]) -> None:
    """Raise `ValueError` when a node is on both sides of a partition."""
    both = sorted(set(one_side) & set(other_side))
    if both:
        raise ValueError(f"other_side names {', '.join(map(repr, both))}; it must not be on one_side, too")


def _require_link(latency_s: Any, bandwidth_bytes_per_s: Any, loss: Any) -> None:
    """Raise `ValueError` when a link cannot be like this."""
    as_distribution(latency_s, "latency_s")
    if bandwidth_bytes_per_s is not None:
        require_positive("bandwidth_bytes_per_s", bandwidth_bytes_per_s)
    require_fraction("loss", loss)


def require_size(name: str, size_bytes: Any) -> None:
    """Raise `ValueError` unless `size_bytes` is a finite number of bytes, 0 or more."""
    try:
        require_non_negative(name, size_bytes)
    except ValueError:
        refuse(ValueError, name, size_bytes, "a number of bytes, 0 or more")


def _arrive(message: Message) -> None:
    happen(message)
