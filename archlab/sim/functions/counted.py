"""What is counted, measured and billed of a function: its invocations, its environments and what goes on its bill.

>>> from archlab.sim import Function, Simulation
>>> from archlab.sim.billing import total_usd
>>> sim = Simulation(seed=1)
>>> def resize(invocation):
...     yield sim.timeout(0.25)
>>> pictures = Function(sim, "pictures", resize, init_s=0.1, keep_alive_s=600, memory_mb=1024)
>>> for _ in range(4):
...     sim.run(until=pictures.invoke())
>>> pictures.invocations, pictures.cold, pictures.usage().compute_gb_s
(4, 1, 1.1)
>>> round(1e6 * total_usd(pictures.usage() * 0.25), 2)
4.78
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlab.sim.billing.usage import STORAGE_MB, Usage
from archlab.sim.core.level import Level
from archlab.sim.failure import Failure
from archlab.sim.functions.account import CloudAccount
from archlab.sim.functions.environment import Environment, Environments
from archlab.sim.functions.failures import CutOff
from archlab.sim.functions.invocation import Invocation
from archlab.sim.functions.meter import Meter
from archlab.sim.functions.provisioned import Provisioned

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar


class Counted:
    """Counts since the start, and what they say.

    `invocations` were let in, of which `cold` had to wait for an initialisation and `spilled` were not served by what
    was provisioned; `completed`; `throttled`; `cut_off` at the time limit; `failed` for any reason but throttling. In
    samples the queue is what waits for initialisation, `busy` are environments at work, initialisation included, and
    `capacity` is how many may work at the same time (at least 1 is shown).
    """

    account: CloudAccount
    reserved: int | None
    memory_mb: float

    def __init__(self, sim: Calendar, environments: Environments, provisioned: int) -> None:
        self.environments = environments
        self._provisioned = Provisioned(environments, provisioned)
        self.meter = Meter(sim, provisioned)
        self.is_up = True
        self.invocations = self.cold = self.spilled = 0
        self.completed = self.throttled = self.cut_off = self.failed = 0
        self._waiting: set[Invocation] = set()  # for the initialisation of their environment
        self._waiting_level = Level(sim)

    # Counting --------------------------------------------------------------------------------------------

    @property
    def provisioned(self) -> int:
        """How many environments are kept ready."""
        return self._provisioned.count

    def _count_in(self, invocation: Invocation, environment: Environment) -> None:
        self.invocations += 1
        self.spilled += self.provisioned > 0 and not environment.is_provisioned
        sim = self.environments.sim
        if environment.ready_s > sim.now:
            self.cold += 1
            self._waiting.add(invocation)
            self._waiting_level.add(1)
            sim.call_at(environment.ready_s, self._initialised, invocation)

    def _initialised(self, invocation: Invocation) -> None:
        if invocation in self._waiting:
            self._waiting.remove(invocation)
            self._waiting_level.add(-1)

    def _count_out(self, invocation: Invocation, failure: Failure | None) -> None:
        self._initialised(invocation)  # if it ends before
        if failure is None:
            self.completed += 1
        else:
            self.failed += 1
        self.cut_off += isinstance(failure, CutOff)

    def _note_on_meter(self, environment: Environment) -> None:
        self.meter.requests += 1
        if environment.inside == 0:
            now = self.environments.sim.now
            self.meter.note(environment.busy_since_s, environment.ready_s, now, environment.is_provisioned)

    # What they say ---------------------------------------------------------------------------------------

    def usage(self, bills_initialisation: bool = True, storage_mb: int = STORAGE_MB[0]) -> Usage:
        """Return what has gone on the bill since the start, see `archlab.sim.functions.meter`.

        Args:
            bills_initialisation: False for the rule before August 2025, for a zip file with a managed runtime.
            storage_mb: its temporary disk.

        The difference of two usages is what was used in between: `later.without(earlier)`. What is free is not taken
        off: `archlab.sim.billing.bill` does that. Raises `ValueError` when an argument is not allowed.
        """
        return self.meter.usage(self.memory_mb, bills_initialisation, storage_mb)

    @property
    def busy(self) -> int:
        """How many environments are at work, initialisation for a request included."""
        return self.environments.busy.value

    @property
    def on_demand_busy(self) -> int:
        """How many of them are not provisioned."""
        return self.environments.on_demand_busy

    @property
    def instances(self) -> int:
        """How many environments there are, at work or idle."""
        return self.environments.alive.value

    @property
    def instance_s(self) -> float:
        """The number of environments summed over time since the start."""
        return self.environments.alive.area

    @property
    def none_free_s(self) -> float:
        """For how long the next request would have needed a new environment.

        As a share of the time it is the probability of a cold start, when requests come as a Poisson process: they see
        what there is over time (PASTA). It is a less noisy estimate than the share of cold starts that happened.
        """
        return self.environments.none_free.area

    def sample(self) -> tuple[int, int, int, bool]:
        """What waits for initialisation, environments at work, how many may be, and whether it is up, now."""
        limit = self.account.concurrency if self.reserved is None else self.reserved
        return self._waiting_level.value, self.busy, max(1, limit), self.is_up

    def totals(self) -> dict[str, float]:
        """Sums since the start: seconds of environments at work and of waiting for them, counts of invocations."""
        return {
            "busy_s": self.environments.busy.area,
            "waiting_s": self._waiting_level.area,
            "completed": self.completed,
            "refused": self.throttled,
            "failed": self.failed,
        }
