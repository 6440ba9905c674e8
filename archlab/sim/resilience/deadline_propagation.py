"""Deadline propagation: the time a customer still waits travels with the request, and nobody works longer than that.

Without it each hop has a time-out of its own, and servers far below work for customers who left long ago. With it a
server looks at the limit before it begins, and drops what nobody waits for.

What this leaves out: clocks of different machines differ; here all read the same one. It errs in favour of the limit.
Less than a nanosecond left counts as none, since sums of times are rounded.

>>> from archlab.sim import Simulation, Station, TimedOut
>>> sim = Simulation(seed=1)
>>> payments = Station(sim, "payments")
>>> def charge(limit):
...     limit.check("payments")
...     yield payments.serve(0.2)
>>> limit = TimeLimit(sim, within_s=0.5)
>>> sim.run(until=limit.wait(sim.start(charge(limit)))), round(limit.left_s, 3)
(None, 0.3)
>>> sim.run(until=0.6)
>>> late = sim.start(charge(limit))
>>> str(late.value), payments.completed
('payments: no answer in time', 1)

A limit stops retries, too, when each attempt checks it first. Here each may take 0.2 s of the 0.5 s:

>>> from archlab.sim.resilience.retry import Retry
>>> sim = Simulation(seed=1)
>>> payments, limit, begun_s = Station(sim, "payments", capacity=9), TimeLimit(sim, within_s=0.5), []
>>> def attempt():
...     limit.check("shop")
...     begun_s.append(round(sim.now, 3))
...     return limit.at_most(0.2).wait(payments.serve(10))
>>> failed = Retry(sim, "charge", attempts=6).call(attempt)
>>> sim.run(until=5)
>>> begun_s, payments.busy, str(failed.value)
([0, 0.2, 0.4], 3, 'shop: no answer in time')

The retry knows nothing of the limit. It counts the three attempts that ended at the check, and takes them out of its
budget: that errs against callers who share the budget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simpy.events import Event

from archlab.sim.core.calendar import require_sim
from archlab.sim.failure import TimedOut
from archlab.sim.validation import require_non_negative, require_text

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

NOTHING_S = 1e-9
"""So little time left is none."""


class TimeLimit:
    """A moment, `within_s` seconds from now, after which nobody needs the answer any more.

    Raises `ValueError` when `within_s` is negative or not a number.
    """

    def __init__(self, sim: Simulation, within_s: float) -> None:
        require_sim(sim)
        require_non_negative("within_s", within_s)
        self.sim = sim
        self.expires_at_s = sim.now + within_s

    @property
    def left_s(self) -> float:
        """How long somebody still waits: 0 when the moment has passed."""
        left_s = self.expires_at_s - self.sim.now
        return left_s if left_s >= NOTHING_S else 0.0

    def wait(self, event: Event) -> Event:
        """Return `event`, waited for until the limit and no longer; then it fails with `TimedOut`."""
        return self.sim.deadline(event, self.left_s)

    def check(self, part: str) -> None:
        """Raise `TimedOut(part)` when the limit has passed: a server does this before it begins to work."""
        if part.__class__ is not str:
            require_text("part", part)
        if not self.left_s:
            raise TimedOut(part)

    def at_most(self, within_s: float) -> TimeLimit:
        """Return a limit for a part of the work: `within_s` from now, and never later than this one.

        Raises `ValueError` when `within_s` is negative or not a number.
        """
        shorter = TimeLimit(self.sim, within_s)
        shorter.expires_at_s = min(shorter.expires_at_s, self.expires_at_s)
        return shorter
