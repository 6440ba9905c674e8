"""Memory buys speed, for those who compute: time and price of a call against the memory it is given.

Three calls: one that only computes, one that only waits for others, and one that does both, as placing an order in our
shop does (`archlab.shop.config`: the processor's work of an order, its queries and commits, and the payment provider).
A call is billed for its memory times its time, to the millisecond.

What this leaves out: small memory costs more than the processor's share says (measured: 1.05 to 1.3 times for .NET,
`archlab.published.memory_buys_speed`). So small functions are slower than these.

>>> calls = by_memory((1769, 3538)).set_index(["call", "memory_mb"])
>>> float(calls.time_ms["computes", 1769]) == float(calls.time_ms["computes", 3538])
True
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import LAB, Size, variants
from archlab.shop.serverless import SERVERLESS
from archlab.sim.billing import usd_per_request
from archlab.sim.functions.memory import computing_s

SIZES_MB = (128, 256, 512, 1024, 1769, 3538)
WORK_S = 0.1
"""Of the call that only computes, and the time of the one that only waits."""


def calls() -> Mapping[str, tuple[float, float]]:
    """Return each call: the processor's work in seconds, and for how long it waits."""
    order = SERVERLESS.demands_s().loc["place_order"]
    return {
        "computes": (WORK_S, 0.0),
        "an order": (float(order["functions"]), float(order.drop("functions").sum())),
        "waits": (0.0, WORK_S),
    }


def by_memory(sizes_mb: Sequence[int] = SIZES_MB) -> pd.DataFrame:
    """Return a row for each call and memory: `time_ms` and `usd_per_million`."""
    rows = []
    for call, (work_s, wait_s) in calls().items():
        for memory_mb in sizes_mb:
            time_s = computing_s(work_s, memory_mb) + wait_s
            rows.append((call, memory_mb, 1000 * time_s, 1e6 * usd_per_request(time_s, memory_mb)))
    return pd.DataFrame(rows, columns=["call", "memory_mb", "time_ms", "usd_per_million"])


def factor(table: pd.DataFrame, call: str, column: str, from_mb: int, to_mb: int) -> float:
    """Return how many times a call's figure is with `to_mb` what it is with `from_mb`."""
    values = table[table.call == call].set_index("memory_mb")[column]
    return float(values[to_mb] / values[from_mb])


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw the time of each call against its memory, and its price below it."""
    looks = variants("serverless", table.call.unique())
    labels = {"time_ms": "Time [ms]", "usd_per_million": "A million calls [USD]"}
    with canvas(title, size, panels=(1, 1), tall=True) as drawing:
        for panel, (column, label) in zip(drawing.panels, labels.items(), strict=True):
            for call, rows in table.groupby("call", sort=False):
                line = draw_with_band(panel, rows, "memory_mb", column, looks[str(call)])
                drawing.name_along(panel, line, str(call))
            panel.set_xscale("log")
            scale(panel, log=column == "time_ms")
            panel.set_ylabel(label)
        last = drawing.panels[-1]
        last.set_xticks(sorted(table.memory_mb.unique()))
        last.xaxis.set_major_formatter(lambda value, _: number(value))
        last.minorticks_off()
        last.set_xlabel("Memory [MB]")
    alt = " ".join(
        in_words(f"{call}, ms", rows.memory_mb, rows.time_ms) for call, rows in table.groupby("call")
    )
    return Picture(drawing.figure, f"{title}. {alt}")
