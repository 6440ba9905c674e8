"""A sliding window: how much of something happened in the last seconds, counted in buckets.

A circuit breaker remembers the recent past only. It keeps a few counters, one for each slice of time, and
drops the oldest slice as a whole. So the window is a little shorter than its name says: between the length without one
bucket and the full length. A window of 10 s in 10 buckets reaches back 9 to 10 s.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> calls = SlidingWindow(sim, window_s=10, buckets=10)
>>> calls.add()
>>> sim.run(until=5)
>>> calls.add(2)
>>> calls.total()
3
>>> sim.run(until=10)
>>> calls.total()
2
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from archlab.sim.core.calendar import require_sim
from archlab.sim.validation import require_positive, require_whole

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation


class SlidingWindow:
    """The sum of what was added in the last `window_s` seconds, kept in `buckets` slices of equal length.

    Raises `ValueError` when an argument is not allowed.
    """

    def __init__(self, sim: Simulation, window_s: float, buckets: int) -> None:
        require_sim(sim)
        require_positive("window_s", window_s)
        require_whole("buckets", buckets, at_least=1)
        self.sim = sim
        self.buckets = buckets
        self.bucket_s = window_s / buckets
        self._counts: deque[list[int]] = deque()  # pairs of a slice's number and what was added in it
        self._total = 0

    def add(self, amount: int = 1) -> None:
        """Count `amount` now. Raises `ValueError` when it is not a whole number, 0 or more."""
        if amount.__class__ is not int or amount < 0:
            require_whole("amount", amount, at_least=0)
        number = self._forget()
        if self._counts and self._counts[-1][0] == number:
            self._counts[-1][1] += amount
        else:
            self._counts.append([number, amount])
        self._total += amount

    def total(self) -> int:
        """What was added within the window."""
        self._forget()
        return self._total

    def clear(self) -> None:
        """Forget everything."""
        self._counts.clear()
        self._total = 0

    def _forget(self) -> int:
        """Drop the slices that have left the window, and return the number of the present one."""
        number = int(self.sim._now // self.bucket_s)
        while self._counts and self._counts[0][0] <= number - self.buckets:
            self._total -= self._counts.popleft()[1]
        return number
