"""One day of a shop, whatever its architecture: run it under a load, with faults, and read off what came of it.

The result, the audit of the real rows and the bill belong together.

>>> from archlab.shop.monolithic.architecture import Monolith
>>> from archlab.sim import Poisson
>>> day = run_shop(Monolith, Poisson(rate_per_s=20), duration_s=10, seed=1)
>>> day.audit.ok, day.result.availability(), round(day.price_per_hour_usd, 3)
(True, 1.0, 0.208)
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
from simpy.events import Event

from archlab.shop.architecture import SHOP_MIX, Architecture
from archlab.shop.audit import Audit
from archlab.shop.config import ShopConfig
from archlab.sim.distributions import Distribution
from archlab.sim.faults import Fault
from archlab.sim.load import Request
from archlab.sim.recording import OK, UNFINISHED
from archlab.sim.result import Result
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_whole
from archlab.sim.workload import Arrivals, Mix, Poisson

KINDS = ("browse", "place_order", "track_order")
BROWSE_ONLY = Mix(browse=1.0)
ORDERS_ONLY = Mix(place_order=1.0)


@dataclass(frozen=True)
class Users:
    """A closed load: `users` who wait for each answer and think for `think_s` before they ask again."""

    users: int
    think_s: float | Distribution

    def __post_init__(self) -> None:
        require_whole("users", self.users, at_least=1)


@dataclass(frozen=True)
class ShopResult:
    """What came of a run: the kit's `result`, the `audit` of the real rows, and the bill."""

    result: Result
    audit: Audit
    price_per_hour_usd: float

    @property
    def usd_per_million_requests(self) -> float:
        """The bill for a million requests answered well at this rate; infinite when there was none."""
        per_hour = 3600 * self.result.throughput_per_s()
        return 1e6 * self.price_per_hour_usd / per_hour if per_hour else float("inf")


def run_shop(
    build: Callable[[Simulation], Architecture],
    load: Arrivals | Users,
    faults: Sequence[Fault] = (),
    seed: int = 1,
    duration_s: float = 60,
    warmup_s: float = 0,
    mix: Mix | Mapping[str, float] = SHOP_MIX,
    timeout_s: float | None = None,
    drain_s: float = 60,
) -> ShopResult:
    """Build a shop, run it, and audit it.

    Args:
        build: makes the architecture in a new simulation, such as `lambda sim: Monolith(sim, config)`.
        load: arrivals of an open load, or `Users`.
        timeout_s: how long a customer waits for an answer. None: for ever.
        drain_s: how long, at most, the doors stay closed after the measured time, so that orders under way
            come to their end before the audit. What is still inside then is in flight.

    The same seed gives the same customers to every architecture.
    """
    require_non_negative("drain_s", drain_s)
    sim = Simulation(seed)
    shop = build(sim)
    doors = _Doors(shop)
    if isinstance(load, Users):
        sim.closed_load(load.users, load.think_s, doors.handle, mix, timeout_s)
    else:
        sim.open_load(load, doors.handle, mix, timeout_s)
    sim.inject(*faults)
    result = sim.measure(duration_s, warmup_s)
    doors.close(drain_s)
    return ShopResult(result, shop.audit(), shop.price_per_hour_usd())


def run_day(
    architecture: Callable[..., Architecture],
    config: ShopConfig,
    load: Arrivals | Users,
    seed: int,
    duration_s: float,
    warmup_s: float = 0.0,
    mix: Mix = SHOP_MIX,
    faults: Sequence[Fault] = (),
    timeout_s: float | None = None,
    drain_s: float = 0.0,
) -> ShopResult:
    """Run a shop of this architecture and configuration. Without `drain_s` it stops with orders under way."""
    build = partial(architecture, config=config)
    return run_shop(build, load, faults, seed, duration_s, warmup_s, mix, timeout_s, drain_s)


def capacity_per_s(config: ShopConfig, mix: Mix = SHOP_MIX) -> float:
    """Return the requests a second that the bottleneck of this shop can serve, by the bottleneck law."""
    return float(config.capacity_per_s(mix.shares).min())


def at_load(load: float, config: ShopConfig, mix: Mix = SHOP_MIX) -> Poisson:
    """Return arrivals that ask for this share of the capacity, 0.5 for half of it."""
    return Poisson(load * capacity_per_s(config, mix))


def arrivals_of(result: Result, kind: str, start_s: float, end_s: float) -> pd.DataFrame:
    """Return the requests of a kind that arrived in a span of time and had time to end, see `Result.availability`."""
    rows = result.requests
    inside = (rows.kind == kind) & rows.arrived_s.between(start_s, end_s)
    lost = result.end_s - rows.arrived_s > result.patience_s
    return rows[inside & ((rows.outcome != UNFINISHED) | lost)]


def availability_percent(result: Result, kind: str, start_s: float, end_s: float) -> float:
    """Return the share of them that succeeded, in percent; NaN when there were none."""
    return float(100 * (arrivals_of(result, kind, start_s, end_s).outcome == OK).mean())


class _Doors:
    """Lets requests in until it is closed. Those who come later stay outside, unserved."""

    def __init__(self, shop: Architecture) -> None:
        self._shop = shop
        self._open = True

    def handle(self, request: Request) -> Generator[Event, Any, Any]:
        return self._shop.handle(request) if self._open else self._wait_outside()

    def close(self, drain_s: float) -> None:
        """Let nobody in any more, and run until all orders inside have ended, or for `drain_s`."""
        self._open = False
        sim = self._shop.sim
        until_s = sim.now + drain_s
        while sim.now < until_s and not self._shop.is_quiet():
            sim.run(until=min(sim.now + 1, until_s))

    def _wait_outside(self) -> Generator[Event, Any, None]:
        yield self._shop.sim.event()
