"""A function's memory and provisioned concurrency: what they do to its customers, and to its bill.

Task 2 of lab 05. Five services with different loads: requests that come all the time, or seldom, or several at once.

What this leaves out: work that gets faster with more than one thread, and a load that changes over the day, for which
provisioned concurrency may change, too.

>>> service = Service("busy", rate_per_s=8.0, together=1, computes_s=0.1, waits_s=0.0, init_s=1.0, limit_s=0.5)
>>> Trials(service, seed=1).tried(memory_mb=1769, provisioned=0).share_in_time > 0.95
True
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from simpy.events import Event

from archlab.course.labs.expectations import expect
from archlab.shop.architecture import HOURS_PER_MONTH
from archlab.sim.billing import total_usd
from archlab.sim.functions import Function, Invocation, computing_s
from archlab.sim.simulation import Simulation
from archlab.sim.validation import (
    refuse,
    require_non_negative,
    require_one_of,
    require_positive,
    require_whole,
)

MEMORY_MB = (128, 256, 512, 1024, 1769, 3538)
MOST_PROVISIONED = 8
SHARE_IN_TIME = 0.95
"""Of all requests, so many must be served within the limit."""
KEEP_ALIVE_S = 360.0
TRIALS = 12
REQUESTS, SELDOM_REQUESTS = 1500, 150
"""In a trial, about; it lasts for a multiple of the five minutes in which provisioned environments are billed."""
BILLED_S = 300
KINDS = ("busy", "busy and waiting", "computing", "seldom", "together")
PACES = ("slow", "quick")
CASES = tuple((kind, pace) for kind in KINDS for pace in PACES if (kind, pace) != ("seldom", "quick"))
"""What the check draws. A pace is how often requests come; of those that come together, how many."""


@dataclass(frozen=True)
class Tried:
    """What came of a trial: the share of requests that were served in time, and the bill of a month."""

    share_in_time: float
    usd_per_month: float


@dataclass(frozen=True)
class Service:
    """What a function has to do.

    Args:
        kind: what is typical of it.
        rate_per_s: how often requests come, `together` of them at once.
        computes_s, waits_s: of each request, on one whole processor; and for others.
        init_s: what a cold start takes in addition.
        limit_s: within so long a customer wants the answer.
    """

    kind: str
    rate_per_s: float
    together: int
    computes_s: float
    waits_s: float
    init_s: float
    limit_s: float

    def __post_init__(self) -> None:
        require_one_of("kind", self.kind, KINDS)
        require_whole("together", self.together, at_least=1)
        for name in ("rate_per_s", "computes_s", "init_s", "limit_s"):
            require_positive(name, getattr(self, name))
        require_non_negative("waits_s", self.waits_s)

    def runs_s(self, memory_mb: int) -> float:
        """Return how long a request takes in an environment that is ready."""
        return self.waits_s + computing_s(self.computes_s, memory_mb)


def lived(service: Service, memory_mb: int, provisioned: int, seed: int) -> Tried:
    """Simulate a service with these settings.

    Raises `ValueError` when a setting is not allowed.
    """
    if memory_mb not in MEMORY_MB:
        refuse(ValueError, "memory_mb", memory_mb, f"one of {MEMORY_MB}")
    require_whole("provisioned", provisioned, at_least=0)
    sim, taken_s = Simulation(seed), []

    def serve(invocation: Invocation) -> Generator[Event, None, None]:
        yield invocation.compute(service.computes_s)
        yield sim.timeout(service.waits_s)
        taken_s.append(sim.now - invocation.invoked_s)

    function = Function(
        sim, "service", serve, service.init_s, KEEP_ALIVE_S, float(memory_mb), provisioned=provisioned
    )
    lasts_s, at_s, gaps_s = _lasts_s(service), 0.0, sim.stream("arrivals")
    while (at_s := at_s + gaps_s.exponential(1 / service.rate_per_s)) < lasts_s:
        for _ in range(service.together):
            sim.call_at(at_s, function.invoke, None)
    sim.run(until=lasts_s)
    months = lasts_s / 3600 / HOURS_PER_MONTH
    in_time = float(np.mean(np.array(taken_s) <= service.limit_s))
    return Tried(in_time, total_usd(function.usage()) / months)


def _lasts_s(service: Service) -> float:
    requests = REQUESTS if service.rate_per_s > 1 else SELDOM_REQUESTS
    return float(BILLED_S * round(requests / service.rate_per_s / BILLED_S))


class Trials:
    """A service whose settings you may try, so often."""

    def __init__(self, service: Service, seed: int) -> None:
        self.service, self._seed = service, seed
        self.left = TRIALS

    def tried(self, memory_mb: int, provisioned: int) -> Tried:
        """Run the service with these settings for a while. Raises `AssertionError` when no trial is left."""
        expect(
            self.left > 0, f"all {TRIALS} trials are used up: which settings can be ruled out without one?"
        )
        self.left -= 1
        return lived(self.service, memory_mb, provisioned, self._seed)


def drawn(random: np.random.Generator, kind: str, pace: str = "quick") -> Service:
    """Return a service of one of `KINDS` at one of `PACES`. Its figures are assumptions."""
    require_one_of("pace", pace, PACES)
    seldom = kind in ("seldom", "together")
    per_s = random.uniform(6.0, 7.0) if pace == "quick" else random.uniform(1.5, 2.5)
    rate_per_s = 1 / random.uniform(900, 1500) if seldom else per_s
    computes_s, waits_s, limit_s = {
        "busy": (random.uniform(0.26, 0.30), 0.0, random.uniform(1.2, 1.3)),
        "busy and waiting": (random.uniform(0.03, 0.04), random.uniform(0.8, 1.0), 1.8),
        "computing": (random.uniform(1.0, 1.2), 0.0, random.uniform(1.4, 1.5)),
        "seldom": (random.uniform(0.10, 0.12), 0.0, random.uniform(1.0, 1.1)),
        "together": (random.uniform(0.10, 0.12), random.uniform(0.1, 0.2), random.uniform(1.3, 1.4)),
    }[kind]
    many = int(random.integers(6, 9)) if pace == "quick" else int(random.integers(3, 5))
    init_s = float(random.uniform(1.5, 2.5))
    return Service(
        kind,
        float(rate_per_s),
        many if kind == "together" else 1,
        float(computes_s),
        float(waits_s),
        init_s,
        float(limit_s),
    )
