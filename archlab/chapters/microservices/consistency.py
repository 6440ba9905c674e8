"""Consistency over three databases: programs that die in the middle of an order, and orders that come twice.

Every program that takes part dies at many moments of one order. What that leaves in the rows is counted, and from the
share of moments that do harm follows for how long an order is *exposed*. That time does not depend on how long the
payment provider thinks, and with the orders a second it says how many orders a year end half done.

What this leaves out: databases that are away for longer. They break every plain order of that time, which errs in
favour of the plain way.

>>> table = crashes(["naive"], points=6, seeds=[1])
>>> summary(table)[["design", "crashes"]].to_numpy().tolist()
[['naive', 10]]
>>> consistency_challenges(
...     orders_a_second_with_one_database=math.inf,
...     orders_a_second_with_three=3.0,
...     orders_a_second_with_a_log=math.inf,
... ).words
'Holds when: from 3 orders a second placed step by step (ours at half load: 18, beyond it; with a saga that keeps a \
log: never), with 52 kills of each program a year'
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import joblib
import numpy as np
import pandas as pd

from archlab.course.claims.limit import Holds, Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_from, holds_if
from archlab.course.quantity import number
from archlab.shop.architecture import SHOP_MIX, Architecture
from archlab.shop.crash_points import crash_points, drop_anomalies_that_never_occurred, tally
from archlab.shop.day import ORDERS_ONLY, at_load, run_day
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES, SAGAS, MicroservicesConfig
from archlab.shop.microservices.guards import Guards
from archlab.shop.microservices.ordering.accepted import AcceptedOrder
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim.distributions import Exponential
from archlab.sim.experiment import sweep
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Poisson

ONE_DATABASE = "monolith"
"""The design in which an order is one transaction in one database."""

PROGRAMS = ("orders-1", "inventory-1", "payments-1")
PARTS: Mapping[str, Sequence[str]] = {
    ONE_DATABASE: ("shop-1",),
    "queue": (*PROGRAMS, "payments queue", "orders queue"),
    "stream": (*PROGRAMS, "payments log", "orders log"),
}
"""A design -> the programs that take part in its orders, and die. `PROGRAMS` where none are named."""

POINTS, FEW_POINTS = 12, 4
"""Moments at which the first of a design's programs dies, and each of the others: the first one is exposed longest."""

ORDERINGS = (ONE_DATABASE, "naive", "saga_in_memory", "saga_with_log")
NEAR_PROVIDER_S = 0.005
"""The mean time of a provider that answers at once, so that most crashes hit an order between two steps and not a wait
for payment."""

SETTLED_AFTER_S = 10.0

KILLS_A_YEAR = 52.0
"""How often each program dies in the middle of its work: once a week, because its machine is replaced, its memory is
used up, or a deployment does not wait. An assumption."""

ORDERS_PER_S = at_load(0.5, MICROSERVICES).rate_per_s * SHOP_MIX.shares["place_order"]
"""Of our shop at half of its capacity."""

WRONG_ORDERS_A_YEAR = 1.0
"""One order a year somebody puts right by hand. More of them need a program that does."""


def built_with(ordering: str, config: MicroservicesConfig = MICROSERVICES) -> MicroservicesConfig:
    """Return a shop that orders in this way, with idempotency keys where it needs them."""
    keys = config.idempotency_keys or ordering in (*SAGAS, "queue", "stream")
    return replace(config, ordering=ordering, idempotency_keys=keys)  # type: ignore[arg-type]


def _builder(design: str, provider_s: Exponential) -> Callable[[Simulation], Architecture]:
    if design == ONE_DATABASE:
        return partial(Monolith, config=MonolithConfig(provider_s=provider_s))
    return partial(Microservices, config=replace(built_with(design), provider_s=provider_s))


def end_of_order_s(build: Callable[[Simulation], Architecture], seed: int) -> float:
    """Return when the order that `crash_points` runs would be placed, had nothing crashed: accepted and paid."""
    shop = build(Simulation(seed))
    shop.answer(shop.place_order(0, shop.customers.basket()))
    answered_s = float(shop.sim.now)
    ordering = shop.services["orders"].ordering if isinstance(shop, Microservices) else None  # type: ignore[attr-defined]
    if not isinstance(ordering, AcceptedOrder):
        return answered_s
    shop.sim.run(until=answered_s + SETTLED_AFTER_S)
    return ordering.finished_s[0]


def dying(seed: int, design: str, points: int = POINTS, provider_s: float = NEAR_PROVIDER_S) -> pd.DataFrame:
    """Let the design's `PARTS` die at moments of one order, evenly from its beginning to its end.

    The first part at `points` of them, the others at a third, as `POINTS` and `FEW_POINTS`.

    Returns the frame of `archlab.shop.crash_points` with `design`, `seed`, `part`, `order_ms` from the beginning to the
    end, and `exposed_ms`: the stretch that this moment stands for if the crash left wrong rows, else 0. After each
    crash the part starts again, and the shop has `SETTLED_AFTER_S` to put in order what it can.
    """
    build = _builder(design, Exponential(provider_s))
    end_s = end_of_order_s(build, seed)
    first, *others = PARTS.get(design, PROGRAMS)
    frames = [_dying(build, first, points, end_s, seed)]
    frames += [_dying(build, part, max(1, points * FEW_POINTS // POINTS), end_s, seed) for part in others]
    return pd.concat(frames, ignore_index=True).assign(design=design, seed=seed)


def _dying(
    build: Callable[[Simulation], Architecture], part: str, points: int, end_s: float, seed: int
) -> pd.DataFrame:
    """Let one part die in the middle of each of `points` equal stretches of the order."""
    moments = end_s * (np.arange(points) + 0.5) / points
    table = crash_points(build, part, moments, settled_after_s=SETTLED_AFTER_S, seed=seed)
    return table.assign(
        part=part, order_ms=1000 * end_s, exposed_ms=(table.anomalies > 0) * 1000 * end_s / points
    )


def crashes(
    designs: Sequence[str] = ORDERINGS,
    points: int = POINTS,
    seeds: Iterable[int] = range(10),
    provider_s: float = NEAR_PROVIDER_S,
) -> pd.DataFrame:
    """Return `dying` for each design and seed: a row a crash. `provider_s`: the mean of exponential times."""
    jobs = list(product(designs, seeds))
    tables = in_parallel(joblib.delayed(dying)(seed, design, points, provider_s) for design, seed in jobs)
    return pd.concat(tables, ignore_index=True)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Count in a frame of `crashes`. A row a design, in their order, with its name in words.

    Columns: design, wrong_rows_percent (each part dies equally often), order_ms, exposed_ms (for all its parts
    together, the mean over the seeds), crashes, crashes_with_anomaly, charged_for_nothing (crashes after which the
    provider had taken money that no order explains), and a column for each kind of anomaly that occurred.
    """
    rows = [_counted(name, table[table.design == name]) for name in table.design.unique()]
    return drop_anomalies_that_never_occurred(pd.DataFrame(rows))


def _counted(name: str, table: pd.DataFrame) -> dict[str, Any]:
    counts = tally(table)
    wrong_share = (table.anomalies > 0).groupby(table.part).mean().mean()
    exposed = {"order_ms": table.order_ms.mean(), "exposed_ms": table.exposed_ms.sum() / table.seed.nunique()}
    return {"design": name.replace("_", " "), "wrong_rows_percent": 100 * wrong_share} | exposed | counts


def exposed_ms(table: pd.DataFrame, design: str) -> OverSeeds:
    """For how long one order is exposed: the death of one of its programs then leaves wrong rows. Over all programs."""
    return OverSeeds(table[table.design == design].groupby("seed").exposed_ms.sum())


def beside_ours(orders_a_second: float) -> str:
    """Return in words on which side of a limit our shop stands when half of its capacity is asked for."""
    side = "beyond" if orders_a_second <= ORDERS_PER_S else "short of"
    return f"ours at half load: {number(round(ORDERS_PER_S))}, {side} it"


def orders_per_s(table: pd.DataFrame, design: str, holds: Holds) -> Limit:
    """Return how many orders a second make `WRONG_ORDERS_A_YEAR`, when each program is killed `KILLS_A_YEAR` times.

    A kill hits on average so many orders in their exposed time as arrive in a time of that length (Little's law). inf:
    no rate is too high.
    """
    exposed_s = [ms / 1000 for ms in exposed_ms(table, design).per_seed]
    return Limit(holds, [WRONG_ORDERS_A_YEAR / (KILLS_A_YEAR * s) if s else math.inf for s in exposed_s])


FINE_POINTS = 48
"""Of the plain way: with 12 moments its exposed time comes out a third too short; 96 find no other time."""


def half_orders(table: pd.DataFrame, plain: pd.DataFrame) -> dict[str, Limit]:
    """Return the figures of `consistency_challenges` from frames of `crashes`.

    `table` has the order in one database and the saga with a log, `plain` the naive way at `FINE_POINTS`.
    """
    return {
        "orders_a_second_with_one_database": orders_per_s(table, ONE_DATABASE, "from"),
        "orders_a_second_with_three": orders_per_s(plain, "naive", "from"),
        "orders_a_second_with_a_log": orders_per_s(table, "saga_with_log", "from"),
    }


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


ASK_AGAIN_S = 0.5
"""How long the gateway waits for an order before it asks again."""
SLOW_PROVIDER_S = 0.8
"""What a slow provider takes for a payment."""


def impatient(
    seed: int, attempts: int, idempotency_keys: bool, rate_per_s: float = 4.0, duration_s: float = 10.0
) -> dict[str, float]:
    """Let the gateway ask the orders service again when an order takes longer than `ASK_AGAIN_S`.

    The payment provider always takes `SLOW_PROVIDER_S`, so that orders take 0.9 s. There is room for all attempts of
    the usual rate. The first one goes on at the orders service, which nobody told. Returns `orders`; per 100 of them
    `double_charges_percent` and `told_no_percent`, customers who were told that it did not work;
    and `wrong_rows`, all anomalies of the audit.
    """
    guards = {"orders": Guards(timeout_s=ASK_AGAIN_S, retry_attempts=attempts)}
    config = replace(
        MICROSERVICES, guards=guards, idempotency_keys=idempotency_keys, provider_s=SLOW_PROVIDER_S
    )
    day = run_day(Microservices, config, Poisson(rate_per_s), seed, duration_s, mix=ORDERS_ONLY, drain_s=30.0)
    asked = len(day.result.requests)
    per_100 = 100 / asked
    return {
        "orders": float(asked),
        "double_charges_percent": per_100 * day.audit.double_charges,
        "told_no_percent": 100 * (1 - day.result.availability("place_order")),
        "wrong_rows": float(day.audit.anomalies),
    }


def asked_again(
    attempts: Sequence[int] = (1, 2, 3), seeds: Iterable[int] = range(2), rate_per_s: float = 4.0
) -> pd.DataFrame:
    """Sweep `impatient` over attempts without idempotency keys, and with them for the most attempts.

    Columns: attempts, design, and the figures of `impatient` with intervals.
    """
    chosen = list(seeds)
    frames = [
        sweep(partial(impatient, idempotency_keys=keys, rate_per_s=rate_per_s), {"attempts": tried}, chosen)
        for keys, tried in ((False, attempts), (True, [max(attempts)]))
    ]
    names = ("without keys", "with keys")
    return pd.concat(
        [frame.assign(design=name) for frame, name in zip(frames, names, strict=True)], ignore_index=True
    )


@settles("characteristics.decentralized-data-management", evidence=Evidence.BY_CONSTRUCTION)
def decentralized_data(services_that_share_a_database: int) -> Verdict:
    """Holds when no two services have a table in one database."""
    return holds_if(services_that_share_a_database == 0)


@settles(
    "cons.data-consistency-challenges",
    evidence=Evidence.SIMULATED,
    says={
        "orders_a_second_with_one_database": "orders a second that one database bears",
        "orders_a_second_with_three": "orders a second that three databases bear, step by step",
        "orders_a_second_with_a_log": "the same, with a saga that keeps a log",
    },
)
def consistency_challenges(
    orders_a_second_with_one_database: float,
    orders_a_second_with_three: float,
    orders_a_second_with_a_log: float,
) -> Verdict:
    """Holds from the rate of orders at which the plain way to place one leaves more than {WRONG_ORDERS_A_YEAR} order a
    year wrong with three databases, and not with one. Each program is killed {KILLS_A_YEAR} times a year. It says from
    which rate a saga with a log does, too, and where our shop with {ORDERS_PER_S} orders a second stands.
    """
    if orders_a_second_with_one_database <= orders_a_second_with_three:
        return holds_if(False)
    with_log = orders_a_second_with_a_log
    log = "never" if math.isinf(with_log) else f"from {number(with_log)}"
    beside = beside_ours(orders_a_second_with_three)
    plain = f"orders a second placed step by step ({beside}; with a saga that keeps a log: {log})"
    unit = f"{plain}, with {number(KILLS_A_YEAR)} kills of each program a year"
    return holds_from(orders_a_second_with_three, unit)
