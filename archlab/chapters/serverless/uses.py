"""Five uses of functions, each against a server that does the same work: what a month costs, and who is in time.

A use is the work of one event, how events come, and a promise. Both sides keep the promise to 99 of 100: functions
with environments kept ready if they must, servers with more machines. Where the cheaper one turns: `use_limits`.
Bills follow from the price list; who is in time is simulated, on the kit's functions and stations.

- API endpoints: a request computes and waits for others; answered within a second.
- Event processing: messages of a queue, one a call; done within a minute.
- Scheduled tasks: a job that computes for half a minute; begun within a minute.
- Real-time file processing: pictures that come many at once; done within ten seconds.
- Data transformation (`transformation`): one large batch with a deadline. Machines are rented for it and given back, so
  it has a module of its own.

The server is a t3.medium with two cores at full speed whatever it did before, which errs in its favour. Clouds rent
smaller ones, of which we have no price: for the smallest loads they are cheaper than this, which errs against
servers. Left out are the gateway, the queue and storage on the one side, a balancer and a second machine for its
death on the other.

>>> API.run_s, round(functions_usd(API, per_s=1.0), 2) < server_usd(API, per_s=1.0)
(0.149..., True)
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from math import ceil, exp
from typing import Any

import numpy as np
from simpy.events import Event

from archlab.data import load
from archlab.shop.architecture import HOURS_PER_MONTH
from archlab.sim.billing import in_provisioned, on_demand, provisioned, total_usd
from archlab.sim.distributions import Exponential
from archlab.sim.functions import Function, Invocation, computing_s
from archlab.sim.functions.runtimes import keep_alive_s, with_libraries_s
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_positive, require_whole

INIT_S = with_libraries_s("14 MB")
KEPT_S = keep_alive_s("January 2021").mean  # type: ignore[union-attr]
CORES = 2
LATE = 0.01
"""So many events may be late."""
SECONDS_PER_MONTH = 3600 * HOURS_PER_MONTH
EVENTS = 1000
MOST_KEPT, MOST_MACHINES = 3, 12


@dataclass(frozen=True)
class Use:
    """What has to be done, and how. All figures are assumptions.

    Attributes:
        name: of the use.
        computes_s, waits_s: of one event, on one whole processor; and for others.
        memory_mb: of the function.
        promise_s: 99 of 100 events are done within so long, or begun when `begins`.
        together: events that come at once.
        notice_s: from the event to the start, by the trigger.
        usual_per_s: a load to look at.
        unit, unit_s: what loads are said in, such as "a day", and its seconds.
    """

    name: str
    computes_s: float
    waits_s: float
    memory_mb: int
    promise_s: float
    usual_per_s: float
    unit: str
    unit_s: float
    together: int = 1
    notice_s: float = 0.0
    begins: bool = False

    def __post_init__(self) -> None:
        for name in ("computes_s", "promise_s", "usual_per_s", "unit_s"):
            require_positive(name, getattr(self, name))
        for name in ("waits_s", "notice_s"):
            require_non_negative(name, getattr(self, name))
        require_whole("together", self.together, at_least=1)

    @property
    def run_s(self) -> float:
        """How long one event takes in an environment that is ready."""
        return self.waits_s + computing_s(self.computes_s, self.memory_mb)


API = Use("API endpoints", 0.02, 0.08, 512, 1.0, 1.0, "requests a second", 1.0)
EVENTS_OF_A_QUEUE = Use(
    "event processing",
    0.05,
    0.01,
    512,
    60.0,
    1.0,
    "messages a second",
    1.0,
    notice_s=1.0,
)
SCHEDULED = Use("scheduled tasks", 30.0, 0.0, 1769, 60.0, 24 / 86_400, "runs a day", 86_400.0, begins=True)
FILES = Use(
    "real-time file processing",
    0.2,
    0.28,
    1769,
    10.0,
    0.1,
    "pictures a second",
    1.0,
    together=100,
    notice_s=1.0,
)
USES: Mapping[str, Use] = {use.name: use for use in (API, EVENTS_OF_A_QUEUE, SCHEDULED, FILES)}


# Bills -------------------------------------------------------------------------------------------------------


def cold_share(use: Use, per_s: float) -> float:
    """Return the share of requests of a function that are cold: those that come more than a keep-alive after the last.
    Of those that come together all are, at the first of them. It errs low for loads with many at work.
    """
    return exp(-per_s / use.together * KEPT_S)


def functions_usd(use: Use, per_s: float, kept: int = 0) -> float:
    """Return what a month of functions costs, with so many environments kept ready."""
    requests, run_s = per_s * SECONDS_PER_MONTH, use.run_s
    if not kept:
        return total_usd(on_demand(requests, run_s, use.memory_mb, cold_share(use, per_s), INIT_S))
    ready = provisioned(kept, SECONDS_PER_MONTH, use.memory_mb)
    return total_usd(ready + in_provisioned(requests, run_s, use.memory_mb))


def server_usd(use: Use, per_s: float) -> float:
    """Return what a month of as many servers costs as keep the promise."""
    prices = load("prices").set_index("item").price_usd
    return float(machines(use, per_s) * prices["t3.medium"] * HOURS_PER_MONTH)


def machines(use: Use, per_s: float) -> int:
    """Return how many servers it takes: for the load, at most 70 % of their cores, and for what comes at once."""
    for_the_load = per_s * use.computes_s / (0.7 * CORES)
    in_time_s = use.promise_s - use.waits_s
    at_once = use.together * use.computes_s / (CORES * in_time_s) if use.together > 1 else 0.0
    return max(1, ceil(for_the_load), ceil(at_once))


# In time? ----------------------------------------------------------------------------------------------------


def late_share(use: Use, side: str, size: int, seed: int, per_s: float | None = None) -> float:
    """Return the share of events that are not in time.

    Args:
        side: "functions" or "server".
        size: environments kept ready, or machines.
        per_s: the load; None: the usual one.

    Raises `ValueError` when `side` is something else.
    """
    if side not in ("functions", "server"):
        raise ValueError(f"side is {side!r}; it must be 'functions' or 'server'")
    sim, taken_s = Simulation(seed), list[float]()
    work = _on_functions(sim, use, size) if side == "functions" else _on_servers(sim, use, size)
    per_s = use.usual_per_s if per_s is None else per_s
    gaps = sim.stream("arrivals").exponential(use.together / per_s, size=ceil(EVENTS / use.together))

    def event(at_s: float) -> Generator[Event, Any, None]:
        begun_s = yield from work()
        taken_s.append((begun_s if use.begins else sim.now) - at_s)

    def arrive() -> Generator[Event, Any, None]:
        for gap_s in gaps:
            yield sim.timeout(float(gap_s))
            for _ in range(use.together):
                sim.start(event(sim.now))

    sim.start(arrive())
    sim.run()
    return float(np.mean(np.array(taken_s) > use.promise_s))


def _on_functions(sim: Simulation, use: Use, kept: int) -> Any:
    next_computing_s = sim.durations("computing", "computes_s", Exponential(use.computes_s))

    def serve(invocation: Invocation) -> Generator[Event, Any, float]:
        begun_s = sim.now
        yield invocation.compute(next_computing_s())
        yield sim.timeout(use.waits_s)
        return begun_s

    function = Function(sim, "use", serve, INIT_S, KEPT_S, use.memory_mb, provisioned=kept)

    def work() -> Generator[Event, Any, float]:
        yield sim.timeout(use.notice_s)
        return (yield function.invoke())

    return work


def _on_servers(sim: Simulation, use: Use, size: int) -> Any:
    cores = Station(sim, "cores", capacity=CORES * size)
    next_computing_s = sim.durations("computing", "computes_s", Exponential(use.computes_s))

    def work() -> Generator[Event, Any, float]:
        computes_s = next_computing_s()
        yield cores.serve(computes_s)
        begun_s = sim.now - computes_s
        yield sim.timeout(use.waits_s)
        return begun_s

    return work


def kept_ready(use: Use, seed: int = 1, per_s: float | None = None) -> int:
    """Return how many environments must be kept ready so that 99 of 100 are in time; more than `MOST_KEPT`: in vain."""
    return next(
        (n for n in range(MOST_KEPT + 1) if late_share(use, "functions", n, seed, per_s) <= LATE),
        MOST_KEPT + 1,
    )
