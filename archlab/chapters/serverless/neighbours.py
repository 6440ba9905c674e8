"""Neighbours in an account: a busy function takes the concurrency that another one needs.

A report is made from many files at once: each is an asynchronous invocation of half a minute. Meanwhile customers
order. All functions of an account share its concurrency, 1,000 unless AWS has raised it, so orders are throttled while
the report runs, though they have little to do. With *reserved* concurrency so much is for orders alone, and they get no
more, either; or the report gets a limit in the same way, and takes longer.

Events wait and come again, requests of customers do not: they get status 429. How many environments orders need is
Erlang's B formula, since nothing waits (`reserved_for`). What this leaves out: clients that ask again, which would help
a little here, as the report lasts for minutes.

>>> reserved_for(rate_per_s=20.0, run_s=0.15, lost=0.001)
10
"""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import joblib
import pandas as pd
from simpy.events import Event

from archlab.chapters.serverless.bills import KEPT, RUNTIME, USUAL, least_memory_mb
from archlab.course.claims import OverSeeds
from archlab.sim.functions import AsyncEvent, AsyncInvocations, CloudAccount, Function, Invocation
from archlab.sim.functions.runtimes import initialisation_s, keep_alive_s
from archlab.sim.load import Request
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.theory import erlang_b
from archlab.sim.validation import require_fraction, require_one_of, require_positive
from archlab.sim.workload import Poisson

ORDERS_PER_S = 20.0
FILES, FILE_S = 3000, 30.0
"""The files of a report, and how long one takes. Assumptions."""
REPORT_AT_S, LASTS_S = 20.0, 400.0
LOST = 0.001
"""Share of orders that may be throttled."""


def reserved_for(rate_per_s: float, run_s: float, lost: float = LOST) -> int:
    """Return the least concurrency with which no more than `lost` of a Poisson load finds all in use."""
    require_positive("rate_per_s", rate_per_s)
    require_positive("run_s", run_s)
    require_fraction("lost", lost)
    servers = 1
    while erlang_b(servers, rate_per_s * run_s) > lost:
        servers += 1
    return servers


def _needed() -> int:
    return reserved_for(ORDERS_PER_S, USUAL.run_s(least_memory_mb()))


DESIGNS: Mapping[str, tuple[bool, bool]] = {
    "nothing reserved": (False, False),
    "reserved for orders": (True, False),
    "a limit for the report": (False, True),
}
"""A design -> whether orders have reserved concurrency, and whether the report has, which limits it."""
REPORT_LIMIT = 500


@dataclass(frozen=True)
class Day:
    """What came of it: a row an order, and when the report was done, in seconds after its start."""

    requests: pd.DataFrame
    report_s: float

    def throttled_percent(self) -> float:
        """Return the share of orders that were throttled from the report's start to its end, in per cent."""
        rows = self.requests
        during = rows.arrived_s.between(REPORT_AT_S, REPORT_AT_S + self.report_s)
        return float(100 * (rows.outcome[during] == "throttled").mean())


def day(seed: int, design: str, files: int = FILES) -> Day:
    """Let customers order while a report is made from so many files, in one of `DESIGNS`."""
    require_one_of("design", design, tuple(DESIGNS))
    for_orders, for_report = DESIGNS[design]
    sim = Simulation(seed)
    account = CloudAccount(sim)
    orders = _function(
        sim, "orders", account, USUAL.cpu_s, USUAL.waiting_s, _needed() if for_orders else None
    )
    report = _function(sim, "report", account, 0.0, FILE_S, REPORT_LIMIT if for_report else None)
    events = AsyncInvocations(report)
    sent: list[AsyncEvent] = []

    def handle(request: Request) -> Generator[Event, Any, None]:
        yield orders.invoke()

    def start(_: None) -> None:
        sent.extend(events.send(number) for number in range(files))

    sim.call_at(REPORT_AT_S, start, None)
    sim.open_load(Poisson(ORDERS_PER_S), handle)
    rows = sim.measure(LASTS_S, sample_every_s=LASTS_S).requests
    return Day(rows, max(event.ended_s for event in sent) - REPORT_AT_S)


def _function(
    sim: Simulation, name: str, account: CloudAccount, cpu_s: float, waiting_s: float, reserved: int | None
) -> Function:
    def run(invocation: Invocation) -> Generator[Event, Any, None]:
        yield invocation.compute(cpu_s)
        yield sim.timeout(waiting_s)

    initialised, kept = initialisation_s(RUNTIME), keep_alive_s(KEPT)
    memory_mb = least_memory_mb()
    return Function(
        sim, name, run, initialised, kept, memory_mb=memory_mb, account=account, reserved=reserved
    )


def throttled_percent(seeds: Iterable[int], design: str = "nothing reserved") -> OverSeeds:
    """Return `Day.throttled_percent` of a design."""
    jobs = [joblib.delayed(day)(seed, design) for seed in seeds]
    return OverSeeds(one.throttled_percent() for one in in_parallel(jobs))


def days(seed: int = 1, designs: Iterable[str] = DESIGNS) -> pd.DataFrame:
    """Return a row a design: design, throttled_percent, report_s."""
    chosen = list(designs)
    found = in_parallel(joblib.delayed(day)(seed, name) for name in chosen)
    rows = [(name, one.throttled_percent(), one.report_s) for name, one in zip(chosen, found, strict=True)]
    return pd.DataFrame(rows, columns=["design", "throttled_percent", "report_s"])
