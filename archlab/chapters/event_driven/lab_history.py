"""A history of the shop's stock in which, from some moment on, some pieces were given back twice.

Task 5 of lab 03. For a while a consumer was not idempotent, and released the pieces of some cancelled orders twice. The
events are in a real event store, which refuses to update or to delete. An auditor's replay shows what is wrong after
any position; each replay reads all events before it, so their number is limited.

What this leaves out: time in which the shop goes on selling while somebody looks for the fault.

>>> history, first_wrong = drawn(np.random.default_rng(1), orders=100)
>>> history.books_at(first_wrong - 1), sum(history.books_at(first_wrong).values()) > 0
({}, True)
>>> history.replays_left
12
"""

from collections import Counter

import numpy as np

from archlab.course.labs.expectations import expect
from archlab.shop.events.event import Event, NewEvent
from archlab.shop.events.event_store import EVENTS, EventStore
from archlab.shop.events.order import STOCK_RELEASED, STOCK_RESERVED
from archlab.shop.events.stock import stock_received
from archlab.shop.store import open_database

STOCK_CORRECTED = "StockCorrected"
"""A person has found that the books and the shelf disagree: `lines` says by how many pieces, up or down."""
PRODUCTS, PIECES = 8, 10_000
ORDERS = 700
CANCELLED_SHARE = 0.2
REPLAYS = 14
"""Halving about 850 events takes 10 replays, and one more shows what is wrong at the end."""


class History:
    """The events of some days in `store`, and how many replays are left."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self._replays = 0

    @property
    def replays_left(self) -> int:
        """How many there are still to be had."""
        return REPLAYS - self._replays

    def books_at(self, position: int) -> dict[int, int]:
        """Replay the events up to and with `position`, and return product -> pieces too many in the books.

        A product whose books are right is left out. Takes one of the replays that are left.

        Raises:
            AssertionError: when no replay is left.
        """
        expect(self.replays_left > 0, f"no replay is left: {REPLAYS} were to be had")
        self._replays += 1
        return _books(self.store.read_all()[: max(0, position)])


def drawn(random: np.random.Generator, orders: int = ORDERS) -> tuple[History, int]:
    """Return a history with other orders, and the position of its first wrong event, somewhere in its middle."""
    store = EventStore(open_database(EVENTS))
    for product in range(1, PRODUCTS + 1):
        _append(store, product, stock_received(product, PIECES), "delivery")
    doubled = set(map(int, random.integers(orders // 4, orders - 1, size=4)))
    wrong: list[int] = []
    for order in range(orders):
        _order(store, random, order, order in doubled, wrong)
    return History(store), wrong[0]


def _order(
    store: EventStore, random: np.random.Generator, order: int, is_doubled: bool, wrong: list[int]
) -> None:
    """Set pieces aside for an order, and give them back when it is cancelled, twice when it `is_doubled`."""
    product, quantity = int(random.integers(1, PRODUCTS + 1)), int(random.integers(1, 6))
    data = {"order_id": order, "lines": [[product, quantity]]}
    _append(store, product, NewEvent(STOCK_RESERVED, data), f"request-{order}")
    if is_doubled or random.random() < CANCELLED_SHARE:
        _append(store, product, NewEvent(STOCK_RELEASED, data), f"request-{order}")
    if is_doubled:
        wrong.append(_append(store, product, NewEvent(STOCK_RELEASED, data), f"request-{order}"))


def _append(store: EventStore, product: int, event: NewEvent, request: str) -> int:
    """Append to the stream of a product, and return the position."""
    stream = f"stock-{product}"
    (appended,) = store.append(stream, [event], store.version(stream), float(store.head), request)
    return appended.position


def _books(events: list[Event]) -> dict[int, int]:
    """Return product -> pieces that were given back without having been set aside, minus those corrected since."""
    reserved: Counter[tuple[int, int]] = Counter()
    wrong: Counter[int] = Counter()
    for event in events:
        for product, quantity in event.data["lines"]:
            owner = event.data.get("order_id", -1), product
            if event.type == STOCK_RESERVED:
                reserved[owner] += quantity
            elif event.type == STOCK_RELEASED:
                wrong[product] += max(0, quantity - reserved[owner])
                reserved[owner] = max(0, reserved[owner] - quantity)
            elif event.type == STOCK_CORRECTED:
                wrong[product] += quantity
    return {product: pieces for product, pieces in sorted(wrong.items()) if pieces}
