"""What each use case asks of each service: who calls whom, and what the called operation costs there.

The processor time of a use case is that of the monolith, divided by the shares below, so that both shops do the
same work on their processors. The shares are assumptions. Queries are those of the monolith, with one more for a
page and one more for tracking: the monolith joins two tables there, which two databases cannot do. Commits are
one a service that writes, where the monolith has one an order.

>>> sorted({step.service for step in USE_CASES["place_order"] if step.caller == "orders"})
['catalogue', 'inventory', 'notifications', 'payments']
>>> all(abs(sum(step.cpu_share for step in steps) - 1) < 1e-12 for steps in USE_CASES.values())
True
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

SERVICES = ("catalogue", "inventory", "orders", "payments", "notifications")
PROGRAMS = ("gateway", *SERVICES)

UseCase = Literal["browse", "place_order", "track_order"]


@dataclass(frozen=True)
class Step:
    """One call from a service (or the gateway) to an operation of another.

    Attributes:
        cpu_share: of the use case's processor time, 0 to 1.
        queries, queries_per_line: one after the other; the latter for each product in the basket.
        commits: to the log of the service's own database.
        provider: whether the operation waits for the payment provider.
    """

    caller: str
    service: str
    operation: str
    cpu_share: float
    queries: float = 0
    queries_per_line: float = 0
    commits: int = 0
    provider: bool = False


USE_CASES: Mapping[UseCase, tuple[Step, ...]] = {
    "browse": (
        Step("gateway", "catalogue", "page", cpu_share=0.80, queries=1),
        Step("catalogue", "inventory", "on_hand", cpu_share=0.20, queries=1),
    ),
    "place_order": (
        Step("gateway", "orders", "place", cpu_share=0.40, queries=1, queries_per_line=1, commits=1),
        Step("orders", "catalogue", "products", cpu_share=0.15, queries=1),
        Step("orders", "inventory", "check", cpu_share=0.075, queries=1),
        Step("orders", "payments", "authorise", cpu_share=0.10, provider=True),
        Step("orders", "inventory", "reserve", cpu_share=0.075, queries_per_line=1, commits=1),
        Step("orders", "payments", "record", cpu_share=0.10, queries=1, commits=1),
        Step("orders", "notifications", "confirm", cpu_share=0.10, queries=1, commits=1),
    ),
    "track_order": (
        Step("gateway", "orders", "status", cpu_share=0.60, queries=1),
        Step("orders", "payments", "state_of", cpu_share=0.40, queries=1),
    ),
}
"""A use case -> its calls, in order."""

OFF_THE_PATH: tuple[Step, ...] = (
    Step("orders", "inventory", "release", cpu_share=0.075),
    Step("orders", "payments", "forget", cpu_share=0.10),
    Step("messages", "payments", "pay", cpu_share=0.20),
    Step("messages", "orders", "finish", cpu_share=0.20),
    Step("messages", "orders", "cancel", cpu_share=0.20),
)
"""Operations of other ways to order: undoing, and what messages ask for. Demands count none of them."""
