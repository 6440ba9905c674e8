"""The data layer is slow for half a minute, and the layers are tiers: where does everybody wait, and what ends it?

Three tiers and a database. For `SLOW_S` every query takes `FACTOR` times as long, the work under way too. Orders, and
the question where an order is, need the database. Pages do not: here they come from a copy of the catalogue in the
memory of the application tier (`PagesInMemory`). They share the workers with the others, and that is all they share.

A request that waits for the database holds a worker of the web tier, of the application tier and of the data tier. So
with as many workers in each tier, no more calls can come to the data tier than it has workers: everybody waits before
the first tier, which is well.

A caller that stops waiting frees its own worker. What it asked for goes on. Time-outs at a border help pages if the
workers that slow requests hold, their rate times the time-out (Little's law), are fewer than there are. Where what is
left of a limit travels, who has waited long before the first tier holds a worker for less, so the wait settles below
the limit by itself: pages come, and come late. The arithmetic is in `archlab.chapters.layered.slow_data_arithmetic`.

Time-outs have their price: what takes longer is lost. They give pages back, not what needs the database: of orders and
questions together 14 % are in time with short time-outs, and 34 % where what is left travels; of orders alone, which
ask so often, 2 and 3 % (`archlab.chapters.layered.slow_data_tables.pays`). And where the database is only ten times
slower, everybody is served well without time-outs, and 99 % of the orders are in time; with short ones 85 %. From about
twelve times on the workers run out. So a short time-out is a bet on how slow a slow call is.

What this leaves out: retries, which make it worse (`archlab.chapters.layered.retries_in_layers`); customers who go
away, whose work goes on all the same; and pages that are not in memory. A page in memory may be old. To keep time costs
no work here and clocks agree: both err in favour of time-outs.

>>> designs = ("no time-outs", "shorter further down")
>>> free, short = (day(design, seed=1, seconds=25.0) for design in designs)
>>> round(in_time(free, PAGES, end_s=24), 1), round(in_time(short, PAGES, end_s=24), 1)
(0.1, 1.0)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import joblib
import pandas as pd

from archlab.shop.architecture import SHOP_MIX
from archlab.shop.instance import Steps
from archlab.shop.layered import Layered, LayeredConfig, MemoryData
from archlab.shop.layered.tiers import Border
from archlab.shop.store import ProductPage
from archlab.sim.faults import SlowDown
from archlab.sim.parallel import in_parallel
from archlab.sim.recording import OK
from archlab.sim.result import Result
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_positive
from archlab.sim.workload import Poisson

CONFIG = LayeredConfig(tiers="three tiers", cores=1, database_cores=1)
"""A core for each tier and for the database; the workers are the shop's own."""
LOAD = 0.5
"""Of the capacity when nothing is slow, of the shop that asks the database for pages, too. An assumption."""
FACTOR = 40.0
"""How many times slower. An assumption: a query of half a millisecond takes 20 ms, as one that has lost its index."""
HANGS = 1e6
"""A database that hangs takes so many times as long: longer than the run."""
AT_S, SLOW_S, AFTER_S = 10.0, 30.0, 30.0
"""When it begins, how long it lasts, and how long we watch after it."""
IN_TIME_S = 1.0
"""Who waits longer has left. An assumption. An order takes 0.13 s on a good day, 0.45 s when its payment is slow."""
CALL_S = 0.1
"""What one call to the data tier may take: a good one takes some milliseconds. An assumption; see `against_timeout`."""
GOOD = 0.95
"""The shop is well again when so large a share is answered in time in every second from then on."""
PAGES, ORDERS, TRACKING = ("browse",), ("place_order",), ("track_order",)
SLOW_KINDS = ORDERS + TRACKING

DESIGNS: Mapping[str, Mapping[str, Any]] = {
    "no time-outs": {},
    "only at the edge": {"border_timeout_s": {"app": IN_TIME_S}},
    "the same everywhere": {"border_timeout_s": {"app": IN_TIME_S, "data": IN_TIME_S}},
    "shorter further down": {"border_timeout_s": {"app": IN_TIME_S, "data": CALL_S}},
    "what is left travels": {"limit_s": IN_TIME_S},
    "bounded queues": {"queue_limit": CONFIG.workers},
}
"""Design -> what of the configuration it sets. "Only at the edge": the web tier waits so long for the application."""


class PagesInMemory(Layered):
    """The shop in tiers whose pages come from the memory of the application tier, filled once."""

    def __init__(self, sim: Simulation, config: LayeredConfig) -> None:
        super().__init__(sim, config)
        self.pages = MemoryData()
        self.pages.fill(self.catalogue, self.assortment.stock)

    def browse(self, product: int) -> Steps[ProductPage]:
        return self._serve("browse", lambda _: self.pages.page(product))


@dataclass(frozen=True)
class Day:
    """What came of a run: the `result`; of the data tier's answers those that were `unheard`, and all; `untold`: orders
    that stand though their customer was told that something went wrong, or nothing; and `ok`, what the audit says."""

    result: Result
    unheard: int
    answers: int
    untold: int
    ok: bool


def rate_per_s(config: LayeredConfig = CONFIG) -> float:
    """Return how many requests come in a second."""
    return LOAD * float(config.capacity_per_s(SHOP_MIX.shares).min())


def config_of(design: str, config: LayeredConfig = CONFIG) -> LayeredConfig:
    """Return the shop of a design. Raises `ValueError` when there is no such design."""
    require_one_of("design", design, tuple(DESIGNS))
    return replace(config, **DESIGNS[design])


def day(
    design: str,
    seed: int,
    factor: float = FACTOR,
    config: LayeredConfig = CONFIG,
    per_s: float | None = None,
    seconds: float = AT_S + SLOW_S + AFTER_S,
) -> Day:
    """Run a shop of a design. `factor`: how many times slower the database is; 1: nothing happens.

    `per_s`: requests a second, `rate_per_s` when None. Raises `ValueError` for what is not allowed.
    """
    return run_config(
        config_of(design, config), seed, factor, rate_per_s(config) if per_s is None else per_s, seconds
    )


def run_config(config: LayeredConfig, seed: int, factor: float, per_s: float, seconds: float) -> Day:
    """Run any shop of this kind. See `day`."""
    require_positive("factor", factor)
    sim = Simulation(seed)
    shop = PagesInMemory(sim, config)
    sim.open_load(Poisson(per_s), shop.handle, SHOP_MIX)
    sim.inject(SlowDown("database", AT_S, SLOW_S, factor))
    result = sim.measure(seconds, sample_every_s=0.1)
    audit, data = shop.audit(), shop.borders["data"]
    unheard, answers = _answers(data)
    wrong = audit.anomalies - audit.uncharged_payments
    return Day(result, unheard, answers, audit.orders - audit.acknowledged_orders, wrong == 0)


def _answers(data: Border) -> tuple[int, int]:
    """How many answers of the data tier nobody waited for any more, and how many there were."""
    return data.answers.unheard, data.answers.unheard + data.answers.heard


def in_time(one: Day, kinds: Iterable[str], start_s: float = AT_S, end_s: float = AT_S + SLOW_S) -> float:
    """Return the share of these kinds, of all that arrived in a span of time, that was answered well in `IN_TIME_S`."""
    rows = one.result.requests
    rows = rows[rows.kind.isin(list(kinds)) & rows.arrived_s.between(start_s, end_s)]
    return float(_good(rows).mean())


def _good(rows: pd.DataFrame) -> pd.Series:
    return (rows.outcome == OK) & (rows.latency_s <= IN_TIME_S)


def recovered_s(one: Day) -> float:
    """Return how long after the fault it takes until the shop is well again: see `GOOD`. At most what we watch."""
    rows = one.result.requests
    rows = rows[rows.arrived_s.between(AT_S + SLOW_S, one.result.end_s - IN_TIME_S)]
    share = _good(rows).groupby((rows.arrived_s - AT_S - SLOW_S).astype(int)).mean()
    bad = share[share < GOOD].index
    return float(bad.max() + 1) if len(bad) else 0.0


def figures_of(one: Day) -> dict[str, float]:
    """Return the figures of a run.

    `during_pages`, `during_slow`, `after_pages`, `after_slow`: the share answered in time of pages, and of what needs
    the database, while it is slow and after it. `during_orders` and `during_tracking`: of what needs it,
    one by one. `page_s`: the median page meanwhile, good and late ones, NaN for none.
    `recovered_s`. `late_share`: of all good answers, those that came too late. `unheard_share`: of the data tier's
    answers, where its callers have time-outs. `untold_orders`.
    """
    spans = {"during": (AT_S, AT_S + SLOW_S), "after": (AT_S + SLOW_S, one.result.end_s - IN_TIME_S)}
    kinds = {"pages": PAGES, "slow": SLOW_KINDS}
    shares = {f"{a}_{b}": in_time(one, kinds[b], *spans[a]) for a in spans for b in kinds}
    ok = one.result.requests.query("outcome == @OK")
    pages = ok[ok.kind.isin(PAGES) & ok.arrived_s.between(*spans["during"])]
    return shares | {
        "during_orders": in_time(one, ORDERS),
        "during_tracking": in_time(one, TRACKING),
        "page_s": float(pages.latency_s.median()),
        "recovered_s": recovered_s(one),
        "late_share": float((ok.latency_s > IN_TIME_S).mean()),
        "unheard_share": one.unheard / one.answers if one.answers else 0.0,
        "untold_orders": float(one.untold),
    }


def every_design(
    designs: Iterable[str] = tuple(DESIGNS),
    seeds: Iterable[int] = range(10),
    workers: int = CONFIG.workers,
    factor: float = FACTOR,
) -> pd.DataFrame:
    """Return a row a design and seed: `design`, `seed`, and the columns of `figures_of`.

    `workers`: of each copy. `factor`: how many times slower the database is.
    """
    jobs = [(design, seed) for design in designs for seed in seeds]
    found = in_parallel(joblib.delayed(_figures)(*job, workers, factor) for job in jobs)
    return pd.DataFrame(jobs, columns=["design", "seed"]).join(pd.DataFrame(found))


def _figures(design: str, seed: int, workers: int, factor: float) -> dict[str, float]:
    config = replace(CONFIG, workers=workers)
    return figures_of(day(design, seed, factor, config=config, per_s=rate_per_s()))


def all_held_s(one: Day, workers: int = CONFIG.workers) -> float:
    """Return how long after the beginning of the fault the web tier had no free worker for the first time."""
    seen = by_tier(one.result).query("tier == 'web' and time_s >= @AT_S and held >= @workers")
    return float(seen.time_s.min() - AT_S)


def by_tier(result: Result) -> pd.DataFrame:
    """Return a row a moment and tier: `time_s`, `tier`, the workers `held` in all its copies, and the `queue`."""
    samples = result.samples[result.samples.part.str.fullmatch(r"(web|app|data)-\d+")]
    tier = samples.part.str.replace(r"-\d+", "", regex=True).rename("tier")
    sums = samples.groupby(["time_s", tier], sort=False)[["busy", "queue_length"]].sum().reset_index()
    return sums.rename(columns={"busy": "held", "queue_length": "queue"})
