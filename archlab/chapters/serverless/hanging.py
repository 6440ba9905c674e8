"""A dependency that hangs: what it costs functions, and what it costs a server.

Half of the requests ask somebody else, who for some minutes answers nobody: who called in that time waits for ever.
Functions go on starting environments, and each is billed for waiting until its time limit ends it. When the account's
concurrency is used up, requests that need nobody are throttled, too. A server has so many threads: they run dry, and
requests that need nobody wait behind them; its bill stays as it was. Who waits with a time-out of a second of their own
gets an error then, and goes on; that helps both.

The server here has 200 threads (an assumption) and a queue without limit. All customers give up after 10 s.
The invocation and the thread know nothing of that. What this leaves out: circuit breakers, which spare the second as
well (chapter 02), and retries, which would make it worse for all.

>>> hung = outage("functions", seed=1, hangs_s=20.0, after_s=40.0, limit_s=30.0)
>>> hung.most_at_work > 90, hung.usd > 10 * usual_usd("functions", 90.0)
(True, True)
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import joblib
import pandas as pd
from simpy.events import Event

from archlab.chapters.serverless.bills import KEPT, RUNTIME, USUAL, least_memory_mb, machine_usd_per_h
from archlab.chapters.serverless.load_shapes import HOUR_S
from archlab.course.figures.over_time import over_time
from archlab.course.figures.picture import Picture
from archlab.course.style import Look, variants
from archlab.sim.billing import total_usd, usd_per_request
from archlab.sim.functions import CloudAccount, Function, Invocation
from archlab.sim.functions.runtimes import initialisation_s, keep_alive_s
from archlab.sim.load import Request
from archlab.sim.parallel import in_parallel
from archlab.sim.recording import OK
from archlab.sim.result import Result
from archlab.sim.servers.pool import Pool
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_positive
from archlab.sim.workload import Poisson

Where = Literal["functions", "server"]
WHERE = ("functions", "server")
RATE_PER_S = 10.0
KINDS: Mapping[str, float] = {"asking": 0.5, "alone": 0.5}
"""Requests that ask the dependency, and those that need nobody but the database, with their shares."""
HANGS_AT_S, HANGS_S = 30.0, 300.0
LONGEST_S = 900.0
"""The longest time limit that a function may have (`data/lambda.csv`)."""
AFTER_S = LONGEST_S + 30.0
"""So long a run goes on when the dependency is back: until the last that hang are cut off, and on the bill."""
THREADS, CORES = 200, 2
PATIENCE_S = 10.0
"""Customers give up after so long. An assumption."""
TIME_OUT_S = 1.0
SAMPLE_S = 5.0
Wait = Callable[[], Event]
Begin = Callable[[str], Event]


@dataclass(frozen=True)
class Outage:
    """What came of it: the run, dollars for all of it, and what was at work over time, columns time_s and at_work."""

    result: Result
    usd: float
    at_work: pd.DataFrame

    @property
    def most_at_work(self) -> int:
        return int(self.at_work.at_work.max())

    def during(self, hangs_s: float = HANGS_S) -> pd.DataFrame:
        """Return the requests that came while it hung."""
        rows = self.result.requests
        return rows[rows.arrived_s.between(HANGS_AT_S, HANGS_AT_S + hangs_s)]

    def lost_percent(self, kind: str, hangs_s: float = HANGS_S) -> float:
        """Return the share of those of that kind that got no answer, in per cent."""
        rows = self.during(hangs_s)
        return float(100 * (rows.outcome[rows.kind == kind] != OK).mean())


def outage(
    where: Where,
    seed: int,
    time_out_s: float | None = None,
    limit_s: float = LONGEST_S,
    hangs_s: float = HANGS_S,
    after_s: float = AFTER_S,
) -> Outage:
    """Let requests come to functions or a server while what half of them ask hangs for `hangs_s`.

    Args:
        time_out_s: how long the code waits for the dependency. None: for ever.
        limit_s: the functions' time limit.

    Raises `ValueError` when an argument is not allowed.
    """
    require_one_of("where", where, WHERE)
    require_positive("hangs_s", hangs_s)
    sim = Simulation(seed)

    def ask() -> Event:
        hangs = HANGS_AT_S <= sim.now < HANGS_AT_S + hangs_s
        call = Event(sim) if hangs else sim.timeout(USUAL.waiting_s)
        return call if time_out_s is None else sim.deadline(call, time_out_s)

    waits: dict[str, Wait] = {"asking": ask, "alone": lambda: sim.timeout(USUAL.waiting_s)}
    functions = _functions(sim, waits, limit_s) if where == "functions" else {}
    begin = _server(sim, waits) if where == "server" else lambda kind: functions[kind].invoke()

    def handle(request: Request) -> Generator[Event, Any, None]:
        yield begin(request.kind)

    sim.open_load(Poisson(RATE_PER_S), handle, mix=KINDS, timeout_s=PATIENCE_S)
    result = sim.measure(HANGS_AT_S + hangs_s + after_s, sample_every_s=SAMPLE_S)
    usd = sum(total_usd(function.usage()) for function in functions.values())
    return Outage(result, usd if functions else usual_usd(where, result.duration_s), _at_work(result))


def _functions(sim: Simulation, waits: Mapping[str, Wait], limit_s: float) -> dict[str, Function]:
    """A function for each kind, all of one account."""
    account = CloudAccount(sim)

    def make(name: str, wait: Wait) -> Function:
        def run(invocation: Invocation) -> Generator[Event, Any, None]:
            yield invocation.compute(USUAL.cpu_s)
            yield wait()

        initialised, kept = initialisation_s(RUNTIME), keep_alive_s(KEPT)
        memory_mb = least_memory_mb()
        return Function(
            sim, name, run, initialised, kept, memory_mb=memory_mb, time_limit_s=limit_s, account=account
        )

    return {name: make(name, wait) for name, wait in waits.items()}


def _server(sim: Simulation, waits: Mapping[str, Wait]) -> Begin:
    """One machine whose threads are held from the start of a request to its end."""
    threads, cores = Pool(sim, "threads", capacity=THREADS), Station(sim, "cores", capacity=CORES)

    def work(kind: str) -> Generator[Event, Any, None]:
        with threads.hold() as thread:
            yield thread
            yield cores.serve(USUAL.cpu_s)
            yield waits[kind]()

    return lambda kind: sim.start(work(kind))


def _at_work(result: Result) -> pd.DataFrame:
    """What is held over time: environments of all functions, or threads."""
    rows = result.samples[result.samples.part.isin(["asking", "alone", "threads"])]
    return rows.groupby("time_s").busy.sum().rename("at_work").reset_index()


def usual_usd(where: Where, lasts_s: float) -> float:
    """Return what so long costs when nothing hangs."""
    if where == "server":
        return machine_usd_per_h() * lasts_s / HOUR_S
    memory_mb = least_memory_mb()
    return RATE_PER_S * lasts_s * usd_per_request(USUAL.run_s(memory_mb), memory_mb)


# Beside each other -------------------------------------------------------------------------------------------

DESIGNS: Mapping[str, tuple[Where, float | None, float]] = {
    "functions, limit 900 s": ("functions", None, LONGEST_S),
    "functions, limit 30 s": ("functions", None, 30.0),
    "functions, time-out 1 s": ("functions", TIME_OUT_S, LONGEST_S),
    "server": ("server", None, LONGEST_S),
    "server, time-out 1 s": ("server", TIME_OUT_S, LONGEST_S),
}
"""A design -> where it runs, how long the code waits, and the time limit."""


def outages(seed: int = 1, designs: Iterable[str] = DESIGNS) -> dict[str, Outage]:
    """Return what came of the same outage in each design."""
    chosen = list(designs)
    runs = in_parallel(joblib.delayed(outage)(DESIGNS[name][0], seed, *DESIGNS[name][1:]) for name in chosen)
    return dict(zip(chosen, runs, strict=True))


def table(found: Mapping[str, Outage]) -> pd.DataFrame:
    """Return a row a design: usd, times (the usual bill), most_at_work, and the lost of each kind in per cent."""
    rows = {
        name: {
            "usd": one.usd,
            "times_the_usual_bill": one.usd / usual_usd(DESIGNS[name][0], one.result.duration_s),
            "most_at_work": one.most_at_work,
            **{f"{kind}_lost_percent": one.lost_percent(kind) for kind in KINDS},
        }
        for name, one in found.items()
    }
    return pd.DataFrame(rows).T


def line_looks(names: Iterable[str]) -> dict[str, Look]:
    """Functions in the colour of serverless, servers in that of a monolith."""
    chosen = list(names)
    functions = [name for name in chosen if DESIGNS[name][0] == "functions"]
    servers = [name for name in chosen if DESIGNS[name][0] == "server"]
    return {**variants("serverless", functions), **variants("monolithic", servers)}


def figure(found: Mapping[str, Outage], title: str, until_s: float = 600.0) -> Picture:
    """Draw environments or threads that are held over time, with the outage shaded."""
    lines = pd.concat([one.at_work.assign(design=name) for name, one in found.items()])
    window = {"fault": "hangs", "part": "dependency", "start_s": HANGS_AT_S, "end_s": HANGS_AT_S + HANGS_S}
    return over_time(
        lines[lines.time_s <= until_s],
        title,
        "at_work",
        faults=pd.DataFrame([window]),
        line_looks=line_looks(found),
        y_label="Environments or threads in use",
    )
