"""The application layer: is there business logic in it, and what comes of it when there is?

First the count: what decisions and steps its source has (`archlab.chapters.layered.concerns`). Then the trial: one rule
is really moved from the business layer into a use case (`moved_rule`), and two use cases are added. Every order that is
placed without money being held for it breaks the rule. The rows are in memory, which refuses nothing by itself. SQLite
does: its schema wants a number, so the customer sees an error and no refusal (`stopped_by_schema`).

What this leaves out: the author who remembers the rule and copies it. Then nothing is broken until it changes.

>>> broken(moved=False, way="batch", count=40)["broken"], broken(moved=True, way="batch", count=40)["broken"] > 0
(0, True)
"""

import sqlite3
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from archlab.chapters.layered.concerns import LAYERS, concerns
from archlab.chapters.layered.histories import DECLINED
from archlab.chapters.layered.moved_rule import patched_layers, with_layers
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, all_of, holds_if, holds_up_to
from archlab.course.figures.bars import comparison
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import LAB, Size, variants
from archlab.shop.architecture import Assortment
from archlab.shop.domain import Refusal
from archlab.shop.instance import Steps
from archlab.shop.layered.architecture import Layered
from archlab.shop.layered.config import LayeredConfig, Storage
from archlab.shop.layered.data_access import MemoryData
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

    Returns declined (uses), placed (orders), broken (orders with no money held), stopped_by_schema (uses).

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
    return {
        "declined": ends.count("payment_declined"),
        "placed": len(held),
        "broken": held.count(None),
        "stopped_by_schema": ends.count(SCHEMA),
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
    """Return what comes of each use case with the rule in either layer: columns rule_in, way, and those of `broken`."""
    rows = [
        {"rule_in": "application" if moved else "business", "way": way, **broken(moved, way, seed)}
        for moved in (False, True)
        for way in WAYS
    ]
    return pd.DataFrame(rows)


def figure(found: Mapping[str, float], title: str, size: Size = LAB) -> Picture:
    """Draw what `application_figures` found: the orders that each use case places without money."""
    bars = {
        "the use case that it is in": "broken_by_place_order_percent",
        "one that calls its steps": "broken_by_reorder_percent",
        "a batch, which cannot": "broken_by_batch_percent",
        "a batch, the rule in business": "broken_beneath_percent",
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
    frame = pd.DataFrame(rows, columns=["design", "broken", "broken_low", "broken_high"])
    looks = dict.fromkeys(bars, variants("layered", ["layers"])["layers"])
    label = "Orders placed without money [%]"
    return comparison(frame, title, value="broken", bar_looks=looks, label=label, size=size)


# The claim ---------------------------------------------------------------------------------------------------


def application_figures(seeds: tuple[int, ...] = tuple(range(1, 11))) -> dict[str, float]:
    """Return the figures of `application_layer`, by their names."""
    counted = decisions().set_index("layer")
    found = [ways(seed).set_index(["rule_in", "way"]) for seed in seeds]
    percents = [100 * one.broken / one.placed.clip(lower=1) for one in found]
    above = {
        f"broken_by_{way}_percent": OverSeeds(one["application", way] for one in percents) for way in WAYS
    }
    return {
        "decisions_here": int(counted.decisions["application"]),
        "decisions_beneath": int(counted.decisions["business"]),
        "steps_percent": float(100 * counted.steps["application"] / counted.steps.sum()),
        **above,
        "broken_beneath_percent": OverSeeds(float(one["business"].max()) for one in percents),
    }


SAYS = {
    "decisions_here": "decisions in the source of the application layer",
    "decisions_beneath": "in that of the business layer",
    "steps_percent": "of all steps and transactions in the source that are in the application layer",
    "broken_by_place_order_percent": "orders without money, rule in the application layer: by the use case it is in",
    "broken_by_reorder_percent": "by one more, which calls the steps of the first",
    "broken_by_batch_percent": "by one more, which cannot call them",
    "broken_beneath_percent": "by the worst of the three, with the rule in the business layer",
}


@settles("layers.application-layer", evidence=Evidence.MEASURED, says=SAYS)
def application_layer(
    decisions_here: float,
    decisions_beneath: float,
    steps_percent: float,
    broken_by_place_order_percent: float,
    broken_by_reorder_percent: float,
    broken_by_batch_percent: float,
    broken_beneath_percent: float,
) -> Verdict:
    """Holds when at least half of the steps are there, as orchestration says; and, for business logic, up to the number
    of use cases of which none breaks a rule that stands there and that it would keep, were the rule in the business
    layer. A use case that calls the steps of another counts as that one. The verdict says how many decisions stand in
    either layer; in the shop as it is there is none in this one, by construction.
    """
    stand = f"here {number(decisions_here)} decisions stand in this layer, {number(decisions_beneath)} in business"
    unit = f"use case that a rule holds for (one that calls its steps is the same; {stand})"
    harm = max(broken_by_place_order_percent, broken_by_reorder_percent) > broken_beneath_percent
    limit = np.inf if broken_by_batch_percent <= broken_beneath_percent else 1
    logic = holds_up_to(-np.inf if harm else limit, unit)
    return all_of(holds_if(2 * steps_percent >= 100), logic)
