"""A chain of tiers, one after the other, against a fan-out, all at once: what each does to the 99th percentile.

Every tier is one server with a queue, random arrivals and exponential service, and is equally busy. In a chain a
request waits for the sum of its tiers. When the tiers are independent, that sum has an Erlang distribution (for a chain
of such queues they are: E. Reich, *Waiting times when queues are in tandem*, 1957). In a fan-out it waits for the
slowest. There the tiers see the same arrivals, so they are slow together; the formula for independent ones is an upper
limit, which the simulation stays below.

What this leaves out: tiers that hold a worker while they wait for the next one, which makes a chain worse
(`archlab.chapters.layered.pool_between`); and service times with a longer tail, which make a fan-out worse.

>>> round(chain_percentile(4, 99) / chain_percentile(1, 99), 2), round(fan_out_limit(4, 99) / fan_out_limit(1, 99), 2)
(2.18, 1.3)
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Literal, get_args

import joblib
import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.course.figures.picture import Picture
from archlab.course.figures.scaling import scaling
from archlab.course.style import LAB, Size, variants
from archlab.sim.distributions import Exponential
from archlab.sim.load import Request
from archlab.sim.parallel import in_parallel
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_percent, require_whole
from archlab.sim.workload import Poisson

Shape = Literal["chain", "fan-out"]
TIERS = (1, 2, 4, 6)
UTILISATION = 0.5
REQUESTS = 5_000
SEEDS = 4


def times(seed: int, shape: Shape, tiers: int, requests: int = REQUESTS) -> np.ndarray:
    """Return how long each request took, in mean service times; a tenth more came before and does not count.

    Raises:
        ValueError: when the shape is none of the two, or a number is no whole number of 1 or more.
    """
    require_one_of("shape", shape, get_args(Shape))
    require_whole("tiers", tiers, at_least=1)
    require_whole("requests", requests, at_least=1)
    sim = Simulation(seed)
    stations = [Station(sim, f"tier {number}") for number in range(1, tiers + 1)]
    draws = [sim.draws(f"service at {station.name}", Exponential(1.0)) for station in stations]
    asks = list(zip(stations, draws, strict=True))

    def one_after_the_other(request: Request) -> Generator[Event, None, None]:
        for station, draw in asks:
            yield station.serve(draw())

    def all_at_once(request: Request) -> Generator[Event, None, None]:
        yield sim.all_of([station.serve(draw()) for station, draw in asks])

    sim.open_load(Poisson(UTILISATION), one_after_the_other if shape == "chain" else all_at_once)
    result = sim.measure(duration_s=requests / UTILISATION, warmup_s=0.1 * requests / UTILISATION)
    return result.requests.latency_s.dropna().to_numpy()


def chain_percentile(tiers: int, q: float) -> float:
    """Return a percentile of the time through a chain, in mean service times: that of an Erlang distribution."""
    from scipy.special import gammaincinv  # SciPy is loaded when it is used: that takes a while

    require_whole("tiers", tiers, at_least=1)
    require_percent("q", q)
    return float(gammaincinv(tiers, q / 100) / (1 - UTILISATION))


def fan_out_limit(tiers: int, q: float) -> float:
    """Return the same of a fan-out whose tiers were independent: the time of the slowest of so many."""
    require_whole("tiers", tiers, at_least=1)
    require_percent("q", q)
    return float(-np.log1p(-((q / 100) ** (1 / tiers))) / (1 - UTILISATION))


FORMULAS: dict[str, Callable[[int, float], float]] = {"chain": chain_percentile, "fan-out": fan_out_limit}


def against_tiers(tiers: Iterable[int] = TIERS, seeds: int = SEEDS) -> pd.DataFrame:
    """Return a row a shape and number of tiers: shape, tiers, and p50 and p99 of all seeds' requests together, in
    multiples of one tier's.
    """
    cases = [(shape, count) for shape in FORMULAS for count in tiers]
    runs = in_parallel(
        joblib.delayed(times)(seed, shape, count) for shape, count in cases for seed in range(1, seeds + 1)
    )
    rows = []
    for place, (shape, count) in enumerate(cases):
        pooled = np.concatenate(runs[place * seeds : (place + 1) * seeds])
        p50, p99 = (float(np.percentile(pooled, q)) / chain_percentile(1, q) for q in (50, 99))
        rows.append((shape, count, p50, p99))
    return pd.DataFrame(rows, columns=["shape", "tiers", "p50", "p99"])


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw p99 against the number of tiers, in multiples of one tier's, a line a shape; the formulas dashed."""
    counts = range(int(table.tiers.min()), int(table.tiers.max()) + 1)
    curves = [
        (shape, count, formula(count, 99) / formula(1, 99))
        for shape, formula in FORMULAS.items()
        for count in counts
    ]
    return scaling(
        table,
        title,
        x="tiers",
        y="p99",
        by="shape",
        fit=pd.DataFrame(curves, columns=["shape", "tiers", "p99"]),
        fit_name="independent tiers, by formula",
        line_looks=variants("layered", FORMULAS),
        y_label="p99, in times of one tier's",
        across={"twice one tier's": 2.0},
        size=size,
    )
