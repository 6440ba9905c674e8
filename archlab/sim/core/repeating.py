"""Something that is done again and again at a fixed interval: a heartbeat, a poll, a sweep.

It costs one entry on the calendar each time. It never ends by itself, so let the simulation run until a time:
`sim.run()` without one would not return.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> beats = []
>>> heart = Repeating(sim, every_s=30, action=lambda: beats.append(sim.now), first_at_s=10)
>>> sim.run(until=75)
>>> heart.stop()
>>> sim.run(until=200)
>>> beats
[10, 40, 70]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from archlab.sim.core.calendar import require_sim
from archlab.sim.validation import refuse, require_function, require_number, require_positive, require_text

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar


class Repeating:
    """`action()` at `first_at_s` and every `every_s` seconds from then on, until `stop()`.

    Raises `ValueError` when `every_s` is not positive or `first_at_s` has passed.
    """

    def __init__(
        self, sim: Calendar, every_s: float, action: Callable[[], object], first_at_s: float
    ) -> None:
        require_sim(sim)
        require_positive("every_s", every_s)
        require_function("action", action)
        require_number("first_at_s", first_at_s)
        if first_at_s < sim.now:
            refuse(ValueError, "first_at_s", first_at_s, f"the current time, {sim.now}, or later")
        self._sim, self._every_s, self._action = sim, every_s, action
        self._stopped = False
        sim.call_at(first_at_s, self._again)

    @classmethod
    def at_random_phase(
        cls, sim: Calendar, every_s: float, action: Callable[[], object], name: str
    ) -> Repeating:
        """The same, with the first time drawn evenly from the next `every_s` seconds, from the stream `name`."""
        require_sim(sim)
        require_positive("every_s", every_s)
        require_text("name", name)
        return cls(sim, every_s, action, sim.now + float(sim.stream(name).uniform(0, every_s)))

    def stop(self) -> None:
        """Do it no more."""
        self._stopped = True

    def _again(self, _: object) -> None:
        if self._stopped:
            return
        self._sim.call_at(self._sim.now + self._every_s, self._again)
        self._action()
