"""Consistency of the monolithic shop: a program that dies in the middle of an order, and the rows it leaves.

The rule at the end judges transactions by what is left with them and without. It is true by construction: the database
writes all of a transaction or none.

>>> table = dying_orders(seeds=[1], points=4)
>>> table.crashes_with_anomaly[table.transactions].tolist()
[0]
>>> transactions(half_written_with_percent=0, half_written_without_percent=25).words
'Holds'
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import joblib
import numpy as np
import pandas as pd

from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if
from archlab.shop.crash_points import crash_points, drop_anomalies_that_never_occurred, end_of_order_s, tally
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MONOLITH, MonolithConfig
from archlab.sim.parallel import in_parallel
from archlab.sim.statistics import mean_interval

POINTS = 20
WRITING_S = 0.010
"""The end of an order in which its rows are written. Earlier crashes find nothing half-written, so the shares depend on
this length: twice as long, half as many."""


def dying_order(
    seed: int, transactions: bool, points: int = POINTS, config: MonolithConfig = MONOLITH
) -> pd.DataFrame:
    """Let the program die at `points` moments of the last `WRITING_S` seconds of one order.

    Returns the frame of `archlab.shop.crash_points`. The shares in it are those of crashes while an order is
    being written, not of all crashes: an order waits for its payment most of the time.
    """
    build = partial(Monolith, config=replace(config, transactions=transactions))
    end_s = end_of_order_s(build, seed)
    moments = np.linspace(end_s - WRITING_S, end_s, points)
    return crash_points(build, "shop-1", moments, settled_after_s=12.0, seed=seed)


def dying_orders(
    seeds: Iterable[int] = range(10), points: int = POINTS, config: MonolithConfig = MONOLITH
) -> pd.DataFrame:
    """Compare orders in one transaction with orders whose statements stand alone, over the same crashes.

    A row a design and seed: `transactions`, `seed`, `crashes`, `crashes_with_anomaly`, `charged_for_nothing` (crashes
    after which the provider had taken money that no order explains), and a column for each kind of anomaly that
    occurred. Each seed is another order.
    """
    cases = [(kind, seed) for kind in (True, False) for seed in seeds]
    found = in_parallel(joblib.delayed(_tallied)(seed, kind, points, config) for kind, seed in cases)
    known = pd.DataFrame(cases, columns=["transactions", "seed"])
    return drop_anomalies_that_never_occurred(known.join(pd.DataFrame(found)))


def _tallied(seed: int, transactions: bool, points: int, config: MonolithConfig) -> dict[str, int]:
    return tally(dying_order(seed, transactions, points, config))


def half_written(dying: pd.DataFrame, transactions: bool) -> OverSeeds:
    """Return, for each seed, the percentage of crashes that left rows that do not agree; takes `dying_orders`."""
    runs = dying[dying.transactions == transactions]
    return OverSeeds((100 * runs.crashes_with_anomaly / runs.crashes).tolist())


def wrong_rows(dying: pd.DataFrame, transactions: bool) -> dict[str, float]:
    """Return what the crashes left, over all seeds; takes `dying_orders`.

    `wrong_percent` of the crashes left rows that do not agree, with the ends of its interval (`_low`, `_high`, Student
    t over the orders), and `charged_for_nothing`: how many took money for no order.
    """
    runs = dying[dying.transactions == transactions]
    share = mean_interval((100 * runs.crashes_with_anomaly / runs.crashes).to_numpy())
    return {
        "wrong_percent": share.mean,
        "wrong_percent_low": max(0.0, share.low),
        "wrong_percent_high": min(100.0, share.high),
        "charged_for_nothing": float(runs.charged_for_nothing.sum()),
    }


@settles(
    "pros.transaction-management-is-straightforward",
    evidence=Evidence.BY_CONSTRUCTION,
    says={
        "half_written_with_percent": "crashes that leave half an order, with a transaction",
        "half_written_without_percent": "and without",
    },
)
def transactions(half_written_with_percent: float, half_written_without_percent: float) -> Verdict:
    """Holds when no crash leaves half an order in the rows with one transaction, and some do without."""
    return holds_if(half_written_with_percent == 0 < half_written_without_percent)
