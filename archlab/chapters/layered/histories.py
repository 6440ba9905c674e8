"""Histories: what customers ask of a layered shop, drawn by lot, and what comes of it.

Among the uses are those that a shop refuses: products and orders that are not there, more pieces than there are,
payments that are declined, and orders that are sent twice with another basket. One comes after the other. Many orders
at the same moment are in `archlab.chapters.layered.business_layer`.

>>> shop = small_shop(seed=1, storage="memory")
>>> found = kinds_of_outcome(outcomes(shop, history(60, seed=1)))
>>> sorted(found)
['answered', 'not_found', 'out_of_stock', 'payment_declined']
"""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from archlab.shop.architecture import Assortment
from archlab.shop.audit import TABLES
from archlab.shop.domain import Order, Refusal
from archlab.shop.instance import Steps
from archlab.shop.layered.application import Application
from archlab.shop.layered.architecture import Layered
from archlab.shop.layered.config import LayeredConfig, Storage
from archlab.shop.store import OrderStatus
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_whole

FEW = Assortment(products=12, stock=15)
"""A shop that is soon sold out, so that every kind of refusal occurs."""
DECLINED = 0.2
"""Share of payments that are declined. An assumption: many, so that it occurs often."""
USES = 200


@dataclass(frozen=True)
class Use:
    """One thing a customer does. `kind`: "browse", "place_order" or "track_order"."""

    kind: str
    product: int = 0
    order_id: int = 0
    basket: Mapping[int, int] = field(default_factory=dict)


def history(count: int = USES, seed: int = 1) -> list[Use]:
    """Return so many uses. A third of each kind; some products, orders and baskets are not possible.

    Raises:
        ValueError: when `count` is not a whole number above 0.
    """
    require_whole("count", count, at_least=1)
    rng = np.random.default_rng(seed)
    return [_use(rng, number) for number in range(1, count + 1)]


def _use(rng: np.random.Generator, number: int) -> Use:
    kind = ("browse", "place_order", "track_order")[rng.integers(3)]
    product = int(rng.integers(0, FEW.products + 2))
    # an order may repeat one of the last
    order_id = (
        int(number + 2 - rng.integers(0, 3)) if kind == "place_order" else int(rng.integers(1, number + 2))
    )
    wanted = rng.choice(np.arange(1, FEW.products + 2), size=rng.integers(1, 4), replace=False)
    basket = {int(one): int(rng.choice((1, 2, 3, FEW.stock + 1), p=(0.4, 0.3, 0.25, 0.05))) for one in wanted}
    return Use(kind, product, order_id, basket)


def small_shop(seed: int = 1, storage: Storage = "sqlite", declined: float = DECLINED) -> Layered:
    """Return a layered shop that is soon sold out, with its rows in "sqlite", "key-value" or "memory"."""
    config = LayeredConfig(storage=storage, assortment=FEW, declined=declined)
    return Layered(Simulation(seed), config)


def steps(application: Application, use: Use) -> Steps[Any]:
    """Return the use case of the application layer that a use asks for."""
    if use.kind == "place_order":
        return application.place_order(use.order_id, use.basket)
    if use.kind == "browse":
        return application.browse(use.product)
    return application.track_order(use.order_id)


def outcome(shop: Layered, asked: Steps[Any]) -> object:
    """Run a use to its end. Return what comes of it: the answer, or the reason why it is refused."""
    try:
        return shop.answer(asked)
    except Refusal as refusal:
        return refusal.reason


def outcomes(shop: Layered, uses: list[Use]) -> list[object]:
    """Return what comes of each use, one after the other."""
    return [outcome(shop, steps(shop.application, use)) for use in uses]


def decision(found: object) -> object:
    """Return what was decided in an outcome: the reason of a refusal, or the answer without what decides nothing.

    That is: whether the money has been taken by then, and in which order the lines of an order come.
    """
    if isinstance(found, Order):
        return found.id, found.state, sorted(found.lines, key=lambda line: line.product)
    if isinstance(found, OrderStatus):
        return found.order_id, found.state, found.total_cents
    return found


def rows_of(shop: Layered) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of each table, sorted, without the numbers that a table gives its rows itself."""
    found = {}
    for table in TABLES:
        frame = shop.rows(table)
        own = [column for column in ("payment_id", "notification_id") if column in frame]
        found[table] = sorted(frame.drop(columns=own).itertuples(index=False, name=None))
    return found


def kinds_of_outcome(found: list[object]) -> Counter[str]:
    """Count the outcomes: "answered", or the reason of a refusal."""
    return Counter("answered" if dataclasses.is_dataclass(one) else str(one) for one in found)
