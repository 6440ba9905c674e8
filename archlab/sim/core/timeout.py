"""A time-out: SimPy's event of a time that passes, as a lean event. It costs a task about two thirds.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> sim.run(until=sim.timeout(180, "tea")), sim.now
('tea', 180)
"""

import simpy

from archlab.sim.core.events import LeanEvent, happen


class Timeout(LeanEvent, simpy.Timeout):
    """Made by `Calendar.timeout`. Whoever knows SimPy's finds everything as it is there."""

    __init__ = object.__init__  # the calendar sets what it has: a constructor in Python would double the cost


def elapse(timeout: Timeout) -> None:
    """The action of its entry on the calendar: its time has come."""
    happen(timeout, timeout._value)
