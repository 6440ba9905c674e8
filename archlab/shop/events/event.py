"""What happened, as a value: an event. It is named in the past tense, and nobody changes it afterwards.

A decision produces a `NewEvent`. The event store makes it an `Event`: it gives it a place in its stream and in the
order of all events.

>>> NewEvent("OrderPlaced", {"order_id": 7, "total_cents": 2100}).text
'{"order_id":7,"total_cents":2100}'

The data is JSON and nothing else, because code that is not yet written will read it. What JSON would change in
silence, such as a tuple or a number as a key, is refused: what is written must be what is read back.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Data = Mapping[str, Any]
"""What an event says: text, numbers, true and false, None, and lists and dicts of them."""


def as_text(data: Data) -> str:
    """Return data as JSON.

    Raises:
        ValueError: when reading the text back would not give the same data.
    """
    try:
        text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError):
        text = ""
    if not text or json.loads(text) != data:
        raise ValueError(
            f"data is {data!r}; it must be what JSON gives back: text, numbers, lists, dicts by text"
        )
    return text


@dataclass(frozen=True)
class NewEvent:
    """What a decision produces: it has no place in the store yet.

    Args:
        type: what happened, such as "OrderPlaced".
        data: the facts.
        schema_version: which form of the data this is, 1 or more. It grows when the form changes.

    Raises:
        ValueError: when the type is empty, the data is not JSON, or the version is less than 1.
    """

    type: str
    data: Data
    schema_version: int = 1

    def __post_init__(self) -> None:
        if not self.type:
            raise ValueError("type is ''; it must be the name of what happened")
        if self.schema_version < 1:
            raise ValueError(f"schema_version is {self.schema_version!r}; it must be 1 or more")
        self.text  # noqa: B018

    @cached_property
    def text(self) -> str:
        """The data as JSON."""
        return as_text(self.data)


@dataclass(frozen=True)
class Event:
    """An event in the store.

    Args:
        position: its place among all events of the store, from 1.
        stream: what it happened to, such as "order-7".
        version: its place in its stream, from 1 without a gap.
        at_s: when it happened, in seconds.
        correlation_id: which request of a customer it belongs to, through all components.
        causation_id: the event that caused it; None when a customer did.
    """

    position: int
    stream: str
    version: int
    type: str
    data: Data
    at_s: float
    correlation_id: str
    causation_id: str | None = None
    schema_version: int = 1

    @property
    def event_id(self) -> str:
        """What consumers know it by. A second delivery of the same event has the same id."""
        return event_id(self.stream, self.version)


def event_id(stream: str, version: int) -> str:
    """Return the id of the event at this place of a stream.

    >>> event_id("order-7", 2)
    'order-7-2'
    """
    return f"{stream}-{version}"
