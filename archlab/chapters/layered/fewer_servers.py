"""Stack Overflow by tiers, on 9 February 2016: how few web servers would have done.

The counters of that day give calls and time for four tiers (`archlab.published.tiers`). What the web tier worked
itself, for a request, is its time less that of the three behind it: SQL, Redis and the tag engine. It holds waits that
nobody counted, so it is an upper limit for the time on cores, and more servers come out than were needed. Those of
Redis hold calls of background jobs, and those of the tag engine may: that errs the other way, by 1.8 cores at most.

Nine web servers shared the load. How many cores each had is not in the counters, so you choose; how much higher than
the day's mean the peak was is not in them either. Requests come at random, are spread over the servers at random, and
own times are exponential. What is left out: memory, and the reserve for a server that fails.

>>> round(own_cores_busy(), 1)
9.8
>>> [fewest_servers(cores) for cores in (4, 8, 16)]
[4, 2, 1]
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from functools import cache

import joblib
import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.course.figures.picture import Picture
from archlab.course.figures.scaling import scaling
from archlab.course.style import LAB, Size, variants
from archlab.data import load as published
from archlab.published.tiers import Tier, from_counters, own_time_s
from archlab.sim.distributions import Exponential
from archlab.sim.load import Request
from archlab.sim.parallel import in_parallel
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.theory import erlang_c
from archlab.sim.validation import require_at_least, require_positive, require_whole
from archlab.sim.workload import Poisson

WEB_SERVERS = 9
"""That shared the load, by the same source."""
CORES = 4
"""Of a server. An assumption against the servers: your laptop has as many. See how few are needed with more."""
LONGER = 1.1
"""A mean request may take a tenth longer than with all nine: nobody would see it. See `fewest_range`."""
LEAST_LONGER, MOST_LONGER = 1.05, 1.25
"""Between these, others would set it. Assumptions."""
LOADS = (1.0, 2.0)
"""In times of the day's mean."""
BUSIEST = 0.85
"""Fuller servers would need longer runs for a mean that is worth its name."""
DURATION_S = 2.0
SEEDS = 3


@cache
def tiers() -> dict[str, Tier]:
    """Return the four tiers of that day: "web", "SQL", "Redis" and "tag engine"."""
    return from_counters(published("stack_overflow_2016"))


@cache
def own_s() -> float:
    """Return how long the web tier works for a request itself, at most, in seconds."""
    behind = dict(tiers())
    web = behind.pop("web")
    return own_time_s(web, list(behind.values()))


def own_cores_busy(load: float = 1.0) -> float:
    """Return how many cores of all web servers work on average, at most."""
    require_positive("load", load)
    return load * tiers()["web"].calls_per_s * own_s()


def _behind_s() -> float:
    """What the tiers behind the web tier take of a request, on average."""
    return tiers()["web"].mean_s - own_s()


def mean_s(servers: int, cores: int = CORES, load: float = 1.0) -> float:
    """Return the mean time of a request by Erlang's formula, in seconds; infinite when the servers cannot keep up."""
    _require(servers, cores, load)
    offered = own_cores_busy(load) / servers
    if offered >= cores:
        return float("inf")
    waits_s = erlang_c(cores, offered) * own_s() / (cores - offered)
    return own_s() + waits_s + _behind_s()


def simulated_s(seed: int, servers: int, cores: int = CORES, load: float = 1.0) -> np.ndarray:
    """Return how long each request took, in seconds."""
    _require(servers, cores, load)
    sim = Simulation(seed)
    stations = [Station(sim, f"web-{number}", capacity=cores) for number in range(1, servers + 1)]
    next_own_s = sim.draws("own work", Exponential(own_s()))
    next_behind_s = sim.draws("tiers behind", Exponential(_behind_s()))
    choice = sim.stream("balancer")

    def handle(request: Request) -> Generator[Event, None, None]:
        yield stations[choice.integers(servers)].serve(next_own_s())
        yield sim.timeout(next_behind_s())

    sim.open_load(Poisson(load * tiers()["web"].calls_per_s), handle)
    return sim.measure(DURATION_S, warmup_s=1.0).requests.latency_s.dropna().to_numpy()


def fewest_servers(cores: int = CORES, load: float = 1.0, longer: float = LONGER) -> int:
    """Return how few web servers keep the mean time of a request within `longer` times that of all nine.

    Raises:
        ValueError: when nine cannot keep up, or `longer` is below 1.
    """
    require_at_least("longer", longer, 1, "that of all nine")
    nine_s = mean_s(WEB_SERVERS, cores, load)
    if not np.isfinite(nine_s):
        raise ValueError(f"load is {load} with {cores} cores; it must be one that nine servers keep up with")
    return next(count for count in range(1, WEB_SERVERS + 1) if mean_s(count, cores, load) <= longer * nine_s)


def fewest_range(cores: int = CORES, load: float = 1.0) -> tuple[int, int]:
    """Return the fewest and the most that `fewest_servers` gives, for `MOST_LONGER` and for `LEAST_LONGER`.

    The longer a request may take, the fewer are needed; so all between lies in this range.
    """
    return fewest_servers(cores, load, MOST_LONGER), fewest_servers(cores, load, LEAST_LONGER)


def against_servers(
    servers: Iterable[int] = (3, 4, 5, 6, 7, WEB_SERVERS),
    loads: Iterable[float] = LOADS,
    cores: int = CORES,
    seeds: int = SEEDS,
) -> pd.DataFrame:
    """Return a row a number of servers and load that keeps them busy for `BUSIEST` of the time at most: servers, load,
    and the mean `latency_ms` and p99_ms of all seeds' requests.
    """
    cases = [
        (count, load)
        for load in loads
        for count in servers
        if own_cores_busy(load) <= BUSIEST * count * cores
    ]
    runs = in_parallel(
        joblib.delayed(simulated_s)(seed, count, cores, load)
        for count, load in cases
        for seed in range(1, seeds + 1)
    )
    rows = []
    for place, (count, load) in enumerate(cases):
        pooled = np.concatenate(runs[place * seeds : (place + 1) * seeds])
        rows.append((count, load, 1000 * pooled.mean(), 1000 * float(np.percentile(pooled, 99))))
    return pd.DataFrame(rows, columns=["servers", "load", "latency_ms", "p99_ms"])


def figure(table: pd.DataFrame, title: str, cores: int = CORES, size: Size = LAB) -> Picture:
    """Draw the mean time of a request against the number of web servers, a line a load; Erlang's formula dashed."""
    names = {load: f"load of {load:g} times the mean" for load in table.load.unique()}
    curve = [
        (name, count, 1000 * mean_s(count, cores, load))
        for load, name in names.items()
        for count in range(1, WEB_SERVERS + 1)
        if np.isfinite(mean_s(count, cores, load))
    ]
    return scaling(
        table.assign(design=table.load.map(names)),
        title,
        x="servers",
        y="latency_ms",
        fit=pd.DataFrame(curve, columns=["design", "servers", "latency_ms"]),
        fit_name="by Erlang's formula",
        line_looks=variants("layered", names.values()),
        y_label="Mean time of a request [ms]",
        size=size,
    )


def _require(servers: int, cores: int, load: float) -> None:
    require_whole("servers", servers, at_least=1)
    require_whole("cores", cores, at_least=1)
    require_positive("load", load)
