"""The adapter: what a function may ask of any cloud, and what any cloud brings to a function. No more than all have.

That is its price. A function sees no batch, so that it cannot say which messages of one failed: each message is a call.
It sees no deadline, no number of the try, no headers, no order of messages, and no address or token of a function that
it calls: an adapter may use these, the function cannot.

>>> from archlab.shop.domain import PaymentDeclined
>>> refused(PaymentDeclined("order 7"))
Reply(status=409, body={'refused': 'payment_declined'})
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from archlab.shop.domain import Refusal
from archlab.shop.serverless.providers.books import Json, status_code


@dataclass(frozen=True)
class Reply:
    """What a customer, or a function that calls another, gets: a status of HTTP, and JSON."""

    status: int
    body: Json


class Cloud(Protocol):
    """What a function may ask for."""

    def call(self, function: str, message: Json) -> Reply:
        """Call another function and wait for its reply. Raises what a failure is in that cloud."""

    def publish(self, queue: str, message: Json) -> None:
        """Send a message, and wait until it is stored."""

    def read(self, key: str) -> bytes:
        """Get an object."""

    def write(self, key: str, content: bytes) -> None:
        """Put an object."""

    def secret(self, name: str) -> str:
        """Return a secret."""


class Functions(Protocol):
    """What a cloud may start, by request or call, with a message, by the clock, with the key of an object."""

    @property
    def by_request(self) -> Mapping[str, Callable[[Any], Reply]]: ...

    @property
    def by_message(self) -> Mapping[str, Callable[[Json], None]]: ...

    @property
    def by_clock(self) -> Mapping[str, Callable[[], None]]: ...

    @property
    def by_object(self) -> Mapping[str, Callable[[str], None]]: ...


def refused(refusal: Refusal) -> Reply:
    """Return the reply that tells of a refusal."""
    return Reply(status_code(refusal), {"refused": refusal.reason})
