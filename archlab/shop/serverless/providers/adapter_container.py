"""The adapter for a plain container: the shapes of `container`, without a word of what the functions do."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archlab.shop.serverless.providers.adapter import Functions, Reply
from archlab.shop.serverless.providers.books import Json

REASONS = {200: "OK", 201: "Created", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict"}
ROUTES = {
    ("GET", "products"): ("browse", "product"),
    ("GET", "orders"): ("track_order", "order_id"),
    ("POST", "orders"): ("place_order", None),
}
"""Method and first part of the path -> the function, and what the second part is."""


class CloudOfContainer:
    """What functions ask for, with a channel of pika's and two directories.

    `functions`: those of the same program, which it calls. They are set when they have been made.
    """

    functions: Functions

    def __init__(self, channel: Any, volume: Path, secrets: Path) -> None:
        self.channel, self.volume, self.secrets = channel, volume, secrets

    def call(self, function: str, message: Json) -> Reply:
        return self.functions.by_request[function](message)

    def publish(self, queue: str, message: Json) -> None:
        self.channel.basic_publish(exchange="", routing_key=queue, body=json.dumps(message).encode())

    def read(self, key: str) -> bytes:
        return (self.volume / key).read_bytes()

    def write(self, key: str, content: bytes) -> None:
        (self.volume / key).parent.mkdir(exist_ok=True)
        (self.volume / key).write_bytes(content)

    def secret(self, name: str) -> str:
        return (self.secrets / name).read_text(encoding="utf-8").strip()


@dataclass(frozen=True)
class EntryOfContainer:
    """What a web server, a broker and cron start."""

    functions: Functions
    channel: Any

    def __call__(self, environ: Json, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The WSGI application."""
        first, *rest = environ["PATH_INFO"].strip("/").split("/")
        name, argument = ROUTES.get((environ["REQUEST_METHOD"], first), (None, None))
        asked = {argument: int(rest[0])} if argument else {}
        if environ.get("CONTENT_LENGTH"):
            asked |= json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        reply = self.functions.by_request[name](asked) if name else Reply(405, {})
        start_response(f"{reply.status} {REASONS[reply.status]}", [("Content-Type", "application/json")])
        return [json.dumps(reply.body).encode()]

    def consume(self, queue: str) -> None:
        """The consumer's loop. It ends when the channel has no more."""
        for method, _, body in self.channel.consume(queue):
            try:
                self.functions.by_message[queue](json.loads(body))
            except Exception:
                self.channel.basic_nack(delivery_tag=method.delivery_tag, requeue=True)
            else:
                self.channel.basic_ack(delivery_tag=method.delivery_tag)

    def main(self, arguments: Sequence[str]) -> int:
        """What cron runs, with the function's name, and who stores objects, with the key."""
        match arguments:
            case ["object", key]:
                self.functions.by_object[f"{key.split('/', 1)[0]}/"](key)
            case [name] if name in self.functions.by_clock:
                self.functions.by_clock[name]()
            case _:
                return 2
        return 0
