"""The result of a run: tidy frames, and the few figures everybody asks for.

Latency is that of the requests that succeeded, so it always comes with how many did not: a system that answers only
its easy requests has a splendid p99.

>>> from archlab.sim import Deterministic, Simulation, Station
>>> sim = Simulation(seed=1)
>>> web = Station(sim, "web")
>>> def browse(request):
...     yield web.serve(0.3)
>>> sim.open_load(Deterministic(rate_per_s=2), browse)
>>> result = sim.measure(duration_s=60)
>>> result.summary()[["arrived", "ok", "p50_ms", "p99_ms"]].round(6).iloc[0].tolist()
[119.0, 119.0, 300.0, 300.0]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from archlab.sim.recording import OK, UNFINISHED
from archlab.sim.validation import require_non_negative, require_percent, require_positive

if TYPE_CHECKING:
    from archlab.sim.core.active_faults import Effect
    from archlab.sim.core.calendar import Calendar
    from archlab.sim.faults import Fault

SAMPLES = 200
NEARLY_ALL = 0.98
"""A part that is this busy may be saturated."""


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
    )


@dataclass(frozen=True)
class Result:
    """What happened from `start_s` to `end_s`.

    `requests`: a row a request that arrived then, with `id`, `kind`, `arrived_s`, `finished_s` and `latency_s` (NaN
    while inside) and `outcome`: "ok", "unfinished", or what went wrong. `rows` has those that were inside already, too.
    Under a paced load both have `intended_s`: when the request should have come by its user's plan.
    `samples`: a row a part and sample, with `time_s`, `part`, `queue_length`, `busy`, `capacity`, `up`.
    `parts`: a row a part, with exact averages over time (`utilisation`, `mean_queue_length`) and counts of visits.
    `faults`: a row a fault, with `fault`, `part`, `start_s`, `end_s`: when it was really over. Crashes of a part that
    overlap end together; what somebody repaired by hand ended then; what never ends has an infinite `end_s`.
    """

    start_s: float
    end_s: float
    rows: pd.DataFrame
    samples: pd.DataFrame
    parts: pd.DataFrame
    faults: pd.DataFrame

    @cached_property
    def requests(self) -> pd.DataFrame:
        return self.rows[self.rows["arrived_s"] >= self.start_s].reset_index(drop=True)

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s

    @property
    def arrived(self) -> int:
        """How many requests arrived."""
        return len(self.requests)

    @property
    def completed(self) -> int:
        """How many of them succeeded before the end."""
        return len(self._succeeded())

    def outcomes(self, kind: str | None = None) -> pd.Series:
        """How many requests had each outcome, most frequent first."""
        return self._of(kind)["outcome"].value_counts()

    def latency_s(self, q: float, kind: str | None = None) -> float:
        """The latency, in seconds, that `q` percent of the successful requests do not exceed. NaN if there is none."""
        require_percent("q", q)
        return _percentile(self._succeeded(kind)["latency_s"], q)

    def latency_from_intended_s(self, q: float, kind: str | None = None) -> float:
        """The same, counted from the moment at which the user intended to ask: without coordinated omission.

        It differs from `latency_s` under a paced load only (see `archlab.sim.load.PacedLoad`). Whoever has not asked
        at the end, though he intended to, is in neither.
        """
        require_percent("q", q)
        rows = self._succeeded(kind)
        intended_s = rows["intended_s"] if "intended_s" in rows else rows["arrived_s"]
        return _percentile(rows["finished_s"] - intended_s, q)

    def mean_latency_s(self, kind: str | None = None) -> float:
        """The mean latency of the successful requests, in seconds. NaN if there is none."""
        return float(self._succeeded(kind)["latency_s"].mean())

    def throughput_per_s(self, kind: str | None = None) -> float:
        """Requests that were answered well in the measured time, per second, whenever they arrived."""
        ok = (self.rows["outcome"] == OK) & (self.rows["finished_s"] < self.end_s)
        if kind is not None:
            ok &= self.rows["kind"] == kind
        return float(ok.sum() / self.duration_s)

    def availability(self, kind: str | None = None) -> float:
        """The share of requests that succeeded, of all that ended. NaN when none ended."""
        outcomes = self._of(kind)["outcome"]
        ended = (outcomes != UNFINISHED).sum()
        return float((outcomes == OK).sum() / ended) if ended else float("nan")

    def in_system(self) -> float:
        """The average number of requests inside, over time: the area under the count, from the rows."""
        came = self.rows["arrived_s"].clip(lower=self.start_s)
        left = self.rows["finished_s"].fillna(self.end_s)
        return float((left - came).sum() / self.duration_s)

    @cached_property
    def saturated(self) -> list[str]:
        """The parts that were busy all the time while their queue went on growing: they have no steady state."""
        busy = self.parts.index[self.parts["utilisation"] >= NEARLY_ALL]
        return [name for name in busy if self._queue_grows(name)]

    def summary(self) -> pd.DataFrame:
        """A row a kind and one for all: counts, `availability`, `throughput_per_s`, percentiles in milliseconds.

        Latencies are NaN when a part is saturated: they would only tell how long you ran.
        """
        kinds = sorted(self.requests["kind"].unique())
        rows = [self._summary_of(kind) for kind in kinds] if len(kinds) > 1 else []
        return pd.DataFrame([*rows, self._summary_of(None)]).set_index("kind")

    def _summary_of(self, kind: str | None) -> dict[str, object]:
        latencies = {f"p{q}_ms": 1000 * self.latency_s(q, kind) for q in (50, 95, 99)}
        if self.saturated:
            latencies = dict.fromkeys(latencies, float("nan"))
        return {
            "kind": kind or "all",
            "arrived": len(self._of(kind)),
            "ok": len(self._succeeded(kind)),
            "availability": self.availability(kind),
            "throughput_per_s": self.throughput_per_s(kind),
            **latencies,
            "saturated": ", ".join(self.saturated),
        }

    def _of(self, kind: str | None) -> pd.DataFrame:
        if kind is None:
            return self.requests
        known = set(self.requests["kind"])
        if kind not in known:
            raise ValueError(
                f"kind={kind!r} did not occur; there are {', '.join(sorted(known)) or 'no requests'}"
            )
        return self.requests[self.requests["kind"] == kind]

    def _succeeded(self, kind: str | None = None) -> pd.DataFrame:
        rows = self._of(kind)
        return rows[rows["outcome"] == OK]

    def _queue_grows(self, part: str) -> bool:
        """Whether the queue was longer in each third of the time than in the third before; with 3 samples or more."""
        queue = self.samples.loc[self.samples["part"] == part, "queue_length"].to_numpy(dtype=float)
        if len(queue) < 3:
            return False
        first, middle, last = (piece.mean() for piece in np.array_split(queue, 3))
        return bool(last > 1.1 * middle + 1 and middle > 1.1 * first + 1)


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


def _percentile(values: pd.Series, q: float) -> float:
    return float(np.percentile(values, q)) if len(values) else float("nan")
