"""Models for the explorers of chapter 00: one queue beside its formula, pooling, and time-outs. Short runs.

>>> from archlab.course.explorer import explore
>>> queue = explore(one_queue, BesideTheFormula(), "One server and its queue", rate_per_s=(10, 110, 80), work=WORKS)
>>> round(queue.figures["formula_mean_ms"], 6)
50.0
>>> pools = explore(pooling, TwoWays(), "One queue or many", servers=(2, 20, 10), busy_percent=(30, 95, 80))
>>> pools.figures["one_queue_mean_s"] < pools.figures["a_queue_each_mean_s"]
True
>>> waits = explore(giving_up, InVain(), "Time-outs", rate_per_s=(50, 150, 120), timeout_s=(0.1, 5.0, 0.5),
...     most_waiting=(None, 2, 5, 20))
>>> waits.figures["work_in_vain_percent"] > 80
True
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.course.explorer import Curve, Panel, Reading
from archlab.sim import theory
from archlab.sim.distributions import Constant, Distribution, Exponential, Lognormal
from archlab.sim.load import Request
from archlab.sim.recording import OK
from archlab.sim.result import Result
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive, require_whole
from archlab.sim.workload import Poisson

TIMED_OUT = "timed_out"
SERVICE_S = 0.010
VARIED, EVEN, HEAVY = "varied", "always 10 ms", "heavy tail"
WORK: dict[str, Distribution] = {
    VARIED: Exponential(SERVICE_S),
    EVEN: Constant(SERVICE_S),
    HEAVY: Lognormal.from_mean_cv(SERVICE_S, cv=3),
}
"""How the work for a request varies: 10 ms on average in each case."""
CV = {VARIED: 1.0, EVEN: 0.0, HEAVY: 3.0}
"""Standard deviation of the work, in means."""
WORKS = tuple(WORK)
RUN_S, WARMUP_S = 30.0, 3.0
POOL_REQUESTS = 3000
MOST_TIMES_LONGER = 4.0
"""Above a load of 80 % runs get longer, at most by this factor: crowds last longer there."""
LATENCY = Panel("Latency [ms]", "Share slower than that [%]", log_x=True, log_y=True)
WAITING = Panel("Time [s]", "Waiting [requests]")


@dataclass(frozen=True)
class OneQueue:
    """A run of one server, the rate of its load, and how its work varied."""

    result: Result
    rate_per_s: float
    work: str


def one_queue(rate_per_s: float, work: str = VARIED, seed: int = 1) -> OneQueue:
    """Run one server that needs 10 ms on average. `work` says how that varies.

    Raises:
        ValueError: when there is no such work, or the rate is not above 0.
    """
    if work not in WORK:
        raise ValueError(f"work is {work!r}; it must be one of {', '.join(WORK)}")
    return OneQueue(_one_server(seed, rate_per_s, WORK[work], RUN_S, WARMUP_S), rate_per_s, work)


@dataclass(frozen=True)
class BesideTheFormula:
    """How latency is spread, simulated and by the formula, and the queue over time.

    Below the capacity there is a formula for the mean whatever the work (M/G/1), and for all of the latencies when the
    work is varied, that is exponential (M/M/1). Where there is none its figures are NaN.
    """

    panels: ClassVar = (LATENCY, WAITING)

    def read(self, answer: OneQueue) -> Reading:
        result = answer.result
        ok_ms = np.sort(1000 * _ok(result).latency_s.to_numpy())
        curves = [_survival("simulated", ok_ms), _waiting(result, "server")]
        figures: dict[str, float | str] = {
            "busy_percent": 100 * float(result.parts.utilisation["server"]),
            "mean_ms": float(ok_ms.mean()) if len(ok_ms) else math.nan,
            "p99_ms": float(np.percentile(ok_ms, 99)) if len(ok_ms) else math.nan,
        }
        mean_ms = _formula_mean_ms(answer)
        is_exponential = answer.work == VARIED
        figures["formula_mean_ms"] = mean_ms
        figures["formula_p99_ms"] = mean_ms * math.log(100) if is_exponential else math.nan
        drawn_ms = np.asarray(curves[0].x, dtype=float)
        if is_exponential and math.isfinite(mean_ms) and drawn_ms.size:
            longest_ms = min(8 * mean_ms, float(drawn_ms[-1]))  # beyond it stands the name of the other line
            at_ms = np.geomspace(0.01 * mean_ms, longest_ms, 60)
            curves.insert(1, Curve(0, "formula", at_ms, 100 * np.exp(-at_ms / mean_ms)))
        return Reading(tuple(curves), figures)


def _formula_mean_ms(answer: OneQueue) -> float:
    """The mean latency in the long run; NaN when there is none."""
    if answer.rate_per_s * SERVICE_S >= 1:
        return math.nan
    return 1000 * theory.mg1(answer.rate_per_s, SERVICE_S, CV[answer.work]).response_s


@dataclass(frozen=True)
class Pools:
    """The same customers in front of one queue, and in front of a queue for each server; latencies in seconds."""

    one_queue: Result
    a_queue_each: Result
    servers: int
    load: float


def pooling(servers: int, busy_percent: float, seed: int = 1) -> Pools:
    """Run servers that need 1 s on average with one queue, and with a queue each, chosen by chance.

    Raises:
        ValueError: when there is no server, or the load is not above 0 and below 100 %.
    """
    require_whole("servers", servers, at_least=1)
    require_positive("busy_percent", busy_percent)
    if busy_percent >= 100:
        raise ValueError(f"busy_percent is {busy_percent}; it must be below 100, or the queues grow for ever")
    load = busy_percent / 100
    one, each = (_pool(seed, servers, load, queues) for queues in (1, servers))
    return Pools(one, each, servers, load)


@dataclass(frozen=True)
class TwoWays:
    """How latency is spread with one queue and with a queue each, and how many wait, over time.

    Near full load the mean of a run is too low, most of all with a queue each: so Erlang's formula stands beside it.
    """

    panels: ClassVar = (
        Panel("Latency [s]", "Share slower than that [%]", log_x=True, log_y=True),
        Panel("Time [s]", "Waiting [requests]"),
    )

    def read(self, answer: Pools) -> Reading:
        runs = {"one queue": answer.one_queue, "a queue each": answer.a_queue_each}
        curves: list[Curve] = []
        figures: dict[str, float | str] = {}
        for name, result in runs.items():
            ok_s = np.sort(_ok(result).latency_s.to_numpy())
            waiting = _per_moment(result)
            curves += [
                _survival(name, ok_s),
                Curve(1, name, waiting.index.to_numpy(), waiting.waiting.to_numpy()),
            ]
            key, behind = name.replace(" ", "_"), answer.servers if name == "one queue" else 1
            idle_beside = (waiting.waiting > 0) & (waiting.busy < waiting.capacity)
            figures |= {
                f"{key}_mean_s": float(ok_s.mean()),
                f"{key}_formula_mean_s": theory.mmc(answer.load * behind, 1.0, behind).response_s,
                f"{key}_p99_s": float(np.percentile(ok_s, 99)),
                f"{key}_idle_while_others_wait_percent": 100 * float(idle_beside.mean()),
            }
        return Reading(tuple(sorted(curves, key=lambda curve: curve.panel)), figures)


def giving_up(rate_per_s: float, timeout_s: float, most_waiting: int | None = None, seed: int = 1) -> Result:
    """Run one server that needs 10 ms, whose customers leave after `timeout_s`. It does not know who has left.

    `most_waiting`: with so many in the queue the next one is refused at once; None: everybody may wait.
    """
    return _one_server(seed, rate_per_s, WORK[VARIED], RUN_S, WARMUP_S, timeout_s, most_waiting)


@dataclass(frozen=True)
class InVain:
    """What came, what was answered in time, and who gave up, by the second of arrival; and who waits.

    Work is in vain when it was done for somebody who had left.
    """

    panels: ClassVar = (Panel("Time [s]", "Requests [1/s]"), WAITING)

    def read(self, answer: Result) -> Reading:
        requests = answer.requests
        seconds = np.floor(requests.arrived_s)
        whole = range(
            math.ceil(answer.start_s), math.floor(answer.end_s) - 1
        )  # the last ones have not ended yet
        curves = []
        for name, outcome in (("answered in time", OK), ("gave up", TIMED_OUT)):
            counts = (requests.outcome == outcome).groupby(seconds).sum().reindex(whole, fill_value=0)
            curves.append(Curve(0, name, counts.index.to_numpy() + 0.5, counts.to_numpy(dtype=float)))
        curves.append(_waiting(answer, "server"))
        ok, served = _ok(answer), float(answer.parts.completed["server"])
        figures: dict[str, float | str] = {
            "answered_percent": 100 * len(ok) / max(1, len(requests)),
            "p99_of_these_ms": 1000 * float(ok.latency_s.quantile(0.99)) if len(ok) else math.nan,
            "busy_percent": 100 * float(answer.parts.utilisation["server"]),
            "work_in_vain_percent": 100 * max(0.0, 1 - len(ok) / served) if served else math.nan,
        }
        return Reading(tuple(curves), figures)


def _one_server(
    seed: int,
    rate_per_s: float,
    work: Distribution,
    run_s: float,
    warmup_s: float,
    timeout_s: float | None = None,
    queue_limit: int | None = None,
) -> Result:
    sim = Simulation(seed)
    server = Station(sim, "server", capacity=1, queue_limit=queue_limit)
    work_s = sim.draws("service time", work)

    def handle(request: Request) -> Generator[Event, Any, None]:
        yield server.serve(work_s())

    sim.open_load(Poisson(rate_per_s), handle, timeout_s=timeout_s)
    return sim.measure(run_s, warmup_s)


def _pool(seed: int, servers: int, load: float, queues: int) -> Result:
    sim = Simulation(seed)
    stations = [Station(sim, f"queue {k}", capacity=servers // queues) for k in range(queues)]
    work_s, choice = sim.draws("service time", Exponential(1.0)), sim.stream("choice of a queue")

    def handle(request: Request) -> Generator[Event, Any, None]:
        yield stations[int(choice.integers(queues))].serve(work_s())

    rate_per_s, requests = load * servers, POOL_REQUESTS * min(MOST_TIMES_LONGER, max(1.0, 0.2 / (1 - load)))
    sim.open_load(Poisson(rate_per_s), handle)
    return sim.measure(requests / rate_per_s, warmup_s=0.1 * requests / rate_per_s)


def _ok(result: Result) -> pd.DataFrame:
    return result.requests[result.requests.outcome == OK]


def _survival(name: str, latencies: np.ndarray) -> Curve:
    """The share of slower requests, of sorted latencies; without the fastest 1 % and the slowest one."""
    share = 100 * (1 - np.arange(1, len(latencies) + 1) / max(1, len(latencies)))
    first, last = len(latencies) // 100, len(latencies) - 1
    return Curve(0, name, latencies[first:last], share[first:last], steps=True)


def _waiting(result: Result, part: str) -> Curve:
    rows = result.samples[result.samples.part == part]
    return Curve(1, "queue", rows.time_s.to_numpy(), rows.queue_length.to_numpy())


def _per_moment(result: Result) -> pd.DataFrame:
    """How many wait, how many servers are busy and how many there are, of all queues together, by time."""
    columns = {"queue_length": "waiting", "busy": "busy", "capacity": "capacity"}
    return result.samples.groupby("time_s")[list(columns)].sum().rename(columns=columns)
