"""Tiers: a front tier that holds each request from beginning to end, and tiers behind it that it asks on the way.

A web server and its database are two tiers. Real sites count, for each tier, how often it was asked and how long it
worked in all. Little's law makes of the two how many were inside on average; a simulation shows whether it does.

Nobody ever waits here: a counter's times hold the waiting already. How often a request asks a tier is random
(Poisson), times are exponential, calls come one after the other, and all of them belong to a request of the front
tier. Real calls vary more and overlap, and some come from background jobs. So the averages are those of the
counters, and peaks are lower than real ones.

>>> web, database = Tier("web", calls_per_s=100, mean_s=0.020), Tier("database", calls_per_s=250, mean_s=0.004)
>>> web.inside, database.inside
(2.0, 1.0)
>>> inside(simulate(web, [database], seed=1, duration_s=100)).round(1).to_dict()
{'web': 2.0, 'database': 1.0}
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import pandas as pd
from simpy.events import Event

from archlab.sim.distributions import Exponential
from archlab.sim.load import Request
from archlab.sim.result import Result
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.theory import littles_law
from archlab.sim.validation import require_positive
from archlab.sim.workload import Poisson

DAY_S = 86_400
SERVERS = 1_000
"""Of each tier: so many that nobody waits, as long as Little's law gives a few dozen inside."""


@dataclass(frozen=True)
class Tier:
    """One tier: how often it is asked, and how long an answer takes on average, waiting included."""

    name: str
    calls_per_s: float
    mean_s: float

    def __post_init__(self) -> None:
        require_positive("calls_per_s", self.calls_per_s)
        require_positive("mean_s", self.mean_s)

    @property
    def inside(self) -> float:
        """How many calls are being answered on average, by Little's law."""
        return littles_law(self.calls_per_s, self.mean_s)


def from_counters(counters: pd.DataFrame, period_s: float = DAY_S) -> dict[str, Tier]:
    """Return the tiers, by name, that counters of a period describe.

    Args:
        counters: a row a tier with `tier`, `calls` and `total_ms`, as in `data/stack_overflow_2016.csv`.
        period_s: how long they counted.
    """
    rows = counters.to_dict("records")
    return {
        row["tier"]: Tier(row["tier"], row["calls"] / period_s, row["total_ms"] / 1000 / row["calls"])
        for row in rows
    }


def own_time_s(front: Tier, behind: Sequence[Tier]) -> float:
    """Return how long the front tier works for a request itself, on average, while it asks nobody.

    Raises:
        ValueError: when the tiers behind it take more time than there is.
    """
    own_s = front.mean_s - sum(tier.inside for tier in behind) / front.calls_per_s
    if own_s < 0:
        raise ValueError(f"behind takes {-own_s:.3g} s a request more than the front tier, {front.name}, has")
    return own_s


def simulate(
    front: Tier, behind: Sequence[Tier], seed: int, duration_s: float, warmup_s: float = 1.0
) -> Result:
    """Run requests that arrive at random through the front tier, which asks the tiers behind it in turn.

    Raises:
        ValueError: as `own_time_s` does.
    """
    sim = Simulation(seed)
    workers = Station(sim, front.name, capacity=SERVERS)
    asks = [_asks(sim, tier, front.calls_per_s) for tier in behind]
    own_s = sim.draws("own work", Exponential(own_time_s(front, behind)))

    def handle(request: Request) -> Generator[Event, None, None]:
        with workers.hold() as worker:
            yield worker
            for ask in asks:
                yield from ask()
            yield sim.timeout(own_s())

    sim.open_load(Poisson(front.calls_per_s), handle)
    return sim.measure(duration_s, warmup_s)


def _asks(sim: Simulation, tier: Tier, requests_per_s: float) -> Callable[[], Generator[Event, None, None]]:
    """Return what a request does at a tier: a random number of calls, one after the other."""
    station = Station(sim, tier.name, capacity=SERVERS)
    answer_s = sim.draws(tier.name, Exponential(tier.mean_s))
    numbers = sim.stream(f"{tier.name}: calls of a request")

    def ask() -> Generator[Event, None, None]:
        for _ in range(numbers.poisson(tier.calls_per_s / requests_per_s)):
            yield station.serve(answer_s())

    return ask


def inside(result: Result) -> pd.Series:
    """Return the average number inside each tier, from the time its servers were busy: no rate, no latency."""
    return (result.parts["utilisation"] * result.parts["capacity"]).rename("inside")
