"""Prefetch, from both sides: a far worker needs much of it, and near workers with slow messages among quick ones none.

The far worker is the published example (`archlab.published.prefetch`): 50 ms away, 4 ms of work. The near workers are
those of `archlab.chapters.event_driven.rabbitmq`: ten of them, a quarter of a millisecond away, and one message in
fifty takes fifty times as long.

>>> far_worker(prefetch=(1, 26)).busy_percent.round(1).tolist()
[3.8, 100.0]
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from archlab.course.figures.canvas import canvas, wrapped
from archlab.course.figures.line import draw_theory, draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import GREY, variants
from archlab.published.prefetch import WAY_S, WORK_S, model

PREFETCHES = (1, 2, 5, 10, 26, 50, 100)


def far_worker(prefetch: Iterable[int] = PREFETCHES, work_s: float = WORK_S) -> pd.DataFrame:
    """Run the published example with each prefetch.

    Returns a row a prefetch: prefetch, busy_percent of the time, waits_ms at the worker, and by_hand_percent: what it
    may have at once, in the time that a message needs there and back and to be worked on.
    """
    rows = []
    for count in prefetch:
        run = model(count, work_s)
        share = min(1.0, count * work_s / (2 * WAY_S + work_s))
        busy = {"busy_percent": 100 * run["busy"], "by_hand_percent": 100 * share}
        rows.append({"prefetch": count, **busy, "waits_ms": 1000 * run["waits_s"]})
    return pd.DataFrame(rows)


def figure(far: pd.DataFrame, near: pd.DataFrame, title: str) -> Picture:
    """Draw both against the prefetch, one above the other.

    `far`: as `far_worker` returns it; `near`: as `rabbitmq.against_prefetch` does.
    """
    queue, log = near[near.design == "queue"], near[near.design == "log"]
    looks = variants("event-driven", ["far", "near"])
    busy_label, slow_label = (
        "Far worker is busy [% of the time]",
        "Near workers: p99 of the quick messages [ms]",
    )
    with canvas(title, panels=(1, 1), tall=True) as drawing:
        above, below = drawing.panels
        draw_with_band(above, far, "prefetch", "busy_percent", looks["far"])
        draw_theory(above, far.prefetch, far.by_hand_percent)
        draw_with_band(below, queue, "prefetch", "p99_ms", looks["near"])
        below.axhline(log.p99_ms.item(), color=GREY, linestyle=":", linewidth=1.5)
        below.annotate(
            "the same workers on a log",
            (queue.prefetch.min(), log.p99_ms.item()),
            (0, 4),
            textcoords="offset points",
            color=GREY,
        )
        above.set_xscale("log")
        for panel, label in ((above, busy_label), (below, slow_label)):
            scale(panel, log=False)
            panel.set(ylabel=wrapped(label))
        below.set_ylim(top=1.2 * np.nanmax(near.p99_ms_high))
        below.set(xlabel="Prefetch [messages]")
        below.xaxis.set_major_formatter(lambda value, _: number(value))
    told = (
        in_words(busy_label, far.prefetch, far.busy_percent)
        + " "
        + in_words(slow_label, queue.prefetch, queue.p99_ms)
    )
    return Picture(drawing.figure, f"{title.rstrip('.')}. {told} In a log: {number(log.p99_ms.item())} ms.")
