"""Traces: latency, failures and queues over the whole of a recording, with a cursor at one moment.

>>> from archlab.sim import Crash, Simulation, Station
>>> from matplotlib.figure import Figure
>>> sim = Simulation(seed=1)
>>> web = Station(sim, "web")
>>> sim.inject(Crash("web", at_s=20, restart_after_s=10))
>>> Traces(Figure().subplots(3, 1), sim.measure(duration_s=60), "#0072B2").fault_words
'web: crash from 20 s to 30 s'
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from archlab.course.explorer.axes import round_up
from archlab.course.figures.fault_windows import SHADE
from archlab.course.figures.naming import Name, place_at_ends
from archlab.course.figures.spread import BESIDE_PT
from archlab.course.figures.timeline import Binned, in_bins
from archlab.course.quantity import number
from archlab.course.replay.recording import fault_words
from archlab.course.style import DASHES, INK, darker, for_text, shades
from archlab.sim.result import Result

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

BINS = 75
MOST_QUEUES = 4
SMALL = 0.8
"""Titles and legends, in letters of the other text."""
TITLES = ("Latency [ms]", "Errors [1/s]", "Waiting [requests]")
WIDE = 30
"""Latencies whose largest is so many times the smallest get a logarithmic axis."""


class Traces:
    """Three panels, one above the other, in the colour of the architecture, and their cursors."""

    def __init__(self, panels: Sequence[Axes], result: Result, colour: str) -> None:
        self._result, self._colour = result, colour
        self._names: list[Name] = []
        latency, failures, queues = panels
        if len(result.requests):
            binned = in_bins(result.requests, result.start_s, bin_width_s(result))
            self._draw_latency(latency, binned)
            self._draw_failures(failures, binned)
        self._draw_queues(queues, result.samples)
        self._finish(panels)
        self.cursors = [panel.axvline(result.start_s, color=INK, linewidth=1.5, zorder=5) for panel in panels]

    @property
    def animated(self) -> list[Artist]:
        return list(self.cursors)

    def show(self, time_s: float) -> None:
        """Move the cursors."""
        for cursor in self.cursors:
            cursor.set_xdata([time_s, time_s])

    def _draw_latency(self, panel: Axes, binned: Binned) -> None:
        middles_s = (binned.edges_s[1:] + binned.edges_s[:-1]) / 2
        for name, colour, dash in (("p50", self._colour, "--"), ("p99", darker(self._colour, 0.5), "-")):
            (line,) = panel.plot(middles_s, binned.percentiles_ms[name], color=colour, linestyle=dash)
            self._name(panel, line, name)
        values = binned.percentiles_ms.to_numpy(dtype=float)
        seen = values[np.isfinite(values)]
        if len(seen) and 0 < WIDE * seen.min() < seen.max():
            panel.set_yscale("log")
            panel.minorticks_off()

    def _draw_failures(self, panel: Axes, binned: Binned) -> None:
        """What failed, by its arrival: crashed, refused, timed out. Not what was still inside at the end."""
        bad = (
            binned.counts.drop(columns=["ok", "unfinished"], errors="ignore")
            .sum(axis=1)
            .to_numpy(dtype=float)
        )
        rates_per_s = bad / np.diff(binned.edges_s)
        panel.stairs(rates_per_s, binned.edges_s, fill=True, color="#A8201A")
        panel.set_ylim(0, max(1.0, 1.05 * rates_per_s.max()))

    def _draw_queues(self, panel: Axes, samples: pd.DataFrame) -> None:
        peaks = samples.groupby("part", observed=True)["queue_length"].max()
        ordered = peaks.sort_values(ascending=False, kind="stable")
        colours = shades(self._colour, MOST_QUEUES)
        for k, part in enumerate(ordered[ordered >= max(1, 0.02 * ordered.iloc[0])].index[:MOST_QUEUES]):
            rows = samples[samples["part"] == part]
            style: dict[str, Any] = {"color": colours[k], "linestyle": DASHES[k]}
            (line,) = panel.plot(rows["time_s"], rows["queue_length"], **style)
            self._name(panel, line, str(part))

    def _name(self, panel: Axes, line: Line2D, name: str) -> None:
        """Write a name at the end of its line. Names are moved apart when the limits are known."""
        from matplotlib.colors import to_hex

        points = np.asarray(line.get_xydata(), dtype=float)
        points = points[np.isfinite(points).all(axis=1)]
        style: dict[str, Any] = {"textcoords": "offset points", "va": "center", "annotation_clip": False}
        style |= {"color": for_text(to_hex(line.get_color())), "fontsize": SMALL * self._letters_pt(panel)}
        for x, y in points[-1:]:
            self._names.append(Name(panel.annotate(name, (x, y), (BESIDE_PT, 0), **style), line))

    @staticmethod
    def _letters_pt(panel: Axes) -> float:
        return float(panel.xaxis.label.get_fontsize())

    def _finish(self, panels: Sequence[Axes]) -> None:
        letters_pt = SMALL * self._letters_pt(panels[0])
        for panel, title in zip(panels, TITLES, strict=True):
            self._shade(panel)
            panel.set_title(title, loc="left", fontsize=letters_pt, pad=3)
            panel.yaxis.set_major_formatter(lambda value, _: number(value))
            if panel.get_yscale() == "linear":
                panel.set_ylim(bottom=0)
                panel.locator_params(axis="y", nbins=3)
            panel.set_xlim(self._result.start_s, self._result.end_s)
            panel.tick_params(axis="x", labelbottom=panel is panels[-1])
            place_at_ends([name for name in self._names if name.text.axes is panel], panel)
        if self.kinds:
            panels[0].set_title(f"shaded: {self.kinds}", loc="right", fontsize=letters_pt, pad=3)
        panels[-1].set_xlabel("Time [s]")

    def _shade(self, panel: Axes) -> None:
        style: dict[str, Any] = {
            "facecolor": SHADE,
            "edgecolor": INK,
            "lw": 0.8,
            "linestyle": ":",
            "zorder": 0,
        }
        for row in self._windows:
            panel.axvspan(row["start_s"], row["end_s"], **style)

    @property
    def _windows(self) -> list[dict[Any, Any]]:
        """The faults that fall into the recording, cut to it."""
        faults = self._result.faults.assign(is_endless=np.isinf(self._result.faults["end_s"].astype(float)))
        faults["start_s"] = faults["start_s"].clip(lower=self._result.start_s)
        faults["end_s"] = faults["end_s"].clip(upper=self._result.end_s)
        return faults[faults["start_s"] < faults["end_s"]].to_dict("records")

    @property
    def kinds(self) -> str:
        """The faults in words: part and kind."""
        texts = (f"{row['part']}: {fault_words(row['fault'])}" for row in self._windows)
        return "; ".join(dict.fromkeys(texts))

    @property
    def fault_words(self) -> str:
        """The same with times; empty when there is no fault."""
        return "; ".join(self._words_of(row) for row in self._windows)

    def _words_of(self, row: dict[Any, Any]) -> str:
        end = "on" if row["is_endless"] else f"to {number(row['end_s'])} s"
        return f"{row['part']}: {fault_words(row['fault'])} from {number(row['start_s'])} s {end}"


def bin_width_s(result: Result) -> float:
    """Return a round width that cuts the recording into at most 75 bins."""
    return round_up(result.duration_s / BINS, (1, 2, 5))
