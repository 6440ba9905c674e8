"""A shop outside of the peak, or in it: customers come for some time, the doors are closed, and all is counted.

>>> from archlab.chapters.choosing.lab_briefs import START_UP
>>> from archlab.shop.monolithic import MonolithConfig
>>> run = Run.of(MonolithConfig(cores=1, database_cores=1), START_UP, seed=1, is_peak=True)
>>> run.kept_percent, run.audit.ok, run.used_usd_per_h
(100.0, True, 0.0)
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.chapters.choosing.lab_briefs import Brief
from archlab.chapters.choosing.lab_choices import BUILDS
from archlab.shop.architecture import Architecture
from archlab.shop.audit import Audit
from archlab.shop.config import ShopConfig
from archlab.shop.day import run_shop
from archlab.shop.serverless import Serverless
from archlab.sim.billing import Usage, total_usd
from archlab.sim.faults import Fault, SlowDown
from archlab.sim.recording import OK, UNFINISHED
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Poisson

PROVIDER = "payment provider"
CALM_S, CALM_REQUESTS = 60.0, 500
"""Outside of the peak is looked at for so long, or until so many have come."""
PEAK_S, PEAK_REQUESTS = 15.0, 1500
"""The peak is looked at for so long, or until so many have come. It begins with everything cold, and the provider is as
usual after it."""
SETTLED_S, QUIET_S = 600, 30
"""So long, at most, orders under way have to come to their end. They have when all is quiet for so long: between two
messages of a queue it looks quiet, too."""
ANSWERS = (OK, "out_of_stock")
HOUR_S = 3600


@dataclass(frozen=True)
class Run:
    """What came of a run.

    Attributes:
        requests: a row each.
        audit: of the rows, when all is settled.
        unkept: orders that customers were told are placed, and that the shop cancelled later.
        used_usd_per_h: what functions used, in US dollars an hour.
    """

    requests: pd.DataFrame
    audit: Audit
    unkept: int
    used_usd_per_h: float

    @classmethod
    def of(cls, config: ShopConfig, brief: Brief, seed: int, is_peak: bool) -> Run:
        """Let customers come for some time, close the doors, and wait until all is written."""
        per_s = brief.peak_per_s if is_peak else brief.per_s
        lasts_s = max(PEAK_S, PEAK_REQUESTS / per_s) if is_peak else max(CALM_S, CALM_REQUESTS / per_s)
        faults = _slow_from_the_start(brief, lasts_s) if is_peak else ()
        kept = list[Architecture]()
        used = list[Usage]()

        def build(sim: Simulation) -> Architecture:
            shop = BUILDS[type(config)](sim, config=config)  # type: ignore[call-arg]
            kept.append(shop)
            sim.start(_bill_at(sim, shop, lasts_s, used))
            return shop

        day = run_shop(build, Poisson(per_s), faults, seed, lasts_s, mix=brief.mix, drain_s=0)
        return cls(
            day.result.rows,
            settled(kept[0]).audit(),
            unkept_orders(kept[0]),
            sum(map(total_usd, used)) * HOUR_S / lasts_s,
        )

    def _of(self, is_order: bool) -> pd.DataFrame:
        """Requests that were answered, or are so old that they should have been."""
        return self.requests[(self.requests.kind == "place_order") == is_order]

    def _p99_s(self, is_order: bool) -> float:
        rows = self._of(is_order)
        latency_s = rows.latency_s[rows.outcome.isin(ANSWERS)]
        return float(np.percentile(latency_s, 99)) if len(latency_s) else float("inf")

    @property
    def page_p99_s(self) -> float:
        return self._p99_s(is_order=False)

    @property
    def order_p99_s(self) -> float:
        return self._p99_s(is_order=True)

    @property
    def kept_percent(self) -> float:
        return min(_kept_percent(self._of(is_order)) for is_order in (False, True))


def _kept_percent(rows: pd.DataFrame) -> float:
    ended = rows[rows.outcome != UNFINISHED]
    return 100 * float(ended.outcome.isin(ANSWERS).mean()) if len(ended) else 0.0


def _slow_from_the_start(brief: Brief, lasts_s: float) -> tuple[Fault, ...]:
    return (SlowDown(PROVIDER, 0.0, lasts_s, brief.provider_times),) if brief.provider_times != 1 else ()


def _bill_at(
    sim: Simulation, shop: Architecture, at_s: float, used: list[Usage]
) -> Generator[Event, Any, None]:
    """Note what functions have used until then."""
    yield sim.timeout(at_s * (1 - 1e-9))
    if isinstance(shop, Serverless):
        used.append(shop.bill())


def unkept_orders(shop: Architecture) -> int:
    """Return how many orders customers were told are placed and the shop has cancelled."""
    cancelled = shop.tables["orders"].execute("SELECT order_id FROM orders WHERE state = 'cancelled'")
    return len({order for (order,) in cancelled} & set(shop.receipts.acknowledged))


def settled(shop: Architecture) -> Architecture:
    """Return a shop when orders under way have come to their end."""
    quiet_s = 0
    for _ in range(SETTLED_S):
        shop.sim.run(until=shop.sim.now + 1)
        quiet_s = quiet_s + 1 if shop.is_quiet() else 0
        if quiet_s == QUIET_S:
            break
    return shop
