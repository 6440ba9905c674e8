"""Prime Video's monitoring: from a workflow of functions into one process, "over 90 %" cheaper (M. Kolny, 2023).

One service watched streams for defects. Its workflow charged several state transitions for every second of every
stream. Chapter 05 compares their price with a machine (`archlab.chapters.serverless.transitions`). Here the functions
are paid for their computing, too: else a machine that works is compared with a workflow that only counts.

In our terms: a machine carries n streams and is planned for a share of its cores. On functions the same core-seconds
cost what AWS Lambda asks for them, and the transitions come on top. Put in: prices. A guess: transitions a second. The
unknown: n, which decides and was not published. Left out: S3, where frames lay between the steps, and which was paid by
the workflow alone; rebates, which the machine had. Both err in favour of the workflow.

A fairer opponent than the workflow of 2023 is an *express* workflow: it is paid by its duration and not by the
transition, one run for each second of a stream. It lasts minutes at most and may run a step twice.

>>> round(saving_percent(streams=7), 1), round(saving_percent(streams=7, transitions_per_s=0), 1)
(92.2, 41.4)
>>> round(saving_percent(streams=7, express=True))
50
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import pandas as pd

from archlab.chapters.choosing.cases.case import figure_of
from archlab.chapters.choosing.cases.judging import Judgement, judge
from archlab.chapters.choosing.cases.question import Guess, Question, Unknown
from archlab.chapters.serverless.transitions import (
    MACHINE,
    TRANSITIONS_PER_S,
    machine_usd_per_h,
    workflow_usd_per_h,
)
from archlab.course.figures import scaling
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import LAB, Size, variants
from archlab.data import load
from archlab.sim.billing import price_usd
from archlab.sim.validation import require_percent, require_positive

NAME = "step functions"
MACHINE_CORES = 4
"""Of the c5.xlarge: data/prices.csv."""
BUSY_PERCENT = 70.0
"""Of its cores, when all its streams run: what chapter 07 plans every machine for."""
HOUR_S = 3600
MB_A_GB = 1024
MOST_STREAMS = 64
"""Sixteen a core would be no analysis of video any more."""
GUESSES = (
    Guess(
        "transitions_per_s", "transitions a second", TRANSITIONS_PER_S, "several are published, not how many"
    ),
    Guess(
        "busy_percent",
        "% of the machine's cores that work",
        BUSY_PERCENT,
        "nobody plans for full ones",
        most=100,
    ),
)


@cache
def computing_usd_per_h() -> float:
    """Return what one core costs for an hour on functions."""
    traces = load("first_invocations")
    memory_mb = float(traces[traces.unit == "cores"].iloc[0, 1])
    return price_usd("compute") * memory_mb / MB_A_GB * HOUR_S


@cache
def express_usd_per_h() -> float:
    """Return what an hour of a stream costs as express workflows, one after the other, a second each."""
    start = figure_of(NAME, "express workflow: start")
    gb = figure_of(NAME, "express workflow: memory") / MB_A_GB
    return HOUR_S * start + gb * figure_of(NAME, "express workflow: duration")


def functions_usd_per_h(
    streams: float,
    transitions_per_s: float = TRANSITIONS_PER_S,
    busy_percent: float = BUSY_PERCENT,
    express: bool = False,
) -> float:
    """Return what a stream costs an hour on functions that compute what one of so many does on the machine."""
    require_positive("streams", streams)
    require_percent("busy_percent", busy_percent)
    cores = MACHINE_CORES * busy_percent / 100 / streams
    orchestration = express_usd_per_h() if express else workflow_usd_per_h(transitions_per_s)
    return orchestration + cores * computing_usd_per_h()


def saving_percent(
    streams: float,
    transitions_per_s: float = TRANSITIONS_PER_S,
    busy_percent: float = BUSY_PERCENT,
    express: bool = False,
) -> float:
    """Return by how much one process is cheaper when a machine carries so many streams; below 0 when it is dearer."""
    functions = functions_usd_per_h(streams, transitions_per_s, busy_percent, express)
    return 100 * (1 - _machine_usd_per_h() / streams / functions)


@cache
def _machine_usd_per_h() -> float:
    return machine_usd_per_h(streams=1)


def margin(
    seed: int,
    streams: float,
    transitions_per_s: float = TRANSITIONS_PER_S,
    busy_percent: float = BUSY_PERCENT,
) -> float:
    """By how many points more is saved than was published. No chance in it: the seed is not used."""
    return saving_percent(streams, transitions_per_s, busy_percent) - figure_of(NAME, "saved")


def question(transitions_per_s: float = TRANSITIONS_PER_S) -> Question:
    """Return the question, with other transitions a second if you like."""
    words = f"the number of streams that one {MACHINE} carries"
    unknown = Unknown("streams", words, (1, MOST_STREAMS), "from", whole=True)
    first = Guess(GUESSES[0].name, GUESSES[0].words, transitions_per_s, GUESSES[0].reason)
    return Question(margin, unknown, (first, *GUESSES[1:]))


def verdict(transitions_per_s: float = TRANSITIONS_PER_S) -> Judgement:
    """Return whether the model would have foretold the published saving."""
    return judge(question(transitions_per_s))


def says() -> str:
    """What the model says, in words."""
    without = saving_percent(MOST_STREAMS, transitions_per_s=0)
    return (
        f"{number(float(question().limit()))} streams on a {MACHINE} save as much; without the transitions "
        f"no number does: computing alone saves {number(without)} %"
    )


def elsewhere() -> str:
    """What the rule says of two others: the fair opponent, and a workflow with few transitions."""
    at = float(question().limit())
    express = saving_percent(at, express=True)
    busy_percent = BUSY_PERCENT / MACHINE_CORES
    few = saving_percent(1, transitions_per_s=1 / 60, busy_percent=busy_percent)
    cores = number(MACHINE_CORES * busy_percent / 100)
    return (
        f"Against express workflows the same machine saves {number(express)} %. For a single stream that keeps {cores} "
        f"cores busy, with a transition a minute, the process costs {number(-few)} % more: it says stay"
    )


def against_streams(streams: Iterable[int] = range(1, 17)) -> pd.DataFrame:
    """Return a row a design and number of streams: `design`, `streams`, `saving_percent`.

    With `saving_percent_low` and `saving_percent_high` for half and twice the transitions.
    """
    least, most = GUESSES[0].values
    rows: list[tuple[str, int, float, float, float]] = []
    for n in streams:
        express = saving_percent(n, express=True)
        low, high = saving_percent(n, least), saving_percent(n, most)
        rows.append(("standard workflow", n, saving_percent(n), low, high))
        rows.append(("express workflow", n, express, express, express))
    ends = ["saving_percent", "saving_percent_low", "saving_percent_high"]
    return pd.DataFrame(rows, columns=["design", "streams", *ends])


def figure(size: Size = LAB) -> Picture:
    """Draw what one process saves against the streams on a machine, and what was published."""
    table = against_streams()
    limit = float(question().limit())
    published = figure_of(NAME, "saved")
    picture = scaling(
        table,
        f"From {number(limit)} streams on, one process saves what was published; against express it does not",
        x="streams",
        y="saving_percent",
        line_looks=variants("serverless", table.design.unique()),
        y_label="Saved by one process [%]",
        across={f"published: over {number(published)} %": published},
        upright={f"{number(limit)} streams": limit},
        size=size,
    )
    (panel,) = picture.figure.axes
    panel.set_xlabel(
        f"Streams on one {MACHINE} (band: half and twice the {number(TRANSITIONS_PER_S)} transitions/s)"
    )
    for text in panel.texts:
        if text.get_text().startswith("published"):
            text.set(va="top", y=-3)
    return picture
