"""The time-travel slider: the shop as it was after any event of its store, and the event that made it so.

A model and a view for `archlab.course.explorer`. The model replays; the view draws what was on hand and what the shop
had taken, marks the position of the slider, and tells the event, who caused it, and the order as it then was.

>>> from archlab.course.explorer import explore
>>> ex = explore(as_it_was, view=Moment(), title="Time travel", position=(13, events(), 31))
>>> ex.figures["event"], ex.set(position=32).figures["event"]
('PaymentAuthorised, order-5', 'OrderConfirmed, order-5')
"""

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from archlab.chapters.event_driven.history import Trade, play, wishes
from archlab.chapters.event_driven.kept_as_events import PAYMENT_REFUNDED, as_events, moved
from archlab.course.explorer import Curve, Panel, Reading, Window
from archlab.shop.events import ORDER, Event, PlacedOrder
from archlab.shop.events.order import PAYMENT_AUTHORISED
from archlab.sim.validation import is_whole

TRADE = Trade(days=2, products=6, pieces=8, declined=0.15, cancelled=0.2, write_offs_per_day=2.0)
"""Two days of a small shop, in which much goes wrong: it should be seen."""
CENTS = 100
MONEY = {PAYMENT_AUTHORISED: 1, PAYMENT_REFUNDED: -1}
"""What an event does to the money that the shop has taken."""


@cache
def _history(seed: int = 1) -> tuple[Event, ...]:
    """The events that are travelled, as the store has them. They are kept, and not the store: whoever moves the slider
    asks from another thread, and a connection of SQLite belongs to the thread that made it.
    """
    return tuple(as_events(play(wishes(TRADE, seed))).read_all())


def events(seed: int = 1) -> int:
    """Return how many events there are: the last position of the slider."""
    return len(_history(seed))


@dataclass(frozen=True)
class AsItWas:
    """What is known after an event.

    Attributes:
        now: the event.
        order: the order that it belongs to, as it was then; None when it belongs to none.
        product: whose pieces are shown.
        on_hand: pieces of that product after each event of the store, from position 1, also those still to come.
        taken_cents: the money that the shop had taken, likewise.
    """

    now: Event
    order: PlacedOrder | None
    product: int
    on_hand: np.ndarray
    taken_cents: np.ndarray


def as_it_was(position: int, product: int = 1, seed: int = 1) -> AsItWas:
    """Replay the store up to a position.

    Raises:
        ValueError: when there is no event at the position, or no such product.
    """
    everything = _history(seed)
    for name, value, last in (("position", position, len(everything)), ("product", product, TRADE.products)):
        if not is_whole(value) or not 1 <= value <= last:
            raise ValueError(f"{name} is {value!r}; it must be from 1 to {last}, and whole")
    now = everything[position - 1]
    before = [event for event in everything[:position] if event.stream == now.stream]
    order = ORDER.fold(before) if "order" in now.stream else None
    pieces = np.cumsum([moved(event).get(product, 0) for event in everything])
    taken = [MONEY.get(event.type, 0) * event.data.get("amount_cents", 0) for event in everything]
    return AsItWas(now, order, product, pieces, np.cumsum(taken))


@dataclass(frozen=True)
class Moment:
    """What was on hand of the product, and what was taken; the event of the position is shaded and named."""

    panels: ClassVar = (
        Panel("Position in the event store", "On hand [pieces]"),
        Panel("Position in the event store", "Taken [USD]"),
    )

    def read(self, answer: AsItWas) -> Reading:
        at = answer.now.position - 1
        positions = np.arange(1, len(answer.on_hand) + 1)
        curves = (
            Curve(0, f"product {answer.product}", positions, answer.on_hand, steps=True),
            Curve(1, "cards", positions, answer.taken_cents / CENTS, steps=True),
        )
        now = answer.now
        figures: dict[str, float | str] = {
            "event": f"{now.type}, {now.stream}",
            "why": _why(now),
            "order": _order_in_words(answer.order),
            "on_hand": float(answer.on_hand[at]),
            "taken_usd": float(answer.taken_cents[at]) / CENTS,
        }
        return Reading(curves, figures, (Window(now.position - 1, now.position, now.type),))


def _why(event: Event) -> str:
    """Who and why, where the event says it; else the event that caused it."""
    if "by" in event.data:
        return f"{event.data['by']}: {event.data['reason']}"
    return f"caused by {event.causation_id}" if event.causation_id else ""


def _order_in_words(placed: PlacedOrder | None) -> str:
    if placed is None:
        return "none"
    pieces = sum(line.quantity for line in placed.order.lines)
    held = "set aside" if placed.is_reserved else "not set aside"
    paid = "paid" if placed.authorisation is not None else "not paid"
    count = "1 piece" if pieces == 1 else f"{pieces} pieces"
    return f"{placed.order.state.value}, {count}, {placed.order.total_cents / CENTS:.2f} USD, {held}, {paid}"
