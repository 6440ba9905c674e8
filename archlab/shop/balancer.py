"""A load balancer: requests go to the clones in turn, past those that failed their last health check.

Between a crash and the next check it still sends requests to the dead clone, and after a restart it leaves
the clone idle until the next check. It does not try another clone when a connection is refused, as some real
balancers do; that errs towards more failures. It never fails itself.

>>> from archlab.shop.clone import Clone
>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> clones = [Clone(sim, name, workers=1, cores=1, connections=1) for name in ("shop-1", "shop-2")]
>>> balancer = RoundRobin(sim, clones, health_check_s=5.0)
>>> [balancer.choose().name for _ in range(3)]
['shop-1', 'shop-2', 'shop-1']
"""

from collections.abc import Generator, Sequence
from typing import Any

from simpy.events import Event

from archlab.shop.clone import Clone
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive


class RoundRobin:
    """Chooses among `clones` in turn. It learns every `health_check_s` seconds which of them are up.

    The first check comes after a random part of that time, so that checks and faults have no fixed relation.
    When it believes that all are down, it goes on in turn through all.
    """

    def __init__(self, sim: Simulation, clones: Sequence[Clone], health_check_s: float) -> None:
        require_positive("health_check_s", health_check_s)
        self._clones = list(clones)
        self._believed_up = self._clones
        self._turn = 0
        if len(self._clones) > 1:
            sim.start(self._check_for_ever(sim, health_check_s))

    def choose(self) -> Clone:
        """Return the clone for the next request."""
        self._turn += 1
        return self._believed_up[(self._turn - 1) % len(self._believed_up)]

    def _check_for_ever(self, sim: Simulation, health_check_s: float) -> Generator[Event, Any, None]:
        yield sim.timeout(health_check_s * sim.stream("health checks").random())
        while True:
            self._believed_up = [clone for clone in self._clones if clone.is_up] or self._clones
            yield sim.timeout(health_check_s)
