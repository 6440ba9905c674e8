"""The day of the launch for the shop of functions: what happens to it, what is promised, and what may be decided.

Task 6 of lab 05. Nobody is there, and then everybody. place_order dies three times for a moment, the payment provider
is away for some seconds, and customers whose order fails try once more, with the same order. The database is small: it
takes few connections, and its queries are slow. All figures of the day are assumptions.

What this leaves out: customers who try more often, and a platform that throttles; both would make the day worse.

>>> day = LaunchDay(duration_s=6.0, provider_down_at_s=2.0).run(TODAY, seed=1)
>>> day.orders_accepted < 0.2, day.usd_per_hour > 0
(True, True)
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from simpy.events import Event

from archlab.shop.day import run_shop
from archlab.shop.serverless import Serverless, ServerlessConfig
from archlab.sim.distributions import Exponential
from archlab.sim.failure import Failure
from archlab.sim.faults import Crash, Fault
from archlab.sim.load import Request
from archlab.sim.recording import OK
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_positive
from archlab.sim.workload import Mix, Poisson

TODAY = ServerlessConfig(connections=40, init_s=1.7, query_s=Exponential(0.002))
"""The shop before anybody has looked at it closely; its database, and what its functions load, stay as they are."""

LAUNCH_MIX = Mix(browse=0.60, place_order=0.30, track_order=0.10)
BUDGET_USD_PER_HOUR = 1.2
BROWSE_S, BROWSE_SHARE = 0.2, 0.97
"""So many pages are there within so long."""
ORDER_S, ORDER_SHARE = 0.8, 0.52
"""And so many orders: those that meet a fault cannot be."""
ACCEPTED_SHARE = 0.78
"""So many orders are accepted in the end."""
AGAIN_AFTER_S = 1.0
"""After so long a customer whose order failed sends it once more."""
DOWN_S = 0.2

TO_DECIDE = ("memory_mb", "provisioned", "reserved", "connection_pool", "idempotency_keys")
"""What you can choose when you build the shop. All other parameters are facts of life."""


class PatientShop(Serverless):
    """The shop, whose customers try once more."""

    def handle(self, request: Request) -> Generator[Event, Any, Any]:
        try:
            yield from super().handle(request)
        except Failure:
            yield self.sim.timeout(AGAIN_AFTER_S)
            yield from super().handle(request)


@dataclass(frozen=True)
class Launch:
    """What came of a day of the launch.

    Attributes:
        browse_in_time, orders_in_time: the shares that were there within `BROWSE_S` and `ORDER_S`.
        orders_accepted: the share of the orders that was accepted.
        wrong_rows: what the audit found, name -> count, without what is 0.
        usd_per_hour: what is rented, and the functions' bill of the day.
    """

    browse_in_time: float
    orders_in_time: float
    orders_accepted: float
    wrong_rows: dict[str, int]
    usd_per_hour: float


@dataclass(frozen=True)
class LaunchDay:
    """A day of the launch: `rate_per_s` requests from the first second on.

    place_order dies at each of `deaths_s`, and the payment provider is away for 3 s from `provider_down_at_s` on.

    Raises:
        ValueError: when a figure is out of range.
    """

    rate_per_s: float = 60.0
    deaths_s: tuple[float, ...] = (6.0, 9.0, 25.0)
    provider_down_at_s: float = 14.0
    duration_s: float = 30.0

    def __post_init__(self) -> None:
        require_positive("rate_per_s", self.rate_per_s)
        require_positive("duration_s", self.duration_s)
        require_non_negative("provider_down_at_s", self.provider_down_at_s)
        for at_s in self.deaths_s:
            require_non_negative("deaths_s", at_s)

    @classmethod
    def drawn(cls, random: np.random.Generator) -> "LaunchDay":
        """Return a day with another load, and with its faults at other times."""
        deaths_s = (random.uniform(5, 7), random.uniform(9, 11), random.uniform(22, 26))
        return cls(
            rate_per_s=float(random.uniform(52, 64)),
            deaths_s=tuple(float(at_s) for at_s in deaths_s),
            provider_down_at_s=float(random.uniform(13, 16)),
        )

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What goes wrong."""
        deaths = (Crash("place_order", at_s, DOWN_S) for at_s in self.deaths_s if at_s < self.duration_s)
        return (*deaths, Crash("payment provider", self.provider_down_at_s, 3.0))

    def run(self, config: ServerlessConfig, seed: int) -> Launch:
        """Let a shop of this configuration live through the day, close its doors, and wait."""
        shops: list[PatientShop] = []

        def build(sim: Simulation) -> PatientShop:
            shops.append(PatientShop(sim, config))
            return shops[0]

        lived = run_shop(build, Poisson(self.rate_per_s), self.faults, seed, self.duration_s, mix=LAUNCH_MIX)
        rows = lived.result.requests
        good = rows.outcome == OK

        def share(kind: str, within_s: float) -> float:
            return float((good & (rows.latency_s <= within_s))[rows.kind == kind].mean())

        audit = lived.audit.frame()
        wrong = audit[audit.anomaly & (audit["count"] != 0)].set_index("check")["count"]
        return Launch(
            browse_in_time=share("browse", BROWSE_S),
            orders_in_time=share("place_order", ORDER_S),
            orders_accepted=share("place_order", float("inf")),
            wrong_rows={str(name): int(count) for name, count in wrong.items()},
            usd_per_hour=lived.price_per_hour_usd,
        )


def decided(config: ServerlessConfig) -> ServerlessConfig:
    """Return a shop for which the same is decided as in `config`, in plain dictionaries, and to which nothing else was
    done.
    """
    chosen: dict[str, Any] = {name: getattr(config, name) for name in TO_DECIDE}
    plain = {name: dict(value) for name, value in chosen.items() if isinstance(value, Mapping)}
    facts = {field.name: getattr(TODAY, field.name) for field in fields(TODAY)}
    return ServerlessConfig(**(facts | chosen | plain))


def impossible(config: ServerlessConfig) -> list[str]:
    """Return in words which facts of life were changed."""
    changed = [f.name for f in fields(config) if getattr(config, f.name) != getattr(TODAY, f.name)]
    return [f"{name} cannot be chosen" for name in changed if name not in TO_DECIDE]
