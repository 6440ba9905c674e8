"""Doors to the whole: the layered shop from JSON to rows, and the monolith from its use cases to rows.

Both have SQLite in memory and few products. What they leave out: disks, networks, and other processes. That makes tests
of the whole as cheap as they can be.

>>> WholeDoor().order(7, {1: 6}), MonolithDoor().order(7, {1: 2})
(('out_of_stock', 0), ('placed', 900))
"""

import json
from collections.abc import Sequence
from typing import Any

from archlab.chapters.layered.doors import (
    CATALOGUE,
    PIECES,
    Answer,
    Door,
    Seen,
    page_in_short,
    status_in_short,
)
from archlab.shop.architecture import Assortment
from archlab.shop.domain import Basket, Refusal
from archlab.shop.instance import Steps
from archlab.shop.layered import JsonApi, Layered, LayeredConfig
from archlab.shop.monolithic import Monolith, MonolithConfig
from archlab.sim.simulation import Simulation

FEW = Assortment(products=len(CATALOGUE), stock=PIECES)


class _OnSqlite(Door):
    """What doors to a whole shop share: real rows, in SQLite in memory."""

    shop: Layered | Monolith

    def _ready(self) -> None:
        rows = [(product.name, product.price_cents, product.id) for product in CATALOGUE]
        sql = "UPDATE products SET name = ?, price_cents = ? WHERE product = ?"
        self.shop.tables["products"].executemany(sql, rows)

    def answered(self, steps: Steps[Any]) -> Any:
        return self.shop.answer(steps)

    def reprice(self, product: int, cents: int) -> None:
        sql = "UPDATE products SET price_cents = ? WHERE product = ?"
        self.shop.tables["products"].execute(sql, (cents, product))

    def seen(self) -> Seen:
        rows = self.shop.tables["orders"].execute
        return Seen(
            dict(rows("SELECT product, on_hand FROM stock").fetchall()),
            frozenset(rows("SELECT order_id, state FROM orders").fetchall()),
            frozenset(rows("SELECT * FROM order_lines").fetchall()),
            tuple(rows("SELECT order_id, amount_cents, state FROM payments ORDER BY payment_id").fetchall()),
            tuple(rows("SELECT order_id, text FROM notifications ORDER BY notification_id").fetchall()),
        )

    def money(self) -> tuple[int, int]:
        states = [state for (state,) in self.shop.ledger.execute("SELECT state FROM ledger")]
        return len(states), states.count("captured")

    def _together(self, all_steps: Sequence[Steps[Any]]) -> list[Any]:
        """Start pieces of work at the same moment, and return answers, or the exceptions of refusals."""
        return [self.shop.sim.run(until=task) for task in [self.shop.sim.start(one) for one in all_steps]]


class WholeDoor(_OnSqlite):
    """The layered shop from a request in JSON to rows in SQLite."""

    def __init__(self, declines: bool = False) -> None:
        self.shop: Layered = Layered(
            Simulation(seed=1), LayeredConfig(assortment=FEW, declined=float(declines))
        )
        self.api = JsonApi(self.shop.application)
        self._ready()

    def order(self, order_id: int, basket: Basket) -> Answer:
        body = self._ask(self._order(order_id, basket))
        return body.get("refused") or body["state"], body.get("total_cents", 0)

    def order_steps(self, order_id: int, basket: Basket) -> Steps[Any]:
        return self.api.handle(self._order(order_id, basket))

    def together(self, orders: Sequence[int], basket: Basket) -> list[str]:
        answers = self._together([self.order_steps(order, basket) for order in orders])
        return [body.get("refused") or body["state"] for body in map(json.loads, answers)]

    def page(self, product: int) -> Answer:
        body = self._ask(json.dumps({"use_case": "browse", "product": product}))
        return (
            (body["refused"], 0)
            if "refused" in body
            else ("found", body["price_cents"] * 1000 + body["on_hand"])
        )

    def status(self, order_id: int) -> Answer:
        body = self._ask(json.dumps({"use_case": "track_order", "order_id": order_id}))
        if "refused" in body:
            return body["refused"], 0
        return f"{body['state']} {body['payment']}", body["total_cents"]

    def settle(self) -> None:
        self.answered(self.shop.application.settle())

    def _order(self, order_id: int, basket: Basket) -> str:
        return json.dumps({"use_case": "place_order", "order_id": order_id, "basket": dict(basket)})

    def _ask(self, request: str) -> dict[str, Any]:
        return dict(json.loads(self.answered(self.api.handle(request))))


class MonolithDoor(_OnSqlite):
    """The monolith from its use cases to rows in SQLite. It has no JSON in front."""

    def __init__(self, declines: bool = False) -> None:
        config = MonolithConfig(assortment=FEW, declined=float(declines))
        self.shop: Monolith = Monolith(Simulation(seed=1), config)
        self._ready()

    def order_steps(self, order_id: int, basket: Basket) -> Steps[Any]:
        return self.shop.place_order(order_id, basket)

    def together(self, orders: Sequence[int], basket: Basket) -> list[str]:
        answers = self._together([_or_refusal(self.order_steps(order, basket)) for order in orders])
        return [one.reason if isinstance(one, Refusal) else one.state.value for one in answers]

    def page(self, product: int) -> Answer:
        return page_in_short(self, self.shop.browse(product))

    def status(self, order_id: int) -> Answer:
        return status_in_short(self, self.shop.track_order(order_id))

    def settle(self) -> None:
        program = next(iter(self.shop.programs.values()))
        self.answered(program.payments.settle())


def _or_refusal(steps: Steps[Any]) -> Steps[Any]:
    try:
        return (yield from steps)
    except Refusal as refusal:
        return refusal
