"""A level: a number that changes at moments, and the area under it over time.

Queue lengths, instances in use and lags are levels. The area divided by the time is the mean over time, which
`Part.totals` of a part of the kit needs. It is exact: nothing is sampled.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> queue = Level(sim)
>>> queue.add(2)
>>> sim.run(until=10)
>>> queue.add(-1)
>>> sim.run(until=15)
>>> queue.value, queue.area
(1, 25.0)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlab.sim.core.calendar import require_sim

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar


class Level:
    """A whole number, `value`, which is 0 at first."""

    def __init__(self, sim: Calendar) -> None:
        require_sim(sim)
        self.value = 0
        self._sim = sim
        self._area = 0.0

    def add(self, change: int) -> None:
        """Change the value now; a negative `change` lowers it."""
        self.value += change
        self._area -= change * self._sim._now

    @property
    def area(self) -> float:
        """The value summed over time since the start, in units times seconds."""
        return float(self._area + self.value * self._sim._now)
