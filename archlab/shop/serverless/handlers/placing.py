"""place_order: the function that customers ask, and that calls two others while it waits and is paid for.

Without keys each step is done as often as it is asked. Who asks again after the order is there is told so. Who asks
again before, because the function crashed, was cut off, or is still at it, has stock set aside and money held a second
time. It is careful all the same: without a payment it puts the stock back, and where two runs meet at the end, the
later one gives back what it took. But a run that has died gives nothing back.

>>> from archlab.shop.serverless import Serverless
>>> from archlab.sim import Simulation
>>> shop = Serverless(Simulation(seed=1))
>>> first = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> again = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> first == again, len(shop.rows("ledger"))
(True, 1)
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from archlab.shop.domain import AlreadyPlaced, Order, Payment, PaymentDeclined, price_order
from archlab.shop.instance import Steps
from archlab.shop.serverless.handlers.handler import Handler
from archlab.shop.serverless.platform import Platform
from archlab.shop.store import (
    CatalogueRepository,
    OrderRepository,
    PaymentRepository,
    Statement,
    StockRepository,
)
from archlab.sim.failure import Failure
from archlab.sim.functions.invocation import Invocation


class OrderRequest(NamedTuple):
    """What a customer sends. The customer's side gives the number, so that an order which is sent again is known."""

    order_id: int
    basket: Mapping[int, int]


class PlaceOrder(Handler):
    """Price the basket, have the stock reserved and the payment taken, write the order, and tell of it."""

    name = "place_order"

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self.catalogue = CatalogueRepository(self.rows)
        self.orders = OrderRepository(self.rows)
        self.stock = StockRepository(self.rows)
        self.payments = PaymentRepository(self.rows)

    def run(self, here: Invocation, event: OrderRequest) -> Steps[Order]:
        yield from self.compute(here)
        products = yield from self.query(here, lambda: self.catalogue.products(list(event.basket)))
        return (yield from self.place(here, price_order(event.order_id, event.basket, products)))

    def place(self, here: Invocation, order: Order) -> Steps[Order]:
        """Place an order that has its prices. One that is there already is returned as it was placed."""
        if (yield from self.query(here, lambda: self.orders.has(order.id))):
            return (yield from self.query(here, lambda: self.orders.find(order.id)))
        yield from self.platform.ask("reserve_stock", order)
        try:
            payment = yield from self.platform.ask("take_payment", order)
        except (PaymentDeclined, Failure):  # after a failure nobody knows whether it was taken
            yield from self.write(here, self.put_back(order))
            raise
        try:
            yield from self.write(here, self.create(order))
        except AlreadyPlaced:
            yield from self.give_back(here, order, payment)
            return (yield from self.query(here, lambda: self.orders.find(order.id)))
        with suppress(Failure):  # the order stands, whether or not anybody is told
            yield from self.tell(order)
        return order

    def create(self, order: Order) -> list[Statement]:
        """Return the writes of a new order. They raise `AlreadyPlaced` when it is there."""
        lines = [self.orders.insert_line(order, line) for line in order.lines]
        return [self.orders.insert_new(order), *lines]

    def put_back(self, order: Order, request: str | None = None) -> list[Statement]:
        """Return the writes that put an order's pieces back; given a `request`, only if it was carried out."""
        return [self.stock.release(line.product, line.quantity, request) for line in order.lines]

    def give_back(self, here: Invocation, order: Order, payment: Payment) -> Steps[None]:
        """Undo what this run did for an order that another run has placed meanwhile."""
        yield self.platform.provider.void(payment.authorisation)
        undo = self.payments.delete(payment.authorisation)
        yield from self.write(here, [*self.put_back(order), undo])

    def tell(self, order: Order) -> Steps[None]:
        """Send the order to the queue of notifications and to the stream, and wait until both have it."""
        told = self.platform.messages.publish(order)
        yield self.platform.orders.append(f"order {order.id}", order)
        yield told
