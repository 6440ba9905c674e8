"""A description as a running model: copies with workers and cores, calls over a network, queues, time-outs, retries.

What this leaves out, and which way it errs:

- Demands do not grow with load: no locks, no full memory, no cold caches. Errs for the system.
- A second copy of a store takes half of its calls. A real one must also copy what is written. Errs for the system.
- The broker behind `later` stores a message in `STORE_S`, never fills up and never fails. Errs for the system.
- A part without workers has no limit of what it holds, and what it waits for goes on when it crashes. Errs for the
  system.
- Lost messages stay lost: real TCP sends them again. Errs against the system, in an outage.
- Customers do not try again, and see nothing old: there is no state. Whether an answer is right is not modelled.

>>> from archlab.chapters.choosing.own_system.reading import read
>>> shop = read('''load 50 per second: browse 100 %
... part web: 2 cores
... browse = web exactly 5 ms''')
>>> sim = Simulation(seed=1)
>>> run = Running(sim, shop)
>>> run.start(), sim.measure(60).availability()
(None, 1.0)
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from simpy.events import Event

from archlab.chapters.choosing.own_system.copies import Copies
from archlab.chapters.choosing.own_system.description import CUSTOMERS, Call, Description, FaultLine, Route
from archlab.shop.instance import Instance
from archlab.sim import (
    Backoff,
    Crash,
    Failure,
    Fault,
    MessageQueue,
    Network,
    Partition,
    Poisson,
    Request,
    Retry,
    Simulation,
    SlowDown,
    Uniform,
)
from archlab.sim.messaging.message import Message

BACKOFF_S = 0.1
"""Before the first retry, with full jitter; then twice as long. An assumption."""
STORE_S = 0.001
"""Until a message is stored at the broker. An assumption."""
TRY_AGAIN_S = 1.0
"""How long a reader of messages waits after a failure, before it gives the message back. An assumption."""

Steps = Generator[Event, Any, None]
Ask = Callable[[int], Steps]
"""A function of the number of the request, that gives what its caller waits for."""


class Running:
    """A description in a simulation. `start` lets customers come.

    Args:
        rate_per_s: of the load; None: what the description says.
    """

    def __init__(self, sim: Simulation, description: Description, rate_per_s: float | None = None) -> None:
        self.sim, self.description = sim, description
        self._rate_per_s = description.rate_per_s if rate_per_s is None else rate_per_s
        self.network = Network(sim, latency_s=description.calls.hop_s)
        self.network.nodes(CUSTOMERS, *description.parts)
        self.copies = {
            name: Copies(sim, description.parts[name], reads=name in description.queued)
            for name in description.asked
        }
        for name in self.copies:
            self.network.link(CUSTOMERS, name, latency_s=0.0)
        self._retries = self._retry_rules()
        self._queues = {name: self._queue(name) for name in description.queued}
        self._routes = {
            kind: self._of_route(route, CUSTOMERS, kind) for kind, route in description.routes.items()
        }

    def start(self) -> None:
        """Let customers come from now on."""
        what = self.description
        self.sim.open_load(
            Poisson(self._rate_per_s), self._handle, dict(what.shares), timeout_s=what.patience_s
        )

    def faults(self, fault: FaultLine, at_s: float) -> list[Fault]:
        """Return a fault of the description as faults of the simulation, from `at_s` on.

        Raises:
            ValueError: for an outage of a part that is asked later: its messages wait in its queue.
        """
        if fault.kind == "outage" and fault.part in self._queues:
            raise ValueError(
                f"fault is an outage of {fault.part!r}, which is asked later; it must be a crash or slow"
            )
        names = self.description.parts[fault.part].copy_names
        if fault.kind == "outage":
            others = (CUSTOMERS, *(name for name in self.description.parts if name != fault.part))
            return [Partition(self.network, (fault.part,), others, at_s, fault.lasts_s)]
        hit = names if fault.all_copies else names[:1]
        if fault.kind == "crash":
            return [Crash(name, at_s, fault.lasts_s) for name in hit]
        return [SlowDown(name, at_s, fault.lasts_s, fault.factor) for name in hit]

    def _handle(self, request: Request) -> Steps:
        yield from self._routes[request.kind](request.id)

    def _retry_rules(self) -> dict[str, Retry]:
        """A rule for each part whose callers try again."""
        return {
            name: Retry(self.sim, f"calls of {name}", part.retries + 1, Backoff(BACKOFF_S))
            for name, part in self.description.parts.items()
            if part.retries and name in self.copies
        }

    # Routes ----------------------------------------------------------------------------------------------

    def _of_route(self, route: Route, caller: str, path: str) -> Ask:
        """What the caller does: the groups one after the other."""
        groups = [
            [self._of_step(step, caller, f"{path} {number}.{place}") for place, step in enumerate(group, 1)]
            for number, group in enumerate(route.groups, 1)
        ]

        def ask(request: int) -> Steps:
            for group in groups:
                if len(group) == 1:
                    yield from group[0](request)
                else:
                    yield from [self.sim.start(step(request)) for step in group]

        return self._often(ask, route.times, route.chance, path)

    def _of_step(self, step: Call | Route, caller: str, path: str) -> Ask:
        if isinstance(step, Route):
            return self._of_route(step, caller, path)
        work = self._work(step, path)
        ask = self._later(step, work) if step.later else self._call(step, caller, work)
        return self._often(ask, step.times, step.chance, f"{path} {step.part}")

    def _often(self, ask: Ask, times: int, chance: float, path: str) -> Ask:
        """The same, so many times in turn, for that share of the requests."""
        if times == 1 and chance == 1:
            return ask
        luck = self.sim.draws(f"{path} luck", Uniform(0.0, 1.0))

        def often(request: int) -> Steps:
            if chance == 1 or luck() < chance:
                for _ in range(times):
                    yield from ask(request)

        return often

    # Calls -----------------------------------------------------------------------------------------------

    def _work(self, call: Call, path: str) -> Callable[[int, Any], Steps]:
        """What a copy does for a call: its own work, then what it calls, while its worker is held."""
        draw = self.sim.draws(f"{path} {call.part} work", call.work)
        below = self._of_route(call.route, call.part, f"{path} {call.part}") if call.route.groups else None

        def work(request: int, copy: Any) -> Steps:
            if not isinstance(copy, Instance):
                yield copy.serve(draw())
                if below is not None:
                    yield from below(request)
                return
            with copy.hold() as worker:
                yield worker
                yield copy.cpu.serve(draw())
                if below is not None:
                    yield from below(request)

        return work

    def _call(self, call: Call, caller: str, work: Callable[[int, Any], Steps]) -> Ask:
        """Ask a copy over the network, and wait for the answer. Customers have their patience, and ask once."""
        part, copies = self.description.parts[call.part], self.copies[call.part]
        timeout_s = None if caller == CUSTOMERS else part.timeout_s
        retry = None if caller == CUSTOMERS else self._retries.get(call.part)
        network = self.network

        def at_target(request: int) -> Steps:
            yield from work(request, copies.choose())

        def ask(request: int) -> Steps:
            if retry is None:
                yield network.call(caller, part.name, at_target(request), timeout_s)
            else:
                yield retry.call(lambda: network.call(caller, part.name, at_target(request), timeout_s))

        return ask

    # Queues ----------------------------------------------------------------------------------------------

    def _queue(self, name: str) -> MessageQueue:
        """The queue before a part, which each of its copies reads with all its workers."""
        queue = MessageQueue(self.sim, f"queue of {name}", STORE_S, self.description.calls.hop_s)
        for copy in self.copies[name].all:
            reads = self._reader(copy)
            consumer = queue.consume(reads, copy.capacity, copy.capacity, name=f"{copy.name} reader")
            copy.inside.append(consumer)
        return queue

    def _reader(self, copy: Any) -> Callable[[Message], Steps]:
        def read(message: Message) -> Steps:
            request, work = message.body
            try:
                yield from work(request, copy)
            except Failure:
                yield self.sim.timeout(TRY_AGAIN_S)
                raise
            self.sim.recorder.done(request, self.sim.now)

        return read

    def _later(self, call: Call, work: Callable[[int, Any], Steps]) -> Ask:
        """Leave a message, and go on when the broker has stored it."""
        queue = self._queues[call.part]

        def ask(request: int) -> Steps:
            self.sim.recorder.goes_on(request)
            yield queue.publish((request, work))

        return ask
