"""Group commit: what a publisher's credit does to throughput and latency, and who gains from a faster disk.

The model is `archlab.published.group_commit`, which agrees with a published test on a slow disk. With a small credit
the disk decides: two flushes carry all of the credit, whatever the disk could take. With a large one the core does,
and messages wait for it; a faster disk then gains nothing.

>>> frame = against_credit(credits=(128, 2000), messages=20_000)
>>> gains = gain_by_half_the_flush(frame)
>>> round(gains[128], 1), round(gains[2000], 1)
(1.9, 1.0)
"""

from collections.abc import Iterable

import joblib
import pandas as pd

from archlab.course.figures.canvas import canvas, wrapped
from archlab.course.figures.line import in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import INK, variants
from archlab.data import load
from archlab.published.group_commit import FLUSH_S, WORK_S, model
from archlab.sim.messaging.credit import LINK_CREDIT
from archlab.sim.parallel import in_parallel

CREDITS = (8, 32, LINK_CREDIT, 512, 2000, 3000)
LARGE = 2000
"""The larger credit of the published test."""
MESSAGES = 6400


def against_credit(
    credits: Iterable[int] = CREDITS,
    flushes_s: Iterable[float] = (FLUSH_S, FLUSH_S / 2),
    messages: int = MESSAGES,
) -> pd.DataFrame:
    """Run the published broker with each credit and each time of a flush.

    Returns a row a run: flush_ms, credit, and the figures of `archlab.published.group_commit.model`, with p50_ms.
    """
    cases = [(flush_s, credit) for flush_s in flushes_s for credit in credits]
    one = joblib.delayed(model)
    runs = in_parallel(one(credit, flush_s, messages=messages) for flush_s, credit in cases)
    rows = [
        {"flush_ms": 1000 * flush_s, "credit": credit, **run, "p50_ms": 1000 * run["p50_s"]}
        for (flush_s, credit), run in zip(cases, runs, strict=True)
    ]
    return pd.DataFrame(rows)


def gain_by_half_the_flush(frame: pd.DataFrame) -> dict[int, float]:
    """Return for each credit how many times the rate becomes with the fastest flush in the frame."""
    rates = frame.pivot_table(index="credit", columns="flush_ms", values="rate_per_s")
    gains = rates[rates.columns.min()] / rates[rates.columns.max()]
    return {int(credit): float(gain) for credit, gain in gains.items()}


def published_points() -> pd.DataFrame:
    """Return the published test: credit, rate_per_s, p50_ms, flushes."""
    facts = load("rabbitmq").set_index(["setting", "what"]).value
    rows = []
    for credit in (LINK_CREDIT, LARGE):
        of = facts[f"quorum queue, slow SSD, credit {credit}"]
        rows.append(
            {
                "credit": credit,
                "rate_per_s": of["rate"],
                "p50_ms": 1000 * of["latency p50"],
                "flushes": of["fsyncs"],
            }
        )
    return pd.DataFrame(rows)


def figure(frame: pd.DataFrame, title: str) -> Picture:
    """Draw rate and median latency against the credit, a line a flush time, with the published points.

    `frame`: as `against_credit` returns it.
    """
    panels = {"rate_per_s": "Messages a second", "p50_ms": "Half take less than [ms]"}
    names = {flush_ms: f"flush {number(flush_ms)} ms" for flush_ms in frame.flush_ms.unique()}
    looks, points = variants("event-driven", names.values()), published_points()
    with canvas(title, panels=(1, 1), tall=True) as drawing:
        for panel, (y, label) in zip(drawing.panels, panels.items(), strict=True):
            for flush_ms, rows in frame.groupby("flush_ms", sort=False):
                look = looks[names[flush_ms]]
                (line,) = panel.plot(
                    rows.credit, rows[y], color=look.colour, linestyle=look.dash, marker=look.marker
                )
                drawing.name_along(panel, line, names[flush_ms])
            panel.plot(points.credit, points[y], "x", color=INK, markersize=9, markeredgewidth=2, zorder=4)
            panel.annotate("measured", (points.credit[0], points[y][0]), (12, -4), textcoords="offset points")
            panel.set_xscale("log")
            scale(panel, log=False)
            panel.set(ylabel=wrapped(label))
        drawing.panels[0].axhline(1 / WORK_S, color=INK, linewidth=0.8, linestyle=":")
        drawing.panels[-1].set(xlabel="Credit of the publisher [messages]")
        drawing.panels[-1].xaxis.set_major_formatter(lambda value, _: number(value))
    told = [
        in_words(f"{label}, {names[flush_ms]}:", rows.credit, rows[y])
        for y, label in panels.items()
        for flush_ms, rows in frame.groupby("flush_ms", sort=False)
    ]
    return Picture(drawing.figure, f"{title.rstrip('.')}. {' '.join(told)}")
