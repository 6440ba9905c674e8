"""Effects: what one fault does to one part, from its start to its end. `archlab.sim.core.active_faults` adds them up.

>>> from archlab.sim import Simulation, Station
>>> sim = Simulation(seed=1)
>>> web = Station(sim, "web")
>>> Outage(sim, web, at_s=10, lasts_s=5).plan()
>>> sim.run(until=12)
>>> web.is_up
False
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import inf, prod
from typing import TYPE_CHECKING, Any

from simpy.events import URGENT

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar


class Effect(ABC):
    """What one fault does, from `at_s` to `until_s`: as it is planned, and as it was once it is over."""

    def __init__(self, sim: Calendar, at_s: float, lasts_s: float) -> None:
        self.sim = sim
        self.at_s = at_s
        self.until_s = at_s + lasts_s

    def plan(self) -> None:
        """Put start and end on the calendar. What lasts for ever has no end."""
        self.sim.call_at(self.at_s, lambda _: self.start(), priority=URGENT)
        if self.until_s < inf:
            self.sim.call_at(self.until_s, lambda _: self.end(), priority=URGENT)

    @abstractmethod
    def start(self) -> None:
        """Begin."""

    @abstractmethod
    def end(self) -> None:
        """Undo what this fault did, and nothing else."""


class Outage(Effect):
    """A part is down. Those that overlap or touch are one long outage, and `until_s` is its end."""

    is_on = is_over = False

    def __init__(self, sim: Calendar, part: Any, at_s: float, lasts_s: float) -> None:
        super().__init__(sim, at_s, lasts_s)
        self.part = part
        self._of_part = sim.active_faults.outages(part)

    def plan(self) -> None:
        self._of_part.append(self)
        super().plan()

    def cut_short(self) -> None:
        """Be over now: somebody repaired the part, or the end has come."""
        self.is_on, self.is_over, self.until_s = False, True, self.sim.now

    def start(self) -> None:
        """Take the part down, unless the end of another outage at this very moment has done so already."""
        if self.is_on or self.is_over:
            return
        self.is_on = True
        on = [outage for outage in self._of_part if outage.is_on]
        until_s = max(outage.until_s for outage in on)
        for outage in on:
            outage.until_s = until_s
        with self.sim.active_faults.because_of(self.part.name):
            self.part.crash()

    def end(self) -> None:
        """Bring the part back, unless another outage lasts longer or begins at this very moment."""
        now_s = self.sim.now
        for outage in list(self._of_part):
            if outage.at_s == now_s:
                outage.start()
        if self.is_on and self.until_s == now_s:
            self.sim.active_faults.end_outages(self.part)
            with self.sim.active_faults.because_of(self.part.name):
                self.part.restart()


class Slowness(Effect):
    """A part takes `factor` times as long."""

    def __init__(self, sim: Calendar, part: Any, at_s: float, lasts_s: float, factor: float) -> None:
        super().__init__(sim, at_s, lasts_s)
        self.part, self.factor = part, factor
        self._on = sim.active_faults.slow_downs(part)

    def start(self) -> None:
        self._on.append(self)
        self._apply()

    def end(self) -> None:
        self._on.remove(self)
        self._apply()

    def _apply(self) -> None:
        with self.sim.active_faults.because_of(self.part.name):
            self.part.slow_down(prod(slow_down.factor for slow_down in self._on))
