"""A retry budget: retries are paid from a bucket that successes fill, so a broken service gets few of them.

Each success adds `per_success` to the bucket, each retry takes 1. While most calls succeed the bucket is full and every
retry is allowed. When nothing succeeds it runs dry, and the load is no longer multiplied: in the long run there are at
most `per_success` retries for each success (M. Brooker, *Fixing retries with token buckets and circuit breakers*,
2022).
`per_s` lets some through whatever happens, as the budgets of Finagle and Linkerd do.

What this leaves out: Finagle and Linkerd count over a window of some seconds, where this bucket remembers for ever.

>>> from archlab.sim import Simulation
>>> budget = RetryBudget(Simulation(seed=1), per_success=0.5, cap=1)
>>> budget.take(), budget.take()
(True, False)
>>> budget.succeeded(); budget.succeeded(); budget.take()
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlab.sim.core.calendar import require_sim
from archlab.sim.validation import require_non_negative, require_positive

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation


class RetryBudget:
    """A bucket of retries, full at the start. One may serve many callers.

    Args:
        per_success: retries that each success adds. The defaults of this and of `cap` are Brooker's of 2022.
        cap: retries it holds at most.
        per_s: retries that each second adds.

    Raises `ValueError` when an argument is not allowed.
    """

    def __init__(
        self, sim: Simulation, per_success: float = 0.1, cap: float = 5.0, per_s: float = 0.0
    ) -> None:
        require_sim(sim)
        require_non_negative("per_success", per_success)
        require_positive("cap", cap)
        require_non_negative("per_s", per_s)
        self.sim = sim
        self._per_success, self._cap, self._per_s = per_success, cap, per_s
        self._retries = cap
        self._since_s = sim.now

    @property
    def retries(self) -> float:
        """How many retries are in the bucket now."""
        return min(self._cap, self._retries + self._per_s * (self.sim.now - self._since_s))

    def succeeded(self) -> None:
        """Note that a call succeeded."""
        self._set(min(self._cap, self.retries + self._per_success))

    def take(self) -> bool:
        """Take one retry out of the bucket. False: there is none, do not retry."""
        left = self.retries
        if left < 1 - 1e-9:  # ten times a tenth is a little less than 1
            return False
        self._set(max(0.0, left - 1))
        return True

    def _set(self, retries: float) -> None:
        self._retries, self._since_s = retries, self.sim.now
