"""Managed infrastructure: a machine dies. What the platform repairs, beside clones for the same money, and what not.

The load is the one at which functions cost as much as two machines and a balancer (`same_money_per_s`). A machine dies.
At worst, and so it is here, all of a function's environments are on it: what is inside fails, and the next requests
wait for an initialisation each. Of the clones one dies; the other can do the work of both. The balancer checks their
health every 5 s, or, the stronger opponent, asks the other clone at once when one does not answer. The dead
machine is missing until somebody replaces it; the functions' is not missed.

So the question is whether the objective, 99 of 100 requests within half a second, holds even in the minute in which the
machine dies, without anything set up for it. What nobody repairs for you is measured beside it: the function service of
the region away, neighbours in the account, and somebody who hangs.

What this leaves out: a machine that is half dead, which health checks find late, with functions too. The work of a
request is constant here, so that all that is late is late for the death.

>>> round(same_money_per_s())
45
>>> after_death(seed=1, design="functions") < 1 < after_death(seed=1, design="functions", init_s=2.0)
True
"""

from collections.abc import Callable, Generator, Iterable
from typing import Any

import joblib
import pandas as pd
from simpy.events import Event

from archlab.chapters.serverless import neighbours
from archlab.chapters.serverless.bills import (
    CORES,
    KEPT,
    LATE_PERCENT,
    LEAST_CLONES,
    OBJECTIVE_S,
    RUNTIME,
    USUAL,
    idle_usd_per_h,
    least_memory_mb,
)
from archlab.chapters.serverless.load_shapes import HOUR_S
from archlab.chapters.serverless.paid_for import MILLION, parts_of_bill
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.course.quantity import about, number
from archlab.shop.health_checks import HealthChecks
from archlab.sim.distributions import Distribution
from archlab.sim.failure import Failure
from archlab.sim.functions import Function, Invocation
from archlab.sim.functions.runtimes import initialisation_s, keep_alive_s
from archlab.sim.load import Request
from archlab.sim.parallel import in_parallel
from archlab.sim.recording import OK
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of
from archlab.sim.workload import Poisson

DESIGNS = ("functions", "clones, health checked", "clones, the other is asked")
MINUTE_S, ALLOWED_PERCENT = 60.0, LATE_PERCENT
"""Of the requests of the minute after, at most so many may be lost or late: the objective."""
DIES_AT_S, WATCH_S = 5.0, 10.0
"""It is looked at for ten seconds; nothing is late after that."""
CHECK_EVERY_S = 5.0
"""Between two health checks. An assumption."""
SEEDS = range(10)
INITIALISATIONS_S = (0.02, 4.0)
"""Those tried: from what Rust takes to a large package of 2021."""
Serve = Callable[[], Generator[Event, Any, None]]


def same_money_per_s() -> float:
    """Return at how many requests a second functions cost as much as two machines and a balancer."""
    usd_per_h = idle_usd_per_h()["cluster of two, with a balancer"]
    return float(usd_per_h / HOUR_S / (parts_of_bill().sum() / MILLION))


def after_death(seed: int, design: str, init_s: float | None = None) -> float:
    """Let a machine die. Return how many requests are lost or late by it, in per cent of those of a minute.

    `init_s`: of a new environment. None: what the usual runtime takes.
    """
    require_one_of("design", design, DESIGNS)
    sim = Simulation(seed)
    if design == "functions":
        serve = _functions(sim, initialisation_s(RUNTIME) if init_s is None else init_s)
    else:
        serve = _clones(sim, asks_the_other=design != DESIGNS[1])

    def handle(request: Request) -> Generator[Event, Any, None]:
        yield from serve()

    sim.open_load(Poisson(same_money_per_s()), handle)
    rows = sim.measure(DIES_AT_S + WATCH_S).requests
    late = rows.latency_s > OBJECTIVE_S
    # who was inside at the death counts; the first are cold, and who has just come is not done
    concerned = rows.arrived_s.between(DIES_AT_S - OBJECTIVE_S, DIES_AT_S + WATCH_S - OBJECTIVE_S)
    bad = ((rows.outcome != OK) | late) & concerned
    return float(100 * bad.sum() / (same_money_per_s() * MINUTE_S))


def _functions(sim: Simulation, init_s: float | Distribution) -> Serve:
    """A function, all of whose environments go at the death. The platform has others at once."""

    def run(invocation: Invocation) -> Generator[Event, Any, None]:
        yield invocation.compute(USUAL.cpu_s)
        yield sim.timeout(USUAL.waiting_s)

    memory_mb = least_memory_mb()
    function = Function(sim, "orders", run, init_s, keep_alive_s(KEPT), memory_mb=memory_mb)

    def die(_: None) -> None:
        function.crash()
        function.restart()

    def serve() -> Generator[Event, Any, None]:
        yield function.invoke()

    sim.call_at(DIES_AT_S, die, None)
    return serve


def _clones(sim: Simulation, asks_the_other: bool) -> Serve:
    """Two machines behind a balancer, of which one dies and does not come back."""
    clones = [Station(sim, f"clone-{number}", CORES) for number in range(1, LEAST_CLONES + 1)]
    checks = HealthChecks(sim, clones, CHECK_EVERY_S, "health checks")
    sim.call_at(DIES_AT_S, lambda _: clones[0].crash(), None)

    def serve() -> Generator[Event, Any, None]:
        clone = checks.choose()
        if asks_the_other and not clone.is_up:
            clone = clones[1]
        yield clone.serve(USUAL.cpu_s)
        yield sim.timeout(USUAL.waiting_s)
        if not clone.is_up and sim.now - USUAL.waiting_s < DIES_AT_S:
            raise Died(clone.name)

    return serve


class Died(Failure):
    """The machine died while the request waited for others."""

    outcome = "crashed"
    what = "died"


def deaths(seeds: Iterable[int] = SEEDS) -> dict[str, OverSeeds]:
    """Return `after_death` of each design."""
    chosen = list(seeds)
    jobs = [(seed, design) for design in DESIGNS for seed in chosen]
    found = in_parallel(joblib.delayed(after_death)(*job) for job in jobs)
    n = len(chosen)
    return {design: OverSeeds(found[k * n : (k + 1) * n]) for k, design in enumerate(DESIGNS)}


def as_bars(found: dict[str, OverSeeds]) -> pd.DataFrame:
    """Return `deaths` as rows for a figure: design, bad_percent and its ends."""
    rows = [(name, float(one), one.low, one.high) for name, one in found.items()]
    return pd.DataFrame(rows, columns=["design", "bad_percent", "bad_percent_low", "bad_percent_high"])


def _spare_percent(seed: int, init_s: float) -> float:
    return ALLOWED_PERCENT - after_death(seed, "functions", init_s)


def initialisation_up_to_s(seeds: Iterable[int] = SEEDS) -> Limit:
    """Return up to which initialisation time the objective holds in the minute of a death."""
    return bisect(_spare_percent, INITIALISATIONS_S, "up to", seeds, tolerance=0.1, log=True)


def figures(found: dict[str, OverSeeds], hung: pd.DataFrame, gone: pd.DataFrame) -> dict[str, float]:
    """Return the figures of `managed_infrastructure`, from `deaths`, `hanging.table` and `region.away`."""
    functions, checked, asked = (found[design] for design in DESIGNS)
    return {
        "bad_percent": functions,
        "checked_clones_percent": checked,
        "asking_clones_percent": asked,
        "initialisation_up_to_s": initialisation_up_to_s(range(functions.n)),
        "region_lost_percent": float(gone.lost_percent["requests"]),
        "throttled_percent": neighbours.throttled_percent(range(functions.n)),
        "hanging_times_the_bill": float(hung.times_the_usual_bill.iloc[0]),
    }


@settles(
    "characteristics.managed-infrastructure",
    evidence=Evidence.SIMULATED,
    says={
        "bad_percent": "requests of a minute lost or late when a machine dies, on functions",
        "checked_clones_percent": "the same on two clones for that money, with health checks",
        "asking_clones_percent": "the same when the balancer asks the other one",
        "initialisation_up_to_s": "initialisation that is quick enough",
        "region_lost_percent": "requests lost while the region's function service is away",
        "throttled_percent": "orders throttled by another function of the account",
        "hanging_times_the_bill": "the bill while somebody hangs, in times of the usual one",
    },
)
def managed_infrastructure(
    bad_percent: float,
    checked_clones_percent: float,
    asking_clones_percent: float,
    initialisation_up_to_s: float,
    region_lost_percent: float,
    throttled_percent: float,
    hanging_times_the_bill: float,
) -> Verdict:
    """Holds when the platform repairs the death of a machine by itself, so that at most {ALLOWED_PERCENT} % of the
    requests of that minute are lost or later than {OBJECTIVE_S} s, though at worst all environments were on it; up to
    the initialisation time at which that ends. It says how clones for the same money do, and what nobody repairs: the
    region's function service away, neighbours in the account, somebody who hangs until the longest time limit.
    """
    shares = (bad_percent, checked_clones_percent, asking_clones_percent)
    bad, checked, asked = (number(round(float(share), 2)) for share in shares)
    unit = (
        f"s of initialisation (here {number(initialisation_s(RUNTIME).median)}): then a machine's death costs "
        f"{bad} % of a minute's requests (clones with health checks {checked} %, a balancer that asks the other "
        f"one {asked} %). "
        f"Nobody repairs the region ({number(round(float(region_lost_percent)))} % lost), neighbours "
        f"({about(throttled_percent)} % throttled), or who hangs up to the longest time limit "
        f"({number(round(float(hanging_times_the_bill)))} times the bill)"
    )
    if bad_percent > ALLOWED_PERCENT:
        return holds_if(False)
    return holds_up_to(initialisation_up_to_s, unit)
