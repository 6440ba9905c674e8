"""The same in a plain container, with nothing of a cloud: one program that a web server, a broker and cron start.

- A request comes by WSGI (PEP 3333). Stock and payment are calls inside the program.
- Messages go by RabbitMQ: the consumer acknowledges each, or gives it back.
- cron runs the program with an argument; so does whoever has put a picture into the directory.

`channel` is one of pika's. Secrets are files, as Docker and Kubernetes mount them; objects are files on a volume.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archlab.shop.domain import PaymentDeclined, Refusal
from archlab.shop.serverless.providers.books import Books, Json, PaymentApi, shrink, status_code

REASONS = {200: "OK", 201: "Created", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict"}


@dataclass(frozen=True)
class Container:
    """What the program is given. `volume` and `secrets`: directories."""

    books: Books
    payments: PaymentApi
    channel: Any
    volume: Path
    secrets: Path

    # By request ------------------------------------------------------------------------------------------

    def __call__(self, environ: Json, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The WSGI application."""
        status, body = self._serve(environ)
        start_response(f"{status} {REASONS[status]}", [("Content-Type", "application/json")])
        return [json.dumps(body).encode()]

    def _serve(self, environ: Json) -> tuple[int, Json]:
        route = environ["REQUEST_METHOD"], *environ["PATH_INFO"].strip("/").split("/")
        try:
            match route:
                case ("GET", "products", product):
                    return 200, self.books.page(int(product))
                case ("GET", "orders", order_id):
                    return 200, self.books.status(int(order_id))
                case ("POST", "orders"):
                    sent = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
                    return 201, self._place(json.loads(sent))
        except Refusal as refusal:
            return status_code(refusal), {"refused": refusal.reason}
        return 405, {}

    def _place(self, wanted: Json) -> Json:
        order_id = wanted["order_id"]
        if self.books.write_down(wanted) == "pending":
            try:
                self.books.reserve(order_id)
                self._take_payment(order_id)
            except Refusal:
                self.books.cancel(order_id)
                raise
            self.channel.basic_publish(
                exchange="", routing_key="notifications", body=json.dumps({"order_id": order_id}).encode()
            )
            self.books.place(order_id)
        return self.books.status(order_id)

    def _take_payment(self, order_id: int) -> None:
        total_cents = self.books.status(order_id)["total_cents"]
        key = f"pay {order_id}"
        authorisation = self.payments.authorise(self._secret(), order_id, total_cents, key)
        if authorisation is None:
            raise PaymentDeclined(f"order {order_id}")
        self.books.record(order_id, authorisation)

    def _secret(self) -> str:
        return (self.secrets / "payments").read_text(encoding="utf-8").strip()

    # Behind ----------------------------------------------------------------------------------------------

    def consume(self) -> None:
        """The consumer's loop. It ends when the channel has no more."""
        for method, _, body in self.channel.consume("notifications"):
            self.notify(method, body)

    def notify(self, method: Any, body: bytes) -> None:
        try:
            self.books.confirm(json.loads(body)["order_id"])
        except Exception:
            self.channel.basic_nack(delivery_tag=method.delivery_tag, requeue=True)
        else:
            self.channel.basic_ack(delivery_tag=method.delivery_tag)

    def main(self, arguments: Sequence[str]) -> int:
        """What cron runs, with "settle", and who stores pictures, with "picture" and the file's name."""
        match arguments:
            case ["settle"]:
                self.settle()
            case ["picture", product]:
                self.picture(product)
            case _:
                return 2
        return 0

    def settle(self) -> None:
        authorisations = self.books.payments.authorised()
        self.payments.capture(self._secret(), authorisations)
        self.books.payments.capture(authorisations)

    def picture(self, product: str) -> None:
        small = shrink((self.volume / "large" / product).read_bytes())
        (self.volume / "small").mkdir(exist_ok=True)
        (self.volume / "small" / product).write_bytes(small)
        self.books.show(int(product), f"small/{product}", len(small))
