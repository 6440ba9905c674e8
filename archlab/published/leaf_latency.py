"""What independent leaves can explain: Table 1 of *The Tail at Scale* against the arithmetic of independence.

J. Dean and L. A. Barroso (2013) measured a real service in which one request asks many leaves. Nine figures: the 50th,
95th and 99th percentile of the time until one random leaf, 95 % of the leaves, and all leaves had answered.

If leaves were independent, the time until the k-th of n has answered would be an order statistic: its percentile q is
where each leaf has answered with the probability that a Beta(k, n - k + 1) variable does not exceed in q % of cases
(H. A. David and H. N. Nagaraja, *Order Statistics*, 2003). So every figure demands a level of the leaf's own
distribution. Two figures contradict one another when the later time demands the lower level.

The article does not say how many leaves there were, so `leaves` is yours to try. No number explains all nine figures.
From 69 leaves on, a heavy tail gives the three figures of the slowest leaf (`fitted_leaf`). But 95 % of the leaves
would then have answered within some 5 ms nearly always, the leaf's own 95th percentile, where the service took 12, 32
and 70 ms: leaves that are asked together are slow together.

>>> demanded_level(50, leaves=100, finished=1.0) == 0.5 ** (1 / 100)
True
"""

from __future__ import annotations

import math

import pandas as pd

from archlab.data import load
from archlab.published.survival_curve import SurvivalCurve
from archlab.sim.validation import require_fraction, require_percent, require_whole

ONE, MOST, ALL = "one random leaf", "95 % of leaves", "all leaves"
FINISHED = {MOST: 0.95, ALL: 1.0}
FASTEST_S = 0.0001
"""Where a fitted leaf begins; the table says nothing below its median of 1 ms."""


def demanded_level(q: float, leaves: int, finished: float) -> float:
    """Return the share of leaves' answers that must be no later than the `q`-th percentile of a request.

    A request counts as finished when the share `finished` of its independent `leaves` has answered, rounded up to
    whole leaves. Raises `ValueError` when an argument is not allowed.
    """
    from scipy.special import betaincinv  # SciPy is loaded when it is used: that takes a while

    require_percent("q", q)
    require_whole("leaves", leaves, at_least=1)
    require_fraction("finished", finished)
    needed = max(1, math.ceil(finished * leaves - 1e-9))
    if needed == leaves:
        return float((q / 100) ** (1 / leaves))
    return float(betaincinv(needed, leaves - needed + 1, q / 100))


def table(leaves: int) -> pd.DataFrame:
    """Return the nine published figures and whether independent leaves can have them.

    Columns: `case`, `q`, `time_s`, `level` (what the figure demands of one leaf) and `possible`: whether that can be,
    given the leaf's own three figures and, for all leaves, given that row itself.
    """
    published = load("tail_at_scale").query("experiment == 'leaves'")
    cells = pd.DataFrame({"case": published["case"], "time_s": published["value"]})
    cells.insert(1, "q", published["figure"].str.removeprefix("p").astype(float))
    cells["level"] = [_level(case, q, leaves) for case, q in zip(cells["case"], cells["q"], strict=True)]
    leaf = cells[cells["case"] == ONE]
    cells["possible"] = [_fits(row.time_s, row.level, leaf) for row in cells.itertuples()]
    return cells.reset_index(drop=True)


def fitted_leaf(leaves: int) -> SurvivalCurve:
    """Return a leaf with the table's three figures that gives all three for the slowest of `leaves`, too.

    Its tail behind the 99th percentile is what those demand. Raises `ValueError` when there are too few leaves: then
    the median of the slowest, 40 ms, would have to lie before the leaf's own 99th percentile, 10 ms.
    """
    cells = table(leaves)
    used = cells[cells["case"].isin([ONE, ALL])]
    if not used["possible"].all():
        raise ValueError(
            f"leaves is {leaves}; too few for the table's figures: the tail would not be beyond p99"
        )
    points = zip(used["time_s"], 1 - used["level"], strict=True)
    return SurvivalCurve(((FASTEST_S, 1.0), *points))


def _level(case: str, q: float, leaves: int) -> float:
    return q / 100 if case == ONE else demanded_level(q, leaves, FINISHED[case])


def _fits(time_s: float, level: float, leaf: pd.DataFrame) -> bool:
    """Whether a leaf with the figures `leaf` can have answered by `time_s` with the probability `level`."""
    earlier = leaf[leaf["time_s"] <= time_s]["level"].max()
    later = leaf[leaf["time_s"] >= time_s]["level"].min()
    return not (level < earlier or level > later)
