"""What each use case asks of each function: what the customer waits for, and what happens after the answer.

The processor time of a use case is that of the monolith, divided by the shares below, so that both shops do the same
work on their processors. The shares are assumptions, those of the shop as microservices where the work is the same.
Queries and commits are the statements really executed.

With idempotency keys an order is written down before anything is done for it, and every function notes what it has
done in the transaction that does it. These are the further queries and the commit of `WITH_KEYS`.

>>> all(abs(sum(step.cpu_share for step in steps) - 1) < 1e-12 for steps in USE_CASES.values())
True
>>> [step.function for step in WITH_KEYS["place_order"] if step.asked]
['place_order', 'reserve_stock', 'take_payment']
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

UseCase = Literal["browse", "place_order", "track_order"]

BY_REQUEST = ("browse", "place_order", "track_order")
"""The functions that customers ask, by way of the gateway."""
BY_CALL = ("reserve_stock", "take_payment")
"""The functions that place_order calls, and waits for."""
BEHIND = ("notify", "settle", "finish_orders", "picture", "report")
"""The functions that a queue, the clock, a new object and a stream start. finish_orders is only there with keys."""
FUNCTIONS = (*BY_REQUEST, *BY_CALL, *BEHIND)


@dataclass(frozen=True)
class Step:
    """What one function does for a request.

    Attributes:
        cpu_share: of the use case's processor time, 0 to 1.
        queries, queries_per_line: one after the other; the latter for each product in the basket.
        commits: to the database's log.
        provider: whether it waits for the payment provider.
        asked: whether the customer waits for it.
    """

    function: str
    cpu_share: float
    queries: int = 0
    queries_per_line: int = 0
    commits: int = 0
    provider: bool = False
    asked: bool = True


USE_CASES: Mapping[UseCase, tuple[Step, ...]] = {
    "browse": (Step("browse", 1.0, queries=1),),
    "place_order": (
        Step("place_order", 0.55, queries=3, queries_per_line=1, commits=1),
        Step("reserve_stock", 0.15, queries_per_line=1, commits=1),
        Step("take_payment", 0.20, queries=1, commits=1, provider=True),
        Step("notify", 0.10, queries=1, commits=1, asked=False),
    ),
    "track_order": (Step("track_order", 1.0, queries=1),),
}
"""A use case -> its steps, in order. The report and the settlement work in batches and are not in it."""

NOTES: Mapping[str, tuple[int, int]] = {
    "place_order": (
        2,
        1,
    ),  # the note that it is under way, written and taken away; the state; no look whether it is there
    "reserve_stock": (1, 0),
    "take_payment": (1, 0),
    "notify": (1, 0),
}
"""A function -> further queries and commits with idempotency keys.

place_order notes that an order is under way, and later its last state, and takes the note away; it looks whether the
order is there only when it cannot write it.
"""


def _noting(step: Step) -> Step:
    queries, commits = NOTES[step.function]
    return replace(step, queries=step.queries + queries, commits=step.commits + commits)


WITH_KEYS: Mapping[UseCase, tuple[Step, ...]] = {
    **USE_CASES,
    "place_order": tuple(_noting(step) for step in USE_CASES["place_order"]),
}
"""The same with idempotency keys."""


def share_of(function: str) -> tuple[UseCase, float]:
    """Return the use case whose processor time a function spends, and what share of it. KeyError: of none."""
    return {step.function: (kind, step.cpu_share) for kind, steps in USE_CASES.items() for step in steps}[
        function
    ]
