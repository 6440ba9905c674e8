"""The cores of a program: they share their time among all it works on, or do one thing after the other.

A program with a thread for each request leaves it to the operating system, which gives every thread its turn. So a
short page passes a long order: the cores share their time. A program with one event loop a core does one piece of work
after the other, first come, first served.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> start_cores(sim, "shop-1 cpu", count=2, share=True).sample()
(0, 0, 2, True)
"""

from archlab.sim.core.calendar import Calendar
from archlab.sim.servers.processor_sharing import SharedProcessors
from archlab.sim.servers.station import Station

Cores = SharedProcessors | Station
"""The cores of one program. Both do work by `serve(seconds)`."""


def start_cores(sim: Calendar, name: str, count: int, share: bool) -> Cores:
    """Return `count` cores of this name. `share`: whether they share their time, or work is done in turn."""
    return SharedProcessors(sim, name, count) if share else Station(sim, name, count)
