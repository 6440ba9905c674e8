"""The order as an aggregate: `domain` rules what may happen to it, and what it is follows from its events.

>>> from archlab.shop.domain import Product
>>> from archlab.shop.events.event_store import EVENTS, EventStore
>>> from archlab.shop.store import open_database
>>> store = EventStore(open_database(EVENTS))
>>> placed = decide_order(order_id=7, customer=3, basket={1: 2}, products=[Product(1, "tea", 450)])
>>> _ = store.append("order-7", [placed], 0, at_s=0.0, correlation_id="7")
>>> order = ORDER.fold(store.read("order-7"))
>>> order.order.state.value, order.order.total_cents, order.is_reserved
('pending', 900, False)

A `decide_...` function looks at a state and returns the event to append; it raises what the rules raise. `ORDER.evolve`
takes any event of an order, whichever component it comes from, and passes over those it does not know.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from archlab.shop.domain import (
    Basket,
    Order,
    OrderLine,
    OrderState,
    OutOfStock,
    Product,
    confirmation,
    price_order,
    reserve,
)
from archlab.shop.events.aggregate import Aggregate
from archlab.shop.events.event import Data, Event, NewEvent

ORDER_PLACED = "OrderPlaced"
STOCK_RESERVED = "StockReserved"
STOCK_REFUSED = "StockRefused"
STOCK_RELEASED = "StockReleased"
PAYMENT_AUTHORISED = "PaymentAuthorised"
PAYMENT_DECLINED = "PaymentDeclined"
ORDER_CONFIRMED = "OrderConfirmed"
ORDER_CANCELLED = "OrderCancelled"
CUSTOMER_TOLD = "CustomerTold"


@dataclass(frozen=True)
class PlacedOrder:
    """An order, and how far it has come.

    Args:
        authorisation: the payment provider's number; None while no money is held.
        refused_by: the type of the event that refused it, such as "StockRefused"; None: none did.
    """

    order: Order
    customer: int
    is_reserved: bool = False
    authorisation: int | None = None
    refused_by: str | None = None
    is_told: bool = False


def decide_order(order_id: int, customer: int, basket: Basket, products: Iterable[Product]) -> NewEvent:
    """Return OrderPlaced, at the prices of `products`. Raises `NotFound` and `ValueError` as `price_order` does."""
    order = price_order(order_id, basket, products)
    lines = [[line.product, line.quantity, line.unit_price_cents] for line in order.lines]
    data = {"order_id": order_id, "customer": customer, "lines": lines, "total_cents": order.total_cents}
    return NewEvent(ORDER_PLACED, data)


def decide_stock(order: Order, on_hand: Mapping[int, int]) -> NewEvent:
    """Return StockReserved, or StockRefused when there are too few pieces of one product."""
    try:
        reserve(order, on_hand)
    except OutOfStock as refusal:
        return NewEvent(STOCK_REFUSED, {"order_id": order.id, "reason": str(refusal)})
    return NewEvent(STOCK_RESERVED, _pieces(order))


def decide_release(order: Order) -> NewEvent:
    """Return StockReleased: the pieces of a reserved order go back."""
    return NewEvent(STOCK_RELEASED, _pieces(order))


def decide_payment(order: Order, authorisation: int | None) -> NewEvent:
    """Return PaymentAuthorised with the provider's number, or PaymentDeclined when there is none."""
    data = {"order_id": order.id, "amount_cents": order.total_cents}
    if authorisation is None:
        return NewEvent(PAYMENT_DECLINED, data)
    return NewEvent(PAYMENT_AUTHORISED, {**data, "authorisation": authorisation})


def decide_confirmation(placed: PlacedOrder) -> NewEvent:
    """Return OrderConfirmed.

    Raises:
        ValueError: when the order is not pending, its stock not reserved or its money not held.
    """
    order = placed.order.become(OrderState.PLACED)
    if not placed.is_reserved or placed.authorisation is None:
        raise ValueError(f"order {order.id} has no stock or no payment; it must have both to be confirmed")
    return NewEvent(ORDER_CONFIRMED, {"order_id": order.id})


def decide_cancellation(placed: PlacedOrder, reason: str) -> NewEvent:
    """Return OrderCancelled.

    Raises:
        ValueError: when the order is cancelled already.
    """
    order = placed.order.become(OrderState.CANCELLED)
    return NewEvent(ORDER_CANCELLED, {"order_id": order.id, "reason": reason})


def decide_message(order: Order) -> NewEvent:
    """Return CustomerTold, with the words of the confirmation."""
    return NewEvent(CUSTOMER_TOLD, {"order_id": order.id, "text": confirmation(order).text})


def order_of(event: Event) -> Order:
    """Return the order that an OrderPlaced tells of, pending.

    Raises:
        ValueError: when the event is another.
    """
    if event.type != ORDER_PLACED:
        raise ValueError(f"type is {event.type!r}; it must be {ORDER_PLACED!r}")
    lines = tuple(OrderLine(*line) for line in event.data["lines"])
    return Order(event.data["order_id"], lines, OrderState.PENDING)


def _become(placed: PlacedOrder, state: OrderState) -> dict[str, Any]:
    return {"order": replace(placed.order, state=state)}


CHANGES: Mapping[str, Callable[[PlacedOrder, Event], dict[str, Any]]] = {
    STOCK_RESERVED: lambda placed, event: {"is_reserved": True},
    STOCK_RELEASED: lambda placed, event: {"is_reserved": False},
    STOCK_REFUSED: lambda placed, event: {"refused_by": event.type},
    PAYMENT_AUTHORISED: lambda placed, event: {"authorisation": event.data["authorisation"]},
    PAYMENT_DECLINED: lambda placed, event: {"refused_by": event.type},
    ORDER_CONFIRMED: lambda placed, event: _become(placed, OrderState.PLACED),
    ORDER_CANCELLED: lambda placed, event: _become(placed, OrderState.CANCELLED),
    CUSTOMER_TOLD: lambda placed, event: {"is_told": True},
}
"""The fields of the order that an event gives another value."""


def evolve(placed: PlacedOrder | None, event: Event) -> PlacedOrder | None:
    """Return the order after an event; None as long as it is not placed."""
    if event.type == ORDER_PLACED:
        return PlacedOrder(order_of(event), event.data["customer"])
    if placed is None or event.type not in CHANGES:
        return placed
    return replace(placed, **CHANGES[event.type](placed, event))


def _pieces(order: Order) -> dict[str, Any]:
    return {"order_id": order.id, "lines": [[line.product, line.quantity] for line in order.lines]}


def _to_data(placed: PlacedOrder | None) -> Data:
    if placed is None:
        return {}
    order = placed.order
    lines = [[line.product, line.quantity, line.unit_price_cents] for line in order.lines]
    rest = {name: value for name, value in vars(placed).items() if name != "order"}
    return {"order_id": order.id, "state": order.state.value, "lines": lines, **rest}


def _from_data(data: Data) -> PlacedOrder | None:
    if not data:
        return None
    rest = {name: value for name, value in data.items() if name not in ("order_id", "state", "lines")}
    lines = tuple(OrderLine(*line) for line in data["lines"])
    return PlacedOrder(Order(data["order_id"], lines, OrderState(data["state"])), **rest)


ORDER: Aggregate[PlacedOrder | None] = Aggregate("order", None, evolve, _to_data, _from_data)
"""The order; its streams are "order-1", "order-2" ..."""
