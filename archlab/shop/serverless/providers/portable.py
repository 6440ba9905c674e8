"""The functions once, for any cloud that has an adapter. Nothing here names a cloud."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from archlab.shop.domain import PaymentDeclined, Refusal
from archlab.shop.serverless.providers.adapter import Cloud, Reply, refused
from archlab.shop.serverless.providers.books import Books, Json, PaymentApi, shrink


@dataclass(frozen=True)
class PortableFunctions:
    """What the functions are given, and by which name each trigger starts them."""

    books: Books
    payments: PaymentApi
    cloud: Cloud

    @property
    def by_request(self) -> Mapping[str, Callable[[Json], Reply]]:
        """The functions that a customer or another function asks. A request is JSON."""
        return {
            "browse": lambda asked: self._reply(200, lambda: self.books.page(asked["product"])),
            "track_order": lambda asked: self._reply(200, lambda: self.books.status(asked["order_id"])),
            "place_order": lambda asked: self._reply(201, lambda: self.place(asked)),
            "reserve_stock": lambda asked: self._reply(200, lambda: self.reserve(asked["order_id"])),
            "take_payment": lambda asked: self._reply(200, lambda: self.pay(asked["order_id"])),
        }

    @property
    def by_message(self) -> Mapping[str, Callable[[Json], None]]:
        """Queue -> what deals with one message. An exception: it has failed."""
        return {"notifications": lambda message: self.books.confirm(message["order_id"])}

    @property
    def by_clock(self) -> Mapping[str, Callable[[], None]]:
        """What the clock starts."""
        return {"settle": self.settle}

    @property
    def by_object(self) -> Mapping[str, Callable[[str], None]]:
        """Prefix of a key -> what deals with a new object."""
        return {"large/": self.show}

    def place(self, wanted: Json) -> Json:
        """Place an order, or go on with it."""
        order = {"order_id": wanted["order_id"]}
        if self.books.write_down(wanted) == "pending":
            for function in ("reserve_stock", "take_payment"):
                reply = self.cloud.call(function, order)
                if "refused" in reply.body:
                    self.books.cancel(order["order_id"])
                    return {**order, **reply.body}
            self.cloud.publish("notifications", order)
            self.books.place(order["order_id"])
        return self.books.status(order["order_id"])

    def reserve(self, order_id: int) -> Json:
        """Set the pieces of an order aside."""
        self.books.reserve(order_id)
        return {}

    def pay(self, order_id: int) -> Json:
        """Have the money of an order held."""
        total_cents = self.books.status(order_id)["total_cents"]
        secret = self.cloud.secret("payments")
        authorisation = self.payments.authorise(secret, order_id, total_cents, f"pay {order_id}")
        if authorisation is None:
            raise PaymentDeclined(f"order {order_id}")
        self.books.record(order_id, authorisation)
        return {"authorisation": authorisation}

    def settle(self) -> None:
        """Take the money that is held."""
        authorisations = self.books.payments.authorised()
        self.payments.capture(self.cloud.secret("payments"), authorisations)
        self.books.payments.capture(authorisations)

    def show(self, key: str) -> None:
        """Make a small picture of a large one."""
        product = key.removeprefix("large/")
        small = shrink(self.cloud.read(key))
        self.cloud.write(f"small/{product}", small)
        self.books.show(int(product), f"small/{product}", len(small))

    def _reply(self, status: int, work: Callable[[], Json]) -> Reply:
        try:
            body = work()
        except Refusal as refusal:
            return refused(refusal)
        return Reply(409 if "refused" in body else status, body)
