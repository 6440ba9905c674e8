"""Provisioned concurrency by rate times duration, and what spills: who finds every environment kept ready at work.

A request that spills runs on demand, as if nothing were provisioned, and is cold unless an environment on demand idles.
With Poisson arrivals the share that spills is Erlang's B, whatever the distribution of run times.

What this leaves out: arrivals that come in bursts spill more often, and loads that change over the day need more at
their peak.

>>> round(erlang_b(50, 50.0), 3), round(spilled(50, seconds=200.0, seed=1), 2) > 0.05
(0.105, True)
"""

from collections.abc import Callable, Generator, Iterable, Mapping

import joblib
import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import draw_points, draw_theory, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import percent
from archlab.course.style import INK, LAB, Size, variants
from archlab.sim.distributions import Constant, Distribution, Exponential, Lognormal
from archlab.sim.functions import Function, Invocation
from archlab.sim.load import Request
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.theory import erlang_b
from archlab.sim.workload import Poisson

RATE_PER_S, RUN_S = 100.0, 0.5
"""The example that is used everywhere: 100 a second for half a second make 50."""
KEPT = (50, 60, 70)
SECONDS, SEEDS = 200.0, range(6)
RUNS: Mapping[str, Callable[[], Distribution]] = {
    "always the same": lambda: Constant(RUN_S),
    "exponential": lambda: Exponential(RUN_S),
    "a few very long": lambda: Lognormal.from_mean_cv(RUN_S, 3.0),
}
"""A name for how run times differ -> the distribution."""
INIT_S, KEEP_ALIVE_S = 0.1, 360.0


def spilled(provisioned: int, seconds: float = SECONDS, seed: int = 1, runs: str = "exponential") -> float:
    """Return the share of requests that the provisioned environments do not serve. `runs` is one of `RUNS`.

    Raises `ValueError` when an argument is not allowed.
    """
    if runs not in RUNS:
        raise ValueError(f"runs is {runs!r}; it must be one of {', '.join(RUNS)}")
    sim = Simulation(seed)
    draw_s = sim.durations("runs", "runs", RUNS[runs]())

    def serve(_: Invocation) -> Generator[Event, None, None]:
        yield sim.timeout(draw_s())

    function = Function(sim, "page", serve, INIT_S, KEEP_ALIVE_S, provisioned=provisioned)

    def handle(_: Request) -> Generator[Event, object, None]:
        yield function.invoke()

    sim.open_load(Poisson(RATE_PER_S), handle)
    sim.run(until=seconds)
    return function.spilled / function.invocations


def by_provisioned(
    kept: Iterable[int] = KEPT, seconds: float = SECONDS, seeds: Iterable[int] = SEEDS
) -> pd.DataFrame:
    """Return a row for each number and kind of run time: `provisioned`, `runs`, `spilled`, the mean over the seeds, and
    Erlang's `theory`.
    """
    cases = [(number, runs) for runs in RUNS for number in kept]
    jobs = [(number, seconds, seed, runs) for number, runs in cases for seed in seeds]
    shares = in_parallel(joblib.delayed(spilled)(*job) for job in jobs)
    means = np.reshape(shares, (len(cases), -1)).mean(axis=1)
    frame = pd.DataFrame(cases, columns=["provisioned", "runs"]).assign(spilled=means)
    return frame.assign(theory=[erlang_b(number, RATE_PER_S * RUN_S) for number in frame.provisioned])


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw the share that spills against what is provisioned, with Erlang's formula as a dashed line."""
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        one = table[table.runs == table.runs.iloc[0]]
        draw_theory(panel, one.provisioned, one.theory)
        for (runs, rows), look in zip(
            table.groupby("runs", sort=False), variants("serverless", RUNS).values(), strict=False
        ):
            points = draw_points(panel, rows, "provisioned", "spilled", look)
            points.set_label(f"run times: {runs}")
        for number, share in zip(one.provisioned, one.theory, strict=True):
            panel.annotate(percent(share), (number, share), (8, 6), textcoords="offset points", color=INK)
        panel.plot([], [], color=INK, linestyle=(0, (4, 3)), linewidth=1.3, label="Erlang's B formula")
        panel.legend(loc="upper right", frameon=False)
        scale(panel, log=False)
        panel.yaxis.set_major_formatter(lambda value, _: percent(value))
        panel.set_xticks(sorted(table.provisioned.unique()))
        panel.set_xlim(right=float(np.max(table.provisioned)) + 2.5)
        panel.set_xlabel("Environments kept ready")
        panel.set_ylabel("Requests that spill")
    return Picture(drawing.figure, f"{title}. {in_words('share', one.provisioned, one.spilled)}")
