"""The shop's rules: products, orders, payments and notifications. No database, no network, no clock.

Each of the six architectures calls these same functions. They differ in where the code runs and where
the rows are kept, never in what an order costs. Money is counted in whole cents.

>>> tea, mug = Product(1, "tea", 450), Product(2, "mug", 1200)
>>> order = price_order(order_id=7, basket={1: 2, 2: 1}, products=[tea, mug])
>>> order.total_cents, reserve(order, on_hand={1: 5, 2: 1})
(2100, {1: 3, 2: 0})
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

Basket = Mapping[int, int]
"""What a customer wants: product id -> how many, 1 or more of each."""


class Refusal(Exception):
    """The shop says no, as its rules ask. This is an answer, not a fault.

    `reason` is a word of the rules; it becomes the outcome of the request.
    """

    reason = "refused"


class OutOfStock(Refusal):
    """There are fewer pieces of a product than the order needs."""

    reason = "out_of_stock"


class PaymentDeclined(Refusal):
    """The payment provider did not authorise the amount."""

    reason = "payment_declined"


class NotFound(Refusal):
    """There is no such product or order."""

    reason = "not_found"


class AlreadyPlaced(Refusal):
    """An order with this id is there already."""

    reason = "already_placed"


class NotYours(Refusal):
    """The order is another customer's."""

    reason = "not_yours"


class OrderState(StrEnum):
    """Where an order is. It is pending only where placing it takes several steps that others can see."""

    PENDING = "pending"
    PLACED = "placed"
    CANCELLED = "cancelled"


class PaymentState(StrEnum):
    """What the payment provider did: it holds the money (authorised) or has taken it (captured)."""

    AUTHORISED = "authorised"
    CAPTURED = "captured"


NEXT_STATES: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.PENDING: frozenset({OrderState.PLACED, OrderState.CANCELLED}),
    OrderState.PLACED: frozenset({OrderState.CANCELLED}),
    OrderState.CANCELLED: frozenset(),
}
"""Which state may follow which."""


@dataclass(frozen=True)
class Product:
    """One thing the shop sells."""

    id: int
    name: str
    price_cents: int

    def __post_init__(self) -> None:
        if self.price_cents < 1:
            raise ValueError(f"price_cents is {self.price_cents!r}; it must be 1 or more")


@dataclass(frozen=True)
class OrderLine:
    """One product of an order, at the price of the moment it was ordered."""

    product: int
    quantity: int
    unit_price_cents: int

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise ValueError(f"quantity is {self.quantity!r}; it must be 1 or more")

    @property
    def cents(self) -> int:
        return self.quantity * self.unit_price_cents


@dataclass(frozen=True)
class Order:
    """What a customer bought. The customer's side gives the id, so a repeated order is known as one."""

    id: int
    lines: tuple[OrderLine, ...]
    state: OrderState = OrderState.PLACED

    def __post_init__(self) -> None:
        if not self.lines:
            raise ValueError("lines is (); an order must have at least one line")

    @property
    def total_cents(self) -> int:
        return sum(line.cents for line in self.lines)

    def become(self, state: OrderState) -> Self:
        """Return this order in another state.

        Raises:
            ValueError: when that state may not follow the present one (see `NEXT_STATES`).
        """
        allowed = NEXT_STATES[self.state]
        if state not in allowed:
            names = ", ".join(sorted(allowed)) or "nothing else"
            raise ValueError(f"state is {state.value!r}; after {self.state.value!r} it must be {names}")
        return replace(self, state=state)


@dataclass(frozen=True)
class Payment:
    """The money of one order. `authorisation` is the provider's number for holding or taking it."""

    order_id: int
    amount_cents: int
    authorisation: int
    state: PaymentState = PaymentState.AUTHORISED


@dataclass(frozen=True)
class Notification:
    """A message to the customer."""

    order_id: int
    text: str


def price_order(order_id: int, basket: Basket, products: Iterable[Product]) -> Order:
    """Return the order for a basket, at the prices of `products`.

    Raises:
        NotFound: when a product of the basket is not among `products`.
        ValueError: when the basket is empty or asks for less than one piece.
    """
    prices = {product.id: product.price_cents for product in products}
    missing = sorted(set(basket) - set(prices))
    if missing:
        raise NotFound(f"no product {missing[0]}")
    return Order(order_id, tuple(OrderLine(id_, count, prices[id_]) for id_, count in basket.items()))


def reserve(order: Order, on_hand: Mapping[int, int]) -> dict[int, int]:
    """Return what is left on hand of each product once the order's pieces are set aside.

    Raises:
        OutOfStock: when there are too few of one product. Then nothing is set aside.
    """
    left = {line.product: on_hand.get(line.product, 0) - line.quantity for line in order.lines}
    short = [product for product, count in left.items() if count < 0]
    if short:
        raise OutOfStock(f"order {order.id} needs more of product {short[0]} than is there")
    return left


def confirmation(order: Order) -> Notification:
    """Return the message that tells the customer about an order."""
    pieces = sum(line.quantity for line in order.lines)
    whole, cents = divmod(order.total_cents, 100)
    items = "1 item" if pieces == 1 else f"{pieces} items"
    text = f"Order {order.id}: {items}, {whole}.{cents:02d} in total. Thank you."
    return Notification(order.id, text)
