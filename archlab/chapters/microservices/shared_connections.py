"""Shared connections: what requests wait for each other on HTTP/1.1 and on HTTP/2, with and without lost segments.

One client asks one server that is never busy. So whatever a request takes beyond its own work and one round trip is the
fault of the connections: waiting for one that is free, opening it, or standing still behind a lost segment.

A percentile is that of the requests of all seeds together: the p99 of a short run is low.

>>> frame = waiting_for_a_connection(connections=[2, 16], seeds=range(2), requests=300)
>>> frame.loc[frame.http == "HTTP/2", "delay_p99_ms"].tolist()
[0.0]
"""

from collections.abc import Generator, Iterable, Sequence
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.sim.connections.http import Http1Pool, Http2Connection, HttpConnections
from archlab.sim.connections.tcp import Tcp
from archlab.sim.distributions import Distribution, Lognormal
from archlab.sim.experiment import Figure, PooledPercentile, sweep
from archlab.sim.network import Network
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive, require_whole
from archlab.sim.workload import Poisson

Http = Literal["HTTP/1.1", "HTTP/2"]
WORK_S = Lognormal.from_median_p99(median=0.005, p99=0.050)
"""Of a request at its server: most are quick and a few slow. An assumption."""

STALL_S = 0.001
"""A request counts as stalled when it was held up for longer than this."""

MANY = 64
"""Connections of HTTP/1.1: so many that no request waits for one here."""


def delays(
    seed: int,
    http: Http = "HTTP/2",
    connections: int = 1,
    rate_per_s: float = 200.0,
    loss: float = 0.0,
    hop_ms: float = 0.25,
    work_s: float | Distribution = WORK_S,
    requests: int = 3000,
    tcp: Tcp | None = None,
) -> dict[str, Figure]:
    """Send Poisson requests and measure how long they are held up, beyond their work and a round trip.

    Returns p50_ms and p99_ms (of the whole latency), delay_mean_ms, delay_p99_ms, stalled_percent, and
    sent_again_percent, segments in 100 requests; percentiles so that they can be pooled over seeds. A tenth of the
    requests is warm-up. `loss` is that of a segment. A request that has no answer at the end is not counted: figures
    err low by those few, so let a run last much longer than TCP's time-out of 0.2 s.
    """
    require_whole("requests", requests, at_least=10)
    require_positive("rate_per_s", rate_per_s)
    sim = Simulation(seed)
    http_connections = _connect(http, Network(sim, hop_ms / 1000, loss=loss), connections, tcp)
    client = Client(sim, http_connections, work_s)
    sim.open_load(Poisson(rate_per_s), client.ask)
    sim.measure(duration_s=requests / rate_per_s, warmup_s=requests / 10 / rate_per_s)
    latency_s, work_done_s = np.array(client.latencies_s).T[:, requests // 10 :]
    delay_s = np.round(latency_s - work_done_s - 2 * hop_ms / 1000, 9)  # whole nanoseconds: no dust of floats
    return {
        "p50_ms": PooledPercentile(50, 1000 * latency_s),
        "p99_ms": PooledPercentile(99, 1000 * latency_s),
        "delay_mean_ms": 1000 * float(delay_s.mean()),
        "delay_p99_ms": PooledPercentile(99, 1000 * delay_s),
        "stalled_percent": 100 * float((delay_s > STALL_S).mean()),
        "sent_again_percent": 100 * http_connections.retransmitted / http_connections.calls,
    }


class Client:
    """Sends requests, and notes the latency and the work of each, in the order of their ends."""

    def __init__(self, sim: Simulation, connections: HttpConnections, work_s: float | Distribution) -> None:
        self.sim, self.connections = sim, connections
        self.latencies_s: list[tuple[float, float]] = []
        self._next_work_s = sim.draws("work", work_s)

    def ask(self, _: object) -> Generator[Event, Any, None]:
        """Send one request."""
        start_s, work_s = self.sim.now, self._next_work_s()
        yield self.connections.call(self._work(work_s))
        self.latencies_s.append((self.sim.now - start_s, work_s))

    def _work(self, work_s: float) -> Generator[Event, Any, None]:
        yield self.sim.timeout(work_s)


def waiting_for_a_connection(
    connections: Sequence[int] = (2, 3, 4, 5, 6, 8),
    seeds: Iterable[int] = range(10),
    rate_per_s: float = 200.0,
    requests: int = 1500,
) -> pd.DataFrame:
    """Compare HTTP/1.1 with few and many connections, and HTTP/2 with one. No segment is lost.

    Columns: http, connections, and the figures of `delays` with intervals. The last row is HTTP/2. There must be
    enough connections for the rate (at 200 requests a second, two), or the queue for them grows without end.
    """
    model = partial(delays, rate_per_s=rate_per_s, requests=requests)
    chosen = list(seeds)
    one = sweep(model, {"http": ["HTTP/1.1"], "connections": connections}, chosen)
    two = sweep(model, {"http": ["HTTP/2"], "connections": [1]}, chosen)
    return pd.concat([one, two], ignore_index=True)


def lost_segments(
    losses: Sequence[float] = (0.001, 0.003, 0.01),
    rates_per_s: Sequence[float] = (20.0, 200.0, 2000.0),
    seeds: Iterable[int] = range(10),
    requests: int = 2000,
) -> pd.DataFrame:
    """Compare HTTP/1.1 with many connections and HTTP/2 with one, while segments are lost.

    Columns: http, loss, rate_per_s, and the figures of `delays` with intervals. On HTTP/1.1 a loss holds up one
    request, mostly until TCP's time-out. On HTTP/2 it holds up all that are on their way; the more there are, the
    sooner three later segments tell the sender. A sender that slows down after a loss is not modelled, which errs in
    favour of HTTP/2: all its requests share the one that does.
    """
    model = partial(delays, connections=MANY, requests=requests)
    grid = {"http": list(get_args(Http)), "loss": losses, "rate_per_s": rates_per_s}
    return sweep(model, grid, seeds)


def _connect(http: Http, network: Network, connections: int, tcp: Tcp | None) -> HttpConnections:
    if http not in get_args(Http):
        raise ValueError(f"http is {http!r}; it must be one of {', '.join(get_args(Http))}")
    if http == "HTTP/2":
        return Http2Connection(network, "client", "server", tcp)
    return Http1Pool(network, "client", "server", connections, tcp=tcp)
