"""A projector dies, or is slow, for half a minute: how old its read model becomes, and when it has caught up.

The arithmetic is in `archlab.chapters.cqrs.projector_backlog`; here the same is simulated.

The lag at a moment is the age of the oldest commit that is not in the read model; 0 when all are. While a projector is
away it grows by a second a second. It catches up when nothing is left for the first time: the mean of that is what the
arithmetic says, as each order is one step more and each row done one step less.

What this leaves out: a process that needs time to start, and a database that is slower with many rows behind it.

>>> found = run(Fault.STOP, load=0.5, batch=100, seed=1).caught_up()
>>> bool(30 < found.peak_lag_s < 31.5), bool(5 < found.caught_up_s < 15)
(True, True)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import joblib
import numpy as np
import pandas as pd

from archlab.chapters.cqrs.projector_backlog import (
    AT_S,
    BATCHES,
    FAULTS,
    LASTS_S,
    LOADS,
    Fault,
    config_of,
    expected,
    expected_lag_s,
    orders_per_s,
)
from archlab.course.figures import fault_windows
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import draw_theory, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.style import LAB, Size, for_text, variants
from archlab.shop.cqrs import Cqrs, Question
from archlab.shop.day import ORDERS_ONLY
from archlab.sim.distributions import Values
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.statistics import mean_interval
from archlab.sim.workload import Poisson

LOOKS_EVERY_S = 5.0
PATIENCE, PATIENCE_S = 3.0, 30.0
"""A run that has not caught up after so many times what the arithmetic says, and so many seconds, ends without it."""


@dataclass(frozen=True)
class CaughtUp:
    """The oldest that the read model was, and how long after the fault nothing was left to apply."""

    peak_lag_s: float
    caught_up_s: float


@dataclass(frozen=True)
class Run:
    """When each commit was made, and when the read model had it, inf when it never had: both in the commits' order."""

    at_s: Values
    seen_s: Values

    def lag_s(self, times_s: Values) -> Values:
        """Return the age of the oldest commit that is not in the read model, at each of these times."""
        first = np.searchsorted(self.seen_s, times_s, side="right")
        oldest_s = np.append(self.at_s, np.inf)[first]
        return np.asarray(np.maximum(0.0, times_s - oldest_s))

    def caught_up(self) -> CaughtUp:
        """Return both. `caught_up_s` is NaN when the run has ended before."""
        over_s = AT_S + LASTS_S
        peak_s = float((self.seen_s - self.at_s)[np.isfinite(self.seen_s)].max())
        next_s = np.append(self.at_s[1:], np.inf)
        empty_s = self.seen_s[(self.seen_s >= over_s) & (self.seen_s < next_s)]
        return CaughtUp(peak_s, float(empty_s[0] - over_s) if len(empty_s) else float("nan"))


def run(fault: Fault, load: float, batch: int, seed: int, watched_s: float | None = None) -> Run:
    """Run a shop for `watched_s` after the fault. None: until its projector has caught up.

    Raises `ValueError` when an argument is not allowed.
    """
    longest_s = PATIENCE * expected(fault, load, batch).drained_after_s + PATIENCE_S
    shop = Cqrs(Simulation(seed), config_of(batch))
    shop.sim.open_load(Poisson(orders_per_s(load)), shop.handle, ORDERS_ONLY)
    shop.sim.inject(FAULTS[fault])
    over_s = AT_S + LASTS_S
    shop.sim.run(until=over_s + (watched_s or LOOKS_EVERY_S))
    while watched_s is None and np.isnan(_run_of(shop).caught_up().caught_up_s):
        if shop.sim.now > over_s + longest_s:
            break
        shop.sim.run(until=shop.sim.now + LOOKS_EVERY_S)
    return _run_of(shop)


def _run_of(shop: Cqrs) -> Run:
    follower = shop.views[Question.ORDER].follower
    assert follower is not None
    at_s = np.array([commit.at_s for commit in shop.log.commits])
    seen_s = np.full(len(at_s), np.inf)
    seen_s[: len(follower.seen_s)] = follower.seen_s
    return Run(at_s, seen_s)


def over_time(
    fault: Fault = Fault.STOP,
    load: float = 0.8,
    batches: Iterable[int] = BATCHES,
    seed: int = 1,
    watched_s: float = 150.0,
) -> pd.DataFrame:
    """Return a row a batch and half second: `batch`, `time_s`, `lag_s`, and `expected_s` by the arithmetic; and of the
    batch `caught_up_s`, see `CaughtUp`.
    """
    times_s = np.arange(0.0, AT_S + LASTS_S + watched_s, 0.5)
    runs = in_parallel(
        joblib.delayed(_over_time)(fault, load, batch, seed, watched_s, times_s) for batch in batches
    )
    return pd.concat(runs, ignore_index=True)


def _over_time(
    fault: Fault, load: float, batch: int, seed: int, watched_s: float, times_s: Values
) -> pd.DataFrame:
    seen = run(fault, load, batch, seed, watched_s)
    columns = {
        "batch": batch,
        "time_s": times_s,
        "lag_s": seen.lag_s(times_s),
        "expected_s": expected_lag_s(fault, load, batch, times_s),
        "caught_up_s": seen.caught_up().caught_up_s,
    }
    return pd.DataFrame(columns)


def every_case(
    loads: Iterable[float] = LOADS,
    seeds: Iterable[int] = range(10),
    faults: Iterable[Fault] = tuple(Fault),
) -> pd.DataFrame:
    """Return a row a fault, load, batch and seed: these, `peak_lag_s` and `caught_up_s`."""
    jobs = [
        (fault, load, batch, seed)
        for fault in faults
        for load in loads
        for batch in BATCHES
        for seed in seeds
    ]
    found = in_parallel(joblib.delayed(_measured)(*job) for job in jobs)
    return pd.DataFrame(jobs, columns=["fault", "load", "batch", "seed"]).join(pd.DataFrame(found))


def _measured(fault: Fault, load: float, batch: int, seed: int) -> dict[str, float]:
    return asdict(run(fault, load, batch, seed).caught_up())


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row a fault, load and batch of `every_case`: of `peak_lag_s` and `caught_up_s` the means, the ends of
    their 95 % intervals (`_low`, `_high`), and what the arithmetic says (`_expected`).
    """
    rows = []
    for (fault, load, batch), runs in table.groupby(["fault", "load", "batch"], sort=False):
        row = {"fault": str(fault), "load": load, "batch": batch}
        backlog = expected(Fault(fault), load, batch)
        for name, by_theory in (("peak_lag_s", backlog.stop_s), ("caught_up_s", backlog.drained_after_s)):
            found = mean_interval(runs[name].to_numpy())
            row |= {name: found.mean, f"{name}_low": found.low, f"{name}_high": found.high}
            row[f"{name}_expected"] = by_theory
        rows.append(row)
    return pd.DataFrame(rows)


def figure(table: pd.DataFrame, title: str, fault: Fault = Fault.STOP, size: Size = LAB) -> Picture:
    """Draw `over_time` of a fault: the lag for each batch, the arithmetic dashed, and the fault shaded."""
    from matplotlib.ticker import MaxNLocator  # matplotlib is loaded when something is drawn

    names = {batch: f"batch of {batch}" for batch in table.batch.unique()}
    words = []
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for batch, look in zip(names, variants("cqrs", names.values()).values(), strict=True):
            rows = table[table.batch == batch]
            panel.plot(rows.time_s, rows.lag_s, color=look.colour)
            draw_theory(panel, rows.time_s, rows.expected_s)
            falling = rows[(rows.time_s > AT_S + LASTS_S) & (rows.lag_s < 0.35 * rows.lag_s.max())].iloc[0]
            place = (float(falling.time_s), float(falling.lag_s))
            panel.annotate(
                names[batch], place, (8, 4), textcoords="offset points", color=for_text(look.colour)
            )
            words.append(in_words(names[batch], rows.time_s, rows.lag_s))
            gone = rows.time_s[(rows.time_s > AT_S + LASTS_S) & (rows.expected_s <= 0)]
            words.append(
                f"By arithmetic 0 at {gone.min():.0f} s." if len(gone) else "By arithmetic not yet 0."
            )
        scale(panel, log=False)
        panel.set(xlabel="Time [s]", ylabel="Lag [s]", xlim=(0, table.time_s.max()))
        panel.yaxis.set_major_locator(MaxNLocator(6, integer=True))
        panel.text(0.98, 0.95, "dashed: by arithmetic", transform=panel.transAxes, ha="right", va="top")
        window = {"fault": fault.value, "part": "projector", "start_s": AT_S, "end_s": AT_S + LASTS_S}
        fault_windows.shade(drawing, pd.DataFrame([window]), 0.0, float(table.time_s.max()))
    return Picture(drawing.figure, f"{title.rstrip('.')}. Lag in seconds over time. {' '.join(words)}")
