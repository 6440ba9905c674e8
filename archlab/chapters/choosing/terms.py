"""The terms of a purchase, the same for all architectures: who comes, what is allowed, and what is assumed.

>>> dear = Terms(price_times={"m5.large": 2.0}, work_times={"browse_cpu_s": 0.5})
>>> from archlab.shop.monolithic import MONOLITH
>>> round(dear.at_work(MONOLITH).browse_cpu_s.mean / MONOLITH.browse_cpu_s.mean, 3)
0.5
>>> Terms(busy_at_most=1.2)
Traceback (most recent call last):
ValueError: busy_at_most is 1.2; it must be between 0 and 1
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from archlab.shop.architecture import SHOP_MIX
from archlab.shop.config import ShopConfig
from archlab.sim.distributions import Distribution, Exponential, Lognormal
from archlab.sim.validation import require_fraction, require_one_of, require_positive, require_whole
from archlab.sim.workload import Mix

BUSY_AT_MOST = 0.7
"""The share of its capacity that a shop is planned for. An assumption, in the middle of what operators plan for."""
LARGEST_DATABASE_CORES = 16
"""Of each database server. An assumption; real ones have up to some hundred."""
COPIES = 1
"""Of each program, at least. 2, for those who want a program to survive the death of a copy."""
FUNCTIONS = "functions"
"""Beside the items of data/prices.csv: all that is paid for by the request."""
PRICED = ("m5.large", "t3.medium", "database storage GB", FUNCTIONS)
WORK = ("browse_cpu_s", "order_cpu_s", "track_cpu_s", "query_s", "commit_s", "provider_s", "hop_s")


@dataclass(frozen=True)
class Terms:
    """The terms of a purchase.

    Attributes:
        mix: what customers ask for.
        busy_at_most: the share of its capacity that a shop is planned for, over 0 and at most 1.
        largest_database_cores: of each database server.
        copies: of each program, at least.
        price_times: one of `PRICED` -> how many times its price.
        work_times: one of `WORK`, parameters of `ShopConfig` -> how many times as long it takes.

    Raises `ValueError` when one is out of range.
    """

    mix: Mix = field(default_factory=lambda: SHOP_MIX)
    busy_at_most: float = BUSY_AT_MOST
    largest_database_cores: int = LARGEST_DATABASE_CORES
    copies: int = COPIES
    price_times: Mapping[str, float] = field(default_factory=dict)
    work_times: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_fraction("busy_at_most", self.busy_at_most)
        require_positive("busy_at_most", self.busy_at_most)
        require_whole("largest_database_cores", self.largest_database_cores, at_least=1)
        require_whole("copies", self.copies, at_least=1)
        self._require_times("price_times", self.price_times, PRICED)
        self._require_times("work_times", self.work_times, WORK)

    def _require_times(self, name: str, times: Mapping[str, float], allowed: tuple[str, ...]) -> None:
        for what, factor in times.items():
            require_one_of(name, what, allowed)
            require_positive(f"{name}[{what!r}]", factor)

    @property
    def key(self) -> tuple[object, ...]:
        """The same terms have the same key."""
        return (
            tuple(self.mix.shares.items()),
            self.busy_at_most,
            self.largest_database_cores,
            self.copies,
            tuple(sorted(self.price_times.items())),
            tuple(sorted(self.work_times.items())),
        )

    def at_work(self, config: ShopConfig) -> ShopConfig:
        """Return the shop with the times of these terms."""
        changed: dict[str, Any] = {
            name: _times(getattr(config, name), factor) for name, factor in self.work_times.items()
        }
        return replace(config, **changed) if changed else config


def _times(value: float | Distribution, factor: float) -> float | Distribution:
    """The same shape, so many times as long."""
    if isinstance(value, Exponential):
        return Exponential(factor * value.mean)
    if isinstance(value, Lognormal):
        return Lognormal.from_mean_cv(factor * value.mean, value.cv)
    assert isinstance(value, int | float)
    return factor * value


USUAL = Terms()
