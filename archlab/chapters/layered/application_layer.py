"""The application layer: is there business logic in it, and what comes of it when there is?

First the count: what decisions and steps its source has (`archlab.chapters.layered.concerns`). Then the trial: one rule
is really moved from the business layer into a use case (`moved_rule`), and two use cases are added. Every order that is
placed without money being held for it breaks the rule. With rows in memory nothing else refuses it. With rows in SQLite
its schema does: it wants a number, so the customer sees an error and no refusal (`stopped_by_schema`).

Most of this is by construction. Steps are here because we put them here. That a batch does not go through the rule is
how we wrote it: its payment is another one. What is tried is that the use cases do what their source says.

What this leaves out: the author who remembers the rule and copies it. Then nothing is broken until it changes.

>>> broken(moved=False, way="batch", count=40)["broken"], broken(moved=True, way="batch", count=40)["broken"] > 0
(0, True)
"""

import sqlite3
from collections.abc import Mapping
from typing import Any

import joblib
import numpy as np
import pandas as pd

from archlab.chapters.layered.concerns import LAYERS, concerns
from archlab.chapters.layered.histories import DECLINED
from archlab.chapters.layered.moved_rule import patched_layers, with_layers
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Outcome, Verdict
from archlab.course.figures.bars import comparison
from archlab.course.figures.picture import Picture
from archlab.course.style import LAB, Size, variants
from archlab.shop.architecture import Assortment
from archlab.shop.domain import Refusal
from archlab.shop.instance import Steps
from archlab.shop.layered.architecture import Layered
from archlab.shop.layered.config import LayeredConfig, Storage
from archlab.shop.layered.data_access import MemoryData
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of

WAYS = ("place_order", "reorder", "batch")
"""The use cases that place orders, in the order in which they are added."""
OF_A_BATCH = 3
"""Orders that are paid in one sum. An assumption."""
ORDERS = 200
PLENTY = Assortment(products=12, stock=10**6)
"""A shop that is never sold out, so that only payments are refused."""
SCHEMA = "stopped by the schema"


def broken(
    moved: bool, way: str, seed: int = 1, count: int = ORDERS, storage: Storage = "memory"
) -> dict[str, int]:
    """Place so many orders by one use case, with payments of which some are declined.

    Returns declined (uses that are refused for it), placed (orders), broken (orders with no money held),
    stopped_by_schema (uses), and declined_orders, whatever came of them.

    Raises:
        ValueError: when `way` is none of `WAYS`.
    """
    require_one_of("way", way, WAYS)
    config = LayeredConfig(storage=storage, assortment=PLENTY, declined=DECLINED)
    shop = Layered(Simulation(seed), config)
    application = with_layers(shop, patched_layers(moved))
    if way == "reorder":
        shop.answer(_until_placed(application))
    rng = np.random.default_rng(seed)
    ends = [
        _end_of(shop, _asked(application, way, number * OF_A_BATCH, rng)) for number in range(1, count + 1)
    ]
    held = [payment.authorisation for payment in _payments(shop)]
    refused, stopped, unpaid = ends.count("payment_declined"), ends.count(SCHEMA), held.count(None)
    return {
        "declined": refused,
        "placed": len(held),
        "broken": unpaid,
        "stopped_by_schema": stopped,
        "declined_orders": _orders_of_a_use(way) * (refused + stopped) + unpaid,
    }


def _payments(shop: Layered) -> list[Any]:
    """The payments that are there, also those that a table would not take."""
    rows = shop.data.payments if isinstance(shop.data, MemoryData) else shop.rows("payments").itertuples()
    return list(rows)


def _asked(application: Any, way: str, order_id: int, rng: np.random.Generator) -> Any:
    """One use: an order, the same order again, or several orders."""
    products = rng.choice(np.arange(1, PLENTY.products + 1), size=OF_A_BATCH, replace=False)
    if way == "reorder":
        return application.reorder(order_id, 1)
    if way == "batch":
        return application.place_batch({order_id + k: {int(one): 1} for k, one in enumerate(products)})
    return application.place_order(order_id, {int(products[0]): 1})


def _until_placed(application: Any) -> Steps[Any]:
    """Order number 1, which is ordered again later. Its payment is asked for until it is not declined."""
    order = yield from application.rules.draft(1, {1: 1})
    authorisation = None
    while authorisation is None:
        authorisation = yield application.provider.authorise(1, order.total_cents)
    changes = yield from application.rules.place(order, application.rules.paid(order, authorisation))
    yield from changes.commit()


def _end_of(shop: Layered, asked: Steps[Any]) -> str:
    try:
        shop.answer(asked)
    except Refusal as refusal:
        return refusal.reason
    except sqlite3.IntegrityError:
        return SCHEMA
    return "answered"


def decisions() -> pd.DataFrame:
    """Return the decisions and steps in the source of each layer: columns layer, decisions, steps."""
    table = concerns("layered").groupby(["part", "concern"])["count"].sum().unstack(fill_value=0)
    return (
        table.reindex(list(LAYERS), fill_value=0)[["decisions", "steps"]].rename_axis("layer").reset_index()
    )


def ways(seed: int = 1) -> pd.DataFrame:
    """Return what comes of each use case with the rule in either layer, with rows in memory.

    Columns: rule_in, way, those of `broken` and of `of_declined`.
    """
    rows = []
    for moved in (False, True):
        for way in WAYS:
            found = broken(moved, way, seed)
            rule_in = "application" if moved else "business"
            rows.append({"rule_in": rule_in, "way": way, **found, **of_declined(found, way)})
    return pd.DataFrame(rows)


def of_declined(found: Mapping[str, int], way: str) -> dict[str, float]:
    """Return which share of the declined orders are placed all the same, and which the schema stops with an error.

    Keys: placed_percent and stopped_percent. Takes what `broken` found; a run without a declined order has 0 of both.
    """
    orders = max(1, found["declined_orders"])
    stopped = found["stopped_by_schema"] * _orders_of_a_use(way)
    return {"placed_percent": 100 * found["broken"] / orders, "stopped_percent": 100 * stopped / orders}


def _orders_of_a_use(way: str) -> int:
    return OF_A_BATCH if way == "batch" else 1


def figure(found: Mapping[str, float], title: str, size: Size = LAB) -> Picture:
    """Draw what `application_figures` found: the declined orders that each use case places all the same."""
    bars = {
        "the use case that it is in": "placed_by_place_order_percent",
        "one that calls its steps": "placed_by_reorder_percent",
        "a batch, which goes round it": "placed_by_batch_percent",
        "that batch, rows in SQLite": "placed_on_sqlite_percent",
        "a batch, the rule in business": "placed_beneath_percent",
    }
    rows = [
        (
            name,
            float(found[key]),
            getattr(found[key], "low", found[key]),
            getattr(found[key], "high", found[key]),
        )
        for name, key in bars.items()
    ]
    frame = pd.DataFrame(rows, columns=["design", "placed", "placed_low", "placed_high"])
    looks = dict.fromkeys(bars, variants("layered", ["layers"])["layers"])
    label = "Declined orders that are placed [%]"
    return comparison(frame, title, value="placed", bar_looks=looks, label=label, size=size)


# The claim ---------------------------------------------------------------------------------------------------


def application_figures(seeds: tuple[int, ...] = tuple(range(1, 11))) -> dict[str, float]:
    """Return the figures of `application_layer`, by their names."""
    counted = decisions().set_index("layer")
    runs = in_parallel(joblib.delayed(_of_one)(seed) for seed in seeds)
    found, on_sqlite = zip(*runs, strict=True)
    placed = {
        f"placed_by_{way}_percent": OverSeeds(one.placed_percent["application", way] for one in found)
        for way in WAYS
    }
    return {
        "decisions_here": int(counted.decisions["application"]),
        "decisions_beneath": int(counted.decisions["business"]),
        "steps_percent": float(100 * counted.steps["application"] / counted.steps.sum()),
        **placed,
        "placed_beneath_percent": OverSeeds(float(one.placed_percent["business"].max()) for one in found),
        "placed_on_sqlite_percent": OverSeeds(one["placed_percent"] for one in on_sqlite),
        "stopped_on_sqlite_percent": OverSeeds(one["stopped_percent"] for one in on_sqlite),
    }


def _of_one(seed: int) -> tuple[pd.DataFrame, dict[str, float]]:
    """What comes of all use cases with rows in memory, and of the batch with the rule moved here over SQLite."""
    on_sqlite = of_declined(broken(True, "batch", seed, storage="sqlite"), "batch")
    return ways(seed).set_index(["rule_in", "way"]), on_sqlite


SAYS = {
    "decisions_here": "decisions in the source of the application layer",
    "decisions_beneath": "in that of the business layer",
    "steps_percent": "of all steps and transactions in the source that are in the application layer",
    "placed_by_place_order_percent": "of declined orders, placed with the rule moved here: by the use case it is in",
    "placed_by_reorder_percent": "by one more, which calls the steps of the first",
    "placed_by_batch_percent": "by one more, which goes round them, with rows in memory",
    "placed_beneath_percent": "by the worst of the three, with the rule in the business layer",
    "placed_on_sqlite_percent": "by the one that goes round them, with rows in SQLite",
    "stopped_on_sqlite_percent": "of its declined orders that the schema of SQLite stops, with an error",
}


@settles("layers.application-layer", evidence=Evidence.BY_CONSTRUCTION, says=SAYS)
def application_layer(
    decisions_here: float,
    decisions_beneath: float,
    steps_percent: float,
    placed_by_place_order_percent: float,
    placed_by_reorder_percent: float,
    placed_by_batch_percent: float,
    placed_beneath_percent: float,
    placed_on_sqlite_percent: float,
    stopped_on_sqlite_percent: float,
) -> Verdict:
    """Holds when at least half of the steps stand in this layer, where we put them, and a rule that is moved here is
    kept by the use cases that go through it: they place no more of the declined orders than with the rule in the
    business layer. A use case that goes round the rule is no test of it, as we wrote it so; the verdict says what comes
    of one, and how many decisions stand in either layer.
    """
    through = max(placed_by_place_order_percent, placed_by_reorder_percent)
    count = f"{decisions_here:.0f} decisions do" if decisions_here else "no decision does"
    steps = f"steps stand here because we put them here ({steps_percent:.0f} % of them)"
    decisions = f"{count} ({decisions_beneath:.0f} stand in business)"
    if 2 * steps_percent < 100:
        return Verdict(
            Outcome.DOES_NOT_HOLD, f"only {steps_percent:.0f} % of the steps stand here; {decisions}"
        )
    if through > placed_beneath_percent:
        lost = f"of the declined orders {through:.0f} % are placed by use cases that go through the rule"
        return Verdict(Outcome.DOES_NOT_HOLD, f"{lost}; {steps}; {decisions}")
    batch = (
        f"a batch that goes round it places {placed_by_batch_percent:.0f} % of the declined orders (in SQLite "
        f"{placed_on_sqlite_percent:.0f} %: the schema stops {stopped_on_sqlite_percent:.0f} %, with an error)"
    )
    kept = "a rule that is moved here is kept by the use cases that go through it"
    return Verdict(Outcome.HOLDS, f"{steps}, {decisions}; {kept}; {batch}")
