"""An incident to watch: the data layer of three tiers is slow for ten seconds, and nobody has a time-out.

Few requests a second, so that one can follow them. What is slow is the database. What fills are the workers of the two
tiers before it, and pages that need no database wait before the first.

What this leaves out: alarms, and customers who go away.

>>> result, topology = incident()
>>> bool(by_tier(result).groupby("tier").held.max()["web"] == INCIDENT_WORKERS), "web" in topology
(True, True)
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archlab.chapters.layered.slow_data import CONFIG, PagesInMemory, by_tier
from archlab.shop.architecture import SHOP_MIX
from archlab.sim.faults import SlowDown
from archlab.sim.result import Result
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Poisson

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

__all__ = ["INCIDENT_WORKERS", "by_tier", "incident"]

INCIDENT_PER_S, INCIDENT_WORKERS, INCIDENT_FACTOR = 60.0, 8, 100.0
INCIDENT_AT_S, INCIDENT_SLOW_S, INCIDENT_S = 6.0, 10.0, 32.0
"""So few that one can watch them: 12 requests a second need the database, and 4 get through."""


def incident(seed: int = 1) -> tuple[Result, nx.DiGraph]:
    """Run three tiers without time-outs whose database gets slow. Returns what `archlab.course.replay.replay` needs."""
    sim = Simulation(seed)
    shop = PagesInMemory(sim, replace(CONFIG, workers=INCIDENT_WORKERS))
    sim.open_load(Poisson(INCIDENT_PER_S), shop.handle, SHOP_MIX)
    sim.inject(SlowDown("database", INCIDENT_AT_S, INCIDENT_SLOW_S, INCIDENT_FACTOR))
    return sim.measure(INCIDENT_S), shop.topology()
