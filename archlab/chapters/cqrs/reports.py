"""A report beside orders and pages: who waits for whom, and what a model of its own does about it.

The report is the list of best sellers over all orders. By joins it keeps one processor of a database busy for
`REPORT_S`. Orders and product pages come all the while. Six shops, with the same cores for the same money (`cores`):

- "one": everything is asked of the write model.
- "replica": pages and reports are asked of a replica. Nothing of theirs touches the write model.
- "replica for reports": only reports are.
- "same database": the report has a read model beside the tables, which each order writes.
- "separate": it has one in a database of its own.
- "separate, not foreseen": pages have a read model, the report has none, and is asked of the tables.

What this leaves out: a database that shares its processors between queries by small slices of time. There a report
makes everybody a little slower instead of some very slow. And a report at night, which disturbs nobody.

>>> one, beside = (waits(shop, seed=1, reports_per_s=1.0, seconds=30.0) for shop in ("one", "separate"))
>>> bool(one["page_s"] > 2 * beside["page_s"])
True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import joblib
import pandas as pd

from archlab.course.figures.dots import dots
from archlab.course.figures.picture import Picture
from archlab.course.style import LAB, Size
from archlab.shop.cqrs import JOINED_QUERIES, Cqrs, CqrsConfig, Question
from archlab.sim.distributions import as_distribution
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_one_of, require_positive
from archlab.sim.workload import Mix, Poisson

REPORT_S = 1.0
"""An assumption. On the machine of `data/read_models.csv` the joins took 0.17 s for 200,000 orders, all in memory."""
ORDERS_PER_S, PAGES_PER_S = 4.0, 16.0
SECONDS = 100.0
"""Assumptions, a light load: without reports no database is used for a twentieth of its time."""
USUAL = "one, no reports"
SHOPS: Mapping[str, dict[str, Any]] = {
    "one": {"models": "one", "database_cores": 3},
    "replica": {"models": "replicas", "database_cores": 1, "read_cores": 2},
    "replica for reports": {
        "models": "replicas",
        "database_cores": 2,
        "read_models": [Question.BEST_SELLERS],
    },
    "same database": {"models": "same database", "database_cores": 3, "read_models": [Question.BEST_SELLERS]},
    "separate": {"models": "separate", "database_cores": 2, "read_models": [Question.BEST_SELLERS]},
    "separate, not foreseen": {
        "models": "separate",
        "database_cores": 2,
        "read_models": [Question.PRODUCT],
    },
}
"""A shop -> its models. Each has three cores for databases; a second database has storage besides, which is not
charged."""


def config_of(shop: str, report_s: float = REPORT_S) -> CqrsConfig:
    """Return one of `SHOPS`, in which a report by joins takes so long. Raises `ValueError` for another one."""
    require_one_of("shop", shop, tuple(SHOPS))
    require_positive("report_s", report_s)
    queries = report_s / as_distribution(CqrsConfig().query_s).mean
    joined = {**JOINED_QUERIES, Question.BEST_SELLERS: queries}
    return CqrsConfig(**SHOPS[shop], joined_queries=joined, workers=1000, coherency=0.0)


def latencies(
    shop: str, seed: int, reports_per_s: float, report_s: float = REPORT_S, seconds: float = SECONDS
) -> pd.DataFrame:
    """Return a row a request that was answered: `kind`, `latency_s`.

    Orders and pages are the same ones whatever the reports are. Raises `ValueError` when an argument is not allowed.
    """
    require_non_negative("reports_per_s", reports_per_s)
    sim = Simulation(seed)
    built = Cqrs(sim, config_of(shop, report_s))
    usual = Mix(place_order=ORDERS_PER_S, browse=PAGES_PER_S)
    sim.open_load(Poisson(ORDERS_PER_S + PAGES_PER_S), built.handle, usual)
    if reports_per_s:
        sim.open_load(Poisson(reports_per_s), built.handle, Mix(best_sellers=1.0), name="reports")
    requests = sim.measure(seconds).requests
    # one that still waits has waited at least so long
    waited_s = requests.latency_s.fillna(seconds - requests.arrived_s)
    return pd.DataFrame({"kind": requests.kind, "latency_s": waited_s})


def waits(shop: str, seed: int, reports_per_s: float, **options: Any) -> dict[str, float]:
    """Return the 99th percentile of orders and pages and the mean of reports, in seconds; 0 where there were none."""
    by_kind = latencies(shop, seed, reports_per_s, **options).groupby("kind", observed=True).latency_s
    p99_s, mean_s = by_kind.quantile(0.99), by_kind.mean()
    return {
        "order_s": float(p99_s["place_order"]),
        "page_s": float(p99_s["browse"]),
        "report_s": float(mean_s.get("best_sellers", 0.0)),
    }


def compared(reports_per_s: float = 0.5, seeds: Iterable[int] = range(3)) -> pd.DataFrame:
    """Return a row a shop: `order_s`, `page_s`, `report_s`, the medians over the seeds of what `waits` returns.

    The first row is `USUAL`: one model, and no report.
    """
    cases = {USUAL: ("one", 0.0)} | {shop: (shop, reports_per_s) for shop in SHOPS}
    jobs = [(name, shop, seed, per_s) for name, (shop, per_s) in cases.items() for seed in seeds]
    found = joblib.Parallel()(joblib.delayed(waits)(*job) for _, *job in jobs)
    frame = pd.DataFrame(found, index=pd.Index([name for name, *_ in jobs], name="shop"))
    return frame.groupby("shop", sort=False).median()


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw what `compared` returns: a row a shop, a dot for orders, pages and reports."""
    names = {"order_s": "orders, p99", "page_s": "pages, p99", "report_s": "reports, mean (they are few)"}
    times_ms = (1000 * table).reset_index()
    return dots(times_ms, title, names, "Time to the answer [ms]", by="shop", log=True, size=size)
