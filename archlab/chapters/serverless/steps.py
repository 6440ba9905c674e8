"""From nothing to many at once: functions, and a cluster that an autoscaler follows the load with.

The same requests come, suddenly, so many a second: a promise is kept when 99 of 100 are answered within three seconds.
Functions start an environment for each request that finds none free, until the cloud allows no more. The cluster has
`MACHINES` machines for its small load of before, and Kubernetes' autoscaler asks for more every 15 seconds, which take
half a minute to start. Before the step the functions cost nothing and the cluster what its machines cost.

A `wave` comes and goes, for who saves what afterwards.

What this leaves out: gateway and balancer on the bills; a cluster that knows the time of the launch and starts early,
which functions can as well (provisioned); and clients that try again.

>>> late_share("functions", seed=1, rate_per_s=20.0) <= 0.01 < late_share("cluster", seed=1, rate_per_s=120.0)
True
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from functools import partial
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
QUICK_START_S = 5.0
WATCH_S = {"functions": 6.0, "cluster": 40.0}
SIDES = ("functions", "cluster")
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
) -> Lived:
    """Let requests come to one of `SIDES`. Raises `ValueError` when an argument is not allowed."""
    require_one_of("side", side, SIDES)
    sim = Simulation(seed)
    serve, usd, part = _functions(sim, init_s) if side == "functions" else _cluster(sim, start_s)

    def handle(_: Request) -> Generator[Event, Any, None]:
        yield from serve()

    sim.open_load(load_of, handle)
    result = sim.measure(lasts_s, sample_every_s=1.0)
    samples = result.samples[result.samples.part == part].set_index("time_s")
    instances = samples.busy if side == "functions" else samples.capacity
    return Lived(result.requests, usd(), instances)


def _functions(sim: Simulation, init_s: float) -> Any:
    def work(invocation: Invocation) -> Generator[Event, Any, None]:
        yield invocation.compute(COMPUTES_S)
        yield sim.timeout(WAITS_S)

    function = Function(sim, "page", work, init_s, keep_alive_s("January 2021"), MEMORY_MB)

    def serve() -> Generator[Event, Any, None]:
        yield function.invoke()

    return serve, lambda: total_usd(function.usage()), "page"


def _cluster(sim: Simulation, start_s: float) -> Any:
    pool = ScalablePool(sim, "page", MACHINES, capacity_each=CORES, startup_s=start_s)
    HorizontalPodAutoscaler(
        sim,
        "page",
        read_metric=lambda: pool.utilisation,
        replicas=lambda: pool.replicas,
        scale_to=pool.scale_to,
        target=TARGET,
        min_replicas=MACHINES,
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
    per_s_usd = float(load("prices").set_index("item").price_usd["m5.large"]) / 3600
    return serve, lambda: seconds[0] * per_s_usd, "page"


def late_share(
    side: str, seed: int, rate_per_s: float, init_s: float = INIT_S, start_s: float = START_S
) -> float:
    """Return the share of requests that fail or are answered later than `PROMISE_S`, from a step from 0 on. Of those
    that come shortly before the end the answer is not known, and they are left out.
    """
    require_one_of("side", side, SIDES)
    require_positive("rate_per_s", rate_per_s)
    lasts_s = WATCH_S[side]
    rows = run(side, seed, Poisson(rate_per_s), lasts_s, init_s, start_s).requests
    known = rows[rows.arrived_s <= lasts_s - PROMISE_S]
    return float(1 - ((known.outcome == OK) & (known.latency_s <= PROMISE_S)).mean())


# The claim ---------------------------------------------------------------------------------------------------


def _kept(seed: int, rate_per_s: float, side: str, start_s: float = START_S) -> float:
    return LATE - late_share(side, seed, rate_per_s, start_s=start_s)


def _kept_with(seed: int, init_s: float, rate_per_s: float) -> float:
    return LATE - late_share("functions", seed, rate_per_s, init_s)


def follows_up_to(side: str, seeds: Iterable[int] = SEEDS) -> Limit:
    """Return up to which step, in requests a second from nothing, the promise is kept."""
    tried = (200.0, 700.0) if side == "functions" else (20.0, 80.0)
    return bisect(
        partial(_kept, side=side), tried, "up to", seeds, tolerance=40.0 if side == "functions" else 8.0
    )


def figures(seeds: Iterable[int] = SEEDS) -> dict[str, float]:
    """Return the figures of `follows_the_load`, by their names."""
    chosen = list(seeds)
    cluster = follows_up_to("cluster", chosen)
    quick = bisect(
        partial(_kept, side="cluster", start_s=QUICK_START_S), (20.0, 80.0), "up to", chosen, tolerance=8.0
    )
    init_s = bisect(
        partial(_kept_with, rate_per_s=float(cluster)), (1.0, 4.0), "up to", chosen, tolerance=0.1
    )
    return {
        "functions_up_to_per_s": follows_up_to("functions", chosen),
        "cluster_up_to_per_s": cluster,
        "quick_cluster_up_to_per_s": quick,
        "up_to_init_s": init_s,
        "cluster_usd_per_h": MACHINES * float(load("prices").set_index("item").price_usd["m5.large"]),
    }


SAYS = {
    "functions_up_to_per_s": "requests a second from nothing that functions follow",
    "cluster_up_to_per_s": "that the cluster follows",
    "quick_cluster_up_to_per_s": "that it follows when its machines start in 5 s",
    "up_to_init_s": "seconds an initialisation may take for functions to follow as much as the cluster",
    "cluster_usd_per_h": "US dollars an hour that the cluster costs before anybody comes",
}


@settles("faas.auto-scaling", evidence=Evidence.SIMULATED, says=SAYS)
def follows_the_load(
    functions_up_to_per_s: float,
    cluster_up_to_per_s: float,
    quick_cluster_up_to_per_s: float,
    up_to_init_s: float,
    cluster_usd_per_h: float,
) -> Verdict:
    """Holds up to the sudden load that functions follow, with at most {LATE} of the answers later than {PROMISE_S} s,
    if that is more than an autoscaled cluster of {MACHINES} machines does, whose machines take {START_S} s to start. An
    initialisation takes {INIT_S} s, a cold request {COLD_S} s. Beside it stands a cluster whose machines start in
    {QUICK_START_S} s.
    """
    init = Assumption(
        "an initialisation",
        INIT_S,
        up_to_init_s,
        "s",
        when="an initialisation takes at most {flips_at}",
    )
    unit = (
        f"requests a second from nothing (a cluster of {number(MACHINES)} machines follows "
        f"{about(float(cluster_up_to_per_s))}, one whose machines start in {number(QUICK_START_S)} s "
        f"{about(float(quick_cluster_up_to_per_s))}, for {cluster_usd_per_h:.2f} USD an hour before anybody comes; a "
        f"promise shorter than {COLD_S:.1f} s breaks with the first customers)"
    )
    if functions_up_to_per_s <= cluster_up_to_per_s:
        return holds_if(False, decided_by=init)
    return holds_up_to(functions_up_to_per_s, unit, decided_by=init)


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
    lasts_s = UP_S + DOWN_S + QUIET_S
    return {side: run(side, seed, wave(seed, peak_per_s), lasts_s) for side in SIDES}


def late_percent(lived: Lived) -> float:
    """Return the share of the requests of a run that fail or are late, in per cent."""
    rows = lived.requests
    return float(100 * (1 - ((rows.outcome == OK) & (rows.latency_s <= PROMISE_S)).mean()))


def figure(lived: dict[str, Lived], title: str, size: Size = LAB) -> Picture:
    """Draw environments at work and machines over the time of a wave."""
    looks = {"functions": look_of("serverless"), "cluster": look_of("monolithic")}
    words = []
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for side, one in lived.items():
            look = looks[side]
            assert look is not None
            (line,) = panel.plot(one.instances.index, one.instances, color=look.colour, linestyle=look.dash)
            what = "environments at work" if side == "functions" else "machines"
            most = number(float(one.instances.max()))
            drawing.name_along(panel, line, f"{what}, {most} at most")
            words.append(f"{side}: {most} at most, {late_percent(one):.1f} % late, {one.usd:.3f} USD")
        panel.axvspan(0, UP_S + DOWN_S, color="#EEEEEE", zorder=0)
        panel.set_yscale("symlog", linthresh=1)
        panel.set_ylim(bottom=0)
        panel.yaxis.set_major_formatter(lambda value, _: number(value))
        panel.set_xlabel("Time [s] (shaded: the wave)")
        panel.set_ylabel("How many")
    return Picture(drawing.figure, f"{title}. {'; '.join(words)}")
