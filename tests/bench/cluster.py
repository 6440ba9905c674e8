"""What a run costs more on a cluster: the same sweep on one core, on two of this machine, and on a Dask cluster.

The runs are short, so that what each costs besides shows.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import joblib

from archlab.sim import Exponential, Poisson, Simulation, Station, sweep

GRID = {"utilisation": [0.5, 0.7, 0.9]}
SEEDS = range(8)
ROUNDS = 3


def queue(seed: int, utilisation: float) -> dict[str, float]:
    """One server for a minute: the mean latency, in seconds."""
    sim = Simulation(seed)
    server = Station(sim, "server")
    service = sim.draws("service", Exponential(0.01))

    def handle(request):
        yield server.serve(service())

    sim.open_load(Poisson(100 * utilisation), handle)
    return {"mean_s": sim.measure(60.0).mean_latency_s()}


@contextmanager
def dask_cluster() -> Iterator[None]:
    """Two processes of Dask on this machine."""
    from distributed import Client, LocalCluster

    settings: dict[str, Any] = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**settings) as running, Client(running), joblib.parallel_config(backend="dask"):
        yield


WAYS = {
    "one core": nullcontext,
    "two processes": lambda: joblib.parallel_config(n_jobs=2),
    "Dask, two processes": dask_cluster,
}


def report() -> None:
    """Print the time by the clock of a run in each way: the least of some rounds, the workers warm."""
    runs = len(SEEDS) * len(GRID["utilisation"])
    print(f"\nA sweep of {runs} short runs: milliseconds a run by the clock, and times one core")
    first_s = 0.0
    for name, way in WAYS.items():
        with way():
            sweep(queue, GRID, seeds=SEEDS)
            least_s = min(_timed_s() for _ in range(ROUNDS)) / runs
        first_s = first_s or least_s
        print(f"  {name:<22} {1000 * least_s:7.1f} ms   {least_s / first_s:5.2f} times")


def _timed_s() -> float:
    start_s = time.perf_counter()
    sweep(queue, GRID, seeds=SEEDS)
    return time.perf_counter() - start_s


if __name__ == "__main__":
    report()
