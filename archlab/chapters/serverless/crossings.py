"""Where functions cost as much as servers: the bills of a load against each other, and the verdict on being cheap.

Beside functions stand three designs (`RENTED`), each as `archlab.chapters.serverless.bills` prices it: a small server,
machines that may run hot for the peak, and a cluster. Functions cost in proportion to the load, servers in steps. So
there is a load up to which functions are cheaper, unless the peak is so far above the mean that machines idle anyway.

>>> round(cheaper_up_to("a small server", seeds=[1]), 1)
8.0
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from math import inf
from typing import Any

import numpy as np
import pandas as pd

from archlab.chapters.serverless.bills import (
    CPU_MS,
    LATE_PERCENT,
    OBJECTIVE_S,
    SEEDS,
    USUAL,
    WAITING_MS,
    Work,
    bears_per_s,
    cluster_usd_per_h,
    functions_usd_per_h,
    servers_usd_per_h,
    small_server_usd_per_h,
    usd_per_request,
)
from archlab.chapters.serverless.load_shapes import HOUR_S, SHAPES, SPIKES, STEADY, Shape
from archlab.course.claims.assumption import Assumption
from archlab.course.claims.limit import Limit
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_up_to
from archlab.course.quantity import about, number
from archlab.sim.validation import require_one_of

RENTED: Mapping[str, Callable[[Shape, float, Work], float]] = {
    "a small server": small_server_usd_per_h,
    "servers for the peak": servers_usd_per_h,
    "cluster, two at least": cluster_usd_per_h,
}
"""What functions stand beside -> its dollars an hour, of a shape, a mean load and a kind of work."""
DESIGNS = ("functions", *RENTED)
TRIED_PER_S = (1.0, 128.0)
LOADS_PER_S = tuple(float(f"{load:.3g}") for load in np.geomspace(1, 200, 40))


def against_load(
    loads_per_s: Iterable[float] = LOADS_PER_S, work: Work = USUAL, seed: int = 1
) -> pd.DataFrame:
    """Return the bills: a row a shape, load and design. Columns: shape, mean_per_s, design, usd_per_hour.

    A small server has rows as far as it bears the peak.
    """
    rows = []
    for shape in SHAPES.values():
        for mean_per_s in loads_per_s:
            usd = functions_usd_per_h(seed, shape, mean_per_s, work)
            rows.append((shape.name, mean_per_s, "functions", usd))
            fits = shape.peak_per_s(mean_per_s) <= bears_per_s(1, work)
            designs = list(RENTED) if fits else list(RENTED)[1:]
            rows += [(shape.name, mean_per_s, one, RENTED[one](shape, mean_per_s, work)) for one in designs]
    return pd.DataFrame(rows, columns=["shape", "mean_per_s", "design", "usd_per_hour"])


def _spare(
    seed: int,
    mean_per_s: float,
    shape: Shape,
    rented: Callable[[Shape, float, Work], float],
    work: Work,
    extra_usd_per_million: float,
) -> float:
    """How much cheaper functions are, in dollars an hour."""
    extra = HOUR_S * mean_per_s * extra_usd_per_million / 1e6
    return rented(shape, mean_per_s, work) - functions_usd_per_h(seed, shape, mean_per_s, work) - extra


def cheaper_up_to(
    design: str,
    shape: Shape = STEADY,
    work: Work = USUAL,
    seeds: Iterable[int] = SEEDS,
    extra_usd_per_million: float = 0.0,
) -> Limit:
    """Return up to which mean load, in requests a second, functions are cheaper than one of `RENTED`: the first one at
    which they are not. Servers cost in steps, so after the next step functions may be cheaper once more.

    `extra_usd_per_million`: what a million requests cost besides, such as a gateway.
    """
    require_one_of("design", design, tuple(RENTED))
    options: dict[str, Any] = {
        "shape": shape,
        "rented": RENTED[design],
        "work": work,
        "extra_usd_per_million": extra_usd_per_million,
    }
    found = [_first_dearer(partial(_spare, seed, **options)) for seed in seeds]
    return Limit("up to", found, tried=TRIED_PER_S)


def _first_dearer(spare: Callable[[float], float]) -> float:
    """The first of many loads at which nothing is spared, and where it begins just before it."""
    from scipy.optimize import brentq  # SciPy is loaded when it is used: that takes a while

    loads_per_s = np.geomspace(*TRIED_PER_S, 300)
    below, spared = -inf, spare(float(loads_per_s[0])) > 0
    for load_per_s in map(float, loads_per_s):
        if spare(load_per_s) <= 0:
            return float(brentq(spare, below, load_per_s, rtol=1e-4)) if spared else -inf
        below = load_per_s
    return inf


def cheaper_from_peak(design: str, seeds: Iterable[int] = SEEDS, most_machines: int = 50) -> Limit:
    """Return from which peak, in times of the mean, functions are cheaper at any load, if nobody foresees it.

    Servers are cheapest for what they do when the peak just fills them. There they do, for their money, so many times
    what functions do; and of that only mean / peak is asked for.
    """
    require_one_of("design", design, tuple(RENTED))
    full = [bears_per_s(machines) * 0.999 for machines in range(1, most_machines + 1)]
    at_best = max(per_s / RENTED[design](STEADY, per_s, USUAL) for per_s in full)
    found = [HOUR_S * usd_per_request(seed, SPIKES) * at_best for seed in seeds]
    return Limit("from", found, tried=(1.0, 100.0))


def figures(seeds: Iterable[int] = SEEDS) -> dict[str, float]:
    """Return the figures of `cost_effective`."""
    chosen = list(seeds)
    small, servers, cluster = RENTED
    return {
        "small_server_up_to": cheaper_up_to(small, seeds=chosen),
        "server_up_to": cheaper_up_to(servers, seeds=chosen),
        "cluster_up_to": cheaper_up_to(cluster, seeds=chosen),
        "any_load_from_peak": cheaper_from_peak(small, chosen),
        "beside_a_server_from_peak": cheaper_from_peak(servers, chosen),
    }


@settles(
    "pros.cost-effective",
    evidence=Evidence.SIMULATED,
    says={
        "small_server_up_to": "requests a second of an even load up to which functions beat a small server",
        "server_up_to": "the same beside a machine that may run hot all day",
        "cluster_up_to": "the same beside a cluster of two such machines and a balancer",
        "any_load_from_peak": "peak over mean from which functions are cheaper at any load",
        "beside_a_server_from_peak": "the same beside machines that may run hot all day",
    },
)
def cost_effective(
    small_server_up_to: float,
    server_up_to: float,
    cluster_up_to: float,
    any_load_from_peak: float,
    beside_a_server_from_peak: float,
) -> Verdict:
    """Holds up to the load at which functions cost as much as the cheapest server that carries the peak of an even load
    and answers all but {LATE_PERCENT} % of the requests within {OBJECTIVE_S} s, too. It says how far beside a machine
    that may run hot all day, and beside a cluster of which a machine may die. A request computes for {CPU_MS} ms and
    waits for {WAITING_MS}. No gateway is in it.
    """
    shape = Assumption(
        "the peak of an unforeseen load in times of its mean",
        STEADY.peak_to_mean,
        any_load_from_peak,
        when="the peak is less than {flips_at} times the mean, and at any load when it is more",
    )
    unit = (
        f"requests/s of an even load, beside one small server, for {number(CPU_MS)} ms of computing and "
        f"{number(WAITING_MS)} of waiting, all but {number(LATE_PERCENT)} % within {number(OBJECTIVE_S)} s "
        f"(beside one that may run hot all day to {about(server_up_to)}, and at any load from a peak of "
        f"{about(beside_a_server_from_peak)} times the mean; beside a cluster of two to {about(cluster_up_to)})"
    )
    return holds_up_to(small_server_up_to, unit, decided_by=shape)
