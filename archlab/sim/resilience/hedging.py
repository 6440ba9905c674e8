"""Hedging: when an answer is late, ask somebody else as well, and take what comes first.

It helps when slowness belongs to the server or to bad luck, not to the request: the second one is likely to be fast.
Asking late keeps it cheap. Asking after the 95th percentile of the latency costs about 5 % more load and cuts the tail
(J. Dean and L. A. Barroso, *The Tail at Scale*, Communications of the ACM, 2013).

What this leaves out: nobody tells the slower server to stop, so its work is done in vain. The paper's *tied requests*
do tell it. So hedging looks a little dearer here than with cancellation. Hedge only what may be done twice.

>>> from archlab.sim import Simulation, Station
>>> sim = Simulation(seed=1)
>>> slow, fast = Station(sim, "slow"), Station(sim, "fast")
>>> hedge = Hedge(sim, after_s=0.010)
>>> def read():
...     yield hedge.call_each([lambda: slow.serve(2.0), lambda: fast.serve(0.005)])
...     return sim.now
>>> sim.run(until=sim.start(read())), hedge.calls, hedge.hedges
(0.015, 1, 1)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simpy.events import PENDING, Event

from archlab.sim.core.calendar import require_sim
from archlab.sim.core.events import LeanEvent, fail_now, process_event, when
from archlab.sim.failure import Failure
from archlab.sim.resilience.attempt import Attempt
from archlab.sim.validation import refuse, require_non_negative

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation


class Hedge:
    """Starts the next attempt whenever there was no answer for `after_s` seconds. The first answer wins.

    `calls` counts the calls, `hedges` the attempts beyond the first of each: hedges / calls is the extra load.
    Raises `ValueError` when `after_s` is negative. With 0 all attempts start at once.
    """

    def __init__(self, sim: Simulation, after_s: float) -> None:
        require_sim(sim)
        require_non_negative("after_s", after_s)
        self.sim = sim
        self.after_s = after_s
        self.calls = self.hedges = 0

    def call_each(self, attempts: Sequence[Attempt]) -> Event:
        """Start the first attempt, and the others in turn while no answer comes; return the event of the first answer.

        A failed attempt is no answer: the next one starts at once (as in Polly, the resilience library of .NET). When
        all have failed, the last failure is the outcome. Attempts that lose go on, and nobody hears of them.
        Raises `ValueError` when there is no attempt.
        """
        is_list = isinstance(attempts, Sequence) and len(attempts) > 0
        if not is_list or not all(callable(attempt) for attempt in attempts):
            refuse(ValueError, "attempts", attempts, "a list of functions, at least one attempt")
        self.calls += 1
        return Race(self, attempts)


class Race(LeanEvent):
    """Attempts that start one after the other, and the event of the first answer."""

    def __init__(self, hedge: Hedge, attempts: Sequence[Attempt]) -> None:
        self.env = hedge.sim
        self.waiter = None
        self.hedge = hedge
        self._attempts = attempts
        self._started = self._failed = 0
        self._start_next()

    def _start_next(self) -> None:
        """Start an attempt, and plan the next in case there is no answer."""
        attempt = self._attempts[self._started]
        self._started += 1
        self.hedge.hedges += self._started > 1
        try:
            event = attempt()
        except Failure as failure:  # it failed before it began: its time was over, for example
            self._failed += 1
            self._go_on(failure)
            return
        if event.processed:
            self._ended(event)
        else:
            when(event, self._ended)
            self._plan_next()

    def _plan_next(self) -> None:
        if self._started < len(self._attempts):
            sim = self.hedge.sim
            sim.call_at(sim.now + self.hedge.after_s, self._hedge, self._started)

    def _hedge(self, started: int) -> None:
        """The answer is late: start the next, unless a failure did that already."""
        if self._value is PENDING and self._started == started:
            self._start_next()

    def _ended(self, attempt: Event) -> None:
        if attempt._ok:
            self._answer(attempt)
        elif isinstance(attempt._value, Failure):
            attempt._defused = True
            self._failed += 1
            self._go_on(attempt._value)

    def _answer(self, attempt: Event) -> None:
        if self._value is PENDING:
            self._value = attempt._value
            process_event(self)

    def _go_on(self, failure: Failure) -> None:
        """An attempt has failed: start the next, or give up when it was the last one under way."""
        if self._value is not PENDING:
            return
        if self._started < len(self._attempts):
            self._start_next()
        elif self._failed == self._started:
            fail_now(self, failure)
