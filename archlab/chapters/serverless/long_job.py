"""A job that is longer than a function may run: what happens to it as it is, and three ways around the limit.

A nightly job books 720 rows of a real table, 5 seconds each: an hour. It is run in the five ways of `long_job_ways`.
Environments and the server die at the same times (`kills_s`).

What this leaves out: rows that depend on each other, for which "at once" is no way; and a database that the twenty
disturb. Both err in favour of functions. So does this: AWS stops a function that calls itself after about sixteen
rounds, unless it is told not to.

>>> job = run("as it is", kills_s=())
>>> job.rows_done, job.done_twice, job.finished
(179, 358, False)
>>> run("in pieces", kills_s=()).finished
True
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from archlab.chapters.serverless.long_job_ways import FUNCTIONS, NOTED_S, Job, lines_more, on_a_server
from archlab.course.claims import Assumption, Evidence, Limit, Verdict, bisect, holds_from, settles
from archlab.course.figures.bars import name_rows
from archlab.course.figures.canvas import canvas
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import GREY, LAB, Size, look_of
from archlab.data import load
from archlab.sim.billing import Usage, total_usd
from archlab.sim.functions import Function
from archlab.sim.functions.function import TIME_LIMIT_S
from archlab.sim.simulation import Simulation
from archlab.sim.validation import refuse, require_one_of, require_positive, require_whole

ROWS, ROW_S = 720, 5.0
"""A row keeps a whole processor at work: one of the server's two, or what comes with the memory of a function."""
KILLS_S = (100.0, 2500.0)
NIGHT_S = 8 * 3600.0
JOB_MIN, LIMIT_MIN = ROWS * ROW_S / 60, TIME_LIMIT_S / 60
WAYS = (*FUNCTIONS, "a server")


@dataclass(frozen=True)
class Ran:
    """What came of a night: rows that are booked, bookings that were repetitions, whether and when all was done, and
    what it cost in US dollars.
    """

    way: str
    rows_done: int
    done_twice: int
    finished: bool
    finished_min: float
    usd: float


def run(
    way: str,
    kills_s: Iterable[float] = KILLS_S,
    rows: int = ROWS,
    row_s: float = ROW_S,
    limit_s: float = TIME_LIMIT_S,
) -> Ran:
    """Run the job in one of `WAYS`, and kill whatever runs at each of `kills_s`.

    Raises `ValueError` when an argument is not allowed.
    """
    require_one_of("way", way, WAYS)
    require_whole("rows", rows, at_least=1)
    require_positive("row_s", row_s)
    if limit_s <= row_s + NOTED_S:
        refuse(ValueError, "limit_s", limit_s, f"more than a row and its note take, {row_s + NOTED_S:g} s")
    sim = Simulation(seed=1)  # there is no luck in it
    job = Job(sim, rows, row_s)
    function, each = (
        (on_a_server(sim, job), Usage()) if way == "a server" else FUNCTIONS[way](sim, job, limit_s)
    )
    for kill_s in kills_s:
        sim.call_at(kill_s, _kill, function)
    sim.run(until=NIGHT_S)
    if way == "a server":
        usd = _server_usd_per_h() * min(job.finished_s, NIGHT_S) / 3600
    else:
        usd = total_usd(function.usage() + each * function.invocations)
    finished = bool(np.isfinite(job.finished_s))
    return Ran(way, job.done, job.done_twice, finished, job.finished_s / 60, usd)


def _kill(function: Function) -> None:
    function.crash()
    function.restart()


def _server_usd_per_h() -> float:
    prices = load("prices").set_index("item")
    return float(prices.price_usd["t3.medium"])


def all_ways(kills_s: Iterable[float] = KILLS_S, limit_s: float = TIME_LIMIT_S) -> pd.DataFrame:
    """Return what came of the night, a row for each of `WAYS`."""
    kills = tuple(kills_s)
    return pd.DataFrame([vars(run(way, kills, limit_s=limit_s)) for way in WAYS]).set_index("way")


# The claim ---------------------------------------------------------------------------------------------------


def _cut(_: int, minutes: float, limit_s: float) -> float:
    """1 when a job of so many minutes is not finished as it is, else -1."""
    rows = max(1, round(minutes * 60 / ROW_S))
    return -1.0 if run("as it is", (), rows, minutes * 60 / rows, limit_s).finished else 1.0


def figures() -> dict[str, float]:
    """Return the figures of `limited_execution_time`, by their names."""
    ways = all_ways()
    return {
        "cut_off_from_min": cut_off_from_min(),
        "lines_more": lines_more(),
        "pieces_min": float(ways.finished_min["in pieces"]),
        "server_min": float(ways.finished_min["a server"]),
        "at_once_min": float(ways.finished_min["at once"]),
        "lost_rows": float(ROWS - ways.rows_done.drop("as it is").min()),
    }


def cut_off_from_min(limit_s: float = TIME_LIMIT_S) -> Limit:
    """Return from how many minutes of work on a job is not finished as it is. There is no luck in it."""
    return bisect(partial(_cut, limit_s=limit_s), (5.0, 60.0), "from", range(10), tolerance=0.1)


SAYS = {
    "cut_off_from_min": "minutes of work from which on the job is given up as it is",
    "lines_more": "lines more to note how far it came, to stop in time and to ask for more",
    "pieces_min": "minutes for an hour of work, in pieces, with two kills",
    "server_min": "the same on a server with the same notes",
    "at_once_min": "the same as twenty functions at once",
    "lost_rows": "rows that are not booked in one of the ways with notes",
}


@settles("cons.limited-execution-time", evidence=Evidence.SIMULATED, says=SAYS)
def limited_execution_time(
    cut_off_from_min: float,
    lines_more: float,
    pieces_min: float,
    server_min: float,
    at_once_min: float,
    lost_rows: float,
) -> Verdict:
    """Holds from the minutes of work on that are given up as they are, with a limit of {LIMIT_MIN} minutes. Beside it
    stands what it takes to get around: lines that note how far it came, and the time for {JOB_MIN} minutes of work, in
    rows of {ROW_S} s, with them, beside a server that dies as often and has the same notes. It does not hold if these
    leave no row and cost no line.
    """
    limit = Assumption(
        "the time limit",
        LIMIT_MIN,
        JOB_MIN,
        "min",
        when="the limit is shorter than the job (an hour needs {flips_at}, which Azure's larger plans give)",
    )
    way_out = (
        f"minutes of work, unless {number(lines_more)} lines more cut it into pieces: then an hour of work takes "
        f"{number(round(pieces_min))} min (a server with the same lines {number(round(server_min))}, twenty functions "
        f"at once {number(round(at_once_min, 1))}) and leaves {number(lost_rows)} rows"
    )
    return holds_from(cut_off_from_min, way_out, decided_by=limit)


def figure(ways: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw for each way how many of the rows were booked, and beside it what else came of it."""
    look = look_of("serverless")
    assert look is not None
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        name_rows(panel, list(ways.index))
        for place, (way, row) in enumerate(ways.iterrows()):
            colour = GREY if way == "a server" else look.colour
            panel.barh(place, row.rows_done, color=colour, height=0.6)
            took = f"{number(round(row.finished_min, 1))} min" if row.finished else "never finished"
            note = f"{took}, {number(row.done_twice)} done again, {row.usd:.3f} USD"
            panel.annotate(note, (row.rows_done, place), (6, 0), textcoords="offset points", va="center")
        panel.set_xlim(0, ways.rows_done.max() * 1.75)
        panel.set_xticks([0, 180, 360, 540, 720])
        panel.set_xlabel("Rows that are booked in the morning")
    alt = "; ".join(f"{way}: {row.rows_done:.0f} rows" for way, row in ways.iterrows())
    return Picture(drawing.figure, f"{title}. {alt}")
