"""Models for the explorers of chapter 01: short runs of the shop, with the parameters that a slider can set.

>>> under_load(rate_per_s=100, workers=16, cores=2).result.saturated
[]
"""

from dataclasses import dataclass, field, replace

from archlab.chapters.monolithic.failure import for_orders_only, slow_neighbour_day
from archlab.course.explorer import OverTime
from archlab.course.explorer.view import Panel, Reading
from archlab.shop.day import ShopResult, availability_percent, run_day
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim.workload import Poisson

RUN_S = 8.0
"""Simulated seconds of a run: short, so that a slider answers at once. Percentiles of so few requests jump."""
FAULT_AT_S, FAULT_S, FAULT_RUN_S = 1.0, 10.0, 13.0
"""The incident of the chapter, a third shorter and soon over, for the same reason."""


def under_load(rate_per_s: float, workers: int, cores: int, seed: int = 1) -> ShopResult:
    """Run the shop on one machine at some rate of the usual mix."""
    config = MonolithConfig(workers=workers, cores=cores)
    return run_day(Monolith, config, Poisson(rate_per_s), seed, RUN_S, warmup_s=1.0)


def on_one_database(rate_per_s: float, clones: int, database_cores: int, seed: int = 1) -> ShopResult:
    """Run clones of the shop on one shared database at some rate. A short run: there is much to simulate."""
    config = MonolithConfig(clones=clones, database_cores=database_cores)
    return run_day(Monolith, config, Poisson(rate_per_s), seed, RUN_S / 4, warmup_s=0.5)


def beside_a_slow_provider(
    times_slower: float, order_workers: int, patience_s: float, seed: int = 1
) -> ShopResult:
    """Run the incident of the slow provider; `order_workers` of the 16 serve only orders, 0 means no bulkhead."""
    bulkheads = for_orders_only(order_workers)
    return slow_neighbour_day(
        seed,
        factor=times_slower,
        bulkheads=bulkheads,
        timeout_s=patience_s,
        duration_s=FAULT_RUN_S,
        at_s=FAULT_AT_S,
        slow_s=FAULT_S,
    )


@dataclass(frozen=True)
class PagesWhileSlow:
    """The view of that incident: how it went over time, and first of all figures the pages that came in it."""

    view: OverTime = field(default_factory=lambda: OverTime(parts=("shop-1",)))

    @property
    def panels(self) -> tuple[Panel, ...]:
        return self.view.panels

    def read(self, answer: ShopResult) -> Reading:
        reading = self.view.read(answer)
        came = availability_percent(answer.result, "browse", FAULT_AT_S, FAULT_AT_S + FAULT_S)
        return replace(reading, figures={"pages_that_came_while_slow_percent": came, **reading.figures})
