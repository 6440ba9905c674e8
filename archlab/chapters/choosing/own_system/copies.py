"""The copies of a part: each a machine with cores, and workers if it has them, chosen in turn by a balancer.

A balancer looks every `CHECK_S` which copies are up (`archlab.shop.health_checks`).

>>> from archlab.sim import Simulation
>>> copies = Copies(Simulation(seed=1), Part("web", cores=2, workers=16, copies=2))
>>> [copies.choose().name for _ in range(3)]
['web-1', 'web-2', 'web-1']
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archlab.chapters.choosing.own_system.description import Part
from archlab.shop.health_checks import HealthChecks
from archlab.shop.instance import Instance
from archlab.sim.servers.processor_sharing import SharedProcessors
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation

CHECK_S = 5.0
"""Between two checks of the copies, as in the rest of the course. An assumption."""

Copy = Instance | SharedProcessors | Station
"""With workers; or cores that share their time, or servers, without."""


class Copies:
    """All copies of `part`. `reads`: it takes messages from a queue, with its workers; by default one each core."""

    def __init__(self, sim: Simulation, part: Part, reads: bool = False) -> None:
        workers = part.workers if part.workers or not reads else part.cores
        self.all: list[Any] = [
            _with_workers(sim, part, number, workers) if workers else _without(sim, part, name)
            for number, name in enumerate(part.copy_names, 1)
        ]
        checks = HealthChecks(sim, self.all, CHECK_S, f"{part.name} health checks")
        self.choose: Callable[[], Any] = checks.choose if len(self.all) > 1 else lambda: self.all[0]


def _with_workers(sim: Simulation, part: Part, number: int, workers: int) -> Instance:
    return Instance(sim, part.name, number, workers, part.cores, part.queue_limit, part.shares)


def _without(sim: Simulation, part: Part, name: str) -> Copy:
    if not part.shares:
        return Station(sim, name, part.cores, part.queue_limit)
    limit = None if part.queue_limit is None else part.cores + part.queue_limit
    return SharedProcessors(sim, name, part.cores, limit)
