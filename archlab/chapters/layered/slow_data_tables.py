"""A slow data layer in tables and figures: where calls wait, against the time-out of a call, and over time.

The shop and its fault are those of `archlab.chapters.layered.slow_data`.

What this leaves out: copies of lower tiers in turn, where some calls wait while another copy has workers.

>>> table = against_timeout([0.1, 1.0], seeds=[1])
>>> (table.pages > 0.9).tolist()
[True, False]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import joblib
import numpy as np
import pandas as pd

from archlab.chapters.layered.slow_data import (
    AT_S,
    CONFIG,
    FACTOR,
    GOOD,
    HANGS,
    IN_TIME_S,
    PAGES,
    SLOW_KINDS,
    SLOW_S,
    by_tier,
    day,
    in_time,
    rate_per_s,
    run_config,
)
from archlab.chapters.layered.slow_data_arithmetic import longest_helpful_s, waits_before
from archlab.course.figures import fault_windows
from archlab.course.figures.canvas import canvas, wrapped
from archlab.course.figures.line import draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import INK, LAB, Size, variants
from archlab.sim.parallel import in_parallel
from archlab.sim.statistics import mean_interval
from archlab.sim.validation import require_one_of


def where_they_wait(
    copies: Iterable[Mapping[str, int]] = ({}, {"web": 2}, {"web": 3}, {"app": 3}),
    seeds: Iterable[int] = range(10),
) -> pd.DataFrame:
    """Let the database hang without time-outs, with several numbers of copies of the tiers.

    Returns a row a case, seed and tier: `copies` in words, `seed`, `tier`, `workers`, and in the last third of the
    fault, on average, those `held` and the calls that wait (`queue`) beside `queue_expected`. One more call waits
    before the data tier: that of the batch that takes the money.
    """
    jobs = [(dict(case), seed) for case in copies for seed in seeds]
    found = in_parallel(joblib.delayed(_places)(*job) for job in jobs)
    return pd.concat(found, ignore_index=True)


def _places(case: Mapping[str, int], seed: int) -> pd.DataFrame:
    config = replace(CONFIG, instances=case)
    one = run_config(config, seed, HANGS, rate_per_s(), AT_S + SLOW_S)
    workers = {program: config.workers * config.count(program) for program in config.programs}
    seen = by_tier(one.result).query("time_s > @AT_S + 2 * @SLOW_S / 3")
    table = seen.groupby("tier", sort=False)[["held", "queue"]].mean().reset_index()
    return table.assign(
        copies=", ".join(f"{config.count(program)} {program}" for program in config.programs),
        seed=seed,
        workers=table.tier.map(workers),
        queue_expected=table.tier.map(waits_before(workers)),
    )


def pays(table: pd.DataFrame) -> pd.DataFrame:
    """Return what each design pays, from `slow_data.every_design`: a row a design, means over seeds, as whole numbers.

    `pages_percent`, `orders_percent` and `tracking_percent`: answered in time while the database is slow.
    `untold_orders`: orders that stand though their customer was told that they failed, or nothing.
    """
    means = table.groupby("design", sort=False).mean()
    shares = {f"{kind}_percent": 100 * means[f"during_{kind}"] for kind in ("pages", "orders", "tracking")}
    paid = pd.DataFrame(shares).assign(untold_orders=means.untold_orders)
    return paid.round().astype(int).reset_index()


def against_timeout(
    timeouts_s: Iterable[float] = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0),
    seeds: Iterable[int] = range(10),
    factor: float = FACTOR,
) -> pd.DataFrame:
    """Return a row a time-out of calls to the data tier and seed: `timeout_s`, `seed`, the share answered in time of
    `pages` and of what needs the database (`slow`) while it is slow, and of the latter before (`slow_before`)."""
    jobs = [(timeout_s, seed) for timeout_s in timeouts_s for seed in seeds]
    found = in_parallel(joblib.delayed(_with_timeout)(*job, factor) for job in jobs)
    return pd.DataFrame(jobs, columns=["timeout_s", "seed"]).join(pd.DataFrame(found))


def _with_timeout(timeout_s: float, seed: int, factor: float) -> dict[str, float]:
    config = replace(CONFIG, border_timeout_s={"app": IN_TIME_S, "data": timeout_s})
    one = run_config(config, seed, factor, rate_per_s(), AT_S + SLOW_S + IN_TIME_S)
    return {
        "pages": in_time(one, PAGES),
        "slow": in_time(one, SLOW_KINDS),
        "slow_before": in_time(one, SLOW_KINDS, 1.0, AT_S - IN_TIME_S),
    }


def longest_seen_s(seed: int, factor: float = FACTOR, steps: int = 6) -> float:
    """Return the longest time-out of calls to the data tier, 0.01 to `IN_TIME_S`, with which `GOOD` of the pages are in
    time, by bisection. The longer it is, the fewer are."""
    helps, fails = 0.01, IN_TIME_S
    for _ in range(steps):
        middle = (helps + fails) / 2
        if _with_timeout(middle, seed, factor)["pages"] >= GOOD:
            helps = middle
        else:
            fails = middle
    return helps


def over_time(
    designs: Iterable[str] = ("no time-outs", "shorter further down"), seed: int = 1, factor: float = FACTOR
) -> pd.DataFrame:
    """Return a row a design, moment and tier: the columns of `by_tier`, each a mean over a second, and `design`.

    `factor`: how many times slower the database is.
    """
    tables = in_parallel(joblib.delayed(_over_time)(design, seed, factor) for design in designs)
    return pd.concat(tables, ignore_index=True)


def _over_time(design: str, seed: int, factor: float) -> pd.DataFrame:
    table = by_tier(day(design, seed, factor).result)
    second = np.floor(table.time_s).rename("time_s")
    means = table.groupby([second, "tier"], sort=False)[["held", "queue"]].mean().reset_index()
    return means.assign(design=design)


FAULT = pd.DataFrame(
    {"fault": ["SlowDown"], "part": ["database"], "start_s": [AT_S], "end_s": [AT_S + SLOW_S]}
)


def figure(table: pd.DataFrame, title: str, y: str = "held", size: Size = LAB) -> Picture:
    """Draw `over_time`: a panel a design, a line a tier. `y`: "held" workers, or the "queue"."""
    designs, words = list(table.design.unique()), []
    labels = {"held": "Workers held", "queue": "Calls that wait"}
    require_one_of("y", y, tuple(labels))
    with canvas(title, size, panels=(1,) * len(designs), tall=len(designs) > 1) as drawing:
        for panel, design in zip(drawing.panels, designs, strict=True):
            for tier, look in variants("layered", CONFIG.programs).items():
                rows = table[(table.design == design) & (table.tier == tier)]
                (line,) = panel.plot(rows.time_s, rows[y], color=look.colour, linestyle=look.dash)
                drawing.name_end(panel, line, tier)
                words.append(in_words(f"{design}, {tier}", rows.time_s, rows[y]))
            scale(panel, log=False)
            panel.set_ylabel(wrapped(f"{design.capitalize()}: {labels[y].lower()}"))
        panel.set(xlabel="Time [s]", xlim=(0, table.time_s.max()))
        fault_windows.shade(drawing, FAULT, 0, float(table.time_s.max()))
    return Picture(drawing.figure, f"{title}. {labels[y]}: {' '.join(words)}")


def timeout_figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw `against_timeout`: the share answered in time while the database is slow, of pages and of what needs it.

    The vertical line is `longest_helpful_s`.
    """
    names = {"pages": "pages", "slow": "orders and tracking"}
    words = []
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for (column, name), look in zip(names.items(), variants("layered", names).values(), strict=True):
            rows = _over_seeds(table, "timeout_s", column)
            line = draw_with_band(panel, rows, "timeout_s", column, look)
            drawing.name_end(panel, line, name)
            words.append(in_words(name, rows.timeout_s, rows[column]))
        scale(panel, log=False)
        panel.set_xscale("log")
        panel.axvline(longest_helpful_s(), color=INK, linestyle=":")
        drawing.name_line(panel, longest_helpful_s(), "workers / rate")
        ticks = sorted(table.timeout_s.unique())
        panel.set_xticks(ticks, [number(tick) for tick in ticks])
        panel.minorticks_off()
        panel.set(xlabel="Time-out of a call to the data tier [s]", ylabel=wrapped("Answered in time [%]"))
    limit = f"Workers divided by the rate of slow requests: {number(longest_helpful_s())} s."
    return Picture(drawing.figure, f"{title}. Answered in time [%]: {' '.join(words)} {limit}")


def _over_seeds(table: pd.DataFrame, by: str, column: str) -> pd.DataFrame:
    """Percent, the mean over the seeds with its interval, cut off at 0 and 100; none for a single seed."""
    rows = []
    for key, group in table.groupby(by):
        values = 100 * group[column].to_numpy()
        ends = (
            (mean_interval(values).low, mean_interval(values).high) if len(values) > 1 else (values[0],) * 2
        )
        rows.append((key, values.mean(), max(0.0, ends[0]), min(100.0, ends[1])))
    return pd.DataFrame(rows, columns=[by, column, f"{column}_low", f"{column}_high"])
