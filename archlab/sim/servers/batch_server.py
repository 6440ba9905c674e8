"""A server that takes all who wait at once: one batch, one end. A disk that commits in groups works like this.

One flush of a log to the disk (fsync) makes everything durable that was written before it. So while one runs, others
gather, and the next flush serves them all: *group commit*. The busier such a server is, the more it does with one
flush; it has no queue that grows without end, as a server has that works on one thing at a time.

What this leaves out: a limit on the size of a batch, and waiting a little for more to come, which some databases do.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> disk = BatchServer(sim, "disk", batch_s=0.006)
>>> first, second, third = disk.serve(), disk.serve(), disk.serve()
>>> sim.run(until=first), sim.now
(None, 0.006)
>>> sim.run(until=third), sim.now, disk.batches  # the second and the third have gathered meanwhile
(None, 0.012, 2)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlab.sim.core.active_faults import coming_back, going_down, slowing_down
from archlab.sim.core.calendar import require_sim
from archlab.sim.core.events import fail_next, process_event
from archlab.sim.core.level import Level
from archlab.sim.distributions import Distribution
from archlab.sim.failure import Crashed
from archlab.sim.servers.visit import Visit, turn_away
from archlab.sim.validation import require_non_negative

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

Batch = list[Visit]


class BatchServer:
    """One server for batches of any size, known to the simulation by `name`.

    With Poisson arrivals at rate a, and batches that take S whatever their size, the mean time in the system is
    E[S] + b E[S^2] / (2 E[S]), where b, the share of the time that it works, is E[S] / (E[S] + E[exp(-a S)] / a): who
    finds it working waits for the rest of that batch, and it becomes idle when nobody has come meanwhile.

    Args:
        batch_s: seconds that a batch takes, or a distribution of them.
        each_s: seconds that each piece of work in it takes on top.

    Raises `ValueError` when an argument is not allowed or the name is taken.
    """

    def __init__(
        self, sim: Simulation, name: str, batch_s: float | Distribution, each_s: float = 0.0
    ) -> None:
        require_sim(sim)
        require_non_negative("each_s", each_s)
        self.sim = sim
        self.name = name
        self.each_s = each_s
        self.is_up = True
        self.batches = self.completed = self.refused = self.failed = 0
        self._draw_batch_s = sim.durations(f"{name} batch", "batch_s", batch_s)
        self._slowness = 1.0
        self._waiting: Batch = []
        self._at_work: Batch = []
        self._waiting_level, self._busy_level = Level(sim), Level(sim)
        sim.add(self)

    def serve(self) -> Visit:
        """Join the next batch. Yield the visit to wait for the end of that batch.

        It fails with `Unavailable` when the server is down and `Crashed` when it goes down meanwhile.
        """
        visit = Visit(self.sim, self, self.each_s)
        if not self.is_up:
            turn_away(self, visit)
            return visit
        self._waiting.append(visit)
        self._waiting_level.add(1)
        if not self._at_work:
            self._begin()
        return visit

    def _begin(self) -> None:
        """Take all who wait."""
        batch, self._waiting = self._waiting, []
        self._at_work = batch
        self._waiting_level.add(-len(batch))
        self._busy_level.add(1)
        self.batches += 1
        work_s = (self._draw_batch_s() + self.each_s * len(batch)) * self._slowness
        self.sim.call_at(self.sim.now + work_s, self._end, batch)

    def _end(self, batch: Batch) -> None:
        """The batch is done: take the next, then tell those who waited for this one."""
        if batch is not self._at_work:
            return
        self._busy_level.add(-1)
        self._at_work = []
        self.completed += len(batch)
        if self._waiting:
            self._begin()
        for visit in batch:
            visit._value = None
            process_event(visit)

    # Faults ----------------------------------------------------------------------------------------------

    @slowing_down
    def slow_down(self, factor: float) -> None:
        """Let batches that begin from now on take `factor` times as long. 1 is normal."""
        self._slowness = factor

    @going_down
    def crash(self) -> None:
        """Go down. What waits and what is in the batch fails with `Crashed`."""
        if not self.is_up:
            return
        self.is_up = False
        lost = [*self._at_work, *self._waiting]
        self._waiting_level.add(-len(self._waiting))
        self._busy_level.add(-self._busy_level.value)
        self._at_work, self._waiting = [], []
        self.failed += len(lost)
        for visit in lost:
            fail_next(visit, Crashed(self.name))

    @coming_back
    def restart(self) -> None:
        """Come back, empty."""
        self.is_up = True

    # Measurement -----------------------------------------------------------------------------------------

    def sample(self) -> tuple[int, int, int, bool]:
        """How many wait, whether it works, 1, and whether it is up."""
        return self._waiting_level.value, self._busy_level.value, 1, self.is_up

    def totals(self) -> dict[str, float]:
        """Sums since the start: seconds of work and of waiting, and counts of pieces of work, not of batches."""
        return {
            "busy_s": self._busy_level.area,
            "waiting_s": self._waiting_level.area,
            "completed": self.completed,
            "refused": self.refused,
            "failed": self.failed,
        }
