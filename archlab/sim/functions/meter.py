"""The meter of a function: what goes on its bill, noted whenever an environment has come to the end of its work.

An environment is billed from its first request to the end of its last one, to the millisecond, rounded up. With one
request in it at a time that is each invocation by itself, as AWS Lambda bills; where several share it they share the
bill, as on Cloud Run (which rounds up to 100 ms). Since August 2025 the initialisation that a request waits for is in
it; before, it was free for a zip file with a managed runtime. What ran in a provisioned environment is an item of its
own, and so is the time for which environments are provisioned, in steps of five minutes (`archlab.sim.billing`).

What this leaves out: the initialisation of environments that are provisioned or deployed anew, which AWS bills too, so
it errs a little in their favour; and what a function sends or asks others to do. An invocation counts when it has
ended, so what is still at work is not on the bill.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> meter = Meter(sim)
>>> meter.note(began_s=0.0, ready_s=0.10077, ended_s=0.35083, is_provisioned=False)
>>> meter.usage(memory_mb=1024).compute_gb_s, meter.usage(1024, bills_initialisation=False).compute_gb_s
(0.351, 0.251)
"""

from __future__ import annotations

from math import ceil, ulp
from typing import TYPE_CHECKING

from archlab.sim.billing.usage import MB_PER_GB, NOISE_MS, PROVISIONED_STEP_S, STORAGE_MB, Usage
from archlab.sim.core.calendar import require_sim
from archlab.sim.validation import refuse, require_flag, require_positive, require_whole

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar


class Meter:
    """Adds up, since the start: `requests` that ended, milliseconds, and environments kept ready over time."""

    def __init__(self, sim: Calendar, provisioned: int = 0) -> None:
        require_sim(sim)
        require_whole("provisioned", provisioned, at_least=0)
        self._sim = sim
        self.requests = 0
        self._ms = {True: 0, False: 0}  # in provisioned environments or not, initialisation included
        self._run_ms = 0  # on demand, without initialisation
        self._provisioned, self._since_s = provisioned, float(sim.now)
        self._provisioned_s = 0.0

    def note(self, began_s: float, ready_s: float, ended_s: float, is_provisioned: bool) -> None:
        """An environment had requests inside from `began_s` to `ended_s`, and was initialised at `ready_s`."""
        self._ms[is_provisioned] += _billed_ms(began_s, ended_s)
        if not is_provisioned:
            self._run_ms += _billed_ms(min(max(began_s, ready_s), ended_s), ended_s)

    def provision(self, environments: int) -> None:
        """From now on so many are kept ready. Each change begins a new time of at least five minutes on the bill."""
        if environments != self._provisioned:
            self._provisioned_s = self._billed_provisioned_s
            self._provisioned, self._since_s = environments, float(self._sim.now)

    @property
    def _billed_provisioned_s(self) -> float:
        """Environments kept ready, summed over time, in steps."""
        steps = ceil((self._sim.now - self._since_s) / PROVISIONED_STEP_S)
        return self._provisioned_s + self._provisioned * steps * PROVISIONED_STEP_S

    def usage(
        self, memory_mb: float, bills_initialisation: bool = True, storage_mb: int = STORAGE_MB[0]
    ) -> Usage:
        """Return what has been used since the start by a function with so much memory and temporary disk.

        Raises `ValueError` when an argument is not allowed.
        """
        require_positive("memory_mb", memory_mb)
        require_flag("bills_initialisation", bills_initialisation)
        require_whole("storage_mb", storage_mb, at_least=STORAGE_MB[0])
        if storage_mb > STORAGE_MB[1]:
            refuse(ValueError, "storage_mb", storage_mb, f"from {STORAGE_MB[0]} to {STORAGE_MB[1]}")
        on_demand_ms = self._ms[False] if bills_initialisation else self._run_ms
        gb, disk_gb = memory_mb / MB_PER_GB, (storage_mb - STORAGE_MB[0]) / MB_PER_GB
        return Usage(
            requests=self.requests,
            compute_gb_s=on_demand_ms / 1000 * gb,
            provisioned_gb_s=self._billed_provisioned_s * gb,
            provisioned_compute_gb_s=self._ms[True] / 1000 * gb,
            storage_gb_s=(on_demand_ms + self._ms[True]) / 1000 * disk_gb,
        )


def _billed_ms(began_s: float, ended_s: float) -> int:
    """Milliseconds, rounded up, but not for what the clock's last digits add: they grow with the time of day."""
    noise_ms = max(NOISE_MS, 2000 * ulp(ended_s))
    return max(0, ceil((ended_s - began_s) * 1000 - noise_ms))
