"""What separate models save and what they cost, as the price of the work: processor time at the price of a core.

Here every core is full all the time, so no step of a machine hides a difference, and nothing but the work decides. Read
models beside the tables (`same database`) save joins at each question, and write more rows with each order. So there is
a number of questions for an order from which they are cheaper. A copy of the tables (`replicas`) saves nothing at all:
it is the same work once more, elsewhere.

What this leaves out: machines, which come in whole cores (`archlab.chapters.cqrs.same_money`); and caches. A page that
is kept for a minute is a read model, too: one that is made anew by those who ask, and old by a minute.

>>> one, beside = (usd_per_million(models, reads_per_order=100) for models in ("one", "same database"))
>>> bool(beside < 0.8 * one), round(float(cheaper_from_reads()), 1)
(True, 1.6)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from archlab.chapters.cqrs.measured import steps_of, written
from archlab.chapters.cqrs.same_money import MODELS, QUESTIONS, mix_of, smallest
from archlab.course.claims import Assumption, Evidence, Limit, Verdict, bisect, holds_from, settles
from archlab.course.figures.canvas import canvas, wrapped
from archlab.course.figures.line import draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import GREY, LAB, Size, variants
from archlab.data import load
from archlab.shop.config import CORES_PER_MACHINE
from archlab.shop.cqrs import JOINED_QUERIES, KINDS, CqrsConfig, Question
from archlab.sim.validation import require_one_of, require_positive

USUAL_READS = 10.0
"""Questions for an order where the dearness of the joins is varied. About what this course's shop has."""
TRIED_READS, TRIED_QUERIES = (0.1, 1000.0), (1.01, 100.0)


def mean_queries(joined: Mapping[Question, float] = JOINED_QUERIES) -> float:
    """Return how many simple queries' time a question takes on the joins, on average over `QUESTIONS`."""
    return sum(share * joined[KINDS[kind]] for kind, share in QUESTIONS.items())


USUAL_QUERIES = mean_queries()


def usd_per_million(models: str, reads_per_order: float, joined: float = USUAL_QUERIES) -> float:
    """Return what the processor time of a million requests costs, at full use, in US dollars.

    `joined`: how many simple queries' time a question takes on the joins on average. Other values than the usual one
    make each question dearer or cheaper in proportion, beyond the one query that it takes at least.
    Raises `ValueError` when an argument is not allowed.
    """
    require_one_of("models", models, MODELS)
    require_positive("joined", joined)
    times = (joined - 1) / (USUAL_QUERIES - 1)
    each = {question: 1 + times * (queries - 1) for question, queries in JOINED_QUERIES.items()}
    config = CqrsConfig(
        models=models,  # type: ignore[arg-type]
        read_models=smallest(models).read_models,
        joined_queries=each,
    )
    asked_s = pd.Series(mix_of(reads_per_order)) @ config.demands_s().loc[list(mix_of(reads_per_order))]
    rented = ["commands cpu", "queries cpu", "database", *config.read_servers]
    usd_per_core_s = load("prices").set_index("item").price_usd["m5.large"] / CORES_PER_MACHINE / 3600
    return 1e6 * float(asked_s[rented].sum()) * usd_per_core_s


def saved_usd(reads_per_order: float, **options: Any) -> float:
    """Return how much less a million requests cost with read models beside the tables."""
    return usd_per_million("one", reads_per_order, **options) - usd_per_million(
        "same database", reads_per_order, **options
    )


def _saved_by_reads(_: int, reads_per_order: float) -> float:
    return saved_usd(reads_per_order)


def _saved_by_queries(_: int, joined: float) -> float:
    return saved_usd(USUAL_READS, joined=joined)


def cheaper_from_reads() -> Limit:
    """Return from how many questions for an order read models cost less. There is no luck in it."""
    return bisect(_saved_by_reads, TRIED_READS, "from", range(10), tolerance=0.005, log=True)


def cheaper_from_queries() -> Limit:
    """Return from how many simple queries' time a question on, at `USUAL_READS`. There is no luck in it."""
    return bisect(_saved_by_queries, TRIED_QUERIES, "from", range(10), tolerance=0.005, log=True)


def against_reads(reads_per_order: Iterable[float] = (0.3, 1, 3, 10, 30, 100, 500)) -> pd.DataFrame:
    """Return a row a way and ratio: `models`, `reads_per_order`, `usd_per_million`."""
    rows = [(way, ratio, usd_per_million(way, ratio)) for way in MODELS for ratio in reads_per_order]
    return pd.DataFrame(rows, columns=["models", "reads_per_order", "usd_per_million"])


def figure(table: pd.DataFrame, title: str, from_reads: float, size: Size = LAB) -> Picture:
    """Draw `against_reads`: a line a way, against a logarithmic axis, and the limit as an upright line."""
    words = []
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for models, look in variants("cqrs", MODELS).items():
            rows = table[table.models == models]
            line = draw_with_band(panel, rows, "reads_per_order", "usd_per_million", look)
            drawing.name_along(panel, line, models)
            words.append(in_words(models, rows.reads_per_order, rows.usd_per_million))
        scale(panel, log=False)
        panel.axvline(from_reads, color=GREY, linestyle=":")
        drawing.name_line(panel, from_reads, number(round(from_reads, 1)), GREY)
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter(lambda value, _: number(value))
        panel.set_xlabel("Page views for an order")
        panel.set_ylabel(wrapped("Processor cost of a million requests [USD]"))
    return Picture(drawing.figure, f"{title}. {' '.join(words)}")


# The claim ---------------------------------------------------------------------------------------------------


def figures() -> dict[str, float]:
    """Return the figures of `separate_models`, by their names."""
    best_sellers = Question.BEST_SELLERS
    return {
        "cheaper_from_reads": cheaper_from_reads(),
        "cheaper_from_queries": cheaper_from_queries(),
        "steps_of_joins": steps_of(best_sellers, "joins, more indexes"),
        "steps_of_read_model": steps_of(best_sellers, "read model"),
        "rows_without": written(0),
        "rows_with": written(len(Question)),
    }


SAYS = {
    "cheaper_from_reads": "page views for an order from which read models beside the tables cost less",
    "cheaper_from_queries": "simple queries' time of a page view by joins from which they do, on average",
    "steps_of_joins": "steps of SQLite for the best sellers, by joins with all indexes that help",
    "steps_of_read_model": "the same from a read model",
    "rows_without": "rows that an order of two products writes without read models",
    "rows_with": "the same with six of them",
}


@settles("definition.separate-read-and-write-models", evidence=Evidence.SIMULATED, says=SAYS)
def separate_models(
    cheaper_from_reads: float,
    cheaper_from_queries: float,
    steps_of_joins: float,
    steps_of_read_model: float,
    rows_without: float,
    rows_with: float,
) -> Verdict:
    """Holds from the number of page views for an order at which read models beside the tables need less processor money
    than joins do, on processors that are always full. How dear a page view is by joins decides: here it takes the time
    of {USUAL_QUERIES} simple queries on average; its own limit is for {USUAL_READS} page views an order.
    """
    queries = Assumption(
        "what a page view takes by joins, on average",
        USUAL_QUERIES,
        cheaper_from_queries,
        "simple queries' time",
        when=(
            f"a page view takes at least {{flips_at}} by joins, on average (the best sellers of a small shop: "
            f"{number(steps_of_joins)} steps against {number(steps_of_read_model)}; an order of two products "
            f"writes {number(rows_with)} rows and not {number(rows_without)})"
        ),
    )
    return holds_from(cheaper_from_reads, "page views for an order", decided_by=queries)
