"""Load shedding: a server drops work that has waited so long that nobody waits for the answer any more.

An overloaded server with a queue works on the oldest request first, whose client gave up long ago. All its work is in
vain, and it cannot catch up. Dropping what is too old costs no service time, so every answer that is given is in time.

It is the idea of CoDel (controlled delay) for servers, with one fixed limit. CoDel itself, as B. Maurer describes it
(*Fail at Scale*, ACM Queue, 2015), tightens its limit from 100 ms to 5 ms while the queue has not been empty for
100 ms. So it lets short bursts wait and keeps no standing queue. Here a standing queue stays as long as the limit
allows. Dropping is free here; a real server must at least read a request before it can refuse it.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> till = SheddingStation(sim, "till", drop_older_than_s=1.0)
>>> first, second, third = till.serve(2.0), till.serve(2.0), till.serve(2.0)
>>> sim.run()
>>> sim.now, till.completed, till.shed, str(third.value)
(2.0, 1, 2, 'till: shed, it waited too long')
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from archlab.sim.core.events import fail_next
from archlab.sim.failure import Failure
from archlab.sim.servers.station import Station
from archlab.sim.validation import require_non_negative

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation


class Shed(Failure):
    """The work waited too long and was dropped: nothing was done."""

    outcome = "shed"
    what = "shed, it waited too long"


class DatedLine(deque[Any]):
    """A first-come-first-served queue that notes when each visit came."""

    def __init__(self, sim: Simulation) -> None:
        super().__init__()
        self.sim = sim

    def append(self, visit: Any) -> None:
        visit.came_s = self.sim._now
        super().append(visit)


class SheddingStation(Station):
    """A first-come-first-served station that drops work which has waited longer than `drop_older_than_s`.

    It looks at the age when the turn of the work comes, not before, so work never leaves the queue early. What is
    dropped fails with `Shed`. `shed` counts it; `refused` counts it, too.

    Raises `ValueError` when an argument is not allowed or the name is taken.
    """

    def __init__(
        self,
        sim: Simulation,
        name: str,
        capacity: int = 1,
        queue_limit: int | None = None,
        *,
        drop_older_than_s: float,
    ) -> None:
        require_non_negative("drop_older_than_s", drop_older_than_s)
        super().__init__(sim, name, capacity, queue_limit)
        self._waiting = DatedLine(sim)
        self.drop_older_than_s = drop_older_than_s
        self.shed = 0

    def _next(self) -> None:
        """Give a free server to the next in the queue that is young enough."""
        while self._waiting and self.sim._now - self._waiting[0].came_s > self.drop_older_than_s:
            self._drop(self._waiting.popleft())
        super()._next()

    def _drop(self, visit: Any) -> None:
        visit.stop_waiting()
        self._queue_area += self.sim._now
        self.shed += 1
        self.refused += 1
        fail_next(visit, Shed(self.name))
