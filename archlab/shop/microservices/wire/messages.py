"""The messages of the shop's service calls: what a caller sends, and what it gets back.

Where the domain has a word for it (`Order`, `Payment`, `Product`...), that is the message. The classes here are the
rest: a request that is only a number, an answer that is a list, a refusal.

`FIELDS` is the contract. It gives each field of each message a number, which is all that protobuf writes of its name.
A number once used is never given to another field: a program that knows only the old contract could not tell.

>>> FIELDS[Product]
{'id': 1, 'name': 2, 'price_cents': 3}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from archlab.shop.domain import Notification, Order, OrderLine, OrderState, Payment, PaymentState, Product
from archlab.shop.store import OrderStatus, ProductPage

Message = Any
"""An instance of one of the classes in `FIELDS`."""


@dataclass(frozen=True)
class ProductRequest:
    """Which product's page is wanted."""

    product: int


@dataclass(frozen=True)
class ProductIds:
    """Which products are meant."""

    ids: tuple[int, ...]


@dataclass(frozen=True)
class ProductList:
    """Several products."""

    products: tuple[Product, ...]


@dataclass(frozen=True)
class OnHand:
    """How many pieces there are: product id -> count."""

    pieces: dict[int, int]


@dataclass(frozen=True)
class PlaceOrder:
    """A customer's order before it has prices. `basket`: product id -> how many."""

    order_id: int
    basket: dict[int, int]


@dataclass(frozen=True)
class OrderRequest:
    """Which order is meant."""

    order_id: int


@dataclass(frozen=True)
class PaymentStatus:
    """Where a payment is; None when there is none."""

    state: PaymentState | None


@dataclass(frozen=True)
class Done:
    """It is done, and there is nothing more to say."""


@dataclass(frozen=True)
class RefusalAnswer:
    """The shop says no: the `Refusal` of the domain. `reason` is its word, `text` what it says to people."""

    reason: str
    text: str


FIELDS: Mapping[type, Mapping[str, int]] = {
    Product: {"id": 1, "name": 2, "price_cents": 3},
    ProductPage: {"product": 1, "on_hand": 2},
    OrderLine: {"product": 1, "quantity": 2, "unit_price_cents": 3},
    Order: {"id": 1, "lines": 2, "state": 3},
    OrderStatus: {"order_id": 1, "state": 2, "total_cents": 3, "payment": 4},
    Payment: {"order_id": 1, "amount_cents": 2, "authorisation": 3, "state": 4},
    Notification: {"order_id": 1, "text": 2},
    ProductRequest: {"product": 1},
    ProductIds: {"ids": 1},
    ProductList: {"products": 1},
    OnHand: {"pieces": 1},
    PlaceOrder: {"order_id": 1, "basket": 2},
    OrderRequest: {"order_id": 1},
    PaymentStatus: {"state": 1},
    Done: {},
    RefusalAnswer: {"reason": 1, "text": 2},
}
"""Message -> its fields and their numbers."""

ENUM_NUMBERS: Mapping[type[StrEnum], Mapping[StrEnum, int]] = {
    OrderState: {OrderState.PENDING: 1, OrderState.PLACED: 2, OrderState.CANCELLED: 3},
    PaymentState: {PaymentState.AUTHORISED: 1, PaymentState.CAPTURED: 2},
}
"""The numbers of the words. 0 stands for none: protobuf does not write a zero, and reads one for what is missing."""


def require_message(kind: type) -> None:
    """Raise `ValueError` unless `kind` is the class of a message."""
    if kind not in FIELDS:
        known = ", ".join(known.__name__ for known in FIELDS)
        raise ValueError(f"a message is {kind.__name__}; it must be one of {known}")
