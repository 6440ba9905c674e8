"""A background process: it works beside the programs, round after round. It can die, as every process can.

What it had not finished when it died is left to its next life, which begins with what it has written down.

>>> from archlab.sim import Crash, Simulation
>>> class Counter(BackgroundProcess):
...     rounds = 0
...     def round(self):
...         yield self.sim.timeout(1.0)
...         self.rounds += 1
>>> sim = Simulation(seed=1)
>>> counter = Counter(sim, "counter", retry_s=1.0)
>>> sim.inject(Crash("counter", at_s=2.5, restart_after_s=5.0))
>>> sim.run(until=10)
>>> counter.rounds, counter.is_up
(4, True)
"""

from abc import abstractmethod

from archlab.shop.instance import Steps
from archlab.sim.core.active_faults import coming_back, going_down
from archlab.sim.core.task import Task
from archlab.sim.failure import Crashed, Failure
from archlab.sim.simulation import Simulation


class BackgroundProcess:
    """The process, a part of the simulation. What it costs on a processor is not counted.

    Args:
        name: of the part.
        retry_s: between a failure of something that it needs and the next round.

    `is_busy`: set by the rounds themselves.
    """

    def __init__(self, sim: Simulation, name: str, retry_s: float) -> None:
        self.sim, self.name, self.retry_s = sim, name, retry_s
        self.is_up, self.is_busy = True, False
        self._life = 0
        sim.add(self)
        self._task = Task(sim, self._run())

    @abstractmethod
    def round(self) -> Steps[None]:
        """Wait until there is something to do, and do it."""

    def begin(self) -> None:
        """The process starts, the first time or again."""

    @abstractmethod
    def sample(self) -> tuple[int, int, int, bool]:
        """What waits for it, 1 when it is at work, 1, and whether it is up."""

    @abstractmethod
    def totals(self) -> dict[str, float]:
        """Sums since the start."""

    def _run(self) -> Steps[None]:
        """Work until a crash ends this life."""
        life = self._life
        self.is_busy = False
        self.begin()
        while True:
            try:
                yield from self.round()
            except Failure:
                if life != self._life:
                    return
                self.is_busy = False
                yield self.sim.timeout(self.retry_s)

    @going_down
    def crash(self) -> None:
        """Die, with the round that is under way."""
        if self.is_up:
            self.is_up = self.is_busy = False
            self._life += 1
            self._task.throw(Crashed(self.name))

    @coming_back
    def restart(self) -> None:
        """Start again. Does nothing when it is up."""
        if not self.is_up:
            self.is_up = True
            self.sim.call_at(self.sim.now, self._start)

    def _start(self, _: None) -> None:
        self._task = Task(self.sim, self._run())
