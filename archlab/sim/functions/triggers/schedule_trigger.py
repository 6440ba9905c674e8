"""A clock that invokes a function: at a fixed interval, mostly once, sometimes twice, sometimes not at all.

After Amazon EventBridge, which invokes asynchronously and says that in rare cases a rule runs more than once for one
scheduled time (*Troubleshooting*, Amazon CloudWatch Events User Guide). How often is not published, so it is 0 here
until you say which firings come twice or are missed, or what share. None should be missed; what is missed in practice
met a rule that was switched off, a deployment that lost it, or an event that was given up.

A handler is told which firing it is and when that was `due_s`: enough for a guard against the second one.

What this leaves out: EventBridge fires within the minute and not at its first second, and a flexible time window.

>>> from archlab.sim import Function, Simulation
>>> sim = Simulation(seed=1)
>>> def settle(invocation):
...     yield sim.timeout(1.0)
...     print(invocation.payload, "at", sim.now)
>>> nightly = Function(sim, "settle", settle, init_s=0.0, keep_alive_s=600)
>>> clock = ScheduleTrigger(nightly, every_s=100, twice=[1], missed=[2], apart_s=5.0)
>>> sim.run(until=350)
Firing(number=0, due_s=100.0) at 101.0
Firing(number=1, due_s=200.0) at 201.0
Firing(number=1, due_s=200.0) at 206.0
>>> clock.due, clock.sent, clock.doubled, clock.missed
(3, 3, 1, 1)
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from archlab.sim.core.repeating import Repeating
from archlab.sim.distributions import Distribution
from archlab.sim.functions.asynchronous import AsyncInvocations
from archlab.sim.functions.function import Function
from archlab.sim.functions.triggers.target import require_target
from archlab.sim.validation import is_whole, refuse, require_fraction, require_positive, require_seconds

Which = float | Collection[int]
"""Firings by their number, counted from 0, or a share of all of them."""


@dataclass(frozen=True)
class Firing:
    """What a handler gets: the `number` of the firing, counted from 0, and when it was due."""

    number: int
    due_s: float


class ScheduleTrigger:
    """Sends a `Firing` to `target` every `every_s` seconds.

    Args:
        target: asynchronous invocations, or a function, which gets some with AWS's defaults.
        first_s: seconds from now to the first firing. None: one interval.
        twice: which firings come twice: their numbers, counted from 0, or their share, at random.
        missed: which do not come at all, in the same way. What is missed does not come twice.
        apart_s: seconds from a firing to its second coming, or a distribution of them. The default is ours.

    `due` counts the times at which it should have fired, `missed` those at which it did not, `doubled` those at which
    it did so twice, `sent` all events. Raises `ValueError` or `TypeError` when an argument is not allowed.
    """

    def __init__(
        self,
        target: Function | AsyncInvocations,
        every_s: float,
        first_s: float | None = None,
        twice: Which = 0.0,
        missed: Which = 0.0,
        apart_s: float | Distribution = 1.0,
    ) -> None:
        self.target = require_target("target", target)
        require_positive("every_s", every_s)
        if first_s is not None:
            require_seconds("first_s", first_s)
        self.sim = self.target.function.sim
        name = f"{self.target.function.name} schedule"
        self._comes_twice = self._chooser("twice", twice, f"{name} twice")
        self._is_missed = self._chooser("missed", missed, f"{name} missed")
        self._draw_apart_s = self.sim.durations(f"{name} apart", "apart_s", apart_s)
        self.due = self.sent = self.doubled = self.missed = 0
        first_at_s = self.sim.now + (every_s if first_s is None else first_s)
        self._clock = Repeating(self.sim, every_s, self._fire, first_at_s)

    def stop(self) -> None:
        """Fire no more. What was sent goes on."""
        self._clock.stop()

    def _fire(self) -> None:
        firing = Firing(self.due, float(self.sim.now))
        self.due += 1
        if self._is_missed(firing.number):
            self.missed += 1
            return
        self._send(firing)
        if self._comes_twice(firing.number):
            self.doubled += 1
            self.sim.call_at(self.sim.now + self._draw_apart_s(), self._send, firing)

    def _send(self, firing: Firing) -> None:
        self.sent += 1
        self.target.send(firing)

    def _chooser(self, name: str, which: Which, stream: str) -> Callable[[int], bool]:
        """Says of each firing whether it is one of them."""
        if isinstance(which, Collection) and not isinstance(which, str):
            if not all(is_whole(number) and number >= 0 for number in which):
                refuse(ValueError, name, which, "numbers of firings, counted from 0, or a share from 0 to 1")
            return frozenset(which).__contains__
        require_fraction(name, which)
        random = self.sim.stream(stream)
        return lambda _: bool(random.random() < which)
