"""Guards: how the calls to one service are protected. Parameters only; `archlab.shop.services.guarded` applies them.

>>> Guards(timeout_s=0.3, retry_attempts=3).bulkhead is None
True
>>> Guards(retry_attempts=0)
Traceback (most recent call last):
ValueError: retry_attempts is 0; it must be a whole number, 1 or more
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archlab.sim.backoff import Backoff
from archlab.sim.validation import require_positive, require_whole


@dataclass(frozen=True)
class Guards:
    """The guards of the calls to one service. All are off unless you ask for them.

    Attributes:
        timeout_s: how long one call to one instance may take. The work at the far end goes on.
        retry_attempts: in all, the first included.
        backoff: the pause before each retry. None: none.
        retry_budget: retries allowed for each success, such as 0.1. None: no budget.
        breaker: True for a breaker with its defaults, or settings of `archlab.sim.circuit_breaker.CircuitBreaker`
            by name, such as {"open_s": 2}.
        bulkhead: calls of one instance that may be under way at the same time; one more fails at once.
        hedge_after_s: without an answer for so long, a second instance is asked, and the first answer wins.

    Raises:
        ValueError: when a parameter is out of range.
    """

    timeout_s: float | None = None
    retry_attempts: int = 1
    backoff: Backoff | None = None
    retry_budget: float | None = None
    breaker: bool | Mapping[str, Any] = False
    bulkhead: int | None = None
    hedge_after_s: float | None = None

    def __post_init__(self) -> None:
        require_whole("retry_attempts", self.retry_attempts, at_least=1)
        for name in ("timeout_s", "retry_budget", "hedge_after_s"):
            if getattr(self, name) is not None:
                require_positive(name, getattr(self, name))
        if self.bulkhead is not None:
            require_whole("bulkhead", self.bulkhead, at_least=1)


NO_GUARDS = Guards()
"""A call that waits for ever and takes every failure as it comes."""
