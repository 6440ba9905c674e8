"""A circuit breaker: when most calls fail, stop calling for a while.

It watches the calls that go through it. While it is **closed** they pass. When enough of the recent ones failed it
opens: **open**, it refuses every call at once, which spares the caller the wait and the far end the load. After
`open_s` seconds the next call is let through as a trial, **half-open**. If the trials succeed it closes; if not, it is
open again. The default figures are those of Netflix's Hystrix.

A slow call is no failure of its own here: give the attempt a timeout, and it becomes `TimedOut`. Give it one in any
case, since a trial that never ends keeps the breaker half-open for ever (it does so in Resilience4j, too).

What this leaves out: Hystrix looks at its counts every half second, this breaker after each call, so it opens up to
half a second sooner. And each caller has one breaker here; a fleet of callers has many, each with less to judge by.

>>> from archlab.sim import Simulation, Station, TimedOut
>>> sim = Simulation(seed=1)
>>> payments = Station(sim, "payments")
>>> breaker = CircuitBreaker(sim, "to payments", minimum_calls=2, open_s=5)
>>> def pay():
...     try:
...         yield breaker.call(lambda: sim.deadline(payments.serve(60), timeout_s=1))
...     except (TimedOut, CircuitOpen) as failure:
...         return str(failure)
>>> for _ in range(3):
...     print(sim.run(until=sim.start(pay())))
payments: no answer in time
payments: no answer in time
to payments: the circuit is open, nothing was tried
>>> breaker.transitions
[(2, 'open')]
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Literal

from simpy.events import Event

from archlab.sim.core.calendar import require_sim
from archlab.sim.failure import Failure
from archlab.sim.resilience.attempt import Attempt
from archlab.sim.resilience.sliding_window import SlidingWindow
from archlab.sim.validation import (
    require_failures,
    require_fraction,
    require_function,
    require_positive,
    require_whole,
)

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

BUCKETS = 10
"""Slices of the window, as in Hystrix: 10 s in 10 buckets."""

State = Literal["closed", "open", "half-open"]


class CircuitOpen(Failure):
    """The circuit breaker refused the call: nothing was done."""

    outcome = "circuit_open"
    what = "the circuit is open, nothing was tried"


class CircuitBreaker:
    """Lets calls through while they succeed, and refuses them for a while when too many fail.

    Args:
        failure_ratio: it opens when this share of the recent calls failed, or more.
        minimum_calls: it does not judge by fewer recent calls than this.
        window_s: how long a call is recent, counted in 10 buckets.
        open_s: how long it refuses everything before it tries again.
        half_open_calls: how many calls it lets through to try. It closes when fewer than `failure_ratio` of them fail.
        counts: the failures that speak against the far end. Any other `Failure` is an answer, so a success here.

    The defaults are those of Hystrix (*Configuration*, wiki of Netflix/Hystrix): 50 % of at least 20 calls in 10 s,
    then 5 s open, then one trial. A call counts when it ends, and only if the breaker did not change its state
    meanwhile: what began before says little about now.

    `state` is what it was at the last call: an open breaker turns half-open when somebody calls. `transitions` lists
    each change as (time in s, new state). As a part of the simulation it is down (`up` is False) while it is open; it
    has no queue and no servers, so those columns are 0.

    Raises `ValueError` when an argument is not allowed or the name is taken.
    """

    def __init__(
        self,
        sim: Simulation,
        name: str,
        failure_ratio: float = 0.5,
        minimum_calls: int = 20,
        window_s: float = 10,
        open_s: float = 5,
        half_open_calls: int = 1,
        counts: tuple[type[Failure], ...] = (Failure,),
    ) -> None:
        require_sim(sim)
        require_fraction("failure_ratio", failure_ratio)
        require_positive("failure_ratio", failure_ratio)
        require_whole("minimum_calls", minimum_calls, at_least=1)
        require_positive("open_s", open_s)
        require_whole("half_open_calls", half_open_calls, at_least=1)
        require_failures("counts", counts)
        sim.require_free("part", name)
        self.sim = sim
        self.name = name
        self.failure_ratio, self.minimum_calls = failure_ratio, minimum_calls
        self.open_s, self.half_open_calls = open_s, half_open_calls
        self.counts = counts
        self.state: State = "closed"
        self.transitions: list[tuple[float, State]] = []
        self.completed = self.refused = self.failed = 0
        self._calls = SlidingWindow(sim, window_s, BUCKETS)
        self._failures = SlidingWindow(sim, window_s, BUCKETS)
        self._changed_s = sim.now
        self._trials = self._trials_ended = self._trials_failed = 0
        sim.add(self)

    def call(self, attempt: Attempt) -> Event:
        """Start `attempt` and return the event of its outcome. It fails with `CircuitOpen`, at once, when refused."""
        require_function("attempt", attempt)
        return self.sim.start(self._run(attempt))

    def _run(self, attempt: Attempt) -> Generator[Event, Any, Any]:
        period = self._let_in()
        try:
            answer = yield attempt()
        except self.counts:
            self._record(period, failed=True)
            raise
        except Failure:
            self._record(period, failed=False)
            raise
        self._record(period, failed=False)
        return answer

    def _let_in(self) -> int:
        """The number of the present period, for a call that may go through. Raises `CircuitOpen` for another."""
        if self.state == "open" and self.sim.now >= self._changed_s + self.open_s:
            self._turn("half-open")
        if self.state == "open" or (self.state == "half-open" and self._trials == self.half_open_calls):
            self.refused += 1
            raise CircuitOpen(self.name)
        if self.state == "half-open":
            self._trials += 1
        return len(self.transitions)

    def _record(self, period: int, failed: bool) -> None:
        """A call that was let in during `period` has ended."""
        self.failed += failed
        self.completed += not failed
        if period != len(self.transitions):
            return
        if self.state == "half-open":
            self._judge_trial(failed)
        else:
            self._judge_recent(failed)

    def _judge_recent(self, failed: bool) -> None:
        self._calls.add()
        self._failures.add(int(failed))
        calls = self._calls.total()
        if calls >= self.minimum_calls and self._failures.total() >= self.failure_ratio * calls:
            self._turn("open")

    def _judge_trial(self, failed: bool) -> None:
        self._trials_ended += 1
        self._trials_failed += failed
        if self._trials_ended == self.half_open_calls:
            too_many = self._trials_failed >= self.failure_ratio * self.half_open_calls
            self._turn("open" if too_many else "closed")

    def _turn(self, state: State) -> None:
        """Change the state and start counting anew."""
        self.state = state
        self._changed_s = self.sim.now
        self.transitions.append((self.sim.now, state))
        self._calls.clear()
        self._failures.clear()
        self._trials = self._trials_ended = self._trials_failed = 0

    def sample(self) -> tuple[int, int, int, bool]:
        """Queue length 0, busy 0, capacity 1, and whether it lets calls through, at this moment."""
        return 0, 0, 1, self.state != "open"

    def totals(self) -> dict[str, float]:
        """Counts of calls since the start: `completed`, `refused` by this breaker, `failed` behind it."""
        return {
            "busy_s": 0.0,
            "waiting_s": 0.0,
            "completed": self.completed,
            "refused": self.refused,
            "failed": self.failed,
        }
