"""The orders: what customers bought. The one module that needs the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archlab.chapters.layered.cuts.modules.catalogue import Catalogue
from archlab.chapters.layered.cuts.modules.kernel import UseCase, ask, money
from archlab.chapters.layered.cuts.modules.notifications import Notifications
from archlab.chapters.layered.cuts.modules.payments import Payments
from archlab.chapters.layered.cuts.modules.stock import Stock
from archlab.shop.database import Queries, Transaction
from archlab.shop.domain import Basket, Order, Refusal, price_order
from archlab.shop.instance import Steps
from archlab.shop.store import OrderRepository, OrderStatus


@dataclass(frozen=True)
class Neighbours:
    """The modules that an order needs."""

    catalogue: Catalogue
    stock: Stock
    payments: Payments
    notifications: Notifications


class Orders:
    """What customers bought."""

    def __init__(self, rows: OrderRepository, queries: Queries, others: Neighbours) -> None:
        self.rows, self.queries, self.others = rows, queries, others

    def track(self, order_id: int) -> Steps[OrderStatus]:
        """Ask where an order is. Raises `NotFound`."""
        return ask(self.queries, lambda: self.rows.status(order_id))

    def place(self, order_id: int, basket: Basket) -> Steps[Order]:
        """Place an order. One that was sent before, and is there, is returned as it was placed. Raises a `Refusal`."""
        try:
            return (yield from self._place_new(order_id, basket))
        except Refusal as refusal:
            try:
                return (yield from ask(self.queries, lambda: self.rows.find(order_id)))
            except Refusal:
                raise refusal from None

    def _place_new(self, order_id: int, basket: Basket) -> Steps[Order]:
        products = yield from self.others.catalogue.products(list(basket))
        order = price_order(order_id, basket, products)
        yield from self.others.stock.check(order)
        payment = yield from self.others.payments.authorise(order)
        work = Transaction(self.queries.server)
        yield from self.others.stock.take(order, work)
        yield from self.others.payments.record(payment, work)
        yield from self._insert(order, work)
        yield from self.others.notifications.confirm(order, work)
        yield from work.commit()
        return order

    def _insert(self, order: Order, work: Transaction) -> Steps[None]:
        yield from work.write(self.queries, self.rows.insert_new(order))
        for line in order.lines:
            yield from work.write(self.queries, self.rows.insert_line(order, line))

    # What comes in and goes out -----------------------------------------------------------------------------

    def use_cases(self) -> Mapping[str, UseCase]:
        """For programs."""
        return {"track_order": self._tracked, "place_order": self._placed}

    def command(self, words: Sequence[str]) -> Steps[str] | None:
        """For people at a terminal: "track ORDER", "order ORDER PRODUCTxPIECES ..."."""
        match words:
            case ["track", order_id] if order_id.isdigit():
                return self._say_tracked(int(order_id))
            case ["order", order_id, *pieces] if order_id.isdigit() and pieces:
                return self._say_placed(int(order_id), _basket(pieces))
        return None

    def _tracked(self, body: Mapping[str, Any]) -> Steps[dict[str, Any]]:
        status = yield from self.track(int(body["order_id"]))
        payment = None if status.payment is None else status.payment.value
        return {
            "order_id": status.order_id,
            "state": status.state.value,
            "total_cents": status.total_cents,
            "payment": payment,
        }

    def _placed(self, body: Mapping[str, Any]) -> Steps[dict[str, Any]]:
        order = yield from self.place(
            int(body["order_id"]), {int(product): int(count) for product, count in body["basket"].items()}
        )
        return {"order_id": order.id, "state": order.state.value, "total_cents": order.total_cents}

    def _say_tracked(self, order_id: int) -> Steps[str]:
        status = yield from self.track(order_id)
        return f"order {order_id} is {status.state.value}, {money(status.total_cents)}"

    def _say_placed(self, order_id: int, basket: Basket) -> Steps[str]:
        order = yield from self.place(order_id, basket)
        return f"order {order.id} is {order.state.value}, {money(order.total_cents)}"


def _basket(pieces: Sequence[str]) -> Basket:
    """Read "1x2": two pieces of product 1."""
    pairs = [piece.split("x") for piece in pieces]
    if not all(len(pair) == 2 and all(number.isdigit() for number in pair) for pair in pairs):
        raise ValueError(f"pieces are {' '.join(pieces)!r}; each must be PRODUCTxPIECES, such as 1x2")
    return {int(product): int(count) for product, count in pairs}
