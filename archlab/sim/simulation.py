"""The simulated world: a clock, a calendar of what happens next, the parts, and one seed for all randomness.

A `Simulation` is a `simpy.Environment`. Everything that works there works here: processes, time-outs, resources,
stores, conditions. It adds named random streams, named parts, load, faults and measurement.

>>> from archlab.sim import Constant, Deterministic, Simulation, Station
>>> sim = Simulation(seed=1)
>>> web = Station(sim, "web", capacity=1)
>>> def browse(request):
...     yield web.serve(0.010)
>>> sim.open_load(Deterministic(rate_per_s=50), browse)
>>> result = sim.measure(duration_s=10)
>>> round(result.latency_s(50), 3), round(float(result.parts.utilisation["web"]), 2)
(0.01, 0.5)
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from simpy.events import Event

from archlab.sim.core.calendar import Calendar
from archlab.sim.core.deadline import deadline
from archlab.sim.core.effects import Effect
from archlab.sim.core.task import Task
from archlab.sim.distributions import Distribution
from archlab.sim.faults import Fault
from archlab.sim.load import ClosedLoad, Handler, Load, OpenLoad, PacedLoad
from archlab.sim.measurement import measure
from archlab.sim.network import Network
from archlab.sim.result import Result
from archlab.sim.validation import require_instance
from archlab.sim.workload import Arrivals, Mix


class Simulation(Calendar):
    """A SimPy environment with a seed, named parts, load, faults and measurement.

    `seed` decides every random number of the run: two simulations with the same seed and the same parts give the
    same figures. Raises `ValueError` for a negative seed.
    """

    def __init__(self, seed: int, initial_time: float = 0) -> None:
        super().__init__(seed, initial_time)
        self.loads: dict[str, Load] = self.register("load")
        self.networks: dict[str, Network] = self.register("network")
        self.faults: list[Fault] = []
        self._effects: list[Effect] = []

    def start(self, generator: Generator[Event, Any, Any]) -> Task:
        """Run `generator` as a task: at once up to its first wait, and on from there. See `archlab.sim.Task`."""
        return Task(self, generator)

    def deadline(self, event: Event, timeout_s: float) -> Event:
        """`event`, but waited for at most `timeout_s` seconds; then `TimedOut`. What you waited for goes on.

        An event that has happened already is returned as it is.
        Raises `ValueError` when `timeout_s` is negative or not finite.
        """
        return deadline(self, event, timeout_s)

    def open_load(
        self,
        arrivals: Arrivals,
        handler: Handler,
        mix: Mix | Mapping[str, float] | None = None,
        timeout_s: float | Distribution | None = None,
        name: str = "load",
    ) -> None:
        """Customers who arrive whatever the state of the system. See `archlab.sim.load.OpenLoad`."""
        OpenLoad(self, arrivals, handler, mix, timeout_s, name)

    def closed_load(
        self,
        users: int,
        think_s: float | Distribution,
        handler: Handler,
        mix: Mix | Mapping[str, float] | None = None,
        timeout_s: float | Distribution | None = None,
        name: str = "load",
    ) -> None:
        """Users who wait for each answer before they ask again. See `archlab.sim.load.ClosedLoad`."""
        ClosedLoad(self, users, think_s, handler, mix, timeout_s, name)

    def paced_load(
        self,
        users: int,
        pace_s: float,
        handler: Handler,
        mix: Mix | Mapping[str, float] | None = None,
        timeout_s: float | Distribution | None = None,
        name: str = "load",
    ) -> None:
        """Users who wait for each answer, but plan to ask every `pace_s`. See `archlab.sim.load.PacedLoad`."""
        PacedLoad(self, users, pace_s, handler, mix, timeout_s, name)

    def inject(self, *faults: Fault) -> None:
        """Schedule faults: all of them, or none.

        Raises `ValueError` at once when a fault names a part that does not exist, or a moment that has passed.
        """
        for fault in faults:
            require_instance(
                "faults", fault, Fault, "faults, such as Crash('web', at_s=10, restart_after_s=5)"
            )
        effects = [fault.planned(self) for fault in faults]
        for fault, effect in zip(faults, effects, strict=True):
            effect.plan()
            self.faults.append(fault)
            self._effects.append(effect)

    def measure(self, duration_s: float, warmup_s: float = 0, sample_every_s: float | None = None) -> Result:
        """Run for `warmup_s` without measuring, then for `duration_s`, and give the result of the latter.

        Each part is sampled every `sample_every_s` seconds, 200 times in all unless told otherwise.
        Raises `ValueError` when a time is not positive (`warmup_s` may be 0).
        """
        faults = list(zip(self.faults, self._effects, strict=True))
        return measure(self, faults, duration_s, warmup_s, sample_every_s)
