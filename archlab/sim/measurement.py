"""Measuring a run: what is looked at while it runs, and the frames that are made of it.

Each part is sampled at regular times. Averages are not taken from the samples but from the parts' own exact sums, read
at the start and at the end.

>>> from archlab.sim import Deterministic, Simulation, Station
>>> sim = Simulation(seed=1)
>>> web = Station(sim, "web")
>>> def browse(request):
...     yield web.serve(0.3)
>>> sim.open_load(Deterministic(rate_per_s=2), browse)
>>> result = measure(sim, faults=[], duration_s=60, warmup_s=0, sample_every_s=10)
>>> result.samples.time_s.tolist(), round(float(result.parts.utilisation["web"]), 3)
([0, 10, 20, 30, 40, 50], 0.595)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from archlab.sim.result import Result
from archlab.sim.validation import require_non_negative, require_positive

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar
    from archlab.sim.core.effects import Effect
    from archlab.sim.faults import Fault

SAMPLES = 200


def measure(
    sim: Calendar,
    faults: Sequence[tuple[Fault, Effect]],
    duration_s: float,
    warmup_s: float,
    sample_every_s: float | None,
) -> Result:
    """Run `sim` and return what happened in the `duration_s` seconds after the first `warmup_s`."""
    require_positive("duration_s", duration_s)
    require_non_negative("warmup_s", warmup_s)
    every_s = duration_s / SAMPLES if sample_every_s is None else sample_every_s
    require_positive("sample_every_s", every_s)
    if warmup_s > 0:
        sim.run(until=sim.now + warmup_s)
    start_s, end_s = sim.now, sim.now + duration_s
    sampler = _Sampler(sim, every_s, end_s)
    before = {name: part.totals() for name, part in sim.parts.items()}
    sim.run(until=end_s)
    after = {name: part.totals() for name, part in sim.parts.items()}
    return Result(
        start_s=start_s,
        end_s=end_s,
        rows=_rows(sim, start_s),
        samples=sampler.frame(),
        parts=_parts(sim, before, after, duration_s),
        faults=_faults(faults),
        timeout_s=_longest_timeout_s(sim),
    )


class _Sampler:
    """Looks at every part at regular times and keeps what it sees."""

    def __init__(self, sim: Calendar, every_s: float, end_s: float) -> None:
        self.sim, self.every_s, self.end_s = sim, every_s, end_s
        self.start_s = sim.now
        self.rows: list[tuple[float, str, int, int, int, bool]] = []
        self.taken = 0
        self._look(None)

    def _look(self, _: None) -> None:
        now_s = self.sim.now
        self.rows += [(now_s, name, *part.sample()) for name, part in self.sim.parts.items()]
        self.taken += 1
        next_s = self.start_s + self.taken * self.every_s
        if next_s < self.end_s:
            self.sim.call_at(next_s, self._look)

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows, columns=["time_s", "part", "queue_length", "busy", "capacity", "up"])


def _rows(sim: Calendar, start_s: float) -> pd.DataFrame:
    """A row a request that was inside at `start_s` or arrived later."""
    record = sim.recorder
    arrived_s, finished_s = record.column("arrived_s"), record.column("finished_s")
    ids = np.flatnonzero(~((arrived_s < start_s) & (finished_s < start_s)))
    rows = pd.DataFrame(
        {
            "id": ids,
            "kind": _names(record.column("kind")[ids], record.kinds),
            "arrived_s": arrived_s[ids],
            "finished_s": finished_s[ids],
            "latency_s": finished_s[ids] - arrived_s[ids],
            "outcome": _names(record.column("outcome")[ids], record.outcomes),
        }
    )
    if record.late is not None:
        rows["intended_s"] = rows["id"].map(record.late).fillna(rows["arrived_s"])
    if record.done_s is not None:
        goes_on = rows["id"].isin(record.done_s.keys())
        rows["done_s"] = rows["id"].map(record.done_s).where(goes_on, rows["finished_s"])
        rows["end_to_end_s"] = rows["done_s"] - rows["arrived_s"]
    return rows


def _names(codes: np.ndarray, names: list[str]) -> pd.Categorical[str]:
    return pd.Categorical.from_codes(codes.tolist(), categories=pd.Index(names)).remove_unused_categories()


def _parts(
    sim: Calendar,
    before: dict[str, dict[str, float]],
    after: dict[str, dict[str, float]],
    duration_s: float,
) -> pd.DataFrame:
    """A row a part: what changed between two readings of its sums. A part that is new started from nothing."""
    rows = []
    for name, totals in after.items():
        change = {key: value - before.get(name, {}).get(key, 0) for key, value in totals.items()}
        capacity = sim.parts[name].sample()[2]
        rows.append(
            {
                "part": name,
                "capacity": capacity,
                "utilisation": change["busy_s"] / (capacity * duration_s),
                "mean_queue_length": change["waiting_s"] / duration_s,
                **{count: int(change[count]) for count in ("completed", "refused", "failed")},
            }
        )
    columns = ["part", "capacity", "utilisation", "mean_queue_length", "completed", "refused", "failed"]
    return pd.DataFrame(rows, columns=columns).set_index("part")


def _faults(faults: Sequence[tuple[Fault, Effect]]) -> pd.DataFrame:
    """A row a fault that was injected."""
    rows = [(type(fault).__name__, fault.where, fault.at_s, effect.until_s) for fault, effect in faults]
    return pd.DataFrame(rows, columns=["fault", "part", "start_s", "end_s"])


def _longest_timeout_s(sim: Calendar) -> float:
    """After how long the most patient customers of all loads give up; 0 when nobody ever does."""
    return max((load.longest_timeout_s for load in sim.register("load").values()), default=0.0)
