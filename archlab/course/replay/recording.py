"""A recording: the state of every part at the sampled times of a run, and the moments worth a picture.

>>> from archlab.sim import Poisson, Simulation, Station
>>> sim = Simulation(seed=1)
>>> web = Station(sim, "web")
>>> def browse(request):
...     yield web.serve(0.05)
>>> sim.open_load(Poisson(rate_per_s=15), browse)
>>> recording = Recording(sim.measure(duration_s=60))
>>> recording.states(recording.worst)["web"].queue_length == recording.largest_queue
True
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from archlab.course.figures.line import require_columns
from archlab.course.quantity import number
from archlab.sim.result import Result

NEARLY = 0.9
"""A moment is nearly as bad as the worst with so much of its waiting and failing requests."""


@dataclass(frozen=True)
class State:
    """One part at one moment. `faults` names what goes wrong with it: "crash", "slow down"."""

    queue_length: int
    busy: int
    capacity: int
    is_up: bool
    faults: tuple[str, ...] = ()

    @property
    def utilisation(self) -> float:
        """The share of its servers that is busy."""
        return self.busy / self.capacity if self.capacity else 0.0

    @property
    def brief(self) -> str:
        """The one thing that matters most: that it is down, what goes wrong, how many wait, or how many are busy."""
        if not self.is_up:
            return "✘ DOWN"
        if self.faults:
            return f"⚠ {self.faults[0]}"
        return f"{number(self.queue_length)} waiting" if self.queue_length else self.words

    @property
    def words(self) -> str:
        """The state as a reader sees it: two short lines, and one for each fault."""
        if not self.is_up:
            return "✘ DOWN"
        lines = [f"{number(self.busy)} of {number(self.capacity)} busy"]
        lines += [f"{number(self.queue_length)} waiting"] if self.queue_length else []
        return "\n".join([*lines, *(f"⚠ {fault}" for fault in self.faults)])


SHORT_S = 5.0
"""Of a recording: shorter ones show milliseconds."""


def clock(time_s: float, span_s: float, digits: int) -> str:
    """Return a moment of a recording that is `span_s` long, with so many digits, or three when it is short.

    >>> clock(0.3471, span_s=0.5, digits=1), clock(21.8, span_s=36.0, digits=1)
    ('0.347 s', '21.8 s')
    """
    return f"{time_s:,.{digits if span_s >= SHORT_S else 3}f} s"


class Recording:
    """The samples of a run by time and part; moments are numbers of samples, from 0.

    `parts`: those that are shown; the worst moment is looked for among them. None: all.
    `beside`: more parts whose states are needed, for instance to know where workers wait.

    Raises:
        ValueError: when the run has no samples.
    """

    def __init__(
        self, result: Result, parts: Collection[str] | None = None, beside: Collection[str] = ()
    ) -> None:
        require_columns("samples", result.samples, "time_s", "part", "queue_length", "busy", "capacity", "up")
        self.result = result
        samples = result.samples
        sampled = [str(part) for part in samples["part"].unique()]
        self.parts = [part for part in sampled if parts is None or part in parts]
        self._beside = [part for part in sampled if part in beside and part not in self.parts]
        self.times_s = np.unique(samples["time_s"].to_numpy(dtype=float))
        names = ("queue_length", "busy", "capacity", "up")
        self._queue, self._busy, self._capacity, self._up = (self._table(samples, name) for name in names)

    def _table(self, samples: pd.DataFrame, column: str) -> np.ndarray:
        """A row a moment and a column a part; NaN where a part was not there."""
        table = samples.pivot(index="time_s", columns="part", values=column)
        return table.reindex(columns=[*self.parts, *self._beside]).to_numpy(dtype=float)

    def _shown(self, table: np.ndarray) -> np.ndarray:
        """The columns of the parts that are shown."""
        return table[:, : len(self.parts)]

    @property
    def largest_queue(self) -> float:
        """The longest queue that any of the parts ever had."""
        return float(np.nanmax(self._shown(self._queue), initial=0))

    def __len__(self) -> int:
        return len(self.times_s)

    def moment(self, time_s: float) -> int:
        """Return the last moment that is not after `time_s`; the first one for earlier times."""
        return max(0, int(np.searchsorted(self.times_s, time_s, side="right")) - 1)

    def states(self, moment: int) -> dict[str, State]:
        """Return each part's state, also of those beside. A part that did not exist yet, or any more, is left out."""
        faults = self._faults(float(self.times_s[moment]))
        rows = (table[moment] for table in (self._queue, self._busy, self._capacity, self._up))
        return {
            part: State(int(queue), int(busy), int(capacity), bool(up), faults.get(part, ()))
            for part, queue, busy, capacity, up in zip([*self.parts, *self._beside], *rows, strict=True)
            if np.isfinite(queue)
        }

    def _faults(self, time_s: float) -> dict[str, tuple[str, ...]]:
        """What goes wrong at that time: part -> names of its faults."""
        found: dict[str, tuple[str, ...]] = {}
        rows: list[dict[Any, Any]] = self.result.faults.to_dict("records")
        for row in rows:
            if row["start_s"] <= time_s < row["end_s"]:
                found[row["part"]] = (*found.get(row["part"], ()), fault_words(row["fault"]))
        return found

    @cached_property
    def worst(self) -> int:
        """The first moment at which most requests waited, or failed that came since the moment before.

        When it is the same at several, the one at which most parts were down, then at which most were busy. A moment
        of a fault that is nearly as bad is taken instead, because it shows the cause.
        """
        hurt = np.nansum(self._shown(self._queue), axis=1) + self._failed()
        down = np.nansum(self._shown(self._up) == 0, axis=1)
        busy = np.nansum(self._shown(self._busy) / np.maximum(1, self._shown(self._capacity)), axis=1)
        order = np.lexsort((-np.arange(len(self)), busy, down, hurt))
        nearly = [k for k in order if self._is_faulty[k] and hurt[k] >= NEARLY * hurt[order[-1]]]
        return int((nearly or order)[-1])

    @property
    def _is_faulty(self) -> np.ndarray:
        """Whether something went wrong, at each moment."""
        windows = zip(self.result.faults["start_s"], self.result.faults["end_s"], strict=True)
        inside = [(start <= self.times_s) & (self.times_s < end) for start, end in windows]
        return np.any(inside, axis=0) if inside else np.zeros(len(self), dtype=bool)

    def _failed(self) -> np.ndarray:
        """How many requests that failed had arrived since the moment before, at each moment."""
        requests = self.result.requests
        failed = requests[~requests["outcome"].isin(["ok", "unfinished"])]
        return np.histogram(failed["arrived_s"], np.concatenate([[-np.inf], self.times_s]))[0]

    @cached_property
    def four(self) -> list[int]:
        """Before the first fault, early in it, the worst moment, the end: four moments in order.

        Without a fault, or when some fall together, moments between them are taken instead.
        """
        last = len(self) - 1
        chosen = {self.worst, last, *self._around_the_first_fault()}
        while len(chosen) < min(4, len(self)):
            before, after = max(pairwise(sorted({0, last} | chosen)), key=lambda gap: gap[1] - gap[0])
            chosen |= {0} if 0 not in chosen and after - before < 2 else {(before + after) // 2}
        return sorted(chosen)

    def _around_the_first_fault(self) -> set[int]:
        windows = zip(self.result.faults["start_s"], self.result.faults["end_s"], strict=True)
        inside = [w for w in windows if w[1] > self.result.start_s and w[0] < self.result.end_s]
        if not inside:
            return set()
        start_s, end_s = min(inside)
        early_s = start_s + 0.25 * (min(end_s, self.result.end_s) - start_s)
        return {max(0, self.moment(start_s) - 1), self.moment(early_s)}


def fault_words(kind: str) -> str:
    """Return the kind of a fault in words.

    >>> fault_words("SlowDown")
    'slow down'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()
