"""Backlog arithmetic: how much piles up behind readers that stop, how long it takes to work it off, what is lost.

Records are appended at the rate a, the readers stop for D seconds and then read at the rate c. Nothing is random here.

- When they come back, a D records wait.
- While these are read, new ones come: the backlog shrinks by c - a a second, so it is gone a D / (c - a) later. At nine
  tenths of the capacity that is nine times the stop.
- The oldest unread record is as old as the stop when reading begins again, and never older: each record behind it was
  appended later, and is read later by less. So retention deletes a (D - R) unread records when the stop was longer than
  the retention R, and none when it was not.
- Readers that are too slow for good, c below a, fall behind by a - c a second. The record they are at was appended when
  t c / a seconds had passed, so it is t (1 - c / a) old; the first one is deleted unread after R a / (a - c) seconds.

>>> hour = Backlog(arrival_per_s=90, capacity_per_s=100, stop_s=3600)
>>> hour.largest, hour.drained_after_s / 3600, hour.lost(retention_s=1800)
(324000, 9.0, 162000)
>>> round(first_loss_s(arrival_per_s=100, capacity_per_s=99, retention_s=7 * 86_400) / 86_400)
700
"""

import math
from dataclasses import dataclass

from archlab.sim.validation import require_non_negative, require_positive


@dataclass(frozen=True)
class Backlog:
    """What waits behind readers that stop for `stop_s`, and afterwards read `capacity_per_s` records a second.

    Raises `ValueError` when a rate is not above 0 or the stop is negative.
    """

    arrival_per_s: float
    capacity_per_s: float
    stop_s: float

    def __post_init__(self) -> None:
        require_positive("arrival_per_s", self.arrival_per_s)
        require_positive("capacity_per_s", self.capacity_per_s)
        require_non_negative("stop_s", self.stop_s)

    @property
    def largest(self) -> float:
        """Records that wait when the readers come back."""
        return self.arrival_per_s * self.stop_s

    @property
    def drained_after_s(self) -> float:
        """Seconds from then until none waits; inf when they read no more than what comes."""
        spare_per_s = self.capacity_per_s - self.arrival_per_s
        return self.largest / spare_per_s if spare_per_s > 0 else math.inf

    def waiting(self, since_return_s: float) -> float:
        """Records that wait so many seconds after the return, before it when negative."""
        if since_return_s <= 0:
            return self.arrival_per_s * max(0.0, self.stop_s + since_return_s)
        spare_per_s = self.capacity_per_s - self.arrival_per_s
        return max(0.0, self.largest - spare_per_s * since_return_s)

    def lost(self, retention_s: float) -> float:
        """Records that retention has deleted unread when the readers come back.

        It is all they ever lose, unless they read less than what comes (`first_loss_s`).
        """
        require_positive("retention_s", retention_s)
        return self.arrival_per_s * max(0.0, self.stop_s - retention_s)


def first_loss_s(arrival_per_s: float, capacity_per_s: float, retention_s: float) -> float:
    """Return after how long readers that are too slow lose the first record; inf when they are fast enough."""
    require_positive("arrival_per_s", arrival_per_s)
    require_non_negative("capacity_per_s", capacity_per_s)
    require_positive("retention_s", retention_s)
    if capacity_per_s >= arrival_per_s:
        return math.inf
    return retention_s * arrival_per_s / (arrival_per_s - capacity_per_s)
