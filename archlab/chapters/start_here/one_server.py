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

from archlab.sim.distributions import Distribution
from archlab.sim.faults import Fault
from archlab.sim.load import Request
from archlab.sim.result import Result
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Arrivals


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
