"""One server and its queue: the smallest system that has a latency.

Requests come from outside, one server takes them in the order in which they came, and nobody is refused or gives up.
Real servers turn away or lose somebody at last, so under overload the latencies here are longer than real ones.

>>> from archlab.sim import Deterministic
>>> result = one_server(seed=1, arrivals=Deterministic(rate_per_s=50), service_s=0.010, duration_s=10)
>>> round(result.latency_s(50), 3), round(float(result.parts.utilisation["server"]), 2)
(0.01, 0.5)
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

from simpy.events import Event

from archlab.sim.distributions import Distribution, Exponential
from archlab.sim.faults import Fault
from archlab.sim.load import Request
from archlab.sim.result import Result
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive
from archlab.sim.workload import Arrivals, Poisson

OPENING_S, SAMPLE_EVERY_S = 12.0, 0.75
"""So long the opening of a server is watched, and so often."""
FELT = 3.0
"""A p99 of so many times the usual one is felt: less is luck, in a bin of a hundred requests."""


def one_server(
    seed: int,
    arrivals: Arrivals,
    service_s: float | Distribution,
    duration_s: float,
    faults: Sequence[Fault] = (),
) -> Result:
    """Run one server under an open load, from an empty queue on, and return what happened.

    Two runs with the same seed and arrivals meet the same customers; with service times of the same kind, also the same
    luck with their work.

    Args:
        service_s: how long the server works for a request, in seconds.
        faults: what happens to the part `"server"` meanwhile.

    Raises:
        ValueError: when the seed or the duration is not allowed, or a fault names another part.
    """
    sim = Simulation(seed)
    server = Station(sim, "server", capacity=1)
    work_s = sim.draws("service time", service_s)

    def handle(request: Request) -> Generator[Event, None, None]:
        yield server.serve(work_s())

    sim.open_load(arrivals, handle)
    sim.inject(*faults)
    return sim.measure(duration_s)


def waiting_after_opening(seed: int, rate_per_s: float) -> dict[str, int]:
    """Return how many wait in the first twelve seconds: a column for each moment, "0.75" for 0.75 s.

    The server needs 10 ms on average, and everybody comes independently of the others.
    """
    sim = Simulation(seed)
    server = Station(sim, "server", capacity=1)
    work_s = sim.draws("service time", Exponential(0.010))

    def handle(request: Request) -> Generator[Event, None, None]:
        yield server.serve(work_s())

    sim.open_load(Poisson(rate_per_s), handle)
    samples = sim.measure(OPENING_S, sample_every_s=SAMPLE_EVERY_S).samples
    return {f"{time_s:g}": int(n) for time_s, n in zip(samples.time_s, samples.queue_length, strict=True)}


def felt_until_s(result: Result, bin_s: float) -> float | None:
    """Return until when those who come feel the fault of a run: the end of the last bin of arrivals from it on whose
    p99 is above 3 times that of everybody before. None when there is no such bin.

    An unfinished request counts as slow as it was at the end of the run.

    Raises:
        ValueError: when nothing fails in the run, or `bin_s` is not above 0.
    """
    require_positive("bin_s", bin_s)
    if len(result.faults) == 0:
        raise ValueError("result has no faults; it must have one, to be felt")
    begin_s, rows = float(result.faults.start_s.min()), result.requests
    latency_s = rows.latency_s.fillna(result.end_s - rows.arrived_s)
    usual_s = latency_s[rows.arrived_s < begin_s].quantile(0.99)
    p99_s = latency_s.groupby(rows.arrived_s // bin_s * bin_s).quantile(0.99)
    felt = p99_s.index[(p99_s.index + bin_s > begin_s) & (p99_s > FELT * usual_s)]
    return min(float(felt.max()) + bin_s, float(result.end_s)) if len(felt) else None
