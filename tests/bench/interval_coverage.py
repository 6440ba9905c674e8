"""How often the kit's 95 % intervals contain the true figure: in an M/M/1 queue, where theory knows it.

The queue is not run event by event. Lindley's recursion, in NumPy, gives the same latencies a hundred times as fast.
Times are in mean service times.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from archlab.sim import Streams, theory
from archlab.sim.statistics import Interval, Values, mean_interval, pooled_percentile

PERCENTILES = (95, 99)
FASTER = 0.97
"""The service time of the second design, when two are compared."""


@dataclass(frozen=True)
class Setting:
    """An experiment of so many runs, one a seed, each measured for `duration_s` after a tenth of it as warm-up."""

    utilisation: float
    seeds: int
    duration_s: int

    def __str__(self) -> str:
        return f"load {self.utilisation:g}, {self.seeds} seeds of {self.duration_s:,} s"


SETTINGS = (
    Setting(0.5, seeds=6, duration_s=20_000),
    Setting(0.7, seeds=6, duration_s=20_000),
    Setting(0.9, seeds=4, duration_s=20_000),
    Setting(0.9, seeds=6, duration_s=20_000),
    Setting(0.9, seeds=10, duration_s=20_000),
    Setting(0.9, seeds=5, duration_s=5_000),
)
"""20,000 service times of 10 ms are 200 s. The last is too short on purpose."""


def lindley(gaps_s: Values, service_s: Values) -> Values:
    """Return the latencies behind one server, first come, first served, request by request along the last axis.

    `gaps_s` are the times from the arrival before, `service_s` the service times. A request waits as long as the one
    before it waited and was served, less the gap, but not less than 0 (D. V. Lindley 1952). So the wait is how far the
    sum of these differences lies above its lowest point so far.
    """
    longer_s = np.zeros_like(service_s)
    longer_s[..., 1:] = service_s[..., :-1] - gaps_s[..., 1:]
    total_s = longer_s.cumsum(axis=-1)
    latencies_s: Values = total_s - np.minimum.accumulate(total_s, axis=-1) + service_s
    return latencies_s


def draws(setting: Setting, rng: np.random.Generator) -> tuple[Values, Values]:
    """Draw gaps and service times for all runs, each of shape (seeds, requests), with those of the warm-up."""
    shape = (setting.seeds, round(1.1 * setting.duration_s * setting.utilisation))
    return rng.exponential(1 / setting.utilisation, shape), rng.exponential(1.0, shape)


def measured(setting: Setting, gaps_s: Values, service_s: Values) -> Values:
    """The latencies without those of the warm-up."""
    return lindley(gaps_s, service_s)[:, -round(setting.duration_s * setting.utilisation) :]


def intervals(setting: Setting, rng: np.random.Generator) -> Iterator[tuple[str, str, Interval, float]]:
    """Do the experiment once. Yields what was estimated and how, the interval and the true figure."""
    gaps_s, service_s = draws(setting, rng)
    runs = measured(setting, gaps_s, service_s)
    rate = setting.utilisation
    true_s = theory.mm1(rate, 1.0).response_s
    yield "mean", "mean of means", mean_interval(runs.mean(axis=1)), true_s
    for q in PERCENTILES:
        true_q_s = theory.mmc_response_percentile(q, rate, 1.0, servers=1)
        yield f"p{q}", f"mean of p{q}s", mean_interval(np.percentile(runs, q, axis=1)), true_q_s
        yield f"p{q}", "pooled", pooled_percentile(list(runs), q), true_q_s
    saved_s = (runs - measured(setting, gaps_s, FASTER * service_s)).mean(axis=1)
    true_saved_s = true_s - theory.mm1(rate, FASTER).response_s
    yield "mean saved", "same seeds, paired", mean_interval(saved_s), true_saved_s


def coverage(setting: Setting, repetitions: int, seed: int = 1) -> pd.DataFrame:
    """Repeat the experiment. A row an estimate: `figure`, `how`, `covered_percent` (how often the interval contains the
    true figure), `bias_percent` of the estimate, `half_width_percent`, the median of half the interval, both of the
    true figure."""
    rng = Streams(seed).stream(str(setting))
    rows = [
        (figure, how, interval.contains(true), interval.mean / true - 1, interval.half_width / true)
        for _ in range(repetitions)
        for figure, how, interval, true in intervals(setting, rng)
    ]
    frame = pd.DataFrame(rows, columns=["figure", "how", "covered", "bias", "half_width"])
    groups = frame.groupby(["figure", "how"], sort=False)
    table = pd.DataFrame(
        {
            "covered_percent": 100 * groups["covered"].mean(),
            "bias_percent": 100 * groups["bias"].mean(),
            "half_width_percent": 100 * groups["half_width"].median(),
        }
    )
    return table.reset_index()


def report(repetitions: int) -> None:
    """Print the coverage of every setting."""
    print(f"How often 95 % intervals contain the true figure of an M/M/1 queue, of {repetitions} repetitions")
    for setting in SETTINGS:
        print(f"  {setting}")
        for row in coverage(setting, repetitions).itertuples():
            print(
                f"    {row.figure:<12}{row.how:<22}{row.covered_percent:5.1f} %   bias {row.bias_percent:+6.1f} %"
                f"   plus or minus {row.half_width_percent:4.1f} %"
            )
