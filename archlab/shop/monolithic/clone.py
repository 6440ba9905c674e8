"""A clone: one running copy of a program, with its workers, cores, database connections and memory.

A worker is *held* for the whole of a request, also while it waits for the database or for another company.
That is how a slow neighbour drains a pool that everybody shares. A clone dies as a whole: a crash fails
everything inside.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> clone = Clone(sim, "shop-1", workers=16, cores=2, connections=8, bulkheads={"place_order": 6})
>>> clone.capacity, clone.pool("browse").name, clone.pool("place_order").name
(10, 'shop-1', 'shop-1 place_order')
"""

from collections.abc import Generator, Mapping
from typing import Any

from simpy.events import Event

from archlab.shop.cores import Cores, start_cores
from archlab.sim.core.active_faults import coming_back, going_down
from archlab.sim.servers.pool import Pool
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_positive, require_whole


class Clone(Pool):
    """A running copy. It is the pool of its workers; the pieces inside are parts of their own.

    Args:
        workers: threads in all.
        cores: the part "<name> cpu".
        connections: to the database, the part "<name> connections".
        bulkheads: kind of request -> workers that serve this kind only, the part "<name> <kind>". They are
            taken out of `workers`; what is left is shared by all other kinds.
        queue_limit: how many requests may wait for a worker of a pool. None: no limit.
        restart_s: how long it takes to start again when it ran out of memory.
        memory_mb, memory_limit_mb: in use after a start, and where the operating system kills it.
        cores_share: whether the cores share their time among all that it works on, or do one thing after the other.

    Raises:
        ValueError: when a parameter is out of range, or the bulkheads leave no worker for the other kinds.
    """

    sim: Simulation

    def __init__(
        self,
        sim: Simulation,
        name: str,
        workers: int,
        cores: int,
        connections: int,
        bulkheads: Mapping[str, int] | None = None,
        queue_limit: int | None = None,
        restart_s: float = 30.0,
        memory_mb: float = 500.0,
        memory_limit_mb: float = 2000.0,
        cores_share: bool = True,
    ) -> None:
        shared = workers - sum((bulkheads or {}).values())
        require_whole("workers that the bulkheads leave for the other kinds", shared, at_least=1)
        require_positive("restart_s", restart_s)
        require_positive("memory_mb", memory_mb)
        require_positive("memory_limit_mb - memory_mb", memory_limit_mb - memory_mb)
        super().__init__(sim, name, shared, queue_limit)
        self.cpu = start_cores(sim, f"{name} cpu", cores, cores_share)
        self.connections = Pool(sim, f"{name} connections", connections)
        self._pools = {
            kind: Pool(sim, f"{name} {kind}", count, queue_limit) for kind, count in (bulkheads or {}).items()
        }
        self._restart_s = restart_s
        self._memory_at_start_mb, self._memory_limit_mb = memory_mb, memory_limit_mb
        self.memory_mb = memory_mb
        self.kills = 0

    @property
    def pools(self) -> list[Pool]:
        """All pools of workers: the shared one, and one for each bulkhead."""
        return [self, *self._pools.values()]

    def pool(self, kind: str) -> Pool:
        """Return the workers that serve requests of this kind."""
        return self._pools.get(kind, self)

    @going_down
    def crash(self) -> None:
        """Die with everything inside."""
        super().crash()
        for part in self._inside():
            part.crash()

    @coming_back
    def restart(self) -> None:
        """Start again, empty. Does nothing when it is up."""
        if self.is_up:
            return
        super().restart()
        self.memory_mb = self._memory_at_start_mb
        for part in self._inside():
            part.restart()

    def slow_down(self, factor: float) -> None:
        """From now on its cores need `factor` times as long. 1.0: as before."""
        self.cpu.slow_down(factor)

    def leak(self, memory_mb: float) -> None:
        """Lose some memory. At the limit the operating system kills the program; it starts again after
        `restart_s`, or later when a fault keeps it down.

        What this leaves out: a program short of memory gets slow before it dies. It errs towards a sudden
        end.
        """
        require_non_negative("memory_mb", memory_mb)
        self.memory_mb += memory_mb
        if self.memory_mb >= self._memory_limit_mb and self.is_up:
            self.kills += 1
            self.crash()
            self.sim.start(self._start_again())

    def _start_again(self) -> Generator[Event, Any, None]:
        yield self.sim.timeout(self._restart_s)
        self.sim.active_faults.start_again(self)

    def _inside(self) -> list[Pool | Cores]:
        return [self.cpu, self.connections, *self._pools.values()]
