"""What each use case asks of each component: what the customer waits for, and what the events make the others do.

The processor time of a use case is that of the monolith, divided by the shares below, so that both shops do the same
work on their processors. The shares are assumptions; for an order they are those of the shop as microservices, with
the look-up of prices at the orders component, which has its own copy of the products. The copy of the stock that the
catalogue keeps is work that only this shop has. Queries are the statements really executed. What an event costs to
store, to note and to publish comes on top, see `archlab.shop.event_driven.config`.

>>> sorted({step.component for step in USE_CASES["place_order"]})
['catalogue', 'inventory', 'notifications', 'orders', 'payments']
>>> all(abs(sum(step.cpu_share for step in steps) - 1) < 1e-12 for steps in USE_CASES.values())
True
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from archlab.shop.events.order import (
    ORDER_CANCELLED,
    ORDER_CONFIRMED,
    ORDER_PLACED,
    PAYMENT_AUTHORISED,
    PAYMENT_DECLINED,
    STOCK_REFUSED,
    STOCK_RELEASED,
    STOCK_RESERVED,
)

COMPONENTS = ("catalogue", "orders", "inventory", "payments", "notifications")
PROGRAMS = ("web", *COMPONENTS)

PAYMENTS_CAPTURED = "PaymentsCaptured"
"""What payments publishes when it has taken held money, one event for a batch of orders."""

UseCase = Literal["browse", "place_order", "track_order"]


@dataclass(frozen=True)
class Step:
    """What a component does for a customer who asks, or with an event.

    Attributes:
        operation: what the customer asks for, or the type of the event.
        cpu_share: of the use case's processor time, 0 to 1.
        queries, queries_per_line: one after the other; the latter for each product in the basket.
        commits: to the log of the component's own database.
        events: that it stores and publishes.
        provider: whether it waits for the payment provider.
        asked: True when a customer waits for its answer, False when an event has arrived.
    """

    component: str
    operation: str
    cpu_share: float
    queries: float = 0
    queries_per_line: float = 0
    commits: int = 0
    events: int = 0
    provider: bool = False
    asked: bool = False


USE_CASES: Mapping[UseCase, tuple[Step, ...]] = {
    "browse": (Step("catalogue", "page", cpu_share=1.0, queries=1, asked=True),),
    "place_order": (
        Step("orders", "place", 0.45, queries=2, queries_per_line=1, commits=1, events=1, asked=True),
        Step("inventory", ORDER_PLACED, 0.15, queries_per_line=1, commits=1, events=1),
        Step("catalogue", STOCK_RESERVED, 0.0, queries_per_line=1, commits=1),
        Step("payments", STOCK_RESERVED, 0.20, queries=1, commits=1, events=1, provider=True),
        Step("orders", PAYMENT_AUTHORISED, 0.10, queries=3, commits=1, events=1),
        Step("notifications", ORDER_CONFIRMED, 0.10, queries=1, commits=1, events=1),
    ),
    "track_order": (Step("orders", "status", cpu_share=1.0, queries=1, asked=True),),
}
"""A use case -> its steps, in order; the two that begin with StockReserved at the same time."""

OFF_THE_PATH: tuple[Step, ...] = (
    Step("orders", STOCK_REFUSED, cpu_share=0.10),
    Step("orders", PAYMENT_DECLINED, cpu_share=0.10),
    Step("inventory", ORDER_CANCELLED, cpu_share=0.075),
    Step("catalogue", STOCK_RELEASED, cpu_share=0.0),
    Step("orders", PAYMENTS_CAPTURED, cpu_share=0.0),
)
"""What other events make the components do: undoing, and the news that money was taken. Demands count none of them."""
