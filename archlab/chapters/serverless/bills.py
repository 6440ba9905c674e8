"""The bill of a load: functions, a small server, as many machines as the peak needs, and a cluster that follows.

The same request everywhere: some work of a processor, exponential, and some waiting for others. The same objective: 99
of 100 requests within half a second. Functions get the least memory that meets it (`least_memory_mb`). Servers may run
as hot as it lets them: cores with one queue (M/M/c), which knows no imbalance between machines, so it errs in favour of
servers, as does that their threads cost no memory. A cluster has two machines at least, so that one may die, a
balancer, and as many as each moment needs; a peak that nobody foresees it must have room for.

The functions' bill is metered on the kit, initialisation included. Left out is the gateway in front of functions (no
source here has its price: that errs in favour of functions; see `archlab.chapters.serverless.crossings`), the
free tier, logs and what leaves the network. A database costs both the same. Servers are rented on demand; who commits
to years pays less: that errs in favour of functions, too.

>>> least_memory_mb(), machines_for(80), machines_for(100)
(512, 1, 2)
>>> {name: round(usd, 4) for name, usd in idle_usd_per_h().items()}["cluster of two, with a balancer"]
0.2336
"""

from collections.abc import Generator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from simpy.events import Event

from archlab.chapters.serverless.load_shapes import DAY_S, HOUR_S, Shape
from archlab.data import load as published
from archlab.sim.billing import Usage, price_usd, provisioned, total_usd
from archlab.sim.distributions import Exponential
from archlab.sim.functions import Function, Invocation, computing_s
from archlab.sim.functions.runtimes import initialisation_s, keep_alive_s
from archlab.sim.load import Request
from archlab.sim.simulation import Simulation
from archlab.sim.theory import mmc_response_survival
from archlab.sim.validation import require_non_negative, require_positive
from archlab.sim.workload import Poisson

RUNTIME, KEPT = "Python 3.13", "January 2021"
"""Which initialisation and which keep-alive: a small one of 2026, and the last that was seen."""
REQUESTS = 400
"""So many requests are metered: a price within a few per cent, and luck is in the verdict's interval."""
METERED_AT_PER_S = 10.0
OBJECTIVE_S, LATE_PERCENT = 0.5, 1.0
"""At most so many of the requests take longer: 99 of 100 are answered within half a second. A shop's page may not take
longer, a report may: for it both sides are cheaper."""
CPU_MS, WAITING_MS = 20.0, 80.0
MACHINE, SMALL, BALANCER = "m5.large", "t3.medium", "t3.medium"
CORES = 2
"""Of either machine."""
LEAST_CLONES = 2
"""Machines of a cluster, so that one may die."""
LOOK_EVERY_S = 900.0
"""A day is looked at in steps of a quarter of an hour; a machine is there a step early and stays a step late."""
MEMORIES_MB = (128, 256, 512, 1024, 1769)
SEEDS = range(10)


@dataclass(frozen=True)
class Work:
    """What a request asks for: `cpu_s` of one processor on average, and `waiting_s` for a database or somebody else.

    The defaults are assumptions; half of Azure's functions run for less than a second on average, one in seven for less
    than 100 ms. Raises `ValueError` when a time is not allowed.
    """

    cpu_s: float = CPU_MS / 1000
    waiting_s: float = WAITING_MS / 1000

    def __post_init__(self) -> None:
        require_positive("cpu_s", self.cpu_s)
        require_non_negative("waiting_s", self.waiting_s)

    def run_s(self, memory_mb: int) -> float:
        """Return how long a function with so much memory runs for it on average."""
        return computing_s(self.cpu_s, memory_mb) + self.waiting_s


USUAL = Work()


# Functions ---------------------------------------------------------------------------------------------------


def least_memory_mb(work: Work = USUAL, objective_s: float = OBJECTIVE_S) -> int:
    """Return the least memory with which 99 of 100 warm runs meet the objective: more would only cost more.

    Raises `ValueError` when not even a whole processor meets it.
    """
    for memory_mb in MEMORIES_MB:
        cpu_s = computing_s(work.cpu_s, memory_mb)
        if Exponential(cpu_s).percentile(100 - LATE_PERCENT) + work.waiting_s <= objective_s:
            return memory_mb
    raise ValueError(f"objective_s is {objective_s!r}; no function does this work in that time")


def metered(
    seed: int, rate_per_s: float, work: Work = USUAL, memory_mb: int | None = None, from_empty: bool = False
) -> Usage:
    """Let about `REQUESTS` Poisson requests come to a function, and return what one of them uses on average.

    `memory_mb`: by default the least that meets the objective. `from_empty`: with the environments that must be
    started first; else warm.
    """
    sim = Simulation(seed)
    draw_s = sim.draws("work", Exponential(work.cpu_s))

    def handle(invocation: Invocation) -> Generator[Event, Any, None]:
        yield invocation.compute(draw_s())
        yield sim.timeout(work.waiting_s)

    memory_mb = least_memory_mb(work) if memory_mb is None else memory_mb
    initialised, kept = initialisation_s(RUNTIME), keep_alive_s(KEPT)
    function = Function(sim, "requests", handle, initialised, kept, memory_mb=memory_mb)

    def call(request: Request) -> Generator[Event, Any, None]:
        yield function.invoke()

    sim.open_load(Poisson(rate_per_s), call)
    if not from_empty:
        sim.run(until=REQUESTS / 4 / rate_per_s)
    before = function.usage()
    sim.run(until=sim.now + REQUESTS / rate_per_s)
    used = function.usage().without(before)
    return used * (1 / used.requests)


@cache
def usd_per_request(seed: int, shape: Shape, work: Work = USUAL) -> float:
    """Return what a request costs on functions, in US dollars, initialisation included.

    It is metered at `METERED_AT_PER_S` on average. From one request a second on the price does not change with the
    load: one in a thousand is cold (`archlab.published.lambda_cold_starts`). An unforeseen burst begins with nothing;
    only its first `REQUESTS` are run, which start more environments for each than later ones: this errs against
    functions, by some per cent.
    """
    peak_per_s = shape.peak_per_s(METERED_AT_PER_S)
    if shape.is_foreseen:
        return total_usd(metered(seed, METERED_AT_PER_S, work))
    return total_usd(metered(seed, peak_per_s, work, from_empty=True))


def functions_usd_per_h(seed: int, shape: Shape, mean_per_s: float, work: Work = USUAL) -> float:
    """Return what an hour of this load costs on functions, on the average of a day; from 1 request a second on."""
    return HOUR_S * mean_per_s * usd_per_request(seed, shape, work)


# Servers -----------------------------------------------------------------------------------------------------


@cache
def machine_usd_per_h(item: str = MACHINE) -> float:
    """Return what an hour of a machine costs (`data/prices.csv`)."""
    return float(published("prices").set_index("item").price_usd[item])


@cache
def bears_per_s(machines: int, work: Work = USUAL, objective_s: float = OBJECTIVE_S) -> float:
    """Return at how many requests a second so many machines just meet the objective. 0: at none."""
    from scipy.optimize import brentq  # SciPy is loaded when it is used: that takes a while

    cores, left_s = CORES * machines, objective_s - work.waiting_s
    full_per_s = cores / work.cpu_s

    def spare(rate_per_s: float) -> float:
        return LATE_PERCENT / 100 - mmc_response_survival(left_s, rate_per_s, work.cpu_s, cores)

    if left_s <= 0 or spare(0.001 * full_per_s) <= 0:
        return 0.0
    return float(brentq(spare, 0.001 * full_per_s, 0.99999 * full_per_s))


def machines_for(rate_per_s: float, work: Work = USUAL, objective_s: float = OBJECTIVE_S) -> int:
    """Return how many machines meet the objective at this rate.

    Raises `ValueError` when no number does.
    """
    if bears_per_s(1, work, objective_s) == 0:
        raise ValueError(f"objective_s is {objective_s!r}; no server does this work in that time")
    machines = max(1, int(rate_per_s * work.cpu_s / CORES))
    while bears_per_s(machines, work, objective_s) < rate_per_s:
        machines += 1
    return machines


def servers_usd_per_h(shape: Shape, mean_per_s: float, work: Work = USUAL) -> float:
    """Return what servers cost that are sized for the peak: one if it can, else several and a balancer."""
    machines = machines_for(shape.peak_per_s(mean_per_s), work)
    return machines * machine_usd_per_h() + (machines > 1) * machine_usd_per_h(BALANCER)


def small_server_usd_per_h(shape: Shape, mean_per_s: float, work: Work = USUAL) -> float:
    """Return what one small server costs where it bears the peak; else what servers cost that do.

    Its two cores are made to rest most of the time, and here they may always work at full speed for its price. That
    errs in favour of servers; but where functions cross it, it rests nine tenths of the time.
    """
    if machines_for(shape.peak_per_s(mean_per_s), work) == 1:
        return machine_usd_per_h(SMALL)
    return servers_usd_per_h(shape, mean_per_s, work)


def cluster_usd_per_h(shape: Shape, mean_per_s: float, work: Work = USUAL) -> float:
    """Return what a cluster costs on the average of a day: never fewer than two machines, and a balancer.

    It follows a load that is foreseen, and is always ready for a peak that is not.
    """
    rate = shape.arrivals(mean_per_s).rate_at
    times_s = np.arange(0, DAY_S, LOOK_EVERY_S)
    rates = [rate(time_s) for time_s in times_s] if shape.is_foreseen else [shape.peak_per_s(mean_per_s)]
    needed = np.array([max(LEAST_CLONES, machines_for(one, work)) for one in rates])
    kept = np.maximum.reduce([needed, np.roll(needed, 1), np.roll(needed, -1)])
    return float(kept.mean()) * machine_usd_per_h() + machine_usd_per_h(BALANCER)


def idle_usd_per_h() -> dict[str, float]:
    """Return what each design costs in an hour in which nobody comes."""
    ready = provisioned(1, HOUR_S, least_memory_mb())
    return {
        "functions": float(total_usd(Usage())),
        "functions, one kept ready": total_usd(ready),
        "functions, one poller unit of a queue": price_usd("queue pollers"),
        "one small server": machine_usd_per_h(SMALL),
        "one server": machine_usd_per_h(),
        "cluster of two, with a balancer": LEAST_CLONES * machine_usd_per_h() + machine_usd_per_h(BALANCER),
    }
