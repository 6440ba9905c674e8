"""Consistency of the monolithic shop: a program that dies in the middle of an order, and the rows it leaves.

>>> table = dying_orders(seeds=[1], points=4)
>>> table.crashes_with_anomaly[table.transactions].tolist()
[0]
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from archlab.chapters.monolithic.day import MONOLITH
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if
from archlab.shop.audit import ANOMALIES
from archlab.shop.crash_points import crash_points
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim.simulation import Simulation

POINTS = 60
WRITING_S = 0.010
"""The end of an order in which its rows are written. Earlier crashes find nothing half-written."""


def order_ends_s(seed: int, config: MonolithConfig) -> float:
    """Return when the order that `crash_points` runs with this seed would end, had nothing crashed."""
    sim = Simulation(seed)
    shop = Monolith(sim, config)
    shop.answer(shop.place_order(0, shop.customers.basket()))
    return sim.now


def dying_order(
    seed: int, transactions: bool, points: int = POINTS, config: MonolithConfig = MONOLITH
) -> pd.DataFrame:
    """Let the program die at `points` moments of the last `WRITING_S` seconds of one order.

    Returns the frame of `archlab.shop.crash_points`. The shares in it are those of crashes while an order is
    being written, not of all crashes: an order waits for its payment most of the time.
    """
    config = replace(config, transactions=transactions)
    end_s = order_ends_s(seed, config)
    moments = np.linspace(end_s - WRITING_S, end_s, points)
    return crash_points(partial(Monolith, config=config), "shop-1", moments, settled_after_s=12.0, seed=seed)


def dying_orders(
    seeds: Iterable[int] = range(3), points: int = POINTS, config: MonolithConfig = MONOLITH
) -> pd.DataFrame:
    """Compare orders in one transaction with orders whose statements stand alone, over the same crashes.

    A row each: `transactions`, `crashes`, `crashes_with_anomaly`, `charged_for_nothing` (crashes after which
    the provider had taken money that no order explains), and a column for each kind of anomaly that occurred.
    """
    chosen = list(seeds)
    rows = []
    for transactions in (True, False):
        table = pd.concat([dying_order(seed, transactions, points, config) for seed in chosen])
        rows.append(
            {
                "transactions": transactions,
                "crashes": len(table),
                "crashes_with_anomaly": int((table.anomalies > 0).sum()),
                "charged_for_nothing": int((table.money_difference_cents > 0).sum()),
            }
            | {kind: int(table[kind].sum()) for kind in ANOMALIES}
        )
    frame = pd.DataFrame(rows)
    return frame.drop(columns=[kind for kind in ANOMALIES if not frame[kind].any()])


@settles("pros.transaction-management-is-straightforward", evidence=Evidence.SIMULATED)
def transactions(half_written_with: int, half_written_without: int) -> Verdict:
    """One transaction leaves no crash with half an order in the rows, and it was needed for that."""
    return holds_if(half_written_with == 0 < half_written_without)
