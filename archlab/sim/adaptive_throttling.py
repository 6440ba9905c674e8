"""Adaptive throttling: a client that holds back its own requests when the far end accepts few of them.

An overloaded server spends work on saying no. So the client counts its own `requests` and those that the far end
`accepts`, over the last two minutes, and refuses a new one itself with the probability
max(0, (requests - k * accepts) / (requests + 1)). With k = 2 it sends about twice as much as is accepted: the other
half are the trials that tell it when things get better. A smaller k sends less and notices later. Source: *Site
Reliability Engineering* (Google, 2016), chapter 21, *Handling Overload*, equation 21-1, with k = 2 and two minutes.

It is slow to forget. After an outage it sends k times what it has lately got through, so its traffic grows like
exp(k * t / window_s): it doubles every 42 s with k = 2 and two minutes, and full traffic can take minutes to return.

A request counts when its outcome is known, so that calls under way do not look like refused ones. With an attempt that
takes long, throttling starts and ends later by that time.

>>> from archlab.sim import Simulation, Station
>>> sim = Simulation(seed=1)
>>> payments = Station(sim, "payments")
>>> payments.crash()
>>> throttle = AdaptiveThrottle(sim, "to payments")
>>> outcomes = [type(throttle.call(lambda: payments.serve(0.01)).value).__name__ for _ in range(1000)]
>>> throttle.rejection_probability() > 0.99, payments.failed + throttle.throttled
(True, 1000)
>>> sorted(set(outcomes))
['Throttled', 'Unavailable']
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from simpy.events import Event

from archlab.sim.attempt import Attempt
from archlab.sim.failure import Failure
from archlab.sim.sliding_window import SlidingWindow
from archlab.sim.validation import require_positive

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

BUCKETS = 120
"""Slices of the window: one a second with the default window. The source does not say."""


class Throttled(Failure):
    """The client held its own request back: nothing was done."""

    outcome = "throttled"
    what = "throttled by the client itself, nothing was tried"


class AdaptiveThrottle:
    """Refuses calls with a probability that follows how many the far end accepts.

    Args:
        k: how many requests to send for each that is accepted, at most, when overloaded. 1 or more.
        window_s: how long a request is remembered.
        counts: the failures that mean "not accepted". Any other `Failure` is an answer of the far end.

    `calls` and `throttled` count since the start: how many came, and how many it held back.
    Raises `ValueError` when an argument is not allowed.
    """

    def __init__(
        self,
        sim: Simulation,
        name: str,
        k: float = 2.0,
        window_s: float = 120,
        counts: tuple[type[Failure], ...] = (Failure,),
    ) -> None:
        require_positive("k", k)
        if k < 1:
            raise ValueError(f"k is {k!r}; it must be 1 or more, or it would refuse calls of a healthy part")
        self.sim = sim
        self.name = name
        self.k = k
        self.counts = counts
        self.calls = self.throttled = 0
        self._requests = SlidingWindow(sim, window_s, BUCKETS)
        self._accepts = SlidingWindow(sim, window_s, BUCKETS)
        self._luck = sim.stream(f"throttle {name}")

    def rejection_probability(self) -> float:
        """The probability that a call that comes now is refused."""
        return rejection_probability(self._requests.total(), self._accepts.total(), self.k)

    def call(self, attempt: Attempt) -> Event:
        """Start `attempt` and return the event of its outcome. It fails with `Throttled`, at once, when held back."""
        return self.sim.start(self._run(attempt))

    def _run(self, attempt: Attempt) -> Generator[Event, Any, Any]:
        self.calls += 1
        if self._luck.random() < self.rejection_probability():
            self.throttled += 1
            self._requests.add()
            raise Throttled(self.name)
        try:
            answer = yield attempt()
        except self.counts:
            self._requests.add()
            raise
        except Failure:
            self._accepted()
            raise
        self._accepted()
        return answer

    def _accepted(self) -> None:
        self._requests.add()
        self._accepts.add()


def rejection_probability(requests: int, accepts: int, k: float = 2.0) -> float:
    """The probability of refusing a call after `requests` calls of which `accepts` were accepted.

    Equation 21-1 of *Site Reliability Engineering* (Google, 2016).

    >>> rejection_probability(requests=99, accepts=20)
    0.59
    """
    return max(0.0, (requests - k * accepts) / (requests + 1))
