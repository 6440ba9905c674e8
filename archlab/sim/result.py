"""The result of a run: tidy frames, and the few figures everybody asks for.

Latency is that of the requests that succeeded, so it always comes with how many did not: a system that answers only
its easy requests has a splendid p99. Or count those that failed as infinitely slow, with `failures="infinite"`.

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

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from archlab.sim.recording import OK, UNFINISHED
from archlab.sim.saturation import longer_wait_s, saturated_parts, suffers
from archlab.sim.statistics import percentile
from archlab.sim.validation import require_one_of, require_percent, require_positive, require_text

Failures = Literal["left out", "infinite"]
"""What a percentile makes of requests that did not succeed."""

TIMES_THE_LONGEST = 2
"""How many times the longest wait for any answer makes an unfinished request one that will get none."""


@dataclass(frozen=True)
class Result:
    """What happened from `start_s` to `end_s`.

    `requests`: a row a request that arrived then, with `id`, `kind`, `arrived_s`, `finished_s` and `latency_s` (NaN
    while inside) and `outcome`: "ok", "unfinished", or what went wrong. `rows` has those that were inside already, too.
    Under a paced load both have `intended_s`: when the request should have come by its user's plan.
    Where work goes on after answers both have `done_s`, when it was over, and `end_to_end_s` from the arrival to then
    (NaN while it is not over); a request that ended with its answer was done then.
    `samples`: a row a part and sample, with `time_s`, `part`, `queue_length`, `busy`, `capacity`, `up`.
    `parts`: a row a part, with exact averages over time (`utilisation`, `mean_queue_length`) and counts of visits.
    `faults`: a row a fault, with `fault`, `part`, `start_s`, `end_s`: when it was really over. Crashes of a part that
    overlap end together; what somebody repaired by hand ended then; what never ends has an infinite `end_s`.
    `timeout_s`: after how long the most patient customers gave up; 0 when nobody did.
    """

    start_s: float
    end_s: float
    rows: pd.DataFrame
    samples: pd.DataFrame
    parts: pd.DataFrame
    faults: pd.DataFrame
    timeout_s: float

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

    def latency_s(self, q: float, kind: str | None = None, failures: Failures = "left out") -> float:
        """The latency, in seconds, that `q` percent of the requests do not exceed. NaN if there is none.

        Of the successful requests; with `failures="infinite"` of all that `availability` counts, those that did not
        succeed as infinitely slow. Of one run; for several, see `archlab.sim.statistics.pooled_percentile`.
        Raises `ValueError` when an argument is not allowed.
        """
        require_percent("q", q)
        latencies_s = self.latencies_s(kind, failures)
        return percentile(latencies_s, q) if latencies_s.size else float("nan")

    def latencies_s(
        self, kind: str | None = None, failures: Failures = "left out"
    ) -> npt.NDArray[np.float64]:
        """The latencies of these requests one by one, in seconds, in the order of their arrival.

        They are what a `PooledPercentile` of a model needs. Raises `ValueError` when an argument is not allowed.
        """
        require_one_of("failures", failures, get_args(Failures))
        if failures == "left out":
            return self._succeeded(kind)["latency_s"].to_numpy(dtype=float)
        rows = self._had_time_to_end(kind)
        return rows["latency_s"].where(rows["outcome"] == OK, np.inf).to_numpy(dtype=float)

    def latency_from_intended_s(self, q: float, kind: str | None = None) -> float:
        """The latency of the successful requests, counted from when the user intended to ask it: see `latency_s`.

        It differs from `latency_s` under a paced load only (see `archlab.sim.load.PacedLoad`). Whoever has not asked
        at the end, though he intended to, is in neither.
        """
        require_percent("q", q)
        rows = self._succeeded(kind)
        intended_s = rows["intended_s"] if "intended_s" in rows else rows["arrived_s"]
        latencies_s = (rows["finished_s"] - intended_s).to_numpy(dtype=float)
        return percentile(latencies_s, q) if latencies_s.size else float("nan")

    def end_to_end_s(self, q: float, kind: str | None = None, failures: Failures = "left out") -> float:
        """The time from arrival to the end of all work, in seconds, that `q` percent of the requests do not exceed.

        Of those that were answered well and whose work is done; with `failures="infinite"` of all requests, those that
        failed or whose work is not done as infinitely slow. The former errs low, for it leaves out the slowest; the
        latter errs high, for it counts those that came just before the end. Where no work goes on after an answer
        (see `archlab.sim.load.Request.done`) it is the latency. NaN if there is none.
        Raises `ValueError` when an argument is not allowed.
        """
        require_percent("q", q)
        times_s = self.ends_to_end_s(kind, failures)
        return percentile(times_s, q) if times_s.size else float("nan")

    def ends_to_end_s(
        self, kind: str | None = None, failures: Failures = "left out"
    ) -> npt.NDArray[np.float64]:
        """The times from arrival to the end of all work one by one, in seconds: see `end_to_end_s`."""
        require_one_of("failures", failures, get_args(Failures))
        rows = self._of(kind)
        times_s = rows["end_to_end_s"] if "end_to_end_s" in rows else rows["latency_s"]
        times_s = times_s.where(rows["outcome"] == OK)
        kept = times_s.fillna(np.inf) if failures == "infinite" else times_s.dropna()
        return kept.to_numpy(dtype=float)

    def not_done(self, kind: str | None = None) -> int:
        """How many requests were answered well, though the work they asked for was not over at the end."""
        rows = self._of(kind)
        ok = rows["outcome"] == OK
        return int((ok & rows["end_to_end_s"].isna()).sum()) if "end_to_end_s" in rows else 0

    def mean_latency_s(self, kind: str | None = None) -> float:
        """The mean latency of the successful requests, in seconds. NaN if there is none."""
        return float(self._succeeded(kind)["latency_s"].mean())

    def throughput_per_s(self, kind: str | None = None) -> float:
        """Requests that were answered well in the measured time, per second, whenever they arrived."""
        ok = (self.rows["outcome"] == OK) & (self.rows["finished_s"] < self.end_s)
        if kind is not None:
            self._of(kind)
            ok &= self.rows["kind"] == kind
        return float(ok.sum() / self.duration_s)

    def availability(self, kind: str | None = None, patience_s: float | None = None) -> float:
        """The share of requests that succeeded, of all that had time to end. NaN when there was none.

        Had time to end: those that ended, well or not, and those that have waited longer than `patience_s` without an
        answer, such as those whose message was lost; by default `self.patience_s`. Younger ones are left out, though
        some of them will fail: among those that arrived just before the end it counts the quick answers only, so it
        errs high where failures take longer than successes. It errs low where requests need more than `patience_s`.
        Raises `ValueError` when `patience_s` is not positive.
        """
        outcomes = self._had_time_to_end(kind, patience_s)["outcome"]
        return float((outcomes == OK).mean()) if len(outcomes) else float("nan")

    @cached_property
    def patience_s(self) -> float:
        """After how long without an answer a request counts as failed, in seconds, though nobody gave up.

        Twice the longest time that a request of any kind took until it ended, but not less than the customers'
        time-out. Half of the measured time when none ended.
        """
        longest_s = self.rows["latency_s"].max()
        waited_s = self.duration_s / 2 if np.isnan(longest_s) else TIMES_THE_LONGEST * longest_s
        return float(max(waited_s, self.timeout_s))

    def in_system(self) -> float:
        """The average number of requests inside, over time: the area under the count, from the rows."""
        came = self.rows["arrived_s"].clip(lower=self.start_s)
        left = self.rows["finished_s"].fillna(self.end_s)
        return float((left - came).sum() / self.duration_s)

    @cached_property
    def saturated(self) -> list[str]:
        """The parts that were busy while their queue grew up to the end: they have no steady state.

        See `archlab.sim.saturation.saturated_parts` for what counts as growing.
        """
        return saturated_parts(self.parts, self.samples, self.duration_s)

    def saturated_for(self, kind: str) -> list[str]:
        """Those of them from which the requests of a kind suffer. See `archlab.sim.saturation.suffers`."""
        require_text("kind", kind)
        self._of(kind)
        rows = self.rows[self.rows["kind"] == kind]
        return [part for part in self.saturated if self._suffers(rows, part)]

    def _suffers(self, rows: pd.DataFrame, part: str) -> bool:
        samples = self.samples[self.samples["part"] == part]
        longer_s = longer_wait_s(self.parts.loc[part], samples, self.duration_s)
        return suffers(rows, samples["time_s"].to_numpy(dtype=float), self.end_s, longer_s)

    def summary(self, failures: Failures = "left out") -> pd.DataFrame:
        """A row a kind and one for all: counts, `availability`, `throughput_per_s`, percentiles in milliseconds.

        Latencies are NaN for a kind that suffers from a saturated part, and for all when one kind does: they would
        only tell how long you ran. `saturated` names the parts, in the row of a kind those from which it suffers.
        `failures` as in `latency_s`. Raises `ValueError` when it is not allowed.
        """
        suffered = {kind: self.saturated_for(kind) for kind in sorted(self.requests["kind"].unique())}
        rows = [
            self._summary_of(kind, failures, bool(parts), parts)
            for kind, parts in suffered.items()
            if len(suffered) > 1
        ]
        rows.append(self._summary_of(None, failures, any(suffered.values()), self.saturated))
        return pd.DataFrame(rows).set_index("kind")

    def _summary_of(
        self, kind: str | None, failures: Failures, unsteady: bool, saturated: list[str]
    ) -> dict[str, object]:
        latencies = {f"p{q}_ms": 1000 * self.latency_s(q, kind, failures) for q in (50, 95, 99)}
        if unsteady:
            latencies = dict.fromkeys(latencies, float("nan"))
        return {
            "kind": kind or "all",
            "arrived": len(self._of(kind)),
            "ok": len(self._succeeded(kind)),
            "availability": self.availability(kind),
            "throughput_per_s": self.throughput_per_s(kind),
            **latencies,
            "saturated": ", ".join(saturated),
        }

    def _of(self, kind: str | None) -> pd.DataFrame:
        if kind is None:
            return self.requests
        known = set(self.requests["kind"])
        if not isinstance(kind, str) or kind not in known:
            raise ValueError(
                f"kind={kind!r} did not occur; there are {', '.join(sorted(known)) or 'no requests'}"
            )
        return self.requests[self.requests["kind"] == kind]

    def _succeeded(self, kind: str | None = None) -> pd.DataFrame:
        rows = self._of(kind)
        return rows[rows["outcome"] == OK]

    def _had_time_to_end(self, kind: str | None, patience_s: float | None = None) -> pd.DataFrame:
        if patience_s is None:
            patience_s = self.patience_s
        else:
            require_positive("patience_s", patience_s)
        rows = self._of(kind)
        waited_s = self.end_s - rows["arrived_s"]
        return rows[(rows["outcome"] != UNFINISHED) | (waited_s > patience_s)]
