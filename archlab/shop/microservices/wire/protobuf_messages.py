"""Messages in protocol buffers: each field as a number and a type, whole numbers in as few bytes as they need.

The classes are made from the contract in `messages.FIELDS` while the program runs, where one would usually write a
`.proto` file and let `protoc` make them; the bytes are the same (proto3). Zero, an empty text and an empty list are
not written at all. Fields that the reader does not know are passed over.

The rules of the bytes: Google, *Protocol Buffers Documentation: Encoding*, https://protobuf.dev/programming-guides/encoding/.

>>> from archlab.shop.domain import Product
>>> to_protobuf(Product(7, "mug", 1200)).hex(" ")
'08 07 12 03 6d 75 67 18 b0 09'
>>> from_protobuf(Product, bytes.fromhex("08 07 12 03 6d 75 67 18 b0 09"))
Product(id=7, name='mug', price_cents=1200)
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from archlab.shop.microservices.wire.messages import ENUM_NUMBERS, FIELDS, Message, require_message

PACKAGE = "shop"

T = TypeVar("T")
FieldProto = descriptor_pb2.FieldDescriptorProto


def to_protobuf(message: Message) -> bytes:
    """Return the message in protocol buffers.

    Raises:
        ValueError: when its class is none of the messages, or a number does not fit into 64 bits.
    """
    require_message(type(message))
    data: bytes = _to_proto(message).SerializeToString(deterministic=True)
    return data


def from_protobuf(kind: type[T], data: bytes) -> T:
    """Return the message of class `kind` that `data` is.

    Raises:
        ValueError: when it cannot be read as that message. Bytes say nothing about their class, so those of
            another message may well be read without complaint.
    """
    require_message(kind)
    try:
        message: T = _from_proto(kind, _proto_classes()[kind].FromString(data))
    except (DecodeError, ValueError, KeyError) as error:
        raise ValueError(f"data is no {kind.__name__} in protocol buffers: {error!r}") from error
    return message


@dataclass(frozen=True)
class Field:
    """One field: its name and number, how protobuf stores it, and how to write and read its value."""

    name: str
    number: int
    type: FieldProto.Type.ValueType
    type_name: str = ""
    repeated: bool = False
    write: Callable[[Any], Any] = lambda value: value
    read: Callable[[Any], Any] = lambda value: value

    def descriptor(self) -> FieldProto:
        label = FieldProto.LABEL_REPEATED if self.repeated else FieldProto.LABEL_OPTIONAL
        return FieldProto(
            name=self.name, number=self.number, label=label, type=self.type, type_name=self.type_name or None
        )


def _fields(kind: type) -> tuple[Field, ...]:
    """Return the fields of a message, in the order of its contract."""
    hints = get_type_hints(kind)
    return tuple(_field(kind, name, number, hints[name]) for name, number in FIELDS[kind].items())


def _field(kind: type, name: str, number: int, hint: Any) -> Field:
    if hint is int:
        return Field(name, number, FieldProto.TYPE_INT64)
    if hint is str:
        return Field(name, number, FieldProto.TYPE_STRING)
    if get_origin(hint) is dict:
        entry = f".{PACKAGE}.{kind.__name__}.{_entry_name(name)}"
        return Field(name, number, FieldProto.TYPE_MESSAGE, entry, repeated=True, read=dict)
    if get_origin(hint) is tuple:
        return _list_field(name, number, get_args(hint)[0])
    if hint in FIELDS:
        return _message_field(name, number, hint)
    return _enum_field(name, number, hint)


def _list_field(name: str, number: int, item: Any) -> Field:
    if item is int:
        return Field(name, number, FieldProto.TYPE_INT64, repeated=True, read=tuple)
    return Field(
        name,
        number,
        FieldProto.TYPE_MESSAGE,
        f".{PACKAGE}.{item.__name__}",
        repeated=True,
        write=lambda values: [_to_proto(value) for value in values],
        read=lambda protos: tuple(_from_proto(item, proto) for proto in protos),
    )


def _message_field(name: str, number: int, kind: type) -> Field:
    path = f".{PACKAGE}.{kind.__name__}"
    return Field(
        name,
        number,
        FieldProto.TYPE_MESSAGE,
        path,
        write=_to_proto,
        read=lambda proto: _from_proto(kind, proto),
    )


def _enum_field(name: str, number: int, hint: Any) -> Field:
    may_be_none = isinstance(hint, UnionType)
    words = ENUM_NUMBERS[get_args(hint)[0] if may_be_none else hint]
    numbers: dict[StrEnum | None, int] = {word: number for word, number in words.items()}
    if may_be_none:
        numbers[None] = 0
    words_back = {value: word for word, value in numbers.items()}
    path = f".{PACKAGE}.{type(next(iter(words))).__name__}"
    return Field(
        name, number, FieldProto.TYPE_ENUM, path, write=numbers.__getitem__, read=words_back.__getitem__
    )


def _to_proto(message: Message) -> Any:
    kind = type(message)
    values = {field.name: field.write(getattr(message, field.name)) for field in FIELDS_OF[kind]}
    return _proto_classes()[kind](**values)


def _from_proto(kind: type[T], proto: Any) -> T:
    return kind(**{field.name: field.read(getattr(proto, field.name)) for field in FIELDS_OF[kind]})


@cache
def _proto_classes() -> dict[type, Any]:
    """Return the protobuf class of each message, made from the contract."""
    file = descriptor_pb2.FileDescriptorProto(name="shop.proto", package=PACKAGE, syntax="proto3")
    file.enum_type.extend(_enum(kind) for kind in ENUM_NUMBERS)
    file.message_type.extend(_message(kind) for kind in FIELDS)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    find = pool.FindMessageTypeByName
    return {kind: message_factory.GetMessageClass(find(f"{PACKAGE}.{kind.__name__}")) for kind in FIELDS}


def _message(kind: type) -> descriptor_pb2.DescriptorProto:
    descriptor = descriptor_pb2.DescriptorProto(name=kind.__name__)
    descriptor.field.extend(field.descriptor() for field in FIELDS_OF[kind])
    hints = get_type_hints(kind)
    descriptor.nested_type.extend(_entry(name) for name in FIELDS[kind] if get_origin(hints[name]) is dict)
    return descriptor


def _entry(name: str) -> descriptor_pb2.DescriptorProto:
    """Return what protobuf makes of a map: a repeated message of a key and a value."""
    entry = descriptor_pb2.DescriptorProto(name=_entry_name(name))
    pairs = (Field("key", 1, FieldProto.TYPE_INT64), Field("value", 2, FieldProto.TYPE_INT64))
    entry.field.extend(field.descriptor() for field in pairs)
    entry.options.map_entry = True
    return entry


def _entry_name(field: str) -> str:
    return f"{field.title().replace('_', '')}Entry"


def _enum(kind: type[StrEnum]) -> descriptor_pb2.EnumDescriptorProto:
    """Return an enumeration. Names in it must differ from those of the others, so each begins with its own."""
    words = {"UNSPECIFIED": 0} | {word.name: number for word, number in ENUM_NUMBERS[kind].items()}
    values = [
        descriptor_pb2.EnumValueDescriptorProto(name=f"{kind.__name__}_{name}".upper(), number=number)
        for name, number in words.items()
    ]
    return descriptor_pb2.EnumDescriptorProto(name=kind.__name__, value=values)


FIELDS_OF: dict[type, tuple[Field, ...]] = {kind: _fields(kind) for kind in FIELDS}
