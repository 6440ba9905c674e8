"""Contention and coherency: why more workers give less and less, and in the end less in all.

Each worker repeats a cycle that takes it `work_s` when it is alone. The share `alpha` of that is done under one lock,
the rest beside the others. Then it tells each other worker what it changed, over one shared bus, which takes
`beta * work_s` for each. Synchronous workers begin every step together and wait for the slowest at its end. That is
the worst case, and its throughput is the Universal Scalability Law (N. J. Gunther, "A General Theory of
Computational Scalability Based on Rational Functions", 2008, https://arxiv.org/abs/0808.1431).

Asynchronous workers go on without waiting for the others. Queues at lock and bus then overlap with useful work, so
they do better than the law at the same alpha and beta: read a fit to real data as a bound, not as a picture of
the inside.

What this leaves out: synchronous workers share the part that runs side by side evenly, so all need the same time for
it. Workers of different speed would wait for the slowest, and a fit would take that for more contention than there is.

>>> workers = Contention(alpha=0.05, beta=0.001, cv=0)
>>> round(throughput_per_s(workers, 20, cycles=2), 9) == round(20 / (1 + 0.05 * 19 + 0.001 * 20 * 19), 9)
True
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from simpy.events import Event

from archlab.sim.distributions import Constant, Distribution, Lognormal
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_fraction, require_non_negative, require_positive, require_whole

Step = Generator[Event, Any, None]


@dataclass(frozen=True)
class Contention:
    """What the workers do: `alpha` of the work under one lock, `beta` of the work to tell each other worker.

    Times vary with the coefficient of variation `cv`, from cycle to cycle; 0: not at all. Those under the lock and on
    the bus vary from worker to worker, too.
    Raises `ValueError` when a share is not between 0 and 1, `work_s` is not above 0 or `cv` is negative.
    """

    alpha: float
    beta: float
    work_s: float = 1.0
    cv: float = 0.1
    synchronous: bool = True

    def __post_init__(self) -> None:
        require_fraction("alpha", self.alpha)
        require_fraction("beta", self.beta)
        require_positive("work_s", self.work_s)
        require_non_negative("cv", self.cv)


def throughput_per_s(model: Contention, workers: int, cycles: int, seed: int = 1) -> float:
    """Cycles a second of `workers` workers together, of whom each does `cycles` in a simulation.

    Raises `ValueError` unless `workers` and `cycles` are whole numbers, 1 or more.
    """
    require_whole("workers", workers, at_least=1)
    require_whole("cycles", cycles, at_least=1)
    sim = Simulation(seed)
    team = Team(sim, model, workers)
    sim.run(until=sim.start(team.together(cycles) if model.synchronous else team.apart(cycles)))
    return workers * cycles / sim.now


class Team:
    """Workers that share a lock and a bus."""

    def __init__(self, sim: Simulation, model: Contention, workers: int) -> None:
        self.sim = sim
        self.workers = workers
        self.lock = Station(sim, "lock", capacity=1)
        self.bus = Station(sim, "bus", capacity=1)
        self._apart_s = self._draws("work side by side", 1 - model.alpha, model)
        self._locked_s = self._draws("work under the lock", model.alpha, model)
        self._exchange_s = self._draws("exchange", model.beta, model)

    def _draws(self, name: str, share: float, model: Contention) -> Callable[[], float]:
        return self.sim.draws(name, _varying(share * model.work_s, model.cv))

    def together(self, cycles: int) -> Step:
        """Synchronous: all take the same step, and nobody begins the next before all are done."""
        for _ in range(cycles):
            yield self.sim.timeout(self._apart_s())
            for step in (self.under_the_lock, self.exchange):
                yield self.sim.all_of([self.sim.start(step()) for _ in range(self.workers)])

    def apart(self, cycles: int) -> Step:
        """Asynchronous: each at its own pace."""
        yield self.sim.all_of([self.sim.start(self.alone(cycles)) for _ in range(self.workers)])

    def alone(self, cycles: int) -> Step:
        """One worker's cycles, without a look at the others."""
        for _ in range(cycles):
            yield self.sim.timeout(self._apart_s())
            yield from self.under_the_lock()
            yield from self.exchange()

    def under_the_lock(self) -> Step:
        """The part that only one can do at a time."""
        yield self.lock.serve(self._locked_s())

    def exchange(self) -> Step:
        """Tell every other worker, one after the other."""
        for _ in range(self.workers - 1):
            yield self.bus.serve(self._exchange_s())


def _varying(mean_s: float, cv: float) -> Distribution:
    return Lognormal.from_mean_cv(mean_s, cv) if mean_s > 0 and cv > 0 else Constant(mean_s)
