"""A report beside orders and pages: who waits for whom, how old it is, and what a model of its own does about both.

The report is the list of best sellers over all orders. By joins it keeps one processor of a database busy for
`REPORT_S`. Orders and product pages come all the while. Seven shops, with the same cores for databases:

- "one": everything is asked of the write model.
- "replica": pages and reports are asked of a replica. Nothing of theirs touches the write model.
- "replica for reports": only reports are.
- "replica, answer kept": its cores do nothing but make the report anew, in turn. Who asks gets the last one that is
  ready, by a look-up (a cache that is filled beforehand, or a materialised view).
- "same database": the report has a read model beside the tables, which each order writes.
- "separate": it has one in a database of its own.
- "separate, not foreseen": pages have a read model, the report has none, and is asked of the tables.

The *age* of a report is the time since it had everything: by joins it has what was there when it began.

What this leaves out: a database that shares its processors between queries by small slices of time. There a report
makes everybody a little slower instead of some very slow. And a report at night, which disturbs nobody.

>>> kept, beside = (waits(shop, seed=1, reports_per_s=1.0, seconds=30.0) for shop in (KEPT, "separate"))
>>> bool(kept["report_s"] < 0.1), bool(kept["age_s"] > 1 > beside["age_s"])
(True, True)
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import Any

import joblib
import pandas as pd
from simpy.events import Event

from archlab.course.figures.dots import dots
from archlab.course.figures.picture import Picture
from archlab.course.style import LAB, Size
from archlab.shop.cqrs import JOINED_QUERIES, Cqrs, CqrsConfig, Normalised, Question, View
from archlab.shop.cqrs.commit_log import EVERYTHING
from archlab.sim.distributions import as_distribution
from archlab.sim.load import Request
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_one_of, require_positive
from archlab.sim.workload import Mix, Poisson

REPORT_S = 1.0
"""An assumption. On the machine of `data/read_models.csv` the joins took 0.17 s for 200,000 orders, all in memory."""
QUERY_S = as_distribution(CqrsConfig().query_s).mean
"""Always the same time here, so that every report takes as long."""
ORDERS_PER_S, PAGES_PER_S = 4.0, 16.0
SECONDS = 100.0
"""Assumptions, a light load: without reports no database is used for a twentieth of its time."""
USUAL, KEPT = "one, no reports", "replica, answer kept"
CORES = 3
FOR_REPORTS = [Question.BEST_SELLERS]
SHOPS: Mapping[str, dict[str, Any]] = {
    "one": {"models": "one", "database_cores": CORES},
    "replica": {"models": "replicas", "database_cores": 1, "read_cores": CORES - 1},
    "replica for reports": {
        "models": "replicas",
        "database_cores": 1,
        "read_cores": CORES - 1,
        "read_models": FOR_REPORTS,
    },
    KEPT: {"models": "replicas", "database_cores": 1, "read_cores": CORES - 1, "read_models": FOR_REPORTS},
    "same database": {"models": "same database", "database_cores": CORES, "read_models": FOR_REPORTS},
    "separate": {"models": "separate", "database_cores": CORES - 1, "read_models": FOR_REPORTS},
    "separate, not foreseen": {
        "models": "separate",
        "database_cores": CORES - 1,
        "read_models": [Question.PRODUCT],
    },
}
"""A shop -> its models. Each has `CORES` for databases; a second database has storage besides, which is not charged."""


def config_of(shop: str, report_s: float = REPORT_S) -> CqrsConfig:
    """Return one of `SHOPS`, in which a report by joins takes so long. Raises `ValueError` for another one."""
    require_one_of("shop", shop, tuple(SHOPS))
    require_positive("report_s", report_s)
    joined = {**JOINED_QUERIES, Question.BEST_SELLERS: report_s / QUERY_S}
    return CqrsConfig(**SHOPS[shop], query_s=QUERY_S, joined_queries=joined, workers=1000, coherency=0.0)


class KeptReport(Normalised):
    """The last report that was ready. `as_of_s`: it has everything that was there then.

    So many `makers` make it anew on a view's database, one after the other.
    """

    def __init__(self, shop: Cqrs, view: View, makers: int, report_s: float) -> None:
        super().__init__(shop.database.connection)
        self.sim, self.view, self.queries = shop.sim, view, report_s / QUERY_S
        self.rows, self.as_of_s = super().best_sellers(), 0.0
        for maker in range(makers):
            shop.sim.start(self._make(maker * report_s / makers))

    def _make(self, first_s: float) -> Generator[Event, Any, None]:
        yield self.sim.timeout(first_s)
        while True:
            began_s = self.sim.now
            yield from self.view.queries.run(self.queries)
            self.rows, self.as_of_s = super().best_sellers(), began_s

    def best_sellers(self) -> list[tuple[int, str, int]]:
        return self.rows


def latencies(
    shop: str, seed: int, reports_per_s: float, report_s: float = REPORT_S, seconds: float = SECONDS
) -> pd.DataFrame:
    """Return a row a request that was answered: `kind`, `latency_s`, and of reports `age_s`.

    Orders and pages are the same ones whatever the reports are. Raises `ValueError` when an argument is not allowed.
    """
    require_non_negative("reports_per_s", reports_per_s)
    sim = Simulation(seed)
    built = Cqrs(sim, config_of(shop, report_s))
    usual = Mix(place_order=ORDERS_PER_S, browse=PAGES_PER_S)
    sim.open_load(Poisson(ORDERS_PER_S + PAGES_PER_S), built.handle, usual)
    ages_s = list[float]()
    if reports_per_s:
        report = _reporting(built, shop, report_s, ages_s)
        sim.open_load(Poisson(reports_per_s), report, Mix(best_sellers=1.0), name="reports")
    requests = sim.measure(seconds).requests
    # one that still waits has waited at least so long
    waited_s = requests.latency_s.fillna(seconds - requests.arrived_s)
    rows = pd.DataFrame({"kind": requests.kind, "latency_s": waited_s})
    return rows.assign(age_s=pd.Series(ages_s, index=rows.index[rows.kind == "best_sellers"][: len(ages_s)]))


def _reporting(shop: Cqrs, name: str, report_s: float, ages_s: list[float]) -> Any:
    """The use case of a report, which notes how old each is."""
    view = shop.read_side.view_of(Question.BEST_SELLERS)
    home = shop.read_side.write_model
    kept = KeptReport(shop, view, CORES - 1, report_s) if name == KEPT else None

    def report(_: Request) -> Generator[Event, Any, None]:
        asked_s = shop.sim.now
        if kept is not None:
            yield from shop.ask(Question.PRODUCT, 1, at=View(kept, home.queries))  # a look-up
            ages_s.append(shop.sim.now - kept.as_of_s)
            return
        yield from shop.ask(Question.BEST_SELLERS, at=view)
        if isinstance(view.model, Normalised):
            ages_s.append(shop.sim.now - asked_s)
            return
        unseen_s = shop.log.touched_since(view.seen(shop.log.head), EVERYTHING)
        ages_s.append(0.0 if unseen_s is None else shop.sim.now - unseen_s)

    return report


def waits(shop: str, seed: int, reports_per_s: float, **options: Any) -> dict[str, float]:
    """Return, in seconds, the 99th percentile of orders and pages (`order_s`, `page_s`), the mean of reports
    (`report_s`), and the 99th percentile of their age (`age_s`); 0 where there were none.
    """
    rows = latencies(shop, seed, reports_per_s, **options)
    by_kind = rows.groupby("kind", observed=True).latency_s
    p99_s, mean_s = by_kind.quantile(0.99), by_kind.mean()
    return {
        "order_s": float(p99_s["place_order"]),
        "page_s": float(p99_s["browse"]),
        "report_s": float(mean_s.get("best_sellers", 0.0)),
        "age_s": float(rows.age_s.quantile(0.99)) if reports_per_s else 0.0,
    }


def compared(reports_per_s: float = 0.8, seeds: Iterable[int] = range(5)) -> pd.DataFrame:
    """Return a row a shop: the medians over the seeds of what `waits` returns.

    The first row is `USUAL`: one model, and no report.
    """
    cases = {USUAL: ("one", 0.0)} | {shop: (shop, reports_per_s) for shop in SHOPS}
    jobs = [(name, shop, seed, per_s) for name, (shop, per_s) in cases.items() for seed in seeds]
    found = in_parallel(joblib.delayed(waits)(*job) for _, *job in jobs)
    frame = pd.DataFrame(found, index=pd.Index([name for name, *_ in jobs], name="shop"))
    return frame.groupby("shop", sort=False).median()


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw what `compared` returns: a row a shop, a dot for orders, pages and reports, and how old these are."""
    names = {"order_s": "orders, p99", "page_s": "pages, p99", "report_s": "reports, mean"}
    times_ms = (1000 * table).reset_index()
    old = [_in_words(age_s) for age_s in table.age_s]
    return dots(
        times_ms.assign(old=old),
        title,
        names,
        "Time to the answer [ms]; at the right: age of the report, p99",
        by="shop",
        log=True,
        beside="old",
        size=size,
    )


def _in_words(age_s: float) -> str:
    """How old a report is; nothing when it is as new as the rows."""
    return "" if age_s == 0 else f"{age_s:.1f} s old" if age_s >= 0.1 else f"{1000 * age_s:.0f} ms old"
