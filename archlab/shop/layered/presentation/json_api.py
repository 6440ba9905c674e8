"""The presentation layer, for programs: requests and answers as JSON.

>>> from archlab.shop.layered import Layered
>>> from archlab.sim import Simulation
>>> shop = Layered(Simulation(seed=1))
>>> api = JsonApi(shop.application)
>>> shop.answer(api.handle('{"use_case": "place_order", "order_id": 7, "basket": {"1": 2}}'))[:41]
'{"order_id": 7, "state": "placed", "total'
>>> shop.answer(api.handle('{"use_case": "browse", "product": 0}'))
'{"refused": "not_found"}'
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from archlab.shop.domain import Order, Refusal
from archlab.shop.instance import Steps
from archlab.shop.layered.application import Application
from archlab.shop.store import OrderStatus, ProductPage


class JsonApi:
    """Reads requests and writes answers. It knows no rule and no row."""

    def __init__(self, application: Application) -> None:
        self._use_cases: Mapping[str, Callable[[Mapping[str, Any]], Steps[Any]]] = {
            "browse": lambda body: application.browse(int(body["product"])),
            "track_order": lambda body: application.track_order(int(body["order_id"])),
            "place_order": lambda body: application.place_order(
                int(body["order_id"]), {int(product): int(count) for product, count in body["basket"].items()}
            ),
        }

    def handle(self, request: str) -> Steps[str]:
        """Return the answer to a request.

        Raises:
            ValueError: when it is no JSON, or names no use case of the shop or lacks what this needs, or its
                basket has pieces that are not whole.
        """
        body = json.loads(request)
        _require_pieces(body.get("basket", {}))
        kind = body.get("use_case")
        if kind not in self._use_cases:
            raise ValueError(f"use_case is {kind!r}; it must be one of {', '.join(self._use_cases)}")
        try:
            return as_json((yield from self._use_cases[kind](body)))
        except KeyError as missing:
            raise ValueError(f"{kind} needs {missing.args[0]!r}; the request has {sorted(body)}") from missing
        except Refusal as refusal:
            return json.dumps({"refused": refusal.reason})


def as_json(answer: ProductPage | OrderStatus | Order) -> str:
    """Return an answer of the application layer as JSON."""
    return json.dumps(_fields(answer))


def _fields(answer: ProductPage | OrderStatus | Order) -> dict[str, Any]:
    if isinstance(answer, ProductPage):
        product = answer.product
        return {
            "product": product.id,
            "name": product.name,
            "price_cents": product.price_cents,
            "on_hand": answer.on_hand,
        }
    if isinstance(answer, Order):
        return {"order_id": answer.id, "state": answer.state.value, "total_cents": answer.total_cents}
    payment = None if answer.payment is None else answer.payment.value
    return {
        "order_id": answer.order_id,
        "state": answer.state.value,
        "total_cents": answer.total_cents,
        "payment": payment,
    }


def _require_pieces(basket: object) -> None:
    """Refuse a basket that is no object, and pieces that are no whole numbers: `int` would make them some."""
    if not isinstance(basket, dict):
        raise ValueError(f"basket is {basket!r}; it must be an object, product: pieces")
    for product, count in basket.items():
        if type(count) is not int or not product.isdecimal():
            raise ValueError(f"basket has {product!r}: {count!r}; both must be whole numbers")
