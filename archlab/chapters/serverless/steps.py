"""From nothing to many at once: functions, a cluster that an autoscaler follows the load with, and a fixed fleet.

The same requests come, suddenly, so many a second: a promise is kept when 99 of 100 are answered within three seconds.
Functions start an environment for each request that finds none free, until the cloud allows no more. The cluster has
`MACHINES` machines for its small load of before, and Kubernetes' autoscaler asks for more every 15 seconds, which take
half a minute to start: within three seconds it can serve what its first machines can. Before the step the functions
cost nothing and the cluster what these machines cost. So what decides is how much money may stand idle: with enough
machines a cluster follows as much (`same_usd_per_h`).

A `wave` comes and goes, beside a fixed fleet of `FLEET` machines as well, which is enough for its peak.

Functions are watched for a shorter time than the cluster: their worst moment is the first one.

What this leaves out: gateway and balancer on the bills; a cluster that knows the time of the launch and starts early,
which functions can as well (provisioned); and clients that try again.

>>> late_share("functions", seed=1, rate_per_s=20.0) <= 0.01 < late_share("cluster", seed=1, rate_per_s=120.0)
True
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.course.claims import Assumption, Evidence, Limit, Verdict, bisect, holds_if, holds_up_to, settles
from archlab.course.figures.canvas import canvas
from archlab.course.figures.picture import Picture
from archlab.course.quantity import about, number
from archlab.course.style import LAB, Size, look_of
from archlab.data import load
from archlab.sim.billing import total_usd
from archlab.sim.functions import Function, Invocation
from archlab.sim.functions.runtimes import keep_alive_s, with_libraries_s
from archlab.sim.load import Request
from archlab.sim.recording import OK
from archlab.sim.servers.autoscaler import HorizontalPodAutoscaler
from archlab.sim.servers.scalable_pool import ScalablePool
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_positive
from archlab.sim.workload import Poisson, Trace

COMPUTES_S, WAITS_S = 0.1, 0.4
PROMISE_S, LATE = 3.0, 0.01
"""Within so long, but for so many. A promise shorter than a cold request breaks with the first customers, so this one
is longer; real ones stand on both sides."""
INIT_S = with_libraries_s("14 MB")
COLD_S = INIT_S + COMPUTES_S + WAITS_S
"""What a cold request takes."""
MEMORY_MB = 1769
MACHINES, CORES, START_S, TARGET = 2, 2, 30.0, 0.6
"""Of the cluster. Assumptions, all of these; Kubernetes promises 5 s for a pod whose image is on a machine already."""
FLEET = 6
WATCH_S = {"functions": 6.0, "cluster": 40.0, "fleet": 20.0}
SIDES = ("functions", "cluster", "fleet")
SEEDS = range(10)


@dataclass(frozen=True)
class Lived:
    """A run: its `requests`, and what it cost in US dollars; `instances` at each second."""

    requests: pd.DataFrame
    usd: float
    instances: pd.Series


def run(
    side: str,
    seed: int,
    load_of: Poisson | Trace,
    lasts_s: float,
    init_s: float = INIT_S,
    start_s: float = START_S,
    machines: int = MACHINES,
) -> Lived:
    """Let requests come to one of `SIDES`. Raises `ValueError` when an argument is not allowed."""
    require_one_of("side", side, SIDES)
    sim = Simulation(seed)
    serve, usd = _functions(sim, init_s) if side == "functions" else _machines(sim, side, start_s, machines)

    def handle(_: Request) -> Generator[Event, Any, None]:
        yield from serve()

    sim.open_load(load_of, handle)
    result = sim.measure(lasts_s, sample_every_s=1.0)
    samples = result.samples[result.samples.part == "page"].set_index("time_s")
    instances = samples.busy if side == "functions" else samples.capacity
    return Lived(result.requests, usd(), instances)


def _functions(sim: Simulation, init_s: float) -> Any:
    def work(invocation: Invocation) -> Generator[Event, Any, None]:
        yield invocation.compute(COMPUTES_S)
        yield sim.timeout(WAITS_S)

    function = Function(sim, "page", work, init_s, keep_alive_s("January 2021"), MEMORY_MB)

    def serve() -> Generator[Event, Any, None]:
        yield function.invoke()

    return serve, lambda: total_usd(function.usage())


def _machines(sim: Simulation, side: str, start_s: float, machines: int) -> Any:
    """A fleet of so many machines, or a cluster that begins with them."""
    pool = ScalablePool(sim, "page", machines, capacity_each=CORES, startup_s=start_s)
    if side == "cluster":
        HorizontalPodAutoscaler(
            sim,
            "page",
            read_metric=lambda: pool.utilisation,
            replicas=lambda: pool.replicas,
            scale_to=pool.scale_to,
            target=TARGET,
            min_replicas=machines,
            max_replicas=50,
            ready=lambda: len(pool.ready),
        )
    seconds = [0.0]

    def clock() -> Generator[Event, Any, None]:
        while True:
            yield sim.timeout(1.0)
            seconds[0] += pool.replicas

    def serve() -> Generator[Event, Any, None]:
        yield pool.serve(COMPUTES_S)
        yield sim.timeout(WAITS_S)

    sim.start(clock())
    return serve, lambda: seconds[0] * usd_per_h(1) / 3600


def usd_per_h(machines: int) -> float:
    """Return what machines cost in an hour."""
    return machines * float(load("prices").set_index("item").price_usd["m5.large"])


def late_share(
    side: str,
    seed: int,
    rate_per_s: float,
    init_s: float = INIT_S,
    start_s: float = START_S,
    machines: int = MACHINES,
) -> float:
    """Return the share of requests that fail or are answered later than `PROMISE_S`, from a step from 0 on. Of those
    that come shortly before the end the answer is not known, and they are left out.
    """
    require_one_of("side", side, SIDES)
    require_positive("rate_per_s", rate_per_s)
    lasts_s = WATCH_S[side]
    rows = run(side, seed, Poisson(rate_per_s), lasts_s, init_s, start_s, machines).requests
    known = rows[rows.arrived_s <= lasts_s - PROMISE_S]
    return float(1 - ((known.outcome == OK) & (known.latency_s <= PROMISE_S)).mean())


# The claim ---------------------------------------------------------------------------------------------------


def _kept(seed: int, rate_per_s: float, side: str) -> float:
    return LATE - late_share(side, seed, rate_per_s)


def _kept_by(seed: int, machines: float, rate_per_s: float) -> float:
    return LATE - late_share("fleet", seed, rate_per_s, machines=int(machines))


def follows_up_to(side: str, seeds: Iterable[int] = SEEDS) -> Limit:
    """Return up to which step, in requests a second from nothing, the promise is kept."""
    tried = (200.0, 700.0) if side == "functions" else (20.0, 80.0)
    return bisect(
        partial(_kept, side=side), tried, "up to", seeds, tolerance=40.0 if side == "functions" else 8.0
    )


def machines_that_follow(rate_per_s: float, seed: int = 1) -> int:
    """Return how many machines keep the promise at a step, if they stand there anyway: the fewest of those that can
    serve such a load for good.
    """
    least = ceil(rate_per_s * COMPUTES_S / CORES)
    return next(n for n in range(least, 2 * least) if _kept_by(seed, n, rate_per_s) >= 0)


def figures(seeds: Iterable[int] = SEEDS) -> dict[str, float]:
    """Return the figures of `follows_the_load`, by their names."""
    chosen = list(seeds)
    functions = follows_up_to("functions", chosen)
    return {
        "functions_up_to_per_s": functions,
        "cluster_up_to_per_s": follows_up_to("cluster", chosen),
        "same_usd_per_h": usd_per_h(machines_that_follow(float(functions))),
    }


SAYS = {
    "functions_up_to_per_s": "requests a second from nothing that functions follow",
    "cluster_up_to_per_s": "that the cluster follows",
    "same_usd_per_h": "US dollars an hour of machines that follow as much as functions",
}


@settles("faas.auto-scaling", evidence=Evidence.SIMULATED, says=SAYS)
def follows_the_load(
    functions_up_to_per_s: float, cluster_up_to_per_s: float, same_usd_per_h: float
) -> Verdict:
    """Holds up to the sudden load that functions follow, with at most {LATE} of the answers later than {PROMISE_S} s,
    if that is more than a cluster does whose {MACHINES} machines stand there for the load of before. A cold request
    takes {COLD_S} s. Beside it stands what machines cost that follow as much.
    """
    idle = Assumption(
        "what stands idle",
        usd_per_h(MACHINES),
        same_usd_per_h,
        "USD an hour",
        when="machines for less than {flips_at} stand idle",
    )
    unit = (
        f"requests a second from nothing (the cluster follows {about(float(cluster_up_to_per_s))}; a promise shorter "
        f"than {COLD_S:.1f} s breaks with the first customers)"
    )
    if functions_up_to_per_s <= cluster_up_to_per_s:
        return holds_if(False, decided_by=idle)
    return holds_up_to(functions_up_to_per_s, unit, decided_by=idle)


# A wave ------------------------------------------------------------------------------------------------------

PEAK_PER_S, UP_S, DOWN_S, QUIET_S = 120.0, 60.0, 60.0, 480.0


def wave(seed: int = 1, peak_per_s: float = PEAK_PER_S) -> Trace:
    """Return requests whose rate climbs from nothing to a peak in a minute, and back in another one."""
    random = Simulation(seed).stream("wave")
    count = random.poisson(peak_per_s * (UP_S + DOWN_S) / 2)
    places = random.triangular(0.0, UP_S, UP_S + DOWN_S, size=count)
    return Trace(np.sort(places).tolist())


def through_the_wave(peak_per_s: float = PEAK_PER_S, seed: int = 1) -> dict[str, Lived]:
    """Return what came of the wave on each of `SIDES`; ten minutes are paid for."""
    lasts_s, first = UP_S + DOWN_S + QUIET_S, {"fleet": FLEET}
    return {
        side: run(side, seed, wave(seed, peak_per_s), lasts_s, machines=first.get(side, MACHINES))
        for side in SIDES
    }


def fleet_is_cheaper_within_min(lived: dict[str, Lived]) -> float:
    """Return within how many minutes a wave must come again so that the fleet that waits for it is the cheaper one."""
    return 60 * lived["functions"].usd / usd_per_h(FLEET)


def late_percent(lived: Lived) -> float:
    """Return the share of the requests of a run that fail or are late, in per cent."""
    rows = lived.requests
    return float(100 * (1 - ((rows.outcome == OK) & (rows.latency_s <= PROMISE_S)).mean()))


def figure(lived: dict[str, Lived], title: str, size: Size = LAB) -> Picture:
    """Draw environments at work and machines over the time of a wave."""
    looks = dict(zip(SIDES, map(look_of, ("serverless", "monolithic", "monolithic")), strict=True))
    words = []
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for side, one in lived.items():
            look = looks[side]
            assert look is not None
            dash = ":" if side == "fleet" else look.dash
            (line,) = panel.plot(one.instances.index, one.instances, color=look.colour, linestyle=dash)
            what = {"functions": "environments at work", "cluster": "autoscaled"}.get(side, "fixed machines")
            most = number(float(one.instances.max()))
            drawing.name_along(panel, line, f"{what}: {late_percent(one):.0f} % late, {one.usd:.2f} USD")
            words.append(f"{side}: {most} at most, {late_percent(one):.1f} % late, {one.usd:.3f} USD")
        panel.axvspan(0, UP_S + DOWN_S, color="#EEEEEE", zorder=0)
        panel.set_yscale("symlog", linthresh=1)
        panel.set_ylim(bottom=0)
        panel.yaxis.set_major_formatter(lambda value, _: number(value))
        panel.set_xlabel("Time [s] (shaded: the wave)")
        panel.set_ylabel("Environments, or machines")
    return Picture(drawing.figure, f"{title}. {'; '.join(words)}")
