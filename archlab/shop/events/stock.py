"""The stock of one product as an aggregate: how many pieces are on hand follows from what came and what was set aside.

>>> from archlab.shop.events.event_store import EVENTS, EventStore
>>> from archlab.shop.store import open_database
>>> store = EventStore(open_database(EVENTS))
>>> _ = store.append("stock-3", [stock_received(product=3, quantity=5)], 0, at_s=0.0, correlation_id="delivery")
>>> STOCK_LEVEL.fold(store.read("stock-3"))
5

A product has one stream for as long as it is sold, and each order of it appends: this is the long stream of the shop.
Its events hold the lines of this product alone. `STOCK_LEVEL` adds up the lines of whatever it is given, so a stream
must not hold the lines of others.
"""

from archlab.shop.events.aggregate import Aggregate
from archlab.shop.events.event import Event, NewEvent
from archlab.shop.events.order import STOCK_RELEASED, STOCK_RESERVED

STOCK_RECEIVED = "StockReceived"
SIGNS = {STOCK_RECEIVED: 1, STOCK_RELEASED: 1, STOCK_RESERVED: -1}
"""What an event does to the pieces on hand."""


def stock_received(product: int, quantity: int) -> NewEvent:
    """Return StockReceived: pieces came in."""
    return NewEvent(STOCK_RECEIVED, {"lines": [[product, quantity]]})


def evolve(on_hand: int, event: Event) -> int:
    """Return the pieces on hand after an event."""
    sign = SIGNS.get(event.type, 0)
    return on_hand + sum(sign * quantity for _, quantity in event.data["lines"]) if sign else on_hand


STOCK_LEVEL: Aggregate[int] = Aggregate(
    "stock", 0, evolve, lambda on_hand: {"on_hand": on_hand}, lambda data: int(data["on_hand"])
)
"""The pieces on hand of a product; its streams are "stock-1", "stock-2" ..."""
