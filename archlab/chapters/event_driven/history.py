"""A history of the shop: what people asked of it on many days, and what came of each wish.

Orders, cancellations, new prices, deliveries and broken pieces are drawn from a seed. `play` decides them one after
the other by the rules of `archlab.shop.domain`, and keeps what is true in plain dicts. Stores that write the same
history down are held against it.

>>> history = play(wishes(Trade(days=2), seed=1))
>>> history.count("order"), history.count("order", outcome="done"), history.count("order", "payment_declined")
(54, 50, 4)

What this leaves out: two wishes at the same moment, and programs that die. Here only what is written down matters.
How often people ask for what, and how often a card is declined, are assumptions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from archlab.shop.customers import Customers, typical_catalogue
from archlab.shop.domain import (
    Basket,
    NotFound,
    Order,
    OrderState,
    PaymentDeclined,
    Product,
    Refusal,
    price_order,
    reserve,
)
from archlab.sim.core.streams import Streams
from archlab.sim.validation import require_fraction, require_non_negative, require_whole

DAY_S = 86_400.0
Kind = Literal["order", "cancel", "price", "delivery", "write_off", "by_hand", "look"]
DONE = "done"


@dataclass(frozen=True)
class Trade:
    """How much happens. All of it is assumed, but for the rates that an experiment varies.

    Attributes:
        days: how long the history is.
        orders_per_day: wishes to order.
        products: how many there are; the first ones are the most popular.
        pieces: of each product at the start, and in each delivery.
        price_changes_per_day: how often each price changes.
        deliveries_per_day, write_offs_per_day: of all products together.
        declined: the share of cards that the payment provider declines.
        cancelled: the share of orders that somebody wants to cancel later.
        looked_at: the share of orders that somebody of the staff looks at later, out of curiosity.
        by_hand: for each wish, how many changes of a price somebody makes past the program, in the database itself.

    Raises:
        ValueError: when a number is out of range.
    """

    days: int = 10
    orders_per_day: float = 30.0
    products: int = 10
    pieces: int = 25
    price_changes_per_day: float = 0.1
    deliveries_per_day: float = 2.5
    write_offs_per_day: float = 0.5
    declined: float = 0.05
    cancelled: float = 0.05
    looked_at: float = 0.05
    by_hand: float = 0.0

    def __post_init__(self) -> None:
        for name in ("days", "products", "pieces"):
            require_whole(name, getattr(self, name), at_least=1)
        for name in ("orders_per_day", "price_changes_per_day", "deliveries_per_day", "write_offs_per_day"):
            require_non_negative(name, getattr(self, name))
        for name in ("declined", "cancelled", "looked_at", "by_hand"):
            require_fraction(name, getattr(self, name))


@dataclass(frozen=True)
class Wish:
    """What somebody asks of the shop, and why.

    Attributes:
        amount: pieces, or cents of a price.
        card_ok: what the payment provider will answer.
    """

    at_s: float
    kind: Kind
    who: str
    why: str
    order_id: int = 0
    customer: int = 0
    basket: Basket = field(default_factory=dict)
    product: int = 0
    amount: int = 0
    card_ok: bool = True


@dataclass(frozen=True)
class Done:
    """A wish and its outcome: "done", or the reason of a refusal. `order`: as it was priced, or as it was cancelled."""

    wish: Wish
    outcome: str
    order: Order | None = None

    @property
    def is_done(self) -> bool:
        return self.outcome == DONE


@dataclass
class History:
    """What happened, and what is true at the end.

    Attributes:
        catalogue: the products at their first prices.
        opening: pieces of each product at the start.
        happened: wishes with outcomes, in their order.
        listed: product -> (time, cents) of each price that the buyers set.
        shelf: product -> (time, pieces on hand) after each change.
        orders: the orders that were placed, as they are now.
    """

    catalogue: tuple[Product, ...]
    opening: dict[int, int]
    happened: list[Done] = field(default_factory=list)
    listed: dict[int, list[tuple[float, int]]] = field(default_factory=dict)
    shelf: dict[int, list[tuple[float, int]]] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)

    def count(self, kind: Kind, outcome: str | None = None) -> int:
        """Return how many wishes of a kind there were, with this outcome when one is given."""
        return sum(one.wish.kind == kind and outcome in (None, one.outcome) for one in self.happened)

    def list_price(self, product: int, at_s: float) -> int:
        """Return what a product cost by the buyers' list at a moment, in cents."""
        return _at(self.listed[product], at_s)

    def on_hand(self, product: int, at_s: float) -> int:
        """Return how many pieces of a product were there at a moment."""
        return _at(self.shelf[product], at_s)

    def wrongly_priced(self) -> list[int]:
        """Return the orders, by id, that were priced otherwise than the list of their moment says."""
        return [
            one.wish.order_id
            for one in self.happened
            if one.wish.kind == "order" and one.is_done and self._differs(one)
        ]

    def _differs(self, one: Done) -> bool:
        lines = one.order.lines if one.order else ()
        return any(line.unit_price_cents != self.list_price(line.product, one.wish.at_s) for line in lines)


def _at(changes: Sequence[tuple[float, int]], at_s: float) -> int:
    return [value for changed_s, value in changes if changed_s <= at_s][-1]


# What people ask ------------------------------------------------------------------------------------------


def wishes(trade: Trade, seed: int) -> tuple[Trade, int, list[Wish]]:
    """Return the trade, the seed and what people ask in its days, in the order of time."""
    streams = Streams(seed)
    customers = Customers(_catalogue(trade, seed), streams.stream("customers"))
    asked = _orders(trade, customers, streams.stream("orders"))
    for kind in REASONS:
        asked += _changes(kind, trade, customers, streams.stream(kind))
    asked += _past_the_program(trade, len(asked), streams.stream("by_hand"))
    return trade, seed, sorted(asked, key=lambda wish: wish.at_s)


def _catalogue(trade: Trade, seed: int) -> tuple[Product, ...]:
    return typical_catalogue(trade.products, Streams(seed).stream("catalogue"))


def _moments_s(trade: Trade, per_day: float, rng: np.random.Generator) -> list[float]:
    """Moments of a Poisson process over all days."""
    count = int(rng.poisson(per_day * trade.days))
    return [float(at_s) for at_s in np.sort(rng.uniform(0, trade.days * DAY_S, count)).round(3)]


def _orders(trade: Trade, customers: Customers, rng: np.random.Generator) -> list[Wish]:
    """Orders, and the cancellations of some of them."""
    asked = []
    for id_, at_s in enumerate(_moments_s(trade, trade.orders_per_day, rng), start=1):
        customer = int(rng.integers(1, 101))
        basket, card_ok = customers.basket(), bool(rng.random() >= trade.declined)
        placed = Wish(at_s, "order", f"customer {customer}", "order", id_, customer, basket, card_ok=card_ok)
        asked += [placed, *_later(trade, placed, rng)]
    return [wish for wish in asked if wish.at_s < trade.days * DAY_S]


def _later(trade: Trade, placed: Wish, rng: np.random.Generator) -> Iterator[Wish]:
    """What is done about an order in the days after it, by its customer or by others."""
    doubts = ((placed.who, "changed my mind"), ("fraud desk", "stolen card"))
    curious = (("ben, buyer", "curious"), ("dan, warehouse", "curious"))
    ways: tuple[tuple[Kind, float, Sequence[tuple[str, str]]], ...] = (
        ("cancel", trade.cancelled, doubts),
        ("look", trade.looked_at, curious),
    )
    for kind, share, whos in ways:
        if rng.random() < share:
            later_s = placed.at_s + round(float(rng.exponential(DAY_S)), 3)
            yield Wish(later_s, kind, *_one_of(whos, rng), placed.order_id, placed.customer)


REASONS: Mapping[Kind, Sequence[tuple[str, str]]] = {
    "price": (("anna, buyer", "supplier raised prices"), ("ben, buyer", "sale")),
    "delivery": (("carla, warehouse", "delivery"),),
    "write_off": (("carla, warehouse", "broken"), ("dan, warehouse", "stolen")),
}
"""What buyers and the warehouse do: a kind of wish -> who asks it, and why."""


def _changes(kind: Kind, trade: Trade, customers: Customers, rng: np.random.Generator) -> list[Wish]:
    """New prices, deliveries, or broken pieces. A product that sells well is delivered more often."""
    per_day = {
        "price": trade.price_changes_per_day * trade.products,
        "delivery": trade.deliveries_per_day,
        "write_off": trade.write_offs_per_day,
    }[kind]
    return [
        Wish(
            at_s,
            kind,
            *_one_of(REASONS[kind], rng),
            product=int(rng.integers(1, trade.products + 1)) if kind == "price" else customers.product(),
            amount=_amount(kind, trade, rng),
        )
        for at_s in _moments_s(trade, per_day, rng)
    ]


def _amount(kind: Kind, trade: Trade, rng: np.random.Generator) -> int:
    if kind == "price":
        return int(rng.integers(500, 5_000))
    return trade.pieces if kind == "delivery" else 1


def _past_the_program(trade: Trade, others: int, rng: np.random.Generator) -> list[Wish]:
    """Changes of a price by somebody who writes to the database itself."""
    count = int(rng.binomial(others, trade.by_hand))
    moments_s = np.sort(rng.uniform(0, trade.days * DAY_S, count)).round(3)
    return [
        Wish(
            float(at_s),
            "by_hand",
            "erik, database administrator",
            "a favour for a friend",
            product=product,
            amount=1,
        )
        for at_s in moments_s
        for product in [int(rng.integers(1, trade.products + 1))]
    ]


def _one_of(choices: Sequence[tuple[str, str]], rng: np.random.Generator) -> tuple[str, str]:
    return choices[int(rng.integers(len(choices)))]


# What comes of it -----------------------------------------------------------------------------------------


def play(asked: tuple[Trade, int, list[Wish]], stale_from_s: float = float("inf")) -> History:
    """Decide the wishes one after the other, and return what happened.

    Args:
        asked: from `wishes`.
        stale_from_s: from this moment on a bug is in the program: it prices orders by the list as it was then, and
            takes no notice of later changes.
    """
    trade, seed, all_wishes = asked
    play_ = _Play(_catalogue(trade, seed), trade.pieces, stale_from_s)
    for wish in all_wishes:
        play_.decide(wish)
    return play_.history


class _Play:
    """The shop in plain dicts. `selling`: the prices that the program sells at."""

    def __init__(self, catalogue: tuple[Product, ...], pieces: int, stale_from_s: float) -> None:
        self.selling = {product.id: product.price_cents for product in catalogue}
        self.left = {product.id: pieces for product in catalogue}
        self.stale_from_s = stale_from_s
        self.history = History(catalogue, dict(self.left))
        self.history.listed = {id_: [(0.0, cents)] for id_, cents in self.selling.items()}
        self.history.shelf = {id_: [(0.0, left)] for id_, left in self.left.items()}

    def decide(self, wish: Wish) -> None:
        try:
            order, outcome = getattr(self, f"_{wish.kind}")(wish), DONE
        except Refusal as refusal:
            order, outcome = self._refused(wish), refusal.reason
        self.history.happened.append(Done(wish, outcome, order))

    def _refused(self, wish: Wish) -> Order | None:
        return self._priced(wish) if wish.kind == "order" else None

    def _priced(self, wish: Wish) -> Order:
        products = [Product(id_, "", self.selling[id_]) for id_ in wish.basket]
        return price_order(wish.order_id, wish.basket, products)

    def _order(self, wish: Wish) -> Order:
        order = self._priced(wish)
        reserve(order, self.left)
        if not wish.card_ok:
            raise PaymentDeclined(f"the card of order {order.id}")
        self.history.orders[order.id] = order
        self._move(wish.at_s, {line.product: -line.quantity for line in order.lines})
        return order

    def _cancel(self, wish: Wish) -> Order:
        order = self.history.orders.get(wish.order_id)
        if order is None or order.state is OrderState.CANCELLED:
            raise NotFound(f"no order {wish.order_id}")
        self.history.orders[order.id] = order.become(OrderState.CANCELLED)
        self._move(wish.at_s, {line.product: line.quantity for line in order.lines})
        return order

    def _price(self, wish: Wish) -> None:
        self.history.listed[wish.product].append((wish.at_s, wish.amount))
        if wish.at_s < self.stale_from_s:
            self.selling[wish.product] = wish.amount

    def _look(self, wish: Wish) -> None:
        if wish.order_id not in self.history.orders:
            raise NotFound(f"no order {wish.order_id}")

    def _by_hand(self, wish: Wish) -> None:
        self.selling[wish.product] = wish.amount

    def _delivery(self, wish: Wish) -> None:
        self._move(wish.at_s, {wish.product: wish.amount})

    def _write_off(self, wish: Wish) -> None:
        if self.left[wish.product] < wish.amount:
            raise NotFound(f"no piece of product {wish.product}")
        self._move(wish.at_s, {wish.product: -wish.amount})

    def _move(self, at_s: float, pieces: dict[int, int]) -> None:
        for product, count in pieces.items():
            self.left[product] += count
            self.history.shelf[product].append((at_s, self.left[product]))
