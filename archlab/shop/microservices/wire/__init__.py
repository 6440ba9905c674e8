"""The shop's messages on the wire: really encoded, in JSON or in protocol buffers, and read back.

What this leaves out: compression, and headers (see `archlab.shop.microservices.wire.http_headers`). JSON is written
without spaces, which makes it as short as it can be.

>>> from archlab.shop.domain import Order, OrderLine
>>> order = Order(7, (OrderLine(product=1, quantity=2, unit_price_cents=450),))
>>> len(encode(order, "json")), len(encode(order, "protobuf"))
(85, 13)
>>> decode(Order, encode(order, "protobuf"), "protobuf") == order
True
"""

from typing import Literal, TypeVar, get_args

from archlab.shop.microservices.wire.json_messages import from_json, to_json
from archlab.shop.microservices.wire.messages import (
    FIELDS,
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
from archlab.shop.microservices.wire.operations import (
    answer_message,
    answer_value,
    as_message,
    request_message,
)

__all__ = [
    "ENCODINGS",
    "FIELDS",
    "Done",
    "Encoding",
    "Message",
    "OnHand",
    "OrderRequest",
    "PaymentStatus",
    "PlaceOrder",
    "ProductIds",
    "ProductList",
    "ProductRequest",
    "RefusalAnswer",
    "answer_message",
    "answer_value",
    "as_message",
    "decode",
    "encode",
    "request_message",
]

T = TypeVar("T")
Encoding = Literal["json", "protobuf"]
ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)


def encode(message: Message, encoding: Encoding) -> bytes:
    """Return the message as bytes. Raises `ValueError` for an unknown encoding, or what is no message."""
    _require(encoding)
    if encoding == "json":
        return to_json(message)
    from archlab.shop.microservices.wire.protobuf_messages import to_protobuf  # only then is protobuf loaded

    return to_protobuf(message)


def decode(kind: type[T], data: bytes, encoding: Encoding) -> T:
    """Return the message of class `kind` from its bytes. Raises `ValueError` when they are not that message."""
    _require(encoding)
    if encoding == "json":
        return from_json(kind, data)
    from archlab.shop.microservices.wire.protobuf_messages import from_protobuf

    return from_protobuf(kind, data)


def _require(encoding: Encoding) -> None:
    if encoding not in ENCODINGS:
        raise ValueError(f"encoding is {encoding!r}; it must be one of {', '.join(ENCODINGS)}")
