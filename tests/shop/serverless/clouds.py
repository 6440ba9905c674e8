"""Clouds to test with: clients that answer in the shapes of the real libraries, and events as the clouds document them.

Every deployment below offers the same few acts of a customer and of the platform, so that one test can be run on all.
"""

import base64
import copy
import json
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

from archlab.shop.domain import Product
from archlab.shop.serverless.providers.adapter_a import CloudOfA, EntryOfA
from archlab.shop.serverless.providers.adapter_b import CloudOfB, EntryOfB
from archlab.shop.serverless.providers.adapter_container import CloudOfContainer, EntryOfContainer
from archlab.shop.serverless.providers.books import open_books
from archlab.shop.serverless.providers.cloud_a import CloudA
from archlab.shop.serverless.providers.cloud_b import CloudB
from archlab.shop.serverless.providers.container import Container
from archlab.shop.serverless.providers.portable import PortableFunctions

EVENTS = Path(__file__).parent / "events"
PRODUCTS = [Product(1, "tea", 450), Product(2, "mug", 1200), Product(3, "pot", 2500)]
SECRET = "sesame"

AWS_ENVIRONMENT = {
    "RESERVE_STOCK_FUNCTION": "shop-reserve_stock",
    "TAKE_PAYMENT_FUNCTION": "shop-take_payment",
    "NOTIFICATIONS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/notifications",
    "PAYMENT_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:payments",
    "PAYMENTS_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:payments",
    "BUCKET": "pictures",
}

GOOGLE_ENVIRONMENT = {
    "PROJECT": "shop",
    "BUCKET": "pictures",
    "RESERVE_STOCK_URL": "https://reserve_stock-abc-uc.a.run.app",
    "TAKE_PAYMENT_URL": "https://take_payment-abc-uc.a.run.app",
}


def documented(name):
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


class Payments:
    """A payment provider that knows keys, and refuses who does not know the secret."""

    def __init__(self):
        self.holds, self.taken, self.declines = {}, set(), False

    def authorise(self, secret, order_id, amount_cents, key):
        assert secret == SECRET
        if self.declines:
            return None
        return self.holds.setdefault(key, (len(self.holds) + 1, order_id, amount_cents))[0]

    def capture(self, secret, authorisations):
        assert secret == SECRET
        self.taken |= set(authorisations)


class Deployment:
    """The shop, deployed somewhere. `messages` are those that wait in the queue; `objects` key -> bytes."""

    def __init__(self, directory):
        self.books, self.payments = open_books(PRODUCTS, stock=5), Payments()
        self.messages, self.objects, self.directory = [], {}, directory
        self.fails_at = None

    def trip(self, where):
        """Fail where the test has said, once."""
        if self.fails_at == where:
            self.fails_at = None
            raise ConnectionError(where)

    def rows(self):
        tables = ("stock", "orders", "order_lines", "payments", "notifications", "pictures", "handled")
        return {name: self.books.rows.execute(f"SELECT * FROM {name}").fetchall() for name in tables}


# AWS


class Aws(Deployment):
    """What AWS Lambda and the services around it do, seen from a function."""

    def invoke(self, FunctionName, InvocationType, Payload):
        assert InvocationType == "RequestResponse"
        name = FunctionName.removeprefix("shop-")
        try:
            self.trip(name)
            answer = self.called(name)(json.loads(Payload), None)
        except ConnectionError as error:
            body = json.dumps({"errorMessage": str(error), "errorType": "ConnectionError"})
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": BytesIO(body.encode())}
        return {"StatusCode": 200, "Payload": BytesIO(json.dumps(answer).encode())}

    def send_message(self, QueueUrl, MessageBody):
        assert QueueUrl == AWS_ENVIRONMENT["NOTIFICATIONS_QUEUE_URL"]
        self.trip("queue")
        self.messages.append(MessageBody)

    def get_object(self, Bucket, Key):
        return {"Body": BytesIO(self.objects[Bucket, Key])}

    def put_object(self, Bucket, Key, Body):
        self.objects[Bucket, Key] = Body

    def get_secret_value(self, SecretId):
        assert SecretId.endswith("secret:payments")
        return {"SecretString": SECRET}

    def request(self, method, path, parameters, body=None, encoded=False):
        event = documented("api_gateway_proxy") | {"httpMethod": method, "path": path, "body": body}
        event["pathParameters"] = parameters
        if encoded:
            event |= {"body": base64.b64encode(body.encode()).decode(), "isBase64Encoded": True}
        answer = self.asked(path, method)(event, None)
        return answer["statusCode"], json.loads(answer["body"])

    def place(self, order_id, basket, encoded=False):
        body = json.dumps({"order_id": order_id, "basket": basket})
        return self.request("POST", "/orders", None, body, encoded)

    def browse(self, product):
        return self.request("GET", f"/products/{product}", {"product": str(product)})

    def track(self, order_id):
        return self.request("GET", f"/orders/{order_id}", {"order_id": str(order_id)})

    def deliver(self):
        """Hand over all messages in one batch. Those that failed stay in the queue."""
        records = []
        for number, body in enumerate(self.messages):
            records.append(documented("sqs_record") | {"messageId": f"message-{number}", "body": body})
        answer = self.notified({"Records": records}, None)
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        self.messages = [one["body"] for one in records if one["messageId"] in failed]

    def settle(self):
        assert self.scheduled(documented("scheduled"), None) is None

    def upload(self, product, content):
        self.objects["pictures", f"large/{product}"] = content
        record = documented("s3_record")
        record["s3"]["object"]["key"] = f"large/{product}"
        self.stored({"Records": [record]}, None)

    def small_picture(self, product):
        return self.objects["pictures", f"small/{product}"]


class StraightA(Aws):
    def __init__(self, directory):
        super().__init__(directory)
        self.cloud = CloudA(self.books, self.payments, self, self, self, self, AWS_ENVIRONMENT)
        self.called = lambda name: getattr(self.cloud, name)
        self.notified, self.scheduled = self.cloud.notify, self.cloud.settle
        self.stored = self.cloud.picture

    def asked(self, path, method):
        if method == "POST":
            return self.cloud.place_order
        return self.cloud.browse if path.startswith("/products") else self.cloud.track_order


class AdaptedA(Aws):
    def __init__(self, directory):
        super().__init__(directory)
        cloud = CloudOfA(self, self, self, self, AWS_ENVIRONMENT)
        self.functions = PortableFunctions(self.books, self.payments, cloud)
        self.called = lambda name: EntryOfA(self.functions, name).on_call
        self.notified = EntryOfA(self.functions, "notifications").on_messages
        self.scheduled = EntryOfA(self.functions, "settle").on_schedule
        self.stored = EntryOfA(self.functions, "large/").on_object

    def asked(self, path, method):
        looked_at = "browse" if path.startswith("/products") else "track_order"
        return EntryOfA(self.functions, "place_order" if method == "POST" else looked_at).on_request


# Google Cloud


class FlaskRequest:
    """As much of a Flask request as functions use."""

    def __init__(self, path, body=None, headers=()):
        self.path, self._body, self.headers = path, body, dict(headers)

    def get_json(self, silent=False):
        return copy.deepcopy(self._body)


class HttpAnswer:
    """As much of an answer of `requests` as functions use."""

    def __init__(self, text, status):
        self.text, self.status_code = text, status

    def json(self):
        return json.loads(self.text)

    def raise_for_status(self):
        if self.status_code >= 400:
            raise ConnectionError(self.status_code)


class Google(Deployment):
    """What Cloud Run functions and the services around them do, seen from a function."""

    @staticmethod
    def fetch_id_token(audience):
        return f"token for {audience}"

    def post(self, url, json, headers, timeout):
        assert headers["Authorization"] == f"Bearer token for {url}"
        name = url.removeprefix("https://").split("-")[0]
        try:
            self.trip(name)
            text, status, _ = self.asked_for(name)(FlaskRequest("/", json))
        except ConnectionError as error:
            text, status = str(error), 500
        return HttpAnswer(text, status)

    def topic_path(self, project, topic):
        return f"projects/{project}/topics/{topic}"

    def publish(self, topic, data):
        assert topic == "projects/shop/topics/notifications"
        self.trip("queue")
        self.messages.append(data)
        return SimpleNamespace(result=lambda timeout: "1")

    def bucket(self, bucket):
        def blob(key):
            def put(content, content_type):
                self.objects[bucket, key] = content

            get = lambda: self.objects[bucket, key]  # noqa: E731
            return SimpleNamespace(download_as_bytes=get, upload_from_string=put)

        return SimpleNamespace(blob=blob)

    def access_secret_version(self, request):
        assert request["name"] == "projects/shop/secrets/payments/versions/latest"
        return SimpleNamespace(payload=SimpleNamespace(data=SECRET.encode()))

    def request(self, name, path, body=None):
        text, status, headers = self.asked_for(name)(FlaskRequest(path, body))
        assert headers["Content-Type"] == "application/json"
        return status, json.loads(text)

    def place(self, order_id, basket, encoded=False):
        return self.request("place_order", "/orders", {"order_id": order_id, "basket": basket})

    def browse(self, product):
        return self.request("browse", f"/products/{product}")

    def track(self, order_id):
        return self.request("track_order", f"/orders/{order_id}")

    def deliver(self):
        """Push every message. Those that are not acknowledged stay."""
        left = []
        for data in self.messages:
            envelope = documented("pubsub_push")
            envelope["message"]["data"] = base64.b64encode(data).decode()
            _, status, _ = self.notified(FlaskRequest("/", envelope))
            left += [] if 200 <= status < 300 else [data]
        self.messages = left

    def settle(self):
        assert self.scheduled(FlaskRequest("/", None, {}))[1] == 403
        assert self.scheduled(FlaskRequest("/", None, {"X-CloudScheduler": "true"}))[1] == 204

    def upload(self, product, content):
        self.objects["pictures", f"large/{product}"] = content
        for key in (f"large/{product}", f"small/{product}"):  # the bucket tells of both
            event = documented("storage_finalized")
            self.stored(SimpleNamespace(data=event["data"] | {"name": key}))

    def small_picture(self, product):
        return self.objects["pictures", f"small/{product}"]


class StraightB(Google):
    def __init__(self, directory):
        super().__init__(directory)
        clients = (self, self.fetch_id_token, self, self, self)
        self.cloud = CloudB(self.books, self.payments, *clients, GOOGLE_ENVIRONMENT)
        self.asked_for = lambda name: getattr(self.cloud, name)
        self.notified, self.scheduled = self.cloud.notify, self.cloud.settle
        self.stored = self.cloud.picture


class AdaptedB(Google):
    def __init__(self, directory):
        super().__init__(directory)
        cloud = CloudOfB(self, self.fetch_id_token, self, self, self, GOOGLE_ENVIRONMENT)
        self.functions = PortableFunctions(self.books, self.payments, cloud)
        self.asked_for = lambda name: EntryOfB(self.functions, name).on_request
        self.notified = EntryOfB(self.functions, "notifications").on_message
        self.scheduled = EntryOfB(self.functions, "settle").on_schedule
        self.stored = EntryOfB(self.functions, "large/").on_object


# A container


class Channel:
    """As much of a channel of pika's as programs use."""

    def __init__(self, deployment):
        self.deployment, self.unacknowledged = deployment, {}

    def basic_publish(self, exchange, routing_key, body):
        assert (exchange, routing_key) == ("", "notifications")
        self.deployment.trip("queue")
        self.deployment.messages.append(body)

    def consume(self, queue):
        assert queue == "notifications"
        waiting, self.deployment.messages = self.deployment.messages, []
        for tag, body in enumerate(waiting):
            self.unacknowledged[tag] = body
            yield SimpleNamespace(delivery_tag=tag), None, body

    def basic_ack(self, delivery_tag):
        del self.unacknowledged[delivery_tag]

    def basic_nack(self, delivery_tag, requeue):
        assert requeue
        self.deployment.messages.append(self.unacknowledged.pop(delivery_tag))


class Machine(Deployment):
    """A machine with a web server, a broker, cron and a volume."""

    def __init__(self, directory):
        super().__init__(directory)
        self.volume, self.secrets = directory / "volume", directory / "secrets"
        (self.volume / "large").mkdir(parents=True)
        self.secrets.mkdir()
        (self.secrets / "payments").write_text(f"{SECRET}\n", encoding="utf-8")
        self.channel = Channel(self)

    def request(self, method, path, body=None):
        sent = b"" if body is None else json.dumps(body).encode()
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.input": BytesIO(sent)}
        environ |= {"CONTENT_LENGTH": str(len(sent))} if sent else {}
        statuses = []
        chunks = self.application(environ, lambda status, headers: statuses.append(status))
        return int(statuses[0].split()[0]), json.loads(b"".join(chunks))

    def place(self, order_id, basket, encoded=False):
        return self.request("POST", "/orders", {"order_id": order_id, "basket": basket})

    def browse(self, product):
        return self.request("GET", f"/products/{product}")

    def track(self, order_id):
        return self.request("GET", f"/orders/{order_id}")

    def settle(self):
        assert self.main(["settle"]) == 0
        assert self.main(["dance"]) == 2

    def upload(self, product, content):
        (self.volume / "large" / str(product)).write_bytes(content)
        assert self.main(self.stored(product)) == 0

    def small_picture(self, product):
        return (self.volume / "small" / str(product)).read_bytes()


class StraightContainer(Machine):
    def __init__(self, directory):
        super().__init__(directory)
        program = Container(self.books, self.payments, self.channel, self.volume, self.secrets)
        self.application, self.main, self.deliver = program, program.main, program.consume
        self.stored = lambda product: ["picture", str(product)]


class AdaptedContainer(Machine):
    def __init__(self, directory):
        super().__init__(directory)
        cloud = CloudOfContainer(self.channel, self.volume, self.secrets)
        cloud.functions = PortableFunctions(self.books, self.payments, cloud)
        entry = EntryOfContainer(cloud.functions, self.channel)
        self.application, self.main = entry, entry.main
        self.deliver = lambda: entry.consume("notifications")
        self.stored = lambda product: ["object", f"large/{product}"]


DEPLOYMENTS = {
    "cloud_a": StraightA,
    "cloud_b": StraightB,
    "container": StraightContainer,
    "adapter_a": AdaptedA,
    "adapter_b": AdaptedB,
    "adapter_container": AdaptedContainer,
}
