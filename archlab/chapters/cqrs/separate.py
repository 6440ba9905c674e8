"""What separate models save and what they cost, as the price of the work: processor time at the price of a core.

Here every core is full all the time, so no step of a machine hides a difference, and nothing but the work decides. A
read model beside the tables saves joins at each page view, and writes more rows with each order. So each page has a
number of page views for an order from which its read model is worth it; for a page that looks up a key there is none.
A shop keeps those that are. A copy of the tables (`replicas`) saves nothing at all: it is the same work once more.

A *cache* of the best sellers, which all customers share, costs nearly nothing either, and is old by its time limit: a
minute, say. It is a read model that is made anew by those who ask. Beside it little is left to save.

What this leaves out: machines, which come in whole cores (`archlab.chapters.cqrs.same_money`); and what a cache costs,
which errs in its favour.

>>> one, beside = (usd_per_million(models, reads_per_order=100) for models in ("one", "same database"))
>>> bool(beside < 0.9 * one), round(float(cheaper_from_reads()), 1), round(float(cheaper_from_reads(cached=True)))
(True, 0.6, 10)
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from archlab.chapters.cqrs.growing import MODELS, mix_of, worth_it
from archlab.chapters.cqrs.measured import MOST_INDEXES, steps_of, written
from archlab.course.claims import Assumption, Evidence, Limit, Verdict, bisect, holds_from, settles
from archlab.course.figures.canvas import canvas, wrapped
from archlab.course.figures.line import draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import about, number
from archlab.course.style import GREY, LAB, Look, Size, variants
from archlab.data import load
from archlab.shop.config import CORES_PER_MACHINE
from archlab.shop.cqrs import JOINED_QUERIES, CqrsConfig, Question
from archlab.sim.validation import require_one_of, require_positive

USUAL_READS = 10.0
"""Page views for an order where the dearness of the joins is varied. About what this course's shop has."""
TRIED_READS, TRIED_QUERIES = (0.1, 1000.0), (1.01, 100.0)
USUAL_QUERIES = JOINED_QUERIES[Question.BEST_SELLERS]
CACHED = "one, best sellers in a cache"
WITH_READ_MODELS = ("same database", "separate")
WAYS = ("one", CACHED, "replicas", "same database", "separate")


def usd_per_million(way: str, reads_per_order: float, best_sellers: float = USUAL_QUERIES) -> float:
    """Return what the processor time of a million requests costs, at full use, in US dollars.

    Shops with read models keep those that are worth it. `best_sellers`: how many simple queries' time these take by
    joins. From a cache they take one.
    Raises `ValueError` when an argument is not allowed.
    """
    require_one_of("way", way, WAYS)
    require_positive("best_sellers", best_sellers)
    joined = {**JOINED_QUERIES, Question.BEST_SELLERS: 1.0 if way == CACHED else best_sellers}
    config = CqrsConfig(
        models="one" if way == CACHED else way,  # type: ignore[arg-type]
        read_models=worth_it(reads_per_order, joined) if way in WITH_READ_MODELS else tuple(Question),
        joined_queries=joined,
    )
    asked_s = pd.Series(mix_of(reads_per_order)) @ config.demands_s().loc[list(mix_of(reads_per_order))]
    rented = ["commands cpu", "queries cpu", "database", *config.read_servers]
    usd_per_core_s = load("prices").set_index("item").price_usd["m5.large"] / CORES_PER_MACHINE / 3600
    return 1e6 * float(asked_s[rented].sum()) * usd_per_core_s


def saved_usd(reads_per_order: float, best_sellers: float = USUAL_QUERIES) -> float:
    """Return how much less a million requests cost with read models beside the tables."""
    one, beside = (usd_per_million(way, reads_per_order, best_sellers) for way in ("one", "same database"))
    return one - beside


def _saved_by_reads(_: int, reads_per_order: float) -> float:
    return saved_usd(reads_per_order, JOINED_QUERIES[Question.BEST_SELLERS])


def _saved_beside_a_cache(_: int, reads_per_order: float) -> float:
    return saved_usd(reads_per_order, best_sellers=1.0)


def _saved_by_queries(_: int, best_sellers: float) -> float:
    return saved_usd(USUAL_READS, best_sellers)


def cheaper_from_reads(cached: bool = False) -> Limit:
    """Return from how many page views for an order some read model is worth it. There is no luck in it.

    `cached`: whether the best sellers come from a cache in both shops.
    """
    margin = _saved_beside_a_cache if cached else _saved_by_reads
    return bisect(margin, TRIED_READS, "from", range(10), tolerance=0.005, log=True)


def cheaper_from_queries() -> Limit:
    """Return from which dearness of the best sellers on, in simple queries' time, that is so, at `USUAL_READS`.

    There is no luck in it.
    """
    return bisect(_saved_by_queries, TRIED_QUERIES, "from", range(10), tolerance=0.005, log=True)


def against_reads(reads_per_order: Iterable[float] = (0.3, 1, 3, 10, 30, 100, 500)) -> pd.DataFrame:
    """Return a row a way and ratio: `way`, `reads_per_order`, `usd_per_million`."""
    rows = [(way, ratio, usd_per_million(way, ratio)) for way in WAYS for ratio in reads_per_order]
    return pd.DataFrame(rows, columns=["way", "reads_per_order", "usd_per_million"])


def figure(table: pd.DataFrame, title: str, from_reads: float, size: Size = LAB) -> Picture:
    """Draw `against_reads`: a line a way, against a logarithmic axis, and the limit as an upright line."""
    words = []
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for way, look in looks_of_ways().items():
            rows = table[table.way == way]
            line = draw_with_band(panel, rows, "reads_per_order", "usd_per_million", look)
            line.set_label(way)
            words.append(in_words(way, rows.reads_per_order, rows.usd_per_million))
        drawing.name_beside(panel)
        scale(panel, log=False)
        panel.axvline(from_reads, color=GREY, linestyle=":")
        drawing.name_line(panel, from_reads, number(round(from_reads, 1)), GREY)
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter(lambda value, _: number(value))
        panel.set_xlabel("Page views for an order")
        panel.set_ylabel(wrapped("Processor cost of a million requests [USD]"))
    return Picture(drawing.figure, f"{title}. {' '.join(words)}")


def looks_of_ways() -> dict[str, Look]:
    """Return the look of each of `WAYS`: those of the four ways, and grey for the one with a cache."""
    four = variants("cqrs", MODELS)
    return {way: four.get(way, Look(GREY, (0, (1, 1)), "x")) for way in WAYS}


# The claim ---------------------------------------------------------------------------------------------------


def figures() -> dict[str, float]:
    """Return the figures of `separate_models`, by their names."""
    best_sellers = Question.BEST_SELLERS
    return {
        "cheaper_from_reads": cheaper_from_reads(),
        "cheaper_beside_a_cache": cheaper_from_reads(cached=True),
        "cheaper_from_queries": cheaper_from_queries(),
        "steps_of_joins": steps_of(best_sellers, MOST_INDEXES),
        "steps_of_read_model": steps_of(best_sellers, "read model"),
        "rows_without": written([]),
        "rows_with": written([best_sellers]),
    }


SAYS = {
    "cheaper_from_reads": "page views for an order from which a read model beside the tables is worth it",
    "cheaper_beside_a_cache": "the same where the best sellers come from a cache",
    "cheaper_from_queries": "simple queries' time of the best sellers by joins from which that is so",
    "steps_of_joins": "steps of SQLite for the best sellers, by joins with all indexes that help",
    "steps_of_read_model": "the same from a read model",
    "rows_without": "rows that an order of two products writes without read models",
    "rows_with": "the same with the one of the best sellers",
}


@settles("definition.separate-read-and-write-models", evidence=Evidence.SIMULATED, says=SAYS)
def separate_models(
    cheaper_from_reads: float,
    cheaper_beside_a_cache: float,
    cheaper_from_queries: float,
    steps_of_joins: float,
    steps_of_read_model: float,
    rows_without: float,
    rows_with: float,
) -> Verdict:
    """Holds from the number of page views for an order at which a read model beside the tables needs less processor
    money than joins with all indexes that help, on processors that are always full. How dear the best sellers are by
    joins decides: here they take the time of {USUAL_QUERIES} simple queries; its own limit is for {USUAL_READS} page
    views an order. The verdict also says from when on another read model is worth it, if these come from a cache.
    """
    queries = Assumption(
        "what the best sellers take by joins",
        USUAL_QUERIES,
        cheaper_from_queries,
        "simple queries' time",
        when=(
            f"the best sellers take at least {{flips_at}} by joins (counted in a small shop: "
            f"{number(steps_of_joins)} steps against {number(steps_of_read_model)}, for {number(rows_with)} rows an "
            f"order of two products and not {number(rows_without)}; beside a cache of them from "
            f"{about(cheaper_beside_a_cache)} page views)"
        ),
    )
    return holds_from(cheaper_from_reads, "page views for an order", decided_by=queries)
