"""The terms on which a fault is tried: the same for all shops and all faults.

>>> Trial(lasts_s=5.0).over_s, USUAL.end_s
(8.0, 23.0)
"""

from __future__ import annotations

from dataclasses import dataclass

from archlab.sim.validation import require_at_least, require_positive

SLOW_QUERY_TIMES = 400.0
"""A query of 0.5 ms takes 0.2 s: it has lost its index. As in chapters 01 and 02."""
SLOW_PROVIDER_TIMES = 40.0
"""A payment of 0.1 s takes 4 s. As in chapter 01."""
BURST_TIMES = 4.0


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How a fault is tried: the same for all shops and all faults.

    Attributes:
        rate_per_s: requests that come, of the shop's usual mix.
        at_s, lasts_s, after_s: when the fault begins, how long it lasts, and how long is watched after it.
        patience_s: how long a customer waits for an answer.
        slow_query_times, slow_provider_times, burst_times: how many times as long, and as many.

    Raises `ValueError` when one is not positive, or less is watched after the fault than a customer waits.
    """

    rate_per_s: float = 20.0
    at_s: float = 3.0
    lasts_s: float = 10.0
    after_s: float = 10.0
    patience_s: float = 2.0
    slow_query_times: float = SLOW_QUERY_TIMES
    slow_provider_times: float = SLOW_PROVIDER_TIMES
    burst_times: float = BURST_TIMES

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            require_positive(name, value)
        require_at_least("after_s", self.after_s, self.patience_s, "patience_s")

    @property
    def over_s(self) -> float:
        """When the fault is over."""
        return self.at_s + self.lasts_s

    @property
    def end_s(self) -> float:
        """When the last customers come."""
        return self.over_s + self.after_s


USUAL = Trial()
