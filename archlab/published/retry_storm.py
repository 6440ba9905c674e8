"""A retry storm: an outage of ten seconds that never ends, because the retries keep it alive.

The example of N. Bronson and others, *Metastable Failures in Distributed Systems* (HotOS 2021, section 2.1): a
database answers 300 queries a second. A web application sends 280. Its clients wait 1 s for an answer and then ask
once more. The database fails for 10 s. Queries pile up, and when it is back each one is answered too late, so its
client has gone and has asked again: 560 queries a second arrive, all work is for nobody, and it stays like this though
nothing is broken any more. Below 150 queries a second twice the load is still less than the database can do, so the
queue drains.

Ways out to compare: `retries=0`; `budget`, so many retries for each success, so that a dead database gets hardly any;
and `drop_older_than_s`: the database throws away queries that waited too long. That limit must leave time for the
work itself. At exactly the clients' timeout the database still works on what will be late in a moment. With arrivals
at equal distances that goes on for ever. With random ones the queue is sometimes short by luck, and the storm ends:
within seconds, or after minutes.

A budget that all clients share holds a few retries when the outage begins. With `buckets`, each client has a budget
of its own, and each of them is full: so many more queries come, and the little that the database can do beyond its
load must work them off. Many clients with a budget each are nearly as bad as no budget.

The database here takes work in order, one query at a time, always as fast, from a queue without a limit, and nobody
gives up for good. Real queues have limits, and real users go away; both make an end more likely. Clients do not wait
before they retry, as in the example.

By default all rates are a tenth (`scale`): the same story in a tenth of the computing time. Requests arrive at equal
distances, so the seed matters only with `random_arrivals`, which make everything noisier, most of all at a small scale.
Buckets are not scaled: at a tenth of the rates each of them stands for ten.

>>> stuck, freed = model(seed=1), model(seed=1, retries=0)
>>> stuck["recovered"], stuck["offered_share"] > 1.9, stuck["goodput_share"] < 0.01
(0.0, True, True)
>>> freed["recovered"], freed["goodput_share"] > 0.9
(1.0, True)
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from itertools import cycle
from math import inf, nan
from typing import Any

import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.sim.faults import SlowDown
from archlab.sim.load import Request
from archlab.sim.resilience.retry import Retry
from archlab.sim.resilience.retry_budget import RetryBudget
from archlab.sim.servers.load_shedding import SheddingStation
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_positive, require_whole
from archlab.sim.workload import Arrivals, Deterministic, Poisson

OUTAGE_AT_S = 20
STANDSTILL = 1e9
"""How many times as long the database takes for everything during the outage."""
FAILING = 0.1
"""A second counts as bad when a larger share of its requests than this fails."""
AT_THE_END_S = 30
"""The last seconds of the run, from which the lasting rates are taken."""


@dataclass(frozen=True)
class Storm:
    """The published example, and what may be changed in it. Rates are multiplied by `scale`.

    `buckets`: over how many clients, in turn, the requests are spread, each with a `budget` of its own. 1: all share
    it.

    Raises `ValueError` when an argument is not allowed.
    """

    load_per_s: float = 280.0
    capacity_per_s: float = 300.0
    timeout_s: float = 1.0
    retries: int = 1
    outage_s: float = 10.0
    after_s: float = 450.0
    drop_older_than_s: float | None = None
    budget: float | None = None
    buckets: int = 1
    random_arrivals: bool = False
    scale: float = 0.1

    def __post_init__(self) -> None:
        for name in ("load_per_s", "capacity_per_s", "timeout_s", "outage_s", "scale"):
            require_positive(name, getattr(self, name))
        require_whole("retries", self.retries, at_least=0)
        require_whole("buckets", self.buckets, at_least=1)
        if not AT_THE_END_S < self.after_s < inf:
            raise ValueError(f"after_s is {self.after_s}; it must be finite and above {AT_THE_END_S}")
        if self.drop_older_than_s is not None:
            require_positive("drop_older_than_s", self.drop_older_than_s)
        if self.budget is not None:
            require_non_negative("budget", self.budget)

    @property
    def arrivals_per_s(self) -> float:
        return self.load_per_s * self.scale

    @property
    def arrivals(self) -> Arrivals:
        return (Poisson if self.random_arrivals else Deterministic)(self.arrivals_per_s)

    @property
    def service_s(self) -> float:
        return 1 / (self.capacity_per_s * self.scale)

    @property
    def end_of_outage_s(self) -> float:
        return OUTAGE_AT_S + self.outage_s

    @property
    def end_s(self) -> float:
        return self.end_of_outage_s + self.after_s


@dataclass(frozen=True)
class StormRun:
    """What happened: `requests`, a row each as in `Result`, and `series`, a row a second.

    `series` has `time_s` (the start of the second), `offered_per_s` (queries sent, retries included), `goodput_per_s`
    (answers in time), `backlog` (queries that wait) and `failed`, the share of the requests of that second that
    got no answer in time (NaN when none came).
    """

    storm: Storm
    requests: pd.DataFrame
    series: pd.DataFrame

    @property
    def recovery_s(self) -> float:
        """How long after the outage the last second was over in which over a tenth of the requests failed.

        NaN when there is such a second at the end.
        """
        bad_s = self.series.loc[self.series["failed"] > FAILING, "time_s"]
        last_s = float(bad_s.max()) + 1 if len(bad_s) else 0.0
        if last_s > self.storm.end_s - AT_THE_END_S:
            return nan
        return max(0.0, last_s - self.storm.end_of_outage_s)


def model(seed: int, **changes: Any) -> dict[str, float]:
    """Run the storm, the published example but for `changes`: fields of `Storm` by name, such as `load_per_s=145`.

    Returns `recovered` (1 or 0), `recovery_s` with `recovery_s_formula`; of the last half minute `offered_share` and
    `goodput_share`, queries sent and answered in time for each request; `backlog` at the end; and `failed`, the share
    of all requests since the outage began.
    Raises `ValueError` when an argument is not allowed.
    """
    storm = Storm(**changes)
    run = simulate(seed, storm)
    end = run.series[run.series["time_s"] >= storm.end_s - AT_THE_END_S]
    since = run.requests[run.requests["arrived_s"] >= OUTAGE_AT_S]["outcome"]
    recovery_s = run.recovery_s
    return {
        "recovered": float(recovery_s >= 0),
        "recovery_s": recovery_s,
        "recovery_s_formula": drain_s(storm.load_per_s, storm.capacity_per_s, storm.retries, storm.outage_s),
        "offered_share": float(end["offered_per_s"].mean()) / storm.arrivals_per_s,
        "goodput_share": float(end["goodput_per_s"].mean()) / storm.arrivals_per_s,
        "backlog": float(end["backlog"].iloc[-1]),
        "failed": float((~since.isin(["ok", "unfinished"])).mean()),
    }


def drain_s(load_per_s: float, capacity_per_s: float, retries: int, outage_s: float) -> float:
    """Return how long the queue of the outage takes to drain while every request sends all its queries; or infinity.

    With L requests a second, r retries and a capacity of C: outage * (1 + r) L / (C - (1 + r) L). A little too long:
    the first retries come a second late, and the storm is over when the wait is below the timeout, not at 0.
    """
    offered_per_s = (1 + retries) * load_per_s
    if offered_per_s >= capacity_per_s:
        return inf
    return outage_s * offered_per_s / (capacity_per_s - offered_per_s)


def simulate(seed: int, storm: Storm) -> StormRun:
    """Run the storm, and return its requests and a row for each second."""
    sim = Simulation(seed)
    database = _database(sim, storm)
    clients = cycle([_client(sim, storm) for _ in range(storm.buckets)])
    sent_s: list[float] = []

    def ask() -> Event:
        sent_s.append(sim.now)
        return sim.deadline(database.serve(storm.service_s), storm.timeout_s)

    def handle(request: Request) -> Generator[Event, None, None]:
        yield next(clients).call(ask)

    sim.open_load(storm.arrivals, handle)
    sim.inject(SlowDown("database", at_s=OUTAGE_AT_S, for_s=storm.outage_s, factor=STANDSTILL))
    result = sim.measure(storm.end_s, sample_every_s=1.0)
    waiting = result.samples.loc[result.samples["part"] == "database", "queue_length"]
    return StormRun(storm, result.requests, _series(storm, result.requests, sent_s, waiting.to_numpy()))


def _client(sim: Simulation, storm: Storm) -> Retry:
    budget = None if storm.budget is None else RetryBudget(sim, per_success=storm.budget)
    return Retry(sim, "client", attempts=1 + storm.retries, budget=budget)


def _database(sim: Simulation, storm: Storm) -> Station:
    if storm.drop_older_than_s is None:
        return Station(sim, "database")
    return SheddingStation(sim, "database", drop_older_than_s=storm.drop_older_than_s)


def _series(storm: Storm, requests: pd.DataFrame, sent_s: list[float], backlog: np.ndarray) -> pd.DataFrame:
    """A row for each whole second."""
    seconds = np.arange(int(storm.end_s) + 1)
    ok = requests["outcome"] == "ok"
    failed = ~ok & (requests["outcome"] != "unfinished")
    arrived = np.histogram(requests["arrived_s"], seconds)[0]
    with np.errstate(invalid="ignore"):
        failed_share = np.histogram(requests.loc[failed, "arrived_s"], seconds)[0] / arrived
    return pd.DataFrame(
        {
            "time_s": seconds[:-1],
            "offered_per_s": np.histogram(sent_s, seconds)[0],
            "goodput_per_s": np.histogram(requests.loc[ok, "finished_s"], seconds)[0],
            "backlog": backlog[: len(seconds) - 1],
            "failed": failed_share,
        }
    )
