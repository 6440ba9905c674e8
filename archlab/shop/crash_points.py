"""Crash points: let a program die at many moments of one order, and see what each leaves in the rows.

>>> from archlab.shop.monolithic.architecture import Monolith
>>> table = crash_points(Monolith, part="shop-1", at_s=[0.001, 0.100, 0.400])
>>> table[["at_s", "told", "anomalies"]].to_numpy().tolist()
[[0.001, False, 0], [0.1, False, 0], [0.4, True, 0]]
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict

import pandas as pd

from archlab.shop.architecture import Architecture
from archlab.shop.audit import ANOMALIES
from archlab.sim.faults import Crash
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Trace


def crash_points(
    build: Callable[[Simulation], Architecture],
    part: str,
    at_s: Iterable[float],
    restart_after_s: float = 1.0,
    settled_after_s: float = 60.0,
    seed: int = 1,
) -> pd.DataFrame:
    """Run the same order again and again, from time 0, with a crash of `part` at each of `at_s`.

    After each crash the part starts again, and the shop has `settled_after_s` seconds to put in order what it
    can.

    Returns a row a crash: `at_s`; `placed`, whether the order is in the rows; `told`, whether the customer
    was told that it is; `anomalies`; `money_difference_cents`; and a column for each kind of
    `archlab.shop.audit.ANOMALIES`. The order is the same each time, and so is the time each step takes: they
    come from the seed.
    """
    return pd.DataFrame([_crash_at(build, part, t, restart_after_s, settled_after_s, seed) for t in at_s])


def end_of_order_s(build: Callable[[Simulation], Architecture], seed: int) -> float:
    """Return when the order that `crash_points` runs with this seed would end, had nothing crashed."""
    shop = build(Simulation(seed))
    shop.answer(shop.place_order(0, shop.customers.basket()))
    return float(shop.sim.now)


def tally(crashes: pd.DataFrame) -> dict[str, int]:
    """Count in the rows of `crash_points`: crashes, crashes_with_anomaly, charged_for_nothing (after which the provider
    had taken money that no order explains), and each kind of anomaly.
    """
    return {
        "crashes": len(crashes),
        "crashes_with_anomaly": int((crashes.anomalies > 0).sum()),
        "charged_for_nothing": int((crashes.money_difference_cents > 0).sum()),
    } | {kind: int(crashes[kind].sum()) for kind in ANOMALIES}


def drop_anomalies_that_never_occurred(tallies: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of tallies without the columns of anomalies that are 0 in every row."""
    return tallies.drop(columns=[kind for kind in ANOMALIES if not tallies[kind].any()])


def _crash_at(
    build: Callable[[Simulation], Architecture],
    part: str,
    at_s: float,
    restart_after_s: float,
    settled_after_s: float,
    seed: int,
) -> dict[str, float | bool]:
    sim = Simulation(seed)
    shop = build(sim)
    sim.open_load(Trace([0.0]), shop.handle, mix={"place_order": 1.0})
    sim.inject(Crash(part, at_s, restart_after_s))
    sim.run(until=at_s + restart_after_s + settled_after_s)
    found = shop.audit()
    row = {
        "at_s": at_s,
        "placed": found.orders > 0,
        "told": found.acknowledged_orders > 0,
        "anomalies": found.anomalies,
        "money_difference_cents": found.money_difference_cents,
    }
    return row | {name: count for name, count in asdict(found).items() if name in ANOMALIES}
