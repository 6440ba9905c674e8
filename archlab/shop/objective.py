"""A service-level objective: what the customers of a shop are promised, and in which words a day falls short of it.

>>> from archlab.shop.day import run_day
>>> from archlab.shop.monolithic import Monolith, MonolithConfig
>>> from archlab.sim import Poisson
>>> day = run_day(Monolith, MonolithConfig(), Poisson(rate_per_s=20), seed=1, duration_s=10)
>>> Objective("browse", availability=0.99, p99_s=0.1).misses(day.result)
[]
"""

from dataclasses import dataclass

from archlab.sim.result import Result


@dataclass(frozen=True)
class Objective:
    """A service-level objective: of all requests of a kind that ended, the share `availability` succeeds, and 99 %
    of those within `p99_s`."""

    kind: str
    availability: float
    p99_s: float

    def misses(self, result: Result) -> list[str]:
        """Return in words what a day falls short of; empty when the objective is met."""
        share, p99_s = result.availability(self.kind), result.latency_s(99, self.kind)
        found = []
        if not share >= self.availability:
            found.append(f"{share:.1%} of {self.kind} succeeded, promised are {self.availability:.0%}")
        if not p99_s <= self.p99_s:
            found.append(
                f"the p99 of {self.kind} is {1000 * p99_s:.0f} ms, promised are {1000 * self.p99_s:.0f} ms"
            )
        return found
