"""From "it is built" to "all customers have it": one function, and a program in several copies, under load.

A function is replaced when the cloud switches to its new version: its idle environments go, those at work at their end,
and the next requests are cold.
A program is deployed in one of two ways. In turn: a copy gets no more requests, finishes its work, starts the new
version, and then the next one does. Blue and green: as many new copies are started beside the old ones, and all
requests are switched over when they are ready; meanwhile twice the machines are paid for. Nobody loses a request in any
of them; what differs is how long it takes, who waits, and how much a bad version reaches.

All of a function's customers meet its new version at once, and those of a program that is switched over. In turn, the
first copy's do, so that a bad version can be stopped there; a *canary*, a share of the requests that goes to the new
version first, does the same for functions and programs.

What this leaves out: building and testing, which take as long for both if the tests are the same; and a new version
that needs another one to be there.

>>> one = replace_function(seed=1, init_s=0.5, rate_per_s=10.0)
>>> one.all_new_s <= SWITCH_S < replace_program(seed=1, way="blue and green").all_new_s
True
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Any

import joblib
import pandas as pd
from simpy.events import Event

from archlab.course.claims import Assumption, Evidence, OverSeeds, Verdict, bisect, holds_if, settles
from archlab.course.figures.canvas import canvas
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number, percent
from archlab.course.style import LAB, Size, look_of
from archlab.sim.distributions import Exponential
from archlab.sim.functions import Function, Invocation
from archlab.sim.functions.runtimes import with_libraries_s
from archlab.sim.load import Request
from archlab.sim.parallel import in_parallel
from archlab.sim.servers.pool import Pool
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_positive
from archlab.sim.workload import Poisson

RATE_PER_S, RUN_S = 10.0, 0.1
INIT_S = with_libraries_s("14 MB")
UPLOAD_S = 10.0
"""To store a package, for both. Assumptions, like the next ones."""
SWITCH_S = 5.0
"""From the stored package until the cloud hands requests to the new version. It depends on cloud, package and network,
and in a private network it may be a minute."""
COPIES, WORKERS = 4, 16
WAYS = ("in turn", "blue and green")
FASTER = 2.0
"""Twice as fast is fast."""
START_S = 30.0
"""Of a copy of a program, until its health checks let it have requests. Kubernetes promises 5 s for a pod without state
whose image is there, which leaves the program's own start to you."""
AT_S, WATCH_S = 30.0, 30.0
"""When it begins, and for how long one looks after it should be over."""
SLOW_S = 1.0
SEEDS = range(10)


@dataclass(frozen=True)
class Deployed:
    """What came of a deployment: how many seconds after its start the last request met the old version, without the
    upload, and how many requests took longer than `SLOW_S`. `rows`: when each was asked after the start, in seconds,
    how long it took, and whether it met the new version.
    """

    all_new_s: float
    slow: int
    rows: pd.DataFrame


def replace_function(
    seed: int, init_s: float = INIT_S, rate_per_s: float = RATE_PER_S, switch_s: float = SWITCH_S
) -> Deployed:
    """Deploy one function under load.

    Raises `ValueError` when an argument is not allowed.
    """
    require_positive("rate_per_s", rate_per_s)
    sim = Simulation(seed)
    draw_s = sim.durations("runs", "run_s", Exponential(RUN_S))

    def serve(_: Invocation) -> Generator[Event, None, None]:
        yield sim.timeout(draw_s())

    function = Function(sim, "page", serve, init_s, keep_alive_s=360.0)
    rows: list[tuple[float, float, bool]] = []

    def handle(_: Request) -> Generator[Event, Any, None]:
        asked_s = sim.now
        invocation = function.invoke()
        is_new = invocation.environment.number > old[0]
        yield invocation
        rows.append((asked_s, sim.now - asked_s, is_new))

    old = [10**9]
    sim.open_load(Poisson(rate_per_s), handle)
    sim.run(until=AT_S + switch_s)
    old[0] = function.environments.started
    function.replace()
    sim.run(until=AT_S + switch_s + WATCH_S)
    return _seen(rows)


def replace_program(
    seed: int, way: str, start_s: float = START_S, rate_per_s: float = RATE_PER_S
) -> Deployed:
    """Deploy a program of `COPIES` copies under load. `way`: one of `WAYS`.

    Raises `ValueError` when an argument is not allowed.
    """
    require_one_of("way", way, WAYS)
    require_positive("start_s", start_s)
    sim = Simulation(seed)
    draw_s = sim.durations("runs", "run_s", Exponential(RUN_S))
    ties = sim.stream("ties")
    pools = [Pool(sim, f"copy-{number}", WORKERS) for number in range(2 * COPIES)]
    ready, new = set(range(COPIES)), set(range(COPIES, 2 * COPIES))
    rows: list[tuple[float, float, bool]] = []

    def handle(_: Request) -> Generator[Event, Any, None]:
        asked_s = sim.now
        chosen = min(sorted(ready), key=lambda copy: (pools[copy].busy, ties.random()))
        with pools[chosen].hold() as worker:
            yield worker
            yield sim.timeout(draw_s())
        rows.append((asked_s, sim.now - asked_s, chosen in new))

    def in_turn() -> Generator[Event, Any, None]:
        for copy in range(COPIES):
            ready.discard(copy)
            while pools[copy].busy:
                yield sim.timeout(0.1)
            yield sim.timeout(start_s)
            ready.add(copy + COPIES)  # the same machine, with the new version

    def blue_and_green() -> Generator[Event, Any, None]:
        yield sim.timeout(start_s)
        ready.clear()
        ready.update(new)

    begin = in_turn if way == "in turn" else blue_and_green
    sim.call_at(AT_S, lambda _: sim.start(begin()), None)
    sim.open_load(Poisson(rate_per_s), handle)
    starts = COPIES if way == "in turn" else 1
    sim.run(until=AT_S + starts * (start_s + RUN_S) + WATCH_S)
    return _seen(rows)


def _seen(rows: list[tuple[float, float, bool]]) -> Deployed:
    frame = pd.DataFrame(rows, columns=["asked_s", "took_s", "is_new"])
    after = frame[frame.asked_s >= AT_S].assign(asked_s=frame.asked_s - AT_S)
    old_s = after.asked_s[~after.is_new]
    return Deployed(float(old_s.max()) if len(old_s) else 0.0, int((after.took_s > SLOW_S).sum()), after)


def all_ways(seed: int = 1) -> dict[str, Deployed]:
    """Return what came of the three ways, by name."""
    programs = {f"a program, {way}": replace_program(seed, way) for way in WAYS}
    return {"a function": replace_function(seed), **programs}


# The claim ---------------------------------------------------------------------------------------------------


def times_as_fast(seed: int, switch_s: float = SWITCH_S) -> float:
    """Return how many times as long the program takes as the function, from the upload on, switched over at once."""
    program_s = replace_program(seed, "blue and green").all_new_s
    return (UPLOAD_S + program_s) / (UPLOAD_S + replace_function(seed, switch_s=switch_s).all_new_s)


def _faster(seed: int, switch_s: float) -> float:
    return times_as_fast(seed, switch_s) - FASTER


def figures(seeds: Iterable[int] = SEEDS) -> dict[str, float]:
    """Return the figures of `fast_deployment`, by their names."""
    chosen = list(seeds)
    run = in_parallel
    return {
        "times_as_fast": OverSeeds(run(joblib.delayed(times_as_fast)(seed) for seed in chosen)),
        "fast_up_to_switch_s": bisect(_faster, (0.0, 30.0), "up to", chosen, tolerance=1.0),
        "slow_requests": OverSeeds(run(joblib.delayed(_slow)(seed) for seed in chosen)),
        "in_turn_s": OverSeeds(run(joblib.delayed(_in_turn_s)(seed) for seed in chosen)),
    }


def _slow(seed: int) -> float:
    return float(replace_function(seed).slow)


def _in_turn_s(seed: int) -> float:
    return replace_program(seed, "in turn").all_new_s


SAYS = {
    "times_as_fast": "times as long for the program, upload included, switched over at once",
    "fast_up_to_switch_s": "seconds that the cloud may take to switch for that to be twice",
    "slow_requests": "requests slower than a second after the function was replaced",
    "in_turn_s": "seconds for the program, copy by copy",
}


@settles("pros.fast-deployment", evidence=Evidence.MODELLED, says=SAYS)
def fast_deployment(
    times_as_fast: float, fast_up_to_switch_s: float, slow_requests: float, in_turn_s: float
) -> Verdict:
    """Holds when all customers have the new version of a function {FASTER} times as soon as that of a program with
    {COPIES} copies that is started beside the old one, which takes {START_S} s, and switched over. The upload of
    {UPLOAD_S} s is included in both; the cloud takes {SWITCH_S} s to switch. Beside it stand those who wait for a cold
    start, and the program copy by copy.
    """
    switch = Assumption(
        "the cloud's switch",
        SWITCH_S,
        fast_up_to_switch_s,
        "s",
        when=(
            f"the cloud takes at most {{flips_at}} to switch ({number(round(float(slow_requests)))} requests then wait "
            f"more than a second for cold starts; the program copy by copy takes {number(round(float(in_turn_s)))} s)"
        ),
    )
    return holds_if(times_as_fast >= FASTER, decided_by=switch)


def figure(ways: dict[str, Deployed], title: str, size: Size = LAB) -> Picture:
    """Draw for each way the share of requests that meet the new version, against the time since the upload."""
    function, program = look_of("serverless"), look_of("monolithic")
    assert function is not None
    assert program is not None
    ends = []
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for name, deployed in ways.items():
            look = function if name == "a function" else program
            spans = (deployed.rows.asked_s // 5 * 5 + 2.5).rename("time_s")
            share = deployed.rows.groupby(spans).is_new.mean()
            dash = "--" if "in turn" in name else "-"
            (line,) = panel.plot(share.index, share, color=look.colour, linestyle=dash)
            drawing.name_along(panel, line, name)
            ends.append(f"{name}: all new after {number(round(deployed.all_new_s, 1))} s")
        panel.set_xlim(0, COPIES * START_S + WATCH_S)
        panel.set_ylim(-0.03, 1.08)
        panel.yaxis.set_major_formatter(lambda value, _: percent(value))
        panel.set_xlabel("Time since the package is stored [s]")
        panel.set_ylabel("Requests that meet\nthe new version")
    return Picture(drawing.figure, f"{title}. {'; '.join(ends)}")
