"""One shared pool is better than many queues: M. Brooker (2020), *Surprising Economics of Load-Balanced Systems*.

Every pool has the same utilisation, 0.8, and the same work of 1 s. The mean time falls towards 1 s as the pool grows.
"""

import pytest

from archlab.sim import Exponential, Poisson, Simulation, Station
from archlab.sim.statistics import batch_interval

# Servers: published mean time in seconds, arrivals to simulate, tolerance. The smaller the pool the longer its
# memory, so the more arrivals it takes. The tolerance must hold the 95 % interval of the run's batch means.
POOLS = {
    1: (5.00, 600_000, 0.03),
    2: (2.78, 400_000, 0.03),
    5: (1.55, 500_000, 0.015),
    10: (1.20, 250_000, 0.015),
    20: (1.06, 120_000, 0.01),
    50: (1.01, 60_000, 0.01),
}


def latencies(servers, arrivals):
    """Latencies of a run, in order of arrival, after a warm-up of 5 %."""
    sim = Simulation(seed=2020)
    pool = Station(sim, "pool", capacity=servers)
    service_s = sim.draws("service", Exponential(1.0))

    def handler(request):
        yield pool.serve(service_s())

    sim.open_load(Poisson(0.8 * servers), handler)
    duration_s = arrivals / (0.8 * servers)
    requests = sim.measure(duration_s, warmup_s=0.05 * duration_s).requests
    return requests["latency_s"].dropna().to_numpy()


@pytest.mark.parametrize("servers", POOLS)
def test_a_larger_pool_answers_sooner_at_the_same_utilisation_as_published(servers):
    published_s, arrivals, tolerance = POOLS[servers]
    interval = batch_interval(latencies(servers, arrivals), batches=30)
    assert interval.half_width < tolerance * published_s
    assert interval.mean == pytest.approx(published_s, rel=tolerance)
