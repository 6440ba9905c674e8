"""Many servers: what a simulation of ten says about a thousand, and when it does not.

The example is a balancer that joins the shorter of two queues (`archlab.published.mean_field`). How far a number of
servers is from endlessly many is shown against that number.

>>> table = compared(servers=(10, 100), runs=200)
>>> [bool(table.error_percent[row] > 0) for row in (0, 1)]
[True, True]
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

import joblib
import pandas as pd

from archlab.course.figures.canvas import canvas, wrapped
from archlab.course.figures.line import draw_theory, require_columns
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import INK, LAB, Size
from archlab.published.mean_field import RUNS, SERVERS, error
from archlab.sim.parallel import in_parallel

SOON_S, LATE_S = 10.0, 100.0
"""When the servers are looked at, after they were empty: while they fill, and when they have long been as full as
they get."""
LATE_SERVERS = (10, 30, 100)
LOOKS = {SOON_S: ("#44617B", "o", "-"), LATE_S: ("#882255", "s", "--")}
"""No architecture's colours."""


def compared(servers: Iterable[int] = SERVERS, seed: int = 1, runs: int = RUNS) -> pd.DataFrame:
    """Return the rows of `archlab.published.mean_field.errors` at 90 % of what the servers can do, soon and late.

    Late `LATE_SERVERS` at most, and half as many runs, as each is ten times as long.
    """
    counts = list(servers)
    cases = [(count, SOON_S, runs) for count in counts]
    cases += [(count, LATE_S, runs // 2) for count in counts if count in LATE_SERVERS]
    longest_first = sorted(cases, key=prod, reverse=True)
    rows = in_parallel(
        joblib.delayed(error)(count, until_s=until_s, seed=seed, runs=many)
        for count, until_s, many in longest_first
    )
    return pd.DataFrame(rows).sort_values(["until_s", "servers"], ignore_index=True)


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw the error against the number of servers, both by tens, with intervals; dashed: 1/n from the first point on.

    Takes `compared`. Raises `ValueError` when a column is missing.
    """
    require_columns("table", table, "servers", "until_s", "error_percent", "low_percent", "high_percent")
    told = []
    with canvas(title, size, tall=False) as drawing:
        (panel,) = drawing.panels
        for until_s, rows in table.groupby("until_s"):
            colour, marker, dash = LOOKS[float(str(until_s))]
            name = f"after {number(float(str(until_s)))} s"
            error = rows.error_percent
            bars = [error - rows.low_percent.clip(lower=0.01), rows.high_percent - error]
            panel.errorbar(
                rows.servers, error, bars, color=colour, marker=marker, linestyle=dash, capsize=4, label=name
            )
            ends = rows.servers.iloc[[0, -1]]
            draw_theory(panel, ends, error.iloc[0] * ends.iloc[0] / ends)
            each = [f"{number(e)} % with {n:,}" for n, e in zip(rows.servers, error, strict=True)]
            told.append(f"{name}: {', '.join(each)}")
        panel.set(xscale="log", yscale="log", xlabel="Servers")
        panel.set_ylabel(wrapped("Above the limit [%]"))
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_major_formatter(lambda value, _: number(value))
        panel.legend(loc="upper right", frameon=False)
        panel.text(0.02, 0.05, "dashed: falls as 1/servers", transform=panel.transAxes, color=INK)
    return Picture(drawing.figure, f"{title.rstrip('.')}. Error, {'; '.join(told)}.")
