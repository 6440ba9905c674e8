"""The functions straight in the shapes of AWS Lambda and what is around it. Each public method is an entry point.

- A request comes as an API Gateway proxy event (REST), and the answer is a dict with `statusCode` and a text.
- Another function is invoked with a payload of bytes; its answer is a stream of bytes, and a failure a field of it.
- SQS hands over a batch; the answer names the messages that failed (`batchItemFailures`).
- EventBridge sends a scheduled event, S3 a batch of records whose keys are URL-encoded.

The clients are those of boto3: `boto3.client("lambda")`, `"sqs"`, `"s3"`, `"secretsmanager"`.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from archlab.shop.domain import Refusal
from archlab.shop.serverless.providers.books import Books, Json, PaymentApi, shrink, status_code


@dataclass(frozen=True)
class CloudA:
    """What the functions are given. `environment`: their environment variables."""

    books: Books
    payments: PaymentApi
    aws_lambda: Any
    sqs: Any
    s3: Any
    secrets_manager: Any
    environment: Mapping[str, str]

    # By request, through API Gateway ---------------------------------------------------------------------

    def browse(self, event: Json, context: Any) -> Json:
        return _answer(200, lambda: self.books.page(int(event["pathParameters"]["product"])))

    def track_order(self, event: Json, context: Any) -> Json:
        return _answer(200, lambda: self.books.status(int(event["pathParameters"]["order_id"])))

    def place_order(self, event: Json, context: Any) -> Json:
        body = event["body"]
        wanted = json.loads(base64.b64decode(body) if event.get("isBase64Encoded") else body)
        return _answer(201, lambda: self._place(wanted))

    def _place(self, wanted: Json) -> Json:
        order = {"order_id": wanted["order_id"]}
        if self.books.write_down(wanted) == "pending":
            for function in ("RESERVE_STOCK", "TAKE_PAYMENT"):
                answer = self.aws_lambda.invoke(
                    FunctionName=self.environment[f"{function}_FUNCTION"],
                    InvocationType="RequestResponse",
                    Payload=json.dumps(order).encode(),
                )
                if answer.get("FunctionError"):
                    raise RuntimeError(f"{function}: {answer['FunctionError']}")
                reason = json.loads(answer["Payload"].read()).get("refused")
                if reason:
                    self.books.cancel(order["order_id"])
                    return {**order, "refused": reason}
            self.sqs.send_message(
                QueueUrl=self.environment["NOTIFICATIONS_QUEUE_URL"], MessageBody=json.dumps(order)
            )
            self.books.place(order["order_id"])
        return self.books.status(order["order_id"])

    # By call ---------------------------------------------------------------------------------------------

    def reserve_stock(self, event: Json, context: Any) -> Json:
        try:
            self.books.reserve(event["order_id"])
        except Refusal as refusal:
            return {"refused": refusal.reason}
        return {}

    def take_payment(self, event: Json, context: Any) -> Json:
        secret = self.secrets_manager.get_secret_value(SecretId=self.environment["PAYMENT_SECRET_ARN"])
        order_id = event["order_id"]
        total_cents = self.books.status(order_id)["total_cents"]
        key = f"pay {order_id}"
        authorisation = self.payments.authorise(secret["SecretString"], order_id, total_cents, key)
        if authorisation is None:
            return {"refused": "payment_declined"}
        self.books.record(order_id, authorisation)
        return {"authorisation": authorisation}

    # Behind ----------------------------------------------------------------------------------------------

    def notify(self, event: Json, context: Any) -> Json:
        failed = []
        for record in event["Records"]:
            try:
                self.books.confirm(json.loads(record["body"])["order_id"])
            except Exception:
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    def settle(self, event: Json, context: Any) -> None:
        secret = self.secrets_manager.get_secret_value(SecretId=self.environment["PAYMENT_SECRET_ARN"])
        authorisations = self.books.payments.authorised()
        self.payments.capture(secret["SecretString"], authorisations)
        self.books.payments.capture(authorisations)

    def picture(self, event: Json, context: Any) -> None:
        for record in event["Records"]:
            bucket = record["s3"]["bucket"]["name"]
            product = unquote_plus(record["s3"]["object"]["key"]).removeprefix("large/")
            large = self.s3.get_object(Bucket=bucket, Key=f"large/{product}")["Body"].read()
            small = shrink(large)
            self.s3.put_object(Bucket=bucket, Key=f"small/{product}", Body=small)
            self.books.show(int(product), f"small/{product}", len(small))


def _answer(status: int, work: Callable[[], Json]) -> Json:
    """Return what API Gateway expects of a function behind a proxy."""
    try:
        body = work()
        status = 409 if "refused" in body else status
    except Refusal as refusal:
        status, body = status_code(refusal), {"refused": refusal.reason}
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
