"""The adapter for Google Cloud: the shapes of `cloud_b`, without a word of what the functions do."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from archlab.shop.serverless.providers.adapter import Functions, Reply
from archlab.shop.serverless.providers.books import Json

Answer = tuple[str, int, dict[str, str]]
"""What Flask takes for an answer: text, status, headers."""
ARGUMENTS = {"browse": "product", "track_order": "order_id"}
"""What the last part of the path is, for functions that have no body."""


@dataclass(frozen=True)
class CloudOfB:
    """What functions ask for, with the clients of Google's libraries."""

    session: Any
    fetch_id_token: Callable[[str], str]
    publisher: Any
    storage: Any
    secret_manager: Any
    environment: Mapping[str, str]

    def call(self, function: str, message: Json) -> Reply:
        address = self.environment[f"{function.upper()}_URL"]
        headers = {"Authorization": f"Bearer {self.fetch_id_token(address)}"}
        answer = self.session.post(address, json=message, headers=headers, timeout=5)
        if answer.status_code not in (404, 409):
            answer.raise_for_status()
        return Reply(answer.status_code, answer.json())

    def publish(self, queue: str, message: Json) -> None:
        topic = self.publisher.topic_path(self.environment["PROJECT"], queue)
        self.publisher.publish(topic, data=json.dumps(message).encode()).result(timeout=5)

    def read(self, key: str) -> bytes:
        content: bytes = self.storage.bucket(self.environment["BUCKET"]).blob(key).download_as_bytes()
        return content

    def write(self, key: str, content: bytes) -> None:
        blob = self.storage.bucket(self.environment["BUCKET"]).blob(key)
        blob.upload_from_string(content, content_type="application/octet-stream")

    def secret(self, name: str) -> str:
        path = f"projects/{self.environment['PROJECT']}/secrets/{name}/versions/latest"
        secret: bytes = self.secret_manager.access_secret_version(request={"name": path}).payload.data
        return secret.decode("utf-8")


@dataclass(frozen=True)
class EntryOfB:
    """What Cloud Run functions start. The deployment says which method a function is, `name` which of ours it is."""

    functions: Functions
    name: str

    def on_request(self, request: Any) -> Answer:
        """From a customer or from another function."""
        if self.name in ARGUMENTS:
            asked = {ARGUMENTS[self.name]: int(request.path.rsplit("/", 1)[-1])}
        else:
            asked = request.get_json()
        reply = self.functions.by_request[self.name](asked)
        return json.dumps(reply.body), reply.status, {"Content-Type": "application/json"}

    def on_message(self, request: Any) -> Answer:
        """From Pub/Sub."""
        try:
            data = base64.b64decode(request.get_json()["message"]["data"])
            self.functions.by_message[self.name](json.loads(data))
        except Exception:
            return "", 500, {}
        return "", 204, {}

    def on_schedule(self, request: Any) -> Answer:
        """From Cloud Scheduler."""
        if request.headers.get("X-CloudScheduler") != "true":
            return "", 403, {}
        self.functions.by_clock[self.name]()
        return "", 204, {}

    def on_object(self, cloud_event: Any) -> None:
        """From Cloud Storage, which tells of every object in the bucket."""
        if cloud_event.data["name"].startswith(self.name):
            self.functions.by_object[self.name](cloud_event.data["name"])
