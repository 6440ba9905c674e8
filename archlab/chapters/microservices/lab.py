"""The busy season of the shop as microservices: the days that lab 02 works on, and what its customers are promised.

The gateway here holds a thread for each request, 16 in all, so that a slow service can stop all others. Days are some
seconds long, enough for a fault and what comes after it. Customers who gave up do not come back, which errs in
favour of the shop. All figures of the days are assumptions.

>>> day = SeasonDay(duration_s=5).run(TODAY, seed=1)
>>> day.result.arrived, round(day.price_per_hour_usd, 3)
(784, 0.607)
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from types import MappingProxyType

import numpy as np
import pandas as pd

from archlab.shop.day import ShopResult, run_shop
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.shop.microservices.guards import Guards
from archlab.shop.objective import Objective
from archlab.sim.balancing.rules import RULES
from archlab.sim.distributions import Exponential
from archlab.sim.faults import Crash, Fault, SlowDown
from archlab.sim.result import Result
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_positive
from archlab.sim.workload import Deterministic, Mix, Poisson

TODAY = MicroservicesConfig(gateway_workers=16)
"""The shop before anybody has improved it: one instance of everything, no guard, a thread a request in the gateway."""

PATIENCE_S = 2.0
"""How long a customer waits."""

PROVIDER = "payment provider"
NEVER_S = 1e4
"""An answer that takes so long comes after every day is over."""


def provider_hangs(orders_per_s: float, workers: int, timeout_s: float | None, seed: int) -> Result:
    """Let a provider that never answers have orders, and nothing else, at equal distances for ten seconds.

    Each program has this many workers. `timeout_s`: of the calls to the provider. None: they wait for ever.
    """
    require_positive("orders_per_s", orders_per_s)
    guards = {PROVIDER: Guards(timeout_s=timeout_s)}
    config = replace(TODAY, gateway_workers=workers, workers=workers, provider_s=NEVER_S, guards=guards)
    build, mix = partial(Microservices, config=config), Mix(place_order=1.0)
    return run_shop(build, Deterministic(orders_per_s), (), seed, 10.0, mix=mix, drain_s=0).result


def gateway_held(day: Result) -> pd.Series:
    """Return how many threads of the gateway were held, by the time in seconds."""
    gateway = day.samples[day.samples.part == "gateway-1"]
    return gateway.set_index("time_s").busy


SLOW: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "provider": (PROVIDER, 40.0),
        "payments": ("payments queries", 400.0),
        "notifications": ("notifications queries", 2000.0),
    }
)
"""What becomes slow on a day of `slow_day`: the part, and how many times as long it takes then."""


def slow_day(guards: Mapping[str, Guards], slow: str | None, rate_per_s: float, seed: int) -> Result:
    """Run today's shop with these guards for 10 seconds, through 6 in which what `slow` names takes much longer.

    Raises:
        ValueError: when `slow` is neither None, for a quiet day, nor one of `SLOW`.
    """
    if slow is not None and slow not in SLOW:
        raise ValueError(f"slow is {slow!r}; it must be None or one of {', '.join(SLOW)}")
    faults = [] if slow is None else [SlowDown(SLOW[slow][0], 2.0, 6.0, SLOW[slow][1])]
    config = replace(TODAY, guards=guards)
    build, load = partial(Microservices, config=config), Poisson(rate_per_s)
    return run_shop(build, load, faults, seed, 10.0, timeout_s=PATIENCE_S, drain_s=0).result


TROUBLES = ("slow", "dead", "restarts")
"""What is wrong with the instances on a day of `balanced_day`."""
INSTANCES = 4
PAGE_S = 0.020
"""The time of a page on the cores of all services together; the catalogue has 80 % of it."""
CATALOGUE_PER_S = 1 / (0.8 * PAGE_S)
"""Pages a second that one instance of the catalogue can serve, but for some microseconds a message."""
UNCHECKED_S = 1e4


PROMISED_SHARE, PROMISED_P95_MS = 0.95, 300.0
"""What is promised for pages on a day of `balanced_day`."""


def balanced_day(rule: str, trouble: str, seed: int, duration_s: float = 8.0) -> Result:
    """Let one gateway share the pages among 4 instances of the catalogue, by this rule, on a day with a trouble.

    "slow": the second instance takes 20 times as long. "dead": it refuses all calls at once, and no health check finds
    out. "restarts": three instances are started anew, one after the other, and each is away for 0.1 s.
    The instances have an event loop: they work on one page after the other.

    Raises:
        ValueError: when `trouble` is not one of `TROUBLES`, or `rule` not one of the rules of balancing.
    """
    faults: dict[str, list[Fault]] = {
        "slow": [SlowDown("catalogue-2", 0.0, NEVER_S, 20.0)],
        "dead": [Crash("catalogue-2", 0.0, NEVER_S)],
        "restarts": [Crash(f"catalogue-{n}", 0.6 + 0.4 * n, 0.1) for n in (1, 2, 3)],
    }
    if trouble not in faults:
        raise ValueError(f"trouble is {trouble!r}; it must be one of {', '.join(faults)}")
    busy = 0.75 if trouble == "restarts" else 0.5
    config = replace(
        TODAY,
        gateway_workers=512,
        instances={"catalogue": INSTANCES},
        browse_cpu_s=Exponential(PAGE_S),
        balancing=rule,
        health_check_s=UNCHECKED_S,
        cores_share=False,
    )
    load, build = Poisson(busy * INSTANCES * CATALOGUE_PER_S), partial(Microservices, config=config)
    mix = Mix(browse=1.0)
    return run_shop(build, load, faults[trouble], seed, duration_s, 0.0, mix, 4.0, drain_s=0).result


def rules_tried(trouble: str, seed: int) -> pd.DataFrame:
    """Try each rule on one day with this trouble.

    Returns a row a rule: `succeeded`, the share of the pages that came, and `p50_ms` and `p95_ms` of their latency.
    """
    days = {rule: balanced_day(rule, trouble, seed) for rule in RULES}
    rows = {rule: page_figures(day) for rule, day in days.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("rule")


def page_figures(day: Result) -> dict[str, float]:
    """Return `succeeded`, `p50_ms` and `p95_ms` of a day."""
    latency_ms = {f"p{q}_ms": 1000 * day.latency_s(q) for q in (50, 95)}
    return {"succeeded": day.availability()} | latency_ms


STALL_AT_S = 3.0
STORM_S = 40.0
LAST_S = 15.0
LOST = 0.02
"""Of the messages between gateway and catalogue so many get lost, always."""


def stalled_day(
    guards: Guards, pages_per_s: float, stall_s: float, seed: int, queue_limit: int | None = None
) -> Result:
    """Let the catalogue stand still for `stall_s` seconds, while pages arrive; the gateway guards its calls to it.

    It can serve `CATALOGUE_PER_S`. Some messages get lost on the way, see `LOST`. With `stall_s` 0 nothing stands
    still. The gateway has threads enough for all, and customers wait for 5 seconds.
    """
    require_non_negative("stall_s", stall_s)
    config = replace(
        TODAY,
        gateway_workers=100_000,
        browse_cpu_s=Exponential(PAGE_S),
        guards={"catalogue": guards},
        queue_limit=queue_limit,
    )
    stall = [SlowDown("catalogue-1 cpu", STALL_AT_S, stall_s, 1e6)] if stall_s else []
    load, mix = Poisson(pages_per_s), Mix(browse=1.0)
    build = partial(_with_losses, config=config)
    return run_shop(build, load, stall, seed, STORM_S, 0.0, mix, 5.0, drain_s=0).result


def pages_at_the_end(day: Result) -> float:
    """Return the share that succeeded of the pages asked for in the last seconds whose customers have an answer."""
    end_s = day.end_s - 5.0
    pages = day.requests[day.requests.arrived_s.between(end_s - LAST_S, end_s)]
    return float((pages.outcome == "ok").mean())


def _with_losses(sim: Simulation, config: MicroservicesConfig) -> Microservices:
    shop = Microservices(sim, config)
    shop.network.set_loss("gateway-1", "catalogue-1", LOST)
    return shop


@dataclass(frozen=True)
class SeasonDay:
    """A day of the season: `rate_per_s` requests of the usual mix, two crashes, and a slow payment provider.

    `catalogue-1` is down for 6 s from `catalogue_down_at_s` on, `inventory-1` for 4 s from `inventory_down_at_s`
    on; from `slow_at_s` on the payment provider takes `times_slower` as long for 6 s.

    Raises:
        ValueError: when a figure is out of range.
    """

    rate_per_s: float = 150.0
    catalogue_down_at_s: float = 3.0
    inventory_down_at_s: float = 11.0
    slow_at_s: float = 17.0
    times_slower: float = 40.0
    duration_s: float = 26.0

    def __post_init__(self) -> None:
        for name in ("rate_per_s", "times_slower", "duration_s"):
            require_positive(name, getattr(self, name))
        for name in ("catalogue_down_at_s", "inventory_down_at_s", "slow_at_s"):
            require_non_negative(name, getattr(self, name))

    @classmethod
    def drawn(cls, random: np.random.Generator) -> "SeasonDay":
        """Return a day with another load, and with its faults at other times."""
        return cls(
            rate_per_s=float(random.uniform(120, 150)),
            catalogue_down_at_s=float(random.uniform(1, 4)),
            inventory_down_at_s=float(random.uniform(10.5, 12.5)),
            slow_at_s=float(random.uniform(17, 19)),
            times_slower=float(random.uniform(35, 50)),
        )

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What goes wrong."""
        crashes = (
            Crash("catalogue-1", self.catalogue_down_at_s, 6.0),
            Crash("inventory-1", self.inventory_down_at_s, 4.0),
        )
        return (*crashes, SlowDown(PROVIDER, self.slow_at_s, 6.0, self.times_slower))

    def run(self, config: MicroservicesConfig, seed: int) -> ShopResult:
        """Let a shop of this configuration live through the day. It stops with requests still inside."""
        build, load = partial(Microservices, config=config), Poisson(self.rate_per_s)
        return run_shop(build, load, self.faults, seed, self.duration_s, timeout_s=PATIENCE_S, drain_s=0)


OBJECTIVES = (
    Objective("browse", 0.97, 0.300),
    Objective("place_order", 0.60, 1.000),
    Objective("track_order", 0.92, 0.500),
)
"""What the customers are promised for a day on which two services crash and payments are slow."""

BUDGET_USD_PER_HOUR = 0.72

TO_DECIDE = ("instances", "database_cores", "guards", "balancing", "queue_limit")
"""What you can choose when you build a shop. All other parameters are facts of life."""


def impossible(config: MicroservicesConfig) -> list[str]:
    """Return in words which facts of life were changed."""
    changed = [f.name for f in fields(config) if getattr(config, f.name) != getattr(TODAY, f.name)]
    return [f"{name} cannot be chosen" for name in changed if name not in TO_DECIDE]
