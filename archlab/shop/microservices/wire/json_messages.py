"""Messages as JSON text: each field with its name, numbers in decimal digits, UTF-8, no spaces between.

Anybody can read it, and a program needs no contract to take it apart. The price is that every message repeats all
names. Fields that the reader does not know are passed over, so a newer sender does no harm.

>>> from archlab.shop.domain import Product
>>> to_json(Product(7, "mug", 1200))
b'{"id":7,"name":"mug","price_cents":1200}'
>>> from_json(Product, b'{"id":7,"name":"mug","price_cents":1200,"colour":"blue"}')
Product(id=7, name='mug', price_cents=1200)
"""

import json
from collections.abc import Callable
from enum import StrEnum
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from archlab.shop.microservices.wire.messages import FIELDS, Message, require_message

T = TypeVar("T")
Read = Callable[[Any], Any]


def to_json(message: Message) -> bytes:
    """Return the message as JSON. Raises `ValueError` when its class is none of the messages."""
    require_message(type(message))
    return json.dumps(message, default=vars, separators=(",", ":"), ensure_ascii=False).encode()


def from_json(kind: type[T], data: bytes) -> T:
    """Return the message of class `kind` that `data` is. Raises `ValueError` when it is not that message."""
    require_message(kind)
    try:
        message: T = READERS[kind](json.loads(data))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"data is no {kind.__name__} in JSON: {error!r}") from error
    return message


def _reader(hint: Any) -> Read:
    """Return the function that turns what `json` reads into a value of this type."""
    if hint in FIELDS:
        return _message_reader(hint)
    if isinstance(hint, UnionType):
        return _optional_reader(get_args(hint)[0])
    if get_origin(hint) is tuple:
        item = _reader(get_args(hint)[0])
        return lambda values: tuple(item(value) for value in _of(list, values))
    if get_origin(hint) is dict:
        return lambda pairs: {int(key): _of(int, value) for key, value in _of(dict, pairs).items()}
    if issubclass(hint, StrEnum):
        return hint
    return lambda value: _of(hint, value)


def _message_reader(kind: type) -> Read:
    readers = {name: _reader(hint) for name, hint in get_type_hints(kind).items() if name in FIELDS[kind]}
    return lambda fields: kind(**{name: read(_of(dict, fields)[name]) for name, read in readers.items()})


def _optional_reader(hint: Any) -> Read:
    read = _reader(hint)
    return lambda value: None if value is None else read(value)


def _of(kind: type[T], value: Any) -> T:
    """Return `value`, which must be of exactly this type: True is no number here."""
    if type(value) is not kind:
        raise ValueError(f"{value!r} is not of type {kind.__name__}")
    return value


READERS: dict[type, Read] = {kind: _reader(kind) for kind in FIELDS}
"""Message -> how to make it of what `json` reads."""
