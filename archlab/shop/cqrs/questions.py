"""What customers and staff ask, and what an answer looks like, whichever model gives it.

>>> [question.value for question in Question][:3]
['product page', 'order page', 'order history']
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from archlab.shop.store import OrderStatus, ProductPage


class Question(StrEnum):
    """A page of the shop. Each has a read model of its own name."""

    PRODUCT = "product page"
    ORDER = "order page"
    HISTORY = "order history"
    BEST_SELLERS = "best sellers"
    STOCK = "stock overview"
    SEARCH = "search"


SHOWN = 10
"""Rows on a page with a list. An assumption."""


@dataclass(frozen=True)
class PastOrder:
    """A line of a customer's order history, the newest first."""

    order_id: int
    pieces: int
    total_cents: int


class Model(Protocol):
    """What answers questions from rows. Raises `NotFound` where there is no such product or order."""

    def product_page(self, product: int) -> ProductPage: ...

    def order_page(self, order_id: int) -> OrderStatus: ...

    def order_history(self, customer: int) -> Sequence[PastOrder]: ...

    def best_sellers(self) -> Sequence[tuple[int, str, int]]:
        """Return product, name and pieces sold of the `SHOWN` products that sold most."""

    def stock_overview(self) -> Sequence[tuple[int, int]]:
        """Return product and pieces of the `SHOWN` products of which least is there."""

    def search(self, word: str) -> Sequence[tuple[int, str]]:
        """Return product and name of `SHOWN` products whose name has this word, by product."""


def ask(model: Model, question: Question, *arguments: Any) -> Any:
    """Return a model's answer to a question."""
    return getattr(model, question.value.replace(" ", "_"))(*arguments)
