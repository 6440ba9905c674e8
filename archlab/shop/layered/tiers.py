"""Tiers: machines of their own for layers, and the border that a call crosses between two of them.

A call over a border is two messages. The machine on the other side holds a worker for it, and the caller's worker waits
meanwhile. Between layers in one process a call is a call, and costs nothing here.

A caller may wait for so long and no longer. Then it goes on with a `TimedOut`, and its worker is free; the other side
hears nothing of it, and works on. Where what is left of a limit travels with the call, it does not begin any more.

What this leaves out: bandwidth, and messages that are lost.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> border = Border(sim, Tier(sim, "data", LayeredConfig(hop_s=0.010)), LayeredConfig(hop_s=0.010))
>>> def rows():
...     yield sim.timeout(0.005)
...     return 3
>>> sim.run(until=sim.start(border.cross(rows()))), round(sim.now, 3)
(3, 0.025)
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import TypeVar

from archlab.shop.domain import Notification, Order, Payment, Product, Refusal
from archlab.shop.health_checks import HealthChecks
from archlab.shop.instance import Instance, Steps
from archlab.shop.layered.config import LayeredConfig
from archlab.shop.layered.data_access import Changes, DataAccess
from archlab.shop.store import OrderStatus, ProductPage
from archlab.sim.failure import TimedOut
from archlab.sim.resilience.deadline_propagation import TimeLimit
from archlab.sim.simulation import Simulation

T = TypeVar("T")


class Tier:
    """The copies of one program. The parts are "<name>-<number>", each with its " cpu"."""

    def __init__(self, sim: Simulation, name: str, config: LayeredConfig) -> None:
        self.name = name
        self.copies = [
            Instance(
                sim,
                name,
                number,
                config.workers_in(name),
                config.cores,
                config.queue_limit,
                config.cores_share,
            )
            for number in range(1, config.count(name) + 1)
        ]
        self.health = HealthChecks(sim, self.copies, config.health_check_s, f"{name} health checks")

    def serve(self, cpu_s: float, steps: Steps[T], limit: TimeLimit | None = None) -> Steps[T]:
        """Hold a worker of one copy, work on its cores, and go on with the steps.

        Raises `TimedOut` when the limit has passed before a worker is free: then nothing is done.
        """
        here = self.health.choose()
        with here.hold() as worker:
            yield worker
            if limit is not None:
                limit.check(here.name)
            yield here.cpu.serve(cpu_s)
            return (yield from steps)


@dataclass
class Answers:
    """How many answers to calls that somebody waits for so long and no longer were heard, and how many were not."""

    heard: int = 0
    unheard: int = 0


class Border:
    """The way to another tier and back. `config.border_timeout_s` may limit each call.

    `limit`: what travels with every call of this border, if anything does: see `within`. `answers`: how many answers
    were heard, and how many nobody waited for any more; shared by all that `within` returns.
    """

    limit: TimeLimit | None = None

    def __init__(self, sim: Simulation, tier: Tier, config: LayeredConfig) -> None:
        self.sim, self.tier = sim, tier
        self.message_cpu_s = config.message_cpu_s
        self.timeout_s = config.border_timeout_s.get(tier.name)
        self.next_hop_s = sim.draws(f"hop to {tier.name}", config.hop_s)
        self.answers = Answers()

    def within(self, limit: TimeLimit | None) -> "Border":
        """Return the same border for the calls of one request, whose limit travels with them."""
        border = copy(self)
        border.limit = limit
        return border

    def cross(self, steps: Steps[T], cpu_s: float = 0.0) -> Steps[T]:
        """Send a call, let it be served with so much time on a core besides the messages, and wait for the answer.

        Raises `TimedOut` when the caller has waited long enough. The call goes on without it.
        """
        wait = self._wait()
        if wait is None:
            return (yield from self._there_and_back(steps, cpu_s))  # the shortest way: no task of its own
        wait.check(self.tier.name)
        call = self.sim.start(self._watched(self._there_and_back(steps, cpu_s), wait))
        try:
            answer = yield wait.wait(call)
        except TimedOut:
            if wait.left_s:  # it was somebody further down
                raise
            raise TimedOut(self.tier.name) from None
        if isinstance(answer, Refusal):
            raise answer
        return answer

    def _wait(self) -> TimeLimit | None:
        """How long the caller of a call that begins now waits."""
        if self.timeout_s is None:
            return self.limit
        if self.limit is None:
            return TimeLimit(self.sim, self.timeout_s)
        return self.limit.at_most(self.timeout_s)

    def _there_and_back(self, steps: Steps[T], cpu_s: float) -> Steps[T]:
        yield self.sim.timeout(self.next_hop_s())
        answer = yield from self.tier.serve(2 * self.message_cpu_s + cpu_s, steps, self.limit)
        yield self.sim.timeout(self.next_hop_s())
        return answer

    def _watched(self, call: Steps[T], wait: TimeLimit) -> Steps[T | Refusal]:
        """Return the answer, or the `Refusal`, which a task of its own must not raise. Count who hears it."""
        answer: T | Refusal
        try:
            answer = yield from call
        except Refusal as refusal:
            answer = refusal
        if wait.left_s:
            self.answers.heard += 1
        else:
            self.answers.unheard += 1
        return answer


class FarData:
    """Data access on another machine. See `archlab.shop.layered.data_access.interface.DataAccess`.

    `chatty`: whether each change is a call of its own. Else all changes of an order travel with the commit.
    """

    def __init__(self, near: DataAccess, border: Border, chatty: bool) -> None:
        self.near, self.border, self.chatty = near, border, chatty

    def page(self, product: int) -> Steps[ProductPage]:
        return self.border.cross(self.near.page(product))

    def products(self, ids: Sequence[int]) -> Steps[list[Product]]:
        return self.border.cross(self.near.products(ids))

    def on_hand(self, ids: Sequence[int]) -> Steps[dict[int, int]]:
        return self.border.cross(self.near.on_hand(ids))

    def order(self, order_id: int) -> Steps[Order]:
        return self.border.cross(self.near.order(order_id))

    def status(self, order_id: int) -> Steps[OrderStatus]:
        return self.border.cross(self.near.status(order_id))

    def authorised(self) -> Steps[list[int]]:
        return self.border.cross(self.near.authorised())

    def captured(self, authorisations: Sequence[int]) -> Steps[None]:
        return self.border.cross(self.near.captured(authorisations))

    def begin(self) -> Changes:
        changes = self.near.begin()
        return ChattyChanges(changes, self.border) if self.chatty else OneCall(changes, self.border)


class ChattyChanges:
    """Each change is a call over the border. See `archlab.shop.layered.data_access.interface.Changes`."""

    def __init__(self, near: Changes, border: Border) -> None:
        self.near, self.border = near, border

    def reserve(self, product: int, quantity: int) -> Steps[None]:
        return self.border.cross(self.near.reserve(product, quantity))

    def record_payment(self, payment: Payment) -> Steps[None]:
        return self.border.cross(self.near.record_payment(payment))

    def insert_order(self, order: Order) -> Steps[None]:
        return self.border.cross(self.near.insert_order(order))

    def notify(self, notification: Notification) -> Steps[None]:
        return self.border.cross(self.near.notify(notification))

    def commit(self) -> Steps[None]:
        return self.border.cross(self.near.commit())


class OneCall:
    """Changes wait on this side, and travel together. See `archlab.shop.layered.data_access.interface.Changes`."""

    def __init__(self, near: Changes, border: Border) -> None:
        self.near, self.border = near, border
        self._waiting: list[Steps[None]] = []

    def reserve(self, product: int, quantity: int) -> Steps[None]:
        return self._later(self.near.reserve(product, quantity))

    def record_payment(self, payment: Payment) -> Steps[None]:
        return self._later(self.near.record_payment(payment))

    def insert_order(self, order: Order) -> Steps[None]:
        return self._later(self.near.insert_order(order))

    def notify(self, notification: Notification) -> Steps[None]:
        return self._later(self.near.notify(notification))

    def commit(self) -> Steps[None]:
        return self.border.cross(self._all())

    def _later(self, change: Steps[None]) -> Steps[None]:
        self._waiting.append(change)
        yield from ()

    def _all(self) -> Steps[None]:
        for change in self._waiting:
            yield from change
        yield from self.near.commit()
