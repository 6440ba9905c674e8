"""Consistency over three databases: services that die in the middle of an order, and orders that come twice.

The rules ask whether each service owns its data, and whether the plain way to place an order survives every crash.

>>> table = dying_orders(["naive"], points=3, seeds=[1])
>>> table[["design", "crashes"]].to_numpy().tolist()
[['naive', 9]]
>>> consistency_challenges(wrong_with_one_database_percent=0.0, wrong_with_three_percent=20.0).words
'Holds'
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import joblib
import numpy as np
import pandas as pd

from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if
from archlab.shop.crash_points import crash_points, drop_anomalies_that_never_occurred, end_of_order_s, tally
from archlab.shop.day import ORDERS_ONLY, run_day
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES, MicroservicesConfig
from archlab.shop.microservices.guards import Guards
from archlab.shop.monolithic.architecture import Monolith
from archlab.sim.distributions import Exponential
from archlab.sim.experiment import sweep
from archlab.sim.faults import SlowDown
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Poisson

PARTS = ("orders-1", "inventory-1", "payments-1")
ORDERINGS = ("naive", "saga", "outbox")
NEAR_PROVIDER_S = Exponential(0.005)
"""A provider that answers at once, so that most crashes hit an order between two steps and not a wait for payment."""

SETTLED_AFTER_S = 15.0


def built_with(ordering: str, config: MicroservicesConfig = MICROSERVICES) -> MicroservicesConfig:
    """Return a shop that orders in this way, with idempotency keys where it needs them."""
    keys = config.idempotency_keys or ordering in ("saga", "outbox")
    return replace(config, ordering=ordering, idempotency_keys=keys)  # type: ignore[arg-type]


def dying(seed: int, ordering: str, points: int = 20) -> pd.DataFrame:
    """Let each of `PARTS` die at `points` moments of one order, from its beginning to its end.

    Returns the frame of `archlab.shop.crash_points` with the column `part`. After each crash the part starts again, and
    the shop has `SETTLED_AFTER_S` to put in order what it can.
    """
    config = replace(built_with(ordering), provider_s=NEAR_PROVIDER_S)
    build = partial(Microservices, config=config)
    moments = np.linspace(0, end_of_order_s(build, seed), points + 1)[1:]
    frames = [
        crash_points(build, part, moments, settled_after_s=SETTLED_AFTER_S, seed=seed) for part in PARTS
    ]
    return pd.concat([frame.assign(part=part) for part, frame in zip(PARTS, frames, strict=True)])


def dying_orders(
    orderings: Sequence[str] = ORDERINGS, points: int = 20, seeds: Iterable[int] = range(4)
) -> pd.DataFrame:
    """Compare ways to order over the same crashes. A row a way.

    Columns: design, crashes, crashes_with_anomaly, wrong_rows_percent, charged_for_nothing (crashes after which the
    provider had taken money that no order explains), and a column for each kind of anomaly that occurred.
    """
    jobs = [(ordering, seed) for ordering in orderings for seed in seeds]
    tables = joblib.Parallel()(joblib.delayed(dying)(seed, ordering, points) for ordering, seed in jobs)
    crashes = pd.concat([table.assign(design=name) for (name, _), table in zip(jobs, tables, strict=True)])
    rows = [_counted(name, crashes[crashes.design == name]) for name in orderings]
    return drop_anomalies_that_never_occurred(pd.DataFrame(rows))


def _counted(name: str, table: pd.DataFrame) -> dict[str, Any]:
    counts = tally(table)
    share = {"wrong_rows_percent": 100 * counts["crashes_with_anomaly"] / counts["crashes"]}
    return {"design": name} | counts | share


def wrong_with_one_database_percent(points: int = 20, seed: int = 1) -> float:
    """Return the share of crashes that leave wrong rows when an order is one transaction in one database.

    The program dies at `points` moments of the last 10 ms of the order, in which its rows are written.
    """
    end_s = end_of_order_s(Monolith, seed)
    moments = np.linspace(end_s - 0.010, end_s, points)
    counts = tally(crash_points(Monolith, "shop-1", moments, settled_after_s=SETTLED_AFTER_S, seed=seed))
    return 100 * counts["crashes_with_anomaly"] / counts["crashes"]


def latency_ms(seed: int, ordering: str, orders: int = 60) -> dict[str, float]:
    """Return the median latency of an order when nothing breaks, and how many messages it takes."""
    config = built_with(ordering)
    day = run_day(Microservices, config, Poisson(2.0), seed, duration_s=orders / 2, mix=ORDERS_ONLY)
    shop = Microservices(Simulation(seed), config)
    shop.answer(shop.place_order(0, {1: 1}))
    return {"order_p50_ms": 1000 * day.result.latency_s(50), "messages": float(shop.network.sent)}


def latencies(orderings: Sequence[str] = ORDERINGS, seeds: Iterable[int] = range(4)) -> pd.DataFrame:
    """Sweep `latency_ms`. Columns: ordering, order_p50_ms and messages with intervals."""
    return sweep(latency_ms, {"ordering": orderings}, seeds)


def impatient(
    seed: int, attempts: int, idempotency_keys: bool, rate_per_s: float = 8.0, slow_s: float = 20.0
) -> dict[str, float]:
    """Let the gateway ask the orders service again when an order takes longer than half a second.

    For `slow_s` seconds the payment provider is 8 times slower, so that orders take about 0.9 s. The first attempt goes
    on at the orders service, which nobody told. Returns `orders`; per 100 of them `double_charges_percent` and
    `told_no_percent`, customers who were told that it did not work; and `wrong_rows`, all anomalies of the audit.
    """
    guards = {"orders": Guards(timeout_s=0.5, retry_attempts=attempts)}
    config = replace(MICROSERVICES, guards=guards, idempotency_keys=idempotency_keys)
    slow = SlowDown("payment provider", at_s=2.0, for_s=slow_s, factor=8.0)
    day = run_day(
        Microservices,
        config,
        Poisson(rate_per_s),
        seed,
        2 + slow_s,
        mix=ORDERS_ONLY,
        faults=[slow],
        drain_s=30.0,
    )
    asked = len(day.result.requests)
    per_100 = 100 / asked
    return {
        "orders": float(asked),
        "double_charges_percent": per_100 * day.audit.double_charges,
        "told_no_percent": 100 * (1 - day.result.availability("place_order")),
        "wrong_rows": float(day.audit.anomalies),
    }


def asked_again(
    attempts: Sequence[int] = (1, 2, 3), seeds: Iterable[int] = range(4), rate_per_s: float = 8.0
) -> pd.DataFrame:
    """Sweep `impatient` over attempts, without and with idempotency keys. Columns: attempts, design, figures."""
    chosen = list(seeds)
    frames = [
        sweep(
            partial(impatient, idempotency_keys=keys, rate_per_s=rate_per_s), {"attempts": attempts}, chosen
        ).assign(design="with keys" if keys else "without keys")
        for keys in (False, True)
    ]
    return pd.concat(frames, ignore_index=True)


@settles("characteristics.decentralized-data-management", evidence=Evidence.MEASURED)
def decentralized_data(services_that_share_a_database: int, anomalies_of_a_quiet_day: int) -> Verdict:
    """Holds when no two services have a table in one database, and all rows agree while nothing breaks."""
    return holds_if(services_that_share_a_database == 0 == anomalies_of_a_quiet_day)


@settles("cons.data-consistency-challenges", evidence=Evidence.SIMULATED)
def consistency_challenges(
    wrong_with_one_database_percent: float, wrong_with_three_percent: float
) -> Verdict:
    """Holds when the plain way to place an order survives every crash with one database, and not with three."""
    return holds_if(wrong_with_one_database_percent == 0 < wrong_with_three_percent)
