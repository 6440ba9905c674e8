"""Which message each operation of a service takes, and which it answers with.

The services speak of products and orders; a protocol speaks of messages. This is the table between the two. Its
operations are those of `archlab.shop.microservices.steps`.

>>> request_message("products", [1, 2])
ProductIds(ids=(1, 2))
>>> answer_message("on_hand", {1: 5})
OnHand(pieces={1: 5})
>>> answer_value("on_hand", OnHand({1: 5}))
{1: 5}
"""

from collections.abc import Callable, Generator, Mapping
from typing import Any, NamedTuple

from simpy.events import Event

from archlab.shop.domain import NotFound, NotYours, OutOfStock, PaymentDeclined, Refusal
from archlab.shop.microservices.wire.messages import (
    Done,
    Message,
    OnHand,
    OrderRequest,
    PaymentStatus,
    PlaceOrder,
    ProductIds,
    ProductList,
    ProductRequest,
    RefusalAnswer,
)


def _same(value: Any) -> Any:
    return value


class Operation(NamedTuple):
    """How the arguments of an operation become a message, its answer becomes one, and that is read again."""

    request: Callable[..., Message]
    answer: Callable[[Any], Message] = _same
    value: Callable[[Any], Any] = _same


def _ids(ids: Any) -> ProductIds:
    return ProductIds(tuple(ids))


def _place(order_id: int, basket: Any, customer: str | None = None) -> PlaceOrder:
    """Who asks travels in a header, whose few bytes are left out."""
    return PlaceOrder(order_id, dict(basket))


def _status(order_id: int, customer: str | None = None) -> OrderRequest:
    return OrderRequest(order_id)


def _done(_: Any) -> Done:
    return Done()


def _nothing(_: Any) -> None:
    return None


def _products(products: Any) -> ProductList:
    return ProductList(tuple(products))


OPERATIONS: Mapping[str, Operation] = {
    "page": Operation(ProductRequest),
    "products": Operation(_ids, _products, lambda message: list(message.products)),
    "on_hand": Operation(_ids, lambda pieces: OnHand(dict(pieces)), lambda message: message.pieces),
    "place": Operation(_place),
    "status": Operation(_status),
    "check": Operation(_same, _done, _nothing),
    "reserve": Operation(_same, _done, _nothing),
    "authorise": Operation(_same),
    "record": Operation(_same, _done, _nothing),
    "state_of": Operation(OrderRequest, PaymentStatus, lambda message: message.state),
    "confirm": Operation(_same, _done, _nothing),
    "release": Operation(_same, _done, _nothing),
    "forget": Operation(_same, _done, _nothing),
}
"""An operation's name -> its messages."""

REFUSALS: Mapping[str, type[Refusal]] = {
    kind.reason: kind for kind in (OutOfStock, PaymentDeclined, NotFound, NotYours)
}


def request_message(operation: str, *arguments: Any) -> Message:
    """Return the message that asks for an operation. Raises `ValueError` when there is no such operation."""
    return _operation(operation).request(*arguments)


def answer_message(operation: str, value: Any) -> Message:
    """Return the message that answers with `value`, which may be a `Refusal`."""
    if isinstance(value, Refusal):
        return RefusalAnswer(value.reason, str(value))
    return _operation(operation).answer(value)


def answer_value(operation: str, message: Message) -> Any:
    """Return what an answer says. A refusal is returned, not raised."""
    if isinstance(message, RefusalAnswer):
        return REFUSALS.get(message.reason, Refusal)(message.text)
    return _operation(operation).value(message)


def as_message(operation: str, work: Generator[Event, Any, Any]) -> Generator[Event, Any, Message]:
    """Carry out `work`, the operation at its service, and return its value as a message."""
    return answer_message(operation, (yield from work))


def _operation(name: str) -> Operation:
    if name not in OPERATIONS:
        raise ValueError(f"operation is {name!r}; it must be one of {', '.join(OPERATIONS)}")
    return OPERATIONS[name]
