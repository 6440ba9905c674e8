"""Views of a simulation's result: how latency is spread, or how an hour went.

>>> LatencyAndQueue().panels[0].x_label
'Latency [ms]'
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from archlab.course.explorer.headline import headline, result_of
from archlab.course.explorer.view import Curve, Panel, Reading, Window
from archlab.course.figures.timeline import in_bins
from archlab.shop.day import ShopResult
from archlab.sim.result import Result

QUEUE_PANEL = Panel("Time [s]", "Waiting [requests]")


@dataclass(frozen=True)
class LatencyAndQueue:
    """The share of completed requests that took longer, and the queues over time.

    `parts`: whose queues; empty: that of the part whose queue grew longest.
    """

    parts: tuple[str, ...] = ()

    @property
    def panels(self) -> tuple[Panel, ...]:
        return (Panel("Latency [ms]", "Share slower than that [%]", log_x=True, log_y=True), QUEUE_PANEL)

    def read(self, answer: Result | ShopResult) -> Reading:
        result = result_of(answer)
        curves = (_survival(result), *_queues(result, self.parts, panel=1))
        return Reading(curves, headline(answer))


@dataclass(frozen=True)
class OverTime:
    """p50 and p99 of the completed requests, and the queues, over time; faults are shaded.

    `bin_s`: requests are sorted by their arrival into bins of this width.
    `parts`: whose queues; empty: that of the part whose queue grew longest.
    """

    bin_s: float = 1.0
    parts: tuple[str, ...] = ()

    @property
    def panels(self) -> tuple[Panel, ...]:
        return (Panel("Time [s]", "Latency [ms]"), QUEUE_PANEL)

    def read(self, answer: Result | ShopResult) -> Reading:
        result = result_of(answer)
        curves = (*_latencies(result, self.bin_s), *_queues(result, self.parts, panel=1))
        return Reading(curves, headline(answer), _windows(result))


def _survival(result: Result) -> Curve:
    """The empirical survival function. Left out: the slowest request, whose share is 0, and the fastest 1 %."""
    ok = (result.requests["outcome"] == "ok").to_numpy()
    latencies_ms = np.sort(1000 * result.requests["latency_s"].to_numpy(dtype=float)[ok])
    first, last = len(latencies_ms) // 100, len(latencies_ms) - 1
    share = 100 * (1 - np.arange(1, len(latencies_ms) + 1) / max(1, len(latencies_ms)))
    return Curve(0, "", latencies_ms[first:last], share[first:last], steps=True)


def _latencies(result: Result, bin_s: float) -> list[Curve]:
    if len(result.requests) == 0:
        return []
    binned = in_bins(result.requests, result.start_s, bin_s)
    middles_s = (binned.edges_s[1:] + binned.edges_s[:-1]) / 2
    return [Curve(0, name, middles_s, binned.percentiles_ms[name].to_numpy()) for name in ("p50", "p99")]


def _queues(result: Result, parts: tuple[str, ...], panel: int) -> list[Curve]:
    samples = result.samples
    if len(samples) == 0:
        return []
    longest = samples.groupby("part", observed=True, sort=False)["queue_length"].max().idxmax()
    return [_queue(samples, part, panel) for part in parts or (str(longest),)]


def _queue(samples: pd.DataFrame, part: str, panel: int) -> Curve:
    rows = samples[samples["part"] == part]
    if len(rows) == 0:
        raise ValueError(f"part is {part!r}; it must be one of {', '.join(samples['part'].unique())}")
    return Curve(panel, part, rows["time_s"].to_numpy(), rows["queue_length"].to_numpy())


def _windows(result: Result) -> tuple[Window, ...]:
    faults: list[dict[Any, Any]] = result.faults.to_dict("records")
    return tuple(
        Window(max(row["start_s"], result.start_s), min(row["end_s"], result.end_s), str(row["part"]))
        for row in faults
        if row["start_s"] < result.end_s and math.isfinite(row["start_s"]) and row["end_s"] > result.start_s
    )
