"""The figure of the chapter on replays: how long a thing takes to load, against the events it has.

>>> from archlab.chapters.event_driven.replaying import recorded
>>> print(replay_times(recorded(), "A straight line").alt[:72])
A straight line. Time to load a thing [ms] against events in its stream:
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from archlab.chapters.event_driven.replaying import (
    EVENTS_AN_ORDER,
    MILLION_EVENTS_A_PRODUCT,
    REPLAY_MS,
    replay_ms,
)
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import draw_theory
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import GREY, look_of

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes

A_PRODUCT = 1e6 * MILLION_EVENTS_A_PRODUCT
MARKS = {"an order": float(EVENTS_AN_ORDER), "a product's stock\nafter a year": A_PRODUCT}


def replay_times(table: pd.DataFrame, title: str) -> Picture:
    """Draw the recorded replays (medians of the runs), the straight line through them up to a product's year, and what
    loading from a snapshot takes.

    `table` has the columns of data/event_stores.csv.
    """
    replays = table[(table.what == "replay") & (table.events > 0)].groupby("events").ms.median()
    kept_ms = float(table.ms[table.what == "from snapshot"].median())
    load_ms, event_ms = np.median([replay_ms(table, run) for run in table.run.unique()], axis=0)
    events = pd.Series(np.geomspace(1, A_PRODUCT, 60))
    look = look_of("event-driven")
    with canvas(title) as drawing:
        panel = drawing.panels[0]
        draw_theory(panel, events, load_ms + event_ms * events)
        panel.plot(replays.index, replays, linestyle="none", marker="o", color=look.colour if look else GREY)
        _level(panel, kept_ms, "from a snapshot of the last event")
        _level(panel, REPLAY_MS, "a tenth of showing an order")
        for name, at in MARKS.items():
            panel.axvline(at, color=GREY, linestyle=":", linewidth=1.5)
            drawing.name_line(panel, at, name, GREY)
        panel.set(xscale="log", yscale="log", xlabel="Events in the stream", ylabel="Time to load [ms]")
        panel.set_xlim(right=1.5 * A_PRODUCT)
        drawn_on = f"recorded to {replays.index[-1]:,}, then\nthe line through all points"
        panel.text(20_000, 12, drawn_on, va="center")
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_major_formatter(lambda value, _: number(value))
    ends = f"{number(replays.iloc[0])} at {replays.index[0]} to {number(replays.iloc[-1])} at {replays.index[-1]:,}"
    far = f"the line at {number(A_PRODUCT)}: {number(load_ms + event_ms * A_PRODUCT)}"
    told = f"Time to load a thing [ms] against events in its stream: {ends}; {far}; from a snapshot {number(kept_ms)}."
    return Picture(drawing.figure, f"{title.rstrip('.')}. {told}")


def _level(panel: Axes, y: float, name: str) -> None:
    """Draw a dotted line across, with its name above its left end."""
    panel.axhline(y, color=GREY, linestyle=":", linewidth=1.5)
    panel.annotate(name, (400, y), (0, 3), textcoords="offset points", color=GREY, fontsize="small")
