"""The adapter for AWS: the shapes of `cloud_a`, without a word of what the functions do."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from archlab.shop.serverless.providers.adapter import Functions, Reply
from archlab.shop.serverless.providers.books import Json


@dataclass(frozen=True)
class CloudOfA:
    """What functions ask for, with the clients of boto3."""

    aws_lambda: Any
    sqs: Any
    s3: Any
    secrets_manager: Any
    environment: Mapping[str, str]

    def call(self, function: str, message: Json) -> Reply:
        answer = self.aws_lambda.invoke(
            FunctionName=self.environment[f"{function.upper()}_FUNCTION"],
            InvocationType="RequestResponse",
            Payload=json.dumps(message).encode(),
        )
        if answer.get("FunctionError"):
            raise RuntimeError(f"{function}: {answer['FunctionError']}")
        return Reply(**json.loads(answer["Payload"].read()))

    def publish(self, queue: str, message: Json) -> None:
        address = self.environment[f"{queue.upper()}_QUEUE_URL"]
        self.sqs.send_message(QueueUrl=address, MessageBody=json.dumps(message))

    def read(self, key: str) -> bytes:
        content: bytes = self.s3.get_object(Bucket=self.environment["BUCKET"], Key=key)["Body"].read()
        return content

    def write(self, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=self.environment["BUCKET"], Key=key, Body=content)

    def secret(self, name: str) -> str:
        arn = self.environment[f"{name.upper()}_SECRET_ARN"]
        return str(self.secrets_manager.get_secret_value(SecretId=arn)["SecretString"])


@dataclass(frozen=True)
class EntryOfA:
    """What Lambda starts. The deployment says which method a function is, and `name` which of ours it stands for."""

    functions: Functions
    name: str

    def on_request(self, event: Json, context: Any) -> Json:
        """From API Gateway."""
        asked = {key: int(value) for key, value in (event.get("pathParameters") or {}).items()}
        body = event.get("body")
        if body:
            asked |= json.loads(base64.b64decode(body) if event.get("isBase64Encoded") else body)
        reply = self.functions.by_request[self.name](asked)
        return {
            "statusCode": reply.status,
            "headers": {"Content-Type": "application/json"},
            "body": json.dumps(reply.body),
            "isBase64Encoded": False,
        }

    def on_call(self, event: Json, context: Any) -> Json:
        """From another function."""
        reply = self.functions.by_request[self.name](event)
        return {"status": reply.status, "body": reply.body}

    def on_messages(self, event: Json, context: Any) -> Json:
        """From SQS. Each message is dealt with by itself; those that failed are named."""
        failed = []
        for record in event["Records"]:
            try:
                self.functions.by_message[self.name](json.loads(record["body"]))
            except Exception:
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    def on_schedule(self, event: Json, context: Any) -> None:
        """From EventBridge."""
        self.functions.by_clock[self.name]()

    def on_object(self, event: Json, context: Any) -> None:
        """From S3."""
        for record in event["Records"]:
            self.functions.by_object[self.name](unquote_plus(record["s3"]["object"]["key"]))
