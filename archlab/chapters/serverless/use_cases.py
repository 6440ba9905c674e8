"""The verdicts on the five uses, and the picture that shows them all. Four are rows of `uses`; the fifth is a batch.

>>> sorted(rule.claim.rpartition(".")[2] for rule in RULES)
['api-endpoints', 'data-transformation', 'event-processing', 'real-time-file-processing', 'scheduled-tasks']
"""

import pandas as pd

from archlab.chapters.serverless import transformation, uses
from archlab.chapters.serverless.use_limits import SAYS, judged
from archlab.chapters.serverless.uses import API, EVENTS_OF_A_QUEUE, FILES, SCHEDULED
from archlab.course.claims import Evidence, Verdict, settles
from archlab.course.figures.bars import name_rows
from archlab.course.figures.canvas import canvas
from archlab.course.figures.picture import Picture
from archlab.course.quantity import about, number
from archlab.course.style import GREY, LAB, Size, look_of

LATE = uses.LATE


@settles("use-cases.api-endpoints", evidence=Evidence.MODELLED, says=SAYS)
def api_endpoints(
    cheaper_up_to: float, late: float, server_late: float, kept_ready: float, flips_at_ms: float
) -> Verdict:
    """Holds up to the load at which functions that answer all but {LATE} of the requests within {API.promise_s} s cost
    as much as a t3.medium.
    """
    return judged(API, cheaper_up_to, late, server_late, kept_ready, flips_at_ms)


@settles("use-cases.event-processing", evidence=Evidence.MODELLED, says=SAYS)
def event_processing(
    cheaper_up_to: float, late: float, server_late: float, kept_ready: float, flips_at_ms: float
) -> Verdict:
    """Holds up to the load at which functions that are through with all but {LATE} of the messages within
    {EVENTS_OF_A_QUEUE.promise_s} s, cost as much as a t3.medium.
    """
    return judged(EVENTS_OF_A_QUEUE, cheaper_up_to, late, server_late, kept_ready, flips_at_ms)


@settles("use-cases.scheduled-tasks", evidence=Evidence.MODELLED, says=SAYS)
def scheduled_tasks(
    cheaper_up_to: float, late: float, server_late: float, kept_ready: float, flips_at_ms: float
) -> Verdict:
    """Holds up to the runs a day, of {SCHEDULED.computes_s} s each, at which functions that begin within
    {SCHEDULED.promise_s} s cost as much as a t3.medium. A server that is there anyway costs nothing more, and
    then it never holds.
    """
    return judged(SCHEDULED, cheaper_up_to, late, server_late, kept_ready, flips_at_ms)


@settles("use-cases.real-time-file-processing", evidence=Evidence.MODELLED, says=SAYS)
def file_processing(
    cheaper_up_to: float, late: float, server_late: float, kept_ready: float, flips_at_ms: float
) -> Verdict:
    """Holds up to the load at which functions that are through with all but {LATE} of the pictures within
    {FILES.promise_s} s, of which {FILES.together} come at once, cost as much as the servers that are.
    """
    return judged(FILES, cheaper_up_to, late, server_late, kept_ready, flips_at_ms)


RULES = (
    api_endpoints,
    event_processing,
    scheduled_tasks,
    transformation.data_transformation,
    file_processing,
)


def figure(table: pd.DataFrame, deadline_s: float, title: str, size: Size = LAB) -> Picture:
    """Draw for each use the loads at which functions are cheaper, on one axis, with the load at which it turns.

    `table`: `use_limits.turning_points`. `deadline_s`: up to which one the batch is cheaper as functions; it is written
    below, since a deadline is no load.
    """
    look = look_of("serverless")
    assert look is not None
    low, high = 1e-4, 100.0
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        name_rows(panel, [*table.index, "data transformation"])
        for place, (_, row) in enumerate(table.iterrows()):
            panel.barh(place, row.turns_at_per_s - low, left=low, color=look.colour, height=0.55)
            panel.barh(
                place, high - row.turns_at_per_s, left=row.turns_at_per_s, color=GREY, height=0.55, alpha=0.35
            )
            note = f"{about(float(f'{row.turns_at:.2g}'))} {row.unit}"
            panel.annotate(
                note,
                (row.turns_at_per_s, place),
                (-6, 0),
                textcoords="offset points",
                va="center",
                ha="right",
                color="white",
            )
        words = f"cheaper as functions when it must be done within {number(round(deadline_s))} s"
        panel.barh(len(table), high - low, left=low, color="none", height=0.55)
        panel.text(low * 1.3, len(table), words, va="center")
        panel.set_xscale("log")
        panel.set_xlim(low, high)
        panel.xaxis.set_major_formatter(lambda value, _: number(value))
        panel.set_xlabel("Events a second. Dark: functions are cheaper; light: servers")
    alt = "; ".join(f"{name}: up to {row.turns_at:.3g} {row.unit}" for name, row in table.iterrows())
    return Picture(drawing.figure, f"{title}. {alt}; {words}")


def bills(table: pd.DataFrame) -> pd.DataFrame:
    """Return what a month at the usual load costs, of a `use_limits.turning_points`."""
    costs = {"functions_usd": "functions, USD a month", "server_usd": "t3.medium, USD a month"}
    return table[list(costs)].rename(columns=costs).round(2)
