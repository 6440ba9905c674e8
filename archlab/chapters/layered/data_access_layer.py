"""The data access layer: three ways to keep rows behind one interface, and what that interface cannot hide.

The same random histories are played on each. Then the same rows must be there, and the same must have been decided.
What differs all the same is counted: the order in which the lines of an order come back, what is seen at a moment (each
kind takes its own time), the queries and the time of each use case, and the orders that a crash of its machine leaves.

What this leaves out: other databases than these. The key-value store is kept in SQLite, and takes the time of a query
for each key.

>>> seen = unhidden([1]).set_index("storage")
>>> seen.orders_after_crash.to_dict()
{'sqlite': 10.0, 'key-value': 10.0, 'memory': 0.0}
"""

from collections.abc import Callable, Sequence
from typing import Any, get_args

import joblib
import pandas as pd

from archlab.chapters.layered.concerns import concerns
from archlab.chapters.layered.histories import (
    decision,
    history,
    outcomes,
    rows_of,
    small_shop,
)
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Outcome, Verdict, holds_if
from archlab.course.quantity import number
from archlab.shop.domain import Order
from archlab.shop.instance import Steps
from archlab.shop.layered.architecture import Layered
from archlab.shop.layered.config import Storage
from archlab.shop.layered.data_access import MemoryData
from archlab.shop.store import OrderStatus
from archlab.sim.parallel import in_parallel

KINDS: tuple[Storage, ...] = get_args(Storage)
ORDERS = 10
"""Orders that are placed before the crash, one after the other."""


def compare(storage: Storage, seed: int = 1) -> dict[str, int]:
    """Play a random history over SQLite and over another kind of data access, until the money is taken.

    Returns differing_rows, differing_decisions, other_order (answers whose lines come in another order) and
    other_moment (answers that saw the payment at another moment).
    """
    uses = history(seed=seed)
    here, there = small_shop(seed, "sqlite"), small_shop(seed, storage)
    pairs = list(zip(outcomes(here, uses), outcomes(there, uses), strict=True))
    for shop in (here, there):
        shop.sim.run(until=shop.sim.now + 2 * shop.config.settle_every_s)
    rows, others = rows_of(here), rows_of(there)
    unlike = [a for a, b in pairs if a != b and decision(a) == decision(b)]
    return {
        "differing_rows": sum(len(set(rows[table]) ^ set(others[table])) for table in rows),
        "differing_decisions": sum(decision(a) != decision(b) for a, b in pairs),
        "other_order": sum(isinstance(one, Order) for one in unlike),
        "other_moment": sum(isinstance(one, OrderStatus) for one in unlike),
    }


def compared(seeds: tuple[int, ...] = tuple(range(1, 11))) -> pd.DataFrame:
    """Return `compare` of both others with SQLite: columns storage, seed, and what it counts."""
    cases = [(storage, seed) for storage in KINDS if storage != "sqlite" for seed in seeds]
    found = in_parallel(joblib.delayed(compare)(*case) for case in cases)
    return pd.DataFrame(cases, columns=["storage", "seed"]).join(pd.DataFrame(found))


def unhidden(seeds: Sequence[int] = tuple(range(1, 11))) -> pd.DataFrame:
    """Return what nobody above asks for, and feels: a row a kind of data access, means over the seeds.

    Columns: storage; queries of a page, an order of two products and a look at it (`page_queries`, `order_queries`,
    `track_queries`), and of all three together (`queries`); order_ms (without the provider and the cores of the
    program); orders_after_crash (of `ORDERS`, when the machine with the rows has crashed and come back).
    """
    rows = [{"storage": storage, **_felt(storage, seed)} for storage in KINDS for seed in seeds]
    return pd.DataFrame(rows).groupby("storage", sort=False).mean().reset_index()


def _felt(storage: Storage, seed: int) -> dict[str, Any]:
    shop = small_shop(seed, storage, declined=0.0)
    asked: dict[str, Callable[[], Steps[Any]]] = {
        "page": lambda: shop.application.browse(1),
        "order": lambda: shop.application.place_order(1, {1: 1, 2: 1}),
        "track": lambda: shop.application.track_order(1),
    }
    queries, taken_ms = {}, {}
    for name, ask in asked.items():
        before, start_s = _queries(shop), shop.sim.now
        provider_s = _provider_s(shop)
        shop.answer(ask())
        queries[f"{name}_queries"] = _queries(shop) - before
        taken_ms[name] = 1000 * (shop.sim.now - start_s - (_provider_s(shop) - provider_s))
    return {
        **queries,
        "queries": sum(queries.values()),
        "order_ms": taken_ms["order"],
        "orders_after_crash": _after_crash(storage, seed),
    }


def _queries(shop: Layered) -> int:
    """The queries that the data access layer has sent so far."""
    return 0 if isinstance(shop.data, MemoryData) else int(shop.data.queries.totals()["completed"])


def _provider_s(shop: Layered) -> float:
    """The time for which the payment provider has worked so far."""
    return float(shop.provider.station.totals()["busy_s"])


def _after_crash(storage: Storage, seed: int) -> int:
    """Place orders, let what keeps the rows crash and come back, and count the orders that are there."""
    shop = small_shop(seed, storage, declined=0.0)
    for order_id in range(1, ORDERS + 1):
        shop.answer(shop.place_order(order_id, {order_id: 1}))
    keeper: Any = shop.data if isinstance(shop.data, MemoryData) else shop.data.server
    keeper.crash()
    keeper.restart()
    return len(shop.rows("orders"))


# The claim ---------------------------------------------------------------------------------------------------


def data_access_figures(seeds: tuple[int, ...] = tuple(range(1, 11))) -> dict[str, float]:
    """Return the figures of `data_access_layer`, by their names."""
    rows = concerns("layered, all kinds").query("concern == 'rows'")
    inside = rows[rows.part == "data access"]["count"].sum()
    found = compared(seeds).groupby("seed").sum(numeric_only=True)
    felt = unhidden().set_index("storage")
    return {
        "rows_percent": float(100 * inside / rows["count"].sum()),
        **{name: OverSeeds(found[name]) for name in ("differing_rows", "differing_decisions")},
        "other_order": OverSeeds(found.other_order),
        "slowest_ms": float(felt.order_ms.max()),
        "orders_lost": int(ORDERS - felt.orders_after_crash.min()),
    }


SAYS = {
    "rows_percent": "of the SQL in the source that is in the data access layer",
    "differing_rows": "rows that differ after the same history over SQLite, keys and memory",
    "differing_decisions": "uses that are decided otherwise",
    "other_order": "answers whose lines come in another order",
    "slowest_ms": "an order's time in the slowest kind of data access, when nobody waits for a payment",
    "orders_lost": f"orders of {ORDERS} that are gone after a crash, in the kind that forgets most",
}


@settles("layers.data-access-layer", evidence=Evidence.MEASURED, says=SAYS)
def data_access_layer(
    rows_percent: float,
    differing_rows: float,
    differing_decisions: float,
    other_order: float,
    slowest_ms: float,
    orders_lost: float,
) -> Verdict:
    """Holds when all SQL is in it, and behind its interface one kind of rows can take the place of another: the same
    rows are there after the same history, and the same was decided; the verdict names what the
    interface does not hide: the order of lines, time, and what a crash leaves of {ORDERS} orders.
    """
    if rows_percent < 100 or differing_rows or differing_decisions:
        return holds_if(False)
    open_ones = [
        f"an order's time (up to {number(round(slowest_ms, 1))} ms)" if slowest_ms else "",
        "the order of lines" if other_order else "",
        f"that orders outlive a crash (in memory {number(orders_lost)} of {number(ORDERS)} did not)"
        if orders_lost
        else "",
    ]
    named = [one for one in open_ones if one]
    return Verdict(Outcome.HOLDS, f"not hidden are {', '.join(named)}" if named else "")
