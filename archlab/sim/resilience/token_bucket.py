"""A token bucket: a rate limit that allows bursts.

The bucket holds up to `burst` tokens and is full at first. Tokens drop in at `rate_per_s`; each request takes one, and
a request that finds none is turned away. So in any t seconds at most burst + rate_per_s * t requests pass. Amazon's
API Gateway limits an account like this: 10,000 requests a second and a burst of 5,000 (announcement of 2017-06-06 and
developer guide).

What this leaves out: Amazon calls its limit best effort, because many machines share one bucket; this one is exact.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> bucket = TokenBucket(sim, rate_per_s=2, burst=3)
>>> [bucket.take() for _ in range(4)]
[True, True, True, False]
>>> sim.run(until=1.0)
>>> bucket.tokens
2.0
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlab.sim.core.calendar import require_sim
from archlab.sim.validation import is_finite, refuse, require_positive

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

ROUNDING = 1e-6
"""The part of a token that may be missing, so that no request that comes exactly in time is turned away by a rounding
error. At worst one request in a million passes too many."""


class TokenBucket:
    """Tokens that refill at `rate_per_s` up to `burst`.

    Raises `ValueError` when `rate_per_s` is not above 0 or `burst` is below 1: no request could ever pass.
    """

    def __init__(self, sim: Simulation, rate_per_s: float, burst: float) -> None:
        require_sim(sim)
        require_positive("rate_per_s", rate_per_s)
        require_positive("burst", burst)
        if burst < 1:
            refuse(ValueError, "burst", burst, "1 or more, or no request could ever pass")
        self.sim = sim
        self.rate_per_s = rate_per_s
        self.burst = burst
        self._level = float(burst)  # tokens at the moment _filled_s
        self._filled_s = sim.now

    @property
    def tokens(self) -> float:
        """How many tokens are in the bucket now, 0 to `burst`."""
        return self._fill()

    def take(self, tokens: float = 1) -> bool:
        """Take `tokens` out if there are so many; otherwise take none. Returns whether there were.

        Raises `ValueError` when `tokens` is not above 0, or above `burst`: there will never be so many.
        """
        if not (is_finite(tokens) and 0 < tokens <= self.burst):
            refuse(ValueError, "tokens", tokens, f"above 0 and at most the burst, {self.burst}")
        if self._fill() < tokens - ROUNDING:
            return False
        self._level = max(0.0, self._level - tokens)
        return True

    def _fill(self) -> float:
        """Add what has dropped in since the last look, and return the level."""
        now = self.sim.now
        self._level = min(float(self.burst), self._level + self.rate_per_s * (now - self._filled_s))
        self._filled_s = now
        return self._level
