"""An instance: one running copy of a program, with its workers and its cores.

A worker is *held* for as long as the instance works on something, also while it waits for a database. An instance dies
as a whole; the other copies of its program go on.

What this leaves out: memory, and a pool of database connections (each worker has its own).

>>> from archlab.sim import Simulation
>>> payments = Instance(Simulation(seed=1), "payments", number=2, workers=16, cores=1)
>>> payments.name, payments.cpu.name, payments.capacity
('payments-2', 'payments-2 cpu', 16)
"""

from collections.abc import Generator
from typing import Any, Protocol, TypeVar

from simpy.events import Event

from archlab.shop.cores import start_cores
from archlab.sim.core.active_faults import coming_back, going_down
from archlab.sim.servers.pool import Pool
from archlab.sim.simulation import Simulation

T = TypeVar("T")
Steps = Generator[Event, Any, T]
"""What a piece of work is: it yields what it waits for, and returns its answer."""


class Mortal(Protocol):
    """Anything that can die and start again."""

    def crash(self) -> None: ...

    def restart(self) -> None: ...


class Instance(Pool):
    """A running copy. It is the pool of its workers; its cores are the part "<name> cpu".

    Args:
        program: the name of the program it is a copy of.
        number: which copy, from 1.
        queue_limit: pieces of work that may wait for a worker. None: no limit.
        cores_share: whether the cores share their time among all that it works on, or do one thing after the other.

    `life` counts its starts; `inside` is what dies and starts with it, besides its cores: what reads messages for it.
    """

    sim: Simulation

    def __init__(
        self,
        sim: Simulation,
        program: str,
        number: int,
        workers: int,
        cores: int,
        queue_limit: int | None = None,
        cores_share: bool = True,
    ) -> None:
        super().__init__(sim, f"{program}-{number}", workers, queue_limit)
        self.cpu = start_cores(sim, f"{self.name} cpu", cores, cores_share)
        self.life = 1
        self.inside: list[Mortal] = []

    def lives(self, life: int) -> bool:
        """Whether this life of the instance still goes on."""
        return self.is_up and self.life == life

    @going_down
    def crash(self) -> None:
        """Die with everything inside."""
        super().crash()
        for part in (self.cpu, *self.inside):
            part.crash()

    @coming_back
    def restart(self) -> None:
        """Start again, empty. Does nothing when it is up."""
        if not self.is_up:
            self.life += 1
        super().restart()
        for part in (self.cpu, *self.inside):
            part.restart()

    def slow_down(self, factor: float) -> None:
        """From now on its cores need `factor` times as long. 1.0: as before."""
        self.cpu.slow_down(factor)
