"""An incident over time: latency, outcomes and queues, one above the other, the fault shaded.

Requests are counted at the time they arrived: a request that came in the fault belongs to the fault, however
late it was answered.

>>> requests = pd.DataFrame({"arrived_s": [0.1, 0.7, 1.2], "latency_s": [0.02, None, 0.04]})
>>> in_bins(requests.assign(outcome=["ok", "crashed", "ok"]), start_s=0, bin_s=1).counts.to_numpy().tolist()
[[1, 1], [0, 1]]
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from archlab.course.figures import fault_windows
from archlab.course.figures.canvas import Canvas, canvas
from archlab.course.figures.line import require_columns, scale
from archlab.course.figures.outcome import in_order, look_of_outcome
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import ARCHITECTURES, DASHES, INK, LAB, Size, darker, shades

MOST_QUEUES = 4
LATENCY, OUTCOMES, QUEUES = range(3)
WIDE = 30
"""Latencies whose largest is so many times the smallest get a logarithmic axis."""


@dataclass(frozen=True)
class Binned:
    """Requests by time of arrival: edges of the bins [s]; p50 and p99 [ms] and counts of outcomes in each."""

    edges_s: np.ndarray
    percentiles_ms: pd.DataFrame
    counts: pd.DataFrame


def incident(
    requests: pd.DataFrame,
    samples: pd.DataFrame,
    faults: pd.DataFrame,
    title: str,
    bin_s: float = 1.0,
    parts: Sequence[str] | None = None,
    architecture: str = "monolithic",
    size: Size = LAB,
) -> Picture:
    """Draw p50 and p99 of the completed requests, what became of all, and the queues, over simulated time.

    Args:
        requests, samples, faults: the frames of a `Result`.
        title: your conclusion.
        bin_s: the width of a bin, in seconds. With few requests in a bin p99 is close to its slowest one.
        parts: whose queues to show; by default the up to four that grew longest.
        architecture: whose colour the lines have.

    Raises:
        ValueError: when a frame lacks rows or columns, a part has no samples, or `bin_s` is not above 0.
    """
    require_columns("requests", requests, "arrived_s", "latency_s", "outcome")
    require_columns("samples", samples, "time_s", "part", "queue_length")
    if not bin_s > 0:
        raise ValueError(f"bin_s is {bin_s!r}; it must be above 0")
    binned = in_bins(requests, float(samples["time_s"].min()), bin_s)
    peaks = samples.groupby("part", observed=True)["queue_length"].max()
    shown = _longest(peaks) if parts is None else list(parts)
    start_s, end_s = binned.edges_s[0], max(binned.edges_s[-1], samples["time_s"].max())
    colour = ARCHITECTURES[architecture].colour
    with canvas(title, size, panels=(1.2, 1, 1), tall=True) as drawing:
        _draw_latency(drawing, binned, colour)
        _draw_outcomes(drawing, binned)
        _draw_queues(drawing, samples, shown, colour)
        drawing.panels[-1].set(xlabel="Time [s]", xlim=(start_s, end_s))
        fault_windows.shade(drawing, faults, start_s, end_s)
    return Picture(drawing.figure, f"{title.rstrip('.')}. {_in_words(faults, binned, peaks[shown])}")


def in_bins(requests: pd.DataFrame, start_s: float, bin_s: float) -> Binned:
    """Sort the requests into bins from `start_s` on. A bin in which none completed has no percentiles."""
    bins = np.floor((requests["arrived_s"].to_numpy(dtype=float) - start_s) / bin_s).astype(int)
    every = range(bins.max() + 1)
    frame = pd.DataFrame(
        {"bin": bins, "latency_ms": 1000 * requests["latency_s"], "outcome": requests["outcome"].astype(str)}
    )
    ok = frame[frame["outcome"] == "ok"].groupby("bin")["latency_ms"]
    percentiles = pd.DataFrame({"p50": ok.quantile(0.5), "p99": ok.quantile(0.99)}).reindex(every)
    counts = frame.groupby(["bin", "outcome"]).size().unstack(fill_value=0).reindex(every, fill_value=0)
    return Binned(start_s + bin_s * np.arange(len(every) + 1), percentiles, counts)


def _longest(peaks: pd.Series) -> list[str]:
    """The parts whose queue grew longest, longest first; those that never had one only when none had."""
    ordered = peaks.sort_values(ascending=False, kind="stable")
    return list(ordered[ordered > min(0, ordered.iloc[0] - 1)].index[:MOST_QUEUES])


def _draw_latency(drawing: Canvas, binned: Binned, colour: str) -> None:
    panel = drawing.panels[LATENCY]
    middles_s = (binned.edges_s[1:] + binned.edges_s[:-1]) / 2
    for name, line_colour, dash in (("p50", colour, "--"), ("p99", darker(colour, 0.5), "-")):
        values = binned.percentiles_ms[name]
        (line,) = panel.plot(middles_s, values, color=line_colour, linestyle=dash)
        drawing.name_end(panel, line, name)
    panel.set_ylabel("Latency\n[ms]")
    latencies_ms = binned.percentiles_ms.to_numpy(dtype=float)
    seen = latencies_ms[np.isfinite(latencies_ms)]
    scale(panel, log=bool(len(seen) and 0 < WIDE * seen.min() < seen.max()))


def _draw_outcomes(drawing: Canvas, binned: Binned) -> None:
    """Stack the requests per second of each outcome."""
    rates_per_s = binned.counts.div(np.diff(binned.edges_s), axis=0)
    panel, below = drawing.panels[OUTCOMES], np.zeros(len(binned.edges_s))
    for outcome in in_order(rates_per_s.columns):
        look, values = look_of_outcome(outcome), rates_per_s[outcome].to_numpy()
        top = below + np.append(values, values[-1])
        style: dict[str, Any] = {
            "facecolor": look.colour,
            "hatch": look.hatch,
            "edgecolor": INK,
            "linewidth": 0.5,
        }
        panel.fill_between(binned.edges_s, below, top, step="post", label=outcome.replace("_", " "), **style)
        below = top
    panel.set_ylabel("Requests\n[1/s]")
    scale(panel, log=False)
    drawing.name_beside(panel, upside_down=True)


def _draw_queues(drawing: Canvas, samples: pd.DataFrame, parts: Sequence[str], colour: str) -> None:
    """Draw a line a part. Queues tend to end at 0 together, so each is named where it is long."""
    panel = drawing.panels[QUEUES]
    colours = shades(colour, MOST_QUEUES)
    for k, part in enumerate(parts):
        rows = samples[samples["part"] == part]
        require_columns(f"samples of {part!r}", rows, "time_s")
        style: dict[str, Any] = {"color": colours[k % len(colours)], "linestyle": DASHES[k % len(DASHES)]}
        (line,) = panel.plot(rows["time_s"], rows["queue_length"], **style)
        drawing.name_along(panel, line, part)
    panel.set_ylabel("Waiting\n[requests]")
    scale(panel, log=False)


def _in_words(faults: pd.DataFrame, binned: Binned, peaks: pd.Series) -> str:
    worst = binned.percentiles_ms["p99"].dropna()
    slow = "none completed"
    if len(worst):
        at_s = dict(zip(binned.percentiles_ms.index, binned.edges_s, strict=False))[worst.idxmax()]
        slow = f"p99 highest at {number(at_s)} s, {number(worst.max())} ms"
    ok = binned.counts["ok"].sum() if "ok" in binned.counts else 0
    failed = 100 * (1 - ok / binned.counts.to_numpy().sum())
    queues = ", ".join(f"{part} {number(peak)}" for part, peak in peaks.items())
    return (
        f"Faults: {fault_windows.in_words(faults)}. Latency: {slow}. "
        f"Not completed: {number(failed)} %. Longest queues: {queues}."
    )
