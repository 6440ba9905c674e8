"""An incident to watch: the projector of the order page is away for ten seconds, in a shop that goes on selling.

Customers order, and look at products and at their orders. Commands and product pages notice nothing. What the projector
has not read waits in the log, and is read when it is back, one event after the other.

What this leaves out: alarms, and people who ask where their order is.

>>> result, topology = incident()
>>> samples = result.samples[result.samples.part == PROJECTOR].set_index("time_s").queue_length
>>> bool(samples.max() > 300), bool(samples.iloc[-1] < 20), PROJECTOR in topology
(True, True, True)
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archlab.chapters.cqrs import lag
from archlab.chapters.cqrs.projector_backlog import PROJECTOR
from archlab.shop.cqrs import Cqrs, Question
from archlab.sim.faults import Crash
from archlab.sim.result import Result
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Mix, Poisson

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

PER_S, MIX = 40.0, Mix(place_order=0.5, track_order=0.25, browse=0.25)
"""Requests a second, and of which kinds: 20 orders a second, where the projector can do 50. Assumptions."""
AT_S, AWAY_S, SECONDS = 6.0, 10.0, 36.0


def incident(seed: int = 1) -> tuple[Result, nx.DiGraph]:
    """Run it. Returns what `archlab.course.replay.replay` needs: the result, and the topology of the shop."""
    sim = Simulation(seed)
    pages = [Question.PRODUCT, Question.ORDER]
    shop = Cqrs(sim, replace(lag.config_of(batch=1), read_models=pages, provider_s=0.1))
    sim.open_load(Poisson(PER_S), shop.handle, MIX)
    sim.inject(Crash(PROJECTOR, AT_S, AWAY_S))
    topology = shop.topology()
    topology.remove_edges_from([("queries", "database")])
    return sim.measure(SECONDS), topology
