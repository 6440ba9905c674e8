"""The functions straight in the shapes of Google Cloud: Cloud Run functions and what is around them.

Each public method is an entry point of the Functions Framework.

- A request is a Flask request, and so are the calls of other functions, the clock (Cloud Scheduler, with a header), and
  a message: Pub/Sub pushes each in an envelope of its own, base64-encoded, and takes a status of 2xx for its
  acknowledgement. Anything else brings it again.
- A function is called by its address, with an identity token for that address.
- A new object comes as a CloudEvent.

The clients are those of `requests`, `google.cloud.pubsub_v1`, `google.cloud.storage` and `google.cloud.secretmanager`;
`fetch_id_token` is that of `google.oauth2.id_token`, its first argument given.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from archlab.shop.domain import Refusal
from archlab.shop.serverless.providers.books import Books, Json, PaymentApi, shrink, status_code

Answer = tuple[str, int, dict[str, str]]
"""What Flask takes for an answer: text, status, headers."""


@dataclass(frozen=True)
class CloudB:
    """What the functions are given. `environment`: their environment variables."""

    books: Books
    payments: PaymentApi
    session: Any
    fetch_id_token: Callable[[str], str]
    publisher: Any
    storage: Any
    secret_manager: Any
    environment: Mapping[str, str]

    # By request ------------------------------------------------------------------------------------------

    def browse(self, request: Any) -> Answer:
        return _answer(200, lambda: self.books.page(int(request.path.rsplit("/", 1)[-1])))

    def track_order(self, request: Any) -> Answer:
        return _answer(200, lambda: self.books.status(int(request.path.rsplit("/", 1)[-1])))

    def place_order(self, request: Any) -> Answer:
        return _answer(201, lambda: self._place(request.get_json()))

    def _place(self, wanted: Json) -> Json:
        order = {"order_id": wanted["order_id"]}
        if self.books.write_down(wanted) == "pending":
            for function in ("RESERVE_STOCK", "TAKE_PAYMENT"):
                address = self.environment[f"{function}_URL"]
                token = self.fetch_id_token(address)
                answer = self.session.post(
                    address, json=order, headers={"Authorization": f"Bearer {token}"}, timeout=5
                )
                if answer.status_code == 409:
                    self.books.cancel(order["order_id"])
                    return {**order, **answer.json()}
                answer.raise_for_status()
            topic = self.publisher.topic_path(self.environment["PROJECT"], "notifications")
            self.publisher.publish(topic, data=json.dumps(order).encode()).result(timeout=5)
            self.books.place(order["order_id"])
        return self.books.status(order["order_id"])

    # By call ---------------------------------------------------------------------------------------------

    def reserve_stock(self, request: Any) -> Answer:
        def reserve() -> Json:
            self.books.reserve(request.get_json()["order_id"])
            return {}

        return _answer(200, reserve)

    def take_payment(self, request: Any) -> Answer:
        order_id = request.get_json()["order_id"]
        total_cents = self.books.status(order_id)["total_cents"]
        key = f"pay {order_id}"
        authorisation = self.payments.authorise(self._secret(), order_id, total_cents, key)
        if authorisation is None:
            return _answer(200, lambda: {"refused": "payment_declined"})
        self.books.record(order_id, authorisation)
        return _answer(200, lambda: {"authorisation": authorisation})

    def _secret(self) -> str:
        name = f"projects/{self.environment['PROJECT']}/secrets/payments/versions/latest"
        secret: bytes = self.secret_manager.access_secret_version(request={"name": name}).payload.data
        return secret.decode("utf-8")

    # Behind ----------------------------------------------------------------------------------------------

    def notify(self, request: Any) -> Answer:
        message = request.get_json()["message"]
        try:
            self.books.confirm(json.loads(base64.b64decode(message["data"]))["order_id"])
        except Exception:
            return "", 500, {}
        return "", 204, {}

    def settle(self, request: Any) -> Answer:
        if request.headers.get("X-CloudScheduler") != "true":
            return "", 403, {}
        authorisations = self.books.payments.authorised()
        self.payments.capture(self._secret(), authorisations)
        self.books.payments.capture(authorisations)
        return "", 204, {}

    def picture(self, cloud_event: Any) -> None:
        if not cloud_event.data["name"].startswith("large/"):
            return
        bucket = self.storage.bucket(cloud_event.data["bucket"])
        product = cloud_event.data["name"].removeprefix("large/")
        large = bucket.blob(f"large/{product}").download_as_bytes()
        small = shrink(large)
        bucket.blob(f"small/{product}").upload_from_string(small, content_type="application/octet-stream")
        self.books.show(int(product), f"small/{product}", len(small))


def _answer(status: int, work: Callable[[], Json]) -> Answer:
    """Return what Flask makes an HTTP answer of."""
    try:
        body = work()
        status = 409 if "refused" in body else status
    except Refusal as refusal:
        status, body = status_code(refusal), {"refused": refusal.reason}
    return json.dumps(body), status, {"Content-Type": "application/json"}
