"""What the explorer of chapter 04 shows: a page that asks another tier for its rows, and what distance does to it.

A page needs some rows, each by a query. Queries travel together, as many as the batch has, and each trip goes there and
back. Rows that the cache of this side has need neither a trip nor a query. Pages come at random, to a data tier with
two cores.

What this leaves out: workers, which nobody waits for here, and messages that are longer when more travels in them.

>>> near, far = (pages(hop_ms=hop_ms).latency_s.median() for hop_ms in (0.05, 5.0))
>>> bool(far > 10 * near)
True
"""

from __future__ import annotations

from collections.abc import Generator
from typing import ClassVar

import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.course.explorer import Curve, Panel, Reading
from archlab.sim.distributions import Exponential
from archlab.sim.load import Request
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_whole
from archlab.sim.workload import Poisson

PAGES_PER_S, SECONDS, SEED = 20.0, 20.0, 1
QUERY_MS, CORES = 0.5, 2
"""Of a query: as the shop's. The cores are those of the data tier."""
HOPS_MS = np.linspace(0, 10, 41)
SHARES = np.linspace(0, 1, 200)


def pages(hop_ms: float, calls: int = 20, batch: int = 1, hits_percent: float = 0.0) -> pd.DataFrame:
    """Return a row a page: `latency_s`, `trips` and `queries`; and what was asked for, in columns of their own.

    Args:
        hop_ms: how long a message takes, one way.
        calls: rows that a page needs.
        batch: queries that travel together, at most.
        hits_percent: how many of the rows the cache has.

    Raises:
        ValueError: when an argument is not allowed.
    """
    require_non_negative("hop_ms", hop_ms)
    require_whole("calls", calls, at_least=1)
    require_whole("batch", batch, at_least=1)
    if not 0 <= hits_percent <= 100:
        raise ValueError(f"hits_percent is {hits_percent!r}; it must be from 0 to 100")
    sim = Simulation(SEED)
    database = Station(sim, "data tier", capacity=CORES)
    query_s = sim.draws("query", Exponential(QUERY_MS / 1000))
    luck = sim.stream("cache")
    rows: list[tuple[float, int, int]] = []

    def handle(request: Request) -> Generator[Event, None, None]:
        came_s, trips = sim.now, 0
        missing = int(luck.binomial(calls, 1 - hits_percent / 100))
        for first in range(0, missing, batch):
            together = min(batch, missing - first)
            yield sim.timeout(hop_ms / 1000)
            yield database.serve(sum(query_s() for _ in range(together)))
            yield sim.timeout(hop_ms / 1000)
            trips += 1
        rows.append((sim.now - came_s, trips, missing))

    sim.open_load(Poisson(PAGES_PER_S), handle)
    sim.run(until=SECONDS)
    frame = pd.DataFrame(rows, columns=["latency_s", "trips", "queries"])
    return frame.assign(hop_ms=hop_ms)


class Distance:
    """Shows what `pages` returns: how many pages take longer than a time, and what each distance would make of them."""

    panels: ClassVar[tuple[Panel, ...]] = (
        Panel("Time of a page [ms]", "Pages that take longer [%]"),
        Panel("One way to the data tier [ms]", "Mean time of a page [ms]"),
    )

    def read(self, answer: pd.DataFrame) -> Reading:
        latency_ms = 1000 * answer.latency_s
        at_the_tier_ms = float((latency_ms - 2 * answer.trips * answer.hop_ms).mean())
        elsewhere_ms = at_the_tier_ms + 2 * float(answer.trips.mean()) * HOPS_MS
        curves = (
            Curve(0, "pages", np.quantile(latency_ms, SHARES), 100 * (1 - SHARES)),
            Curve(1, "at this many trips", HOPS_MS, elsewhere_ms),
        )
        figures = {
            "median page [ms]": float(latency_ms.median()),
            "p99 of a page [ms]": float(latency_ms.quantile(0.99)),
            "trips a page": float(answer.trips.mean()),
            "on the way [ms]": float(latency_ms.mean()) - at_the_tier_ms,
        }
        return Reading(curves, figures)
