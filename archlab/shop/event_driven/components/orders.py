"""Orders: what customers bought. What happened to an order is in the event store; its rows are made from that.

An order is *pending* when the customer has his answer. It is placed when the event arrives that it is paid for, and
cancelled when one arrives that it cannot be: it was short of stock, or the payment was declined.

>>> from archlab.shop.event_driven import EventDriven
>>> from archlab.sim import Simulation
>>> shop = EventDriven(Simulation(seed=1))
>>> shop.answer(shop.place_order(order_id=7, basket={1: 2})).state.value
'pending'
>>> shop.sim.run(until=2)
>>> shop.answer(shop.track_order(7)).state.value
'placed'
>>> [event.type for event in shop.components["orders"].store.read("order-7")]
['OrderPlaced', 'OrderConfirmed']
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from archlab.shop.database import Transaction
from archlab.shop.domain import Basket, Order, OrderState, PaymentState, price_order
from archlab.shop.event_driven.components.component import Component, News, Reaction
from archlab.shop.event_driven.platform import Platform
from archlab.shop.event_driven.steps import PAYMENTS_CAPTURED
from archlab.shop.event_driven.ways_out import NotPublished
from archlab.shop.events.event import Event, NewEvent
from archlab.shop.events.event_store import VersionConflict
from archlab.shop.events.order import (
    ORDER,
    ORDER_CONFIRMED,
    PAYMENT_AUTHORISED,
    PAYMENT_DECLINED,
    STOCK_REFUSED,
    PlacedOrder,
    decide_cancellation,
    decide_order,
)
from archlab.shop.instance import Instance, Steps
from archlab.shop.store import CATALOGUE, ORDERS, CatalogueRepository, OrderRepository, OrderStatus, Statement

PAID = "CREATE TABLE paid (order_id INTEGER PRIMARY KEY, state TEXT NOT NULL)"
"""What payments has told about the money of each order."""


NOT_PUBLISHED = "not published"
"""Why an order was cancelled that nobody else has heard of. Its customer may send it again."""


class Orders(Component[OrderRepository]):
    """What customers bought. `finished_s` notes, for measurement, when each order was placed or cancelled."""

    name = "orders"
    schema = f"{ORDERS};{PAID};{CATALOGUE}"

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, OrderRepository)
        self.finished_s: dict[int, float] = {}
        self.products = CatalogueRepository(self.database.connection)
        self.products.fill(platform.catalogue)

    @property
    def reactions(self) -> Mapping[str, Reaction]:
        return {
            PAYMENT_AUTHORISED: self.confirm,
            PAYMENT_DECLINED: self.cancel,
            STOCK_REFUSED: self.cancel,
            PAYMENTS_CAPTURED: self.note_captured,
        }

    # What customers ask for ------------------------------------------------------------------------------

    def place(self, here: Instance, order_id: int, basket: Basket, customer: int = 0) -> Steps[Order]:
        """Price a basket, and accept the order. One that was sent before is returned as it is now.

        The look whether it is there costs nothing here: it errs in favour of the shop by a query an order.
        """
        products = yield from self.query(lambda: self.products.products(list(basket)))
        placed = decide_order(order_id, customer, basket, products)
        history = self.store.read(ORDER.stream(order_id))
        if history and history[-1].data.get("reason") != NOT_PUBLISHED:
            return self._state_and_version(order_id)[0].order
        order = replace(price_order(order_id, basket, products), state=OrderState.PENDING)
        return (yield from self._accept(here, order, placed, len(history)))

    def _accept(self, here: Instance, order: Order, placed: NewEvent, version: int) -> Steps[Order]:
        """Store that an order is placed. Somebody who stored the same at the same moment has done it for both."""
        rows = [self.rows.insert(order), *(self.rows.insert_line(order, line) for line in order.lines)]
        news = News(ORDER.stream(order.id), (placed,), version, correlation_id=f"request-{order.id}")
        try:
            yield from self.write(here, [self.rows.set_state(order)] if version else rows, news, asked=True)
        except VersionConflict:
            return self._state_and_version(order.id)[0].order
        except NotPublished:
            yield from self._take_back(order)
            raise
        self.platform.sim.recorder.goes_on(order.id)
        return order

    def status(self, here: Instance, order_id: int) -> Steps[OrderStatus]:
        """Return where an order and its payment are. Raises `NotFound`."""
        return (yield from self.query(lambda: self._status(order_id)))

    # What events ask for ---------------------------------------------------------------------------------

    def confirm(self, here: Instance, event: Event) -> Steps[None]:
        """Place an order that is paid for."""
        order_id = event.data["order_id"]
        paid = Statement(
            "INSERT INTO paid VALUES (?, ?) ON CONFLICT DO NOTHING", (order_id, PaymentState.AUTHORISED.value)
        )
        yield from self._conclude(here, event, OrderState.PLACED, [paid])

    def cancel(self, here: Instance, event: Event) -> Steps[None]:
        """Cancel an order that cannot be carried out. Whoever has done something for it undoes that."""
        yield from self._conclude(here, event, OrderState.CANCELLED, [])

    def note_captured(self, here: Instance, event: Event) -> Steps[None]:
        """Write down that money was taken."""
        sql = """INSERT INTO paid SELECT value, 'captured' FROM json_each(?) WHERE true
                 ON CONFLICT DO UPDATE SET state = excluded.state"""
        yield from self.write(here, [Statement(sql, (str(event.data["order_ids"]),))], None, event)

    def _conclude(
        self, here: Instance, event: Event, state: OrderState, together: Sequence[Statement]
    ) -> Steps[None]:
        """Give a pending order its last state. One that has it already stays as it is."""
        order_id = event.data["order_id"]
        placed, version = yield from self.query(lambda: self._state_and_version(order_id))
        if placed.order.state is not OrderState.PENDING:
            return
        order = placed.order.become(state)
        news = News(ORDER.stream(order_id), (_concluded(placed, order, event),), after_version=version)
        if (yield from self.write(here, [self.rows.set_state(order), *together], news, event)):
            self.finished_s[order_id] = self.platform.sim.now
            self.platform.sim.recorder.done(order_id, self.platform.sim.now)

    def _take_back(self, order: Order) -> Steps[None]:
        """Cancel an order that nobody else has heard of, because its event could not be published."""
        placed, version = self._state_and_version(order.id)
        cancelled = decide_cancellation(placed, NOT_PUBLISHED)
        now_s = self.platform.sim.now
        stream = ORDER.stream(order.id)
        work = Transaction(self.database)
        appending = self.store.appending(stream, [cancelled], version, now_s, f"request-{order.id}")
        for statement in (*appending, self.rows.set_state(order.become(OrderState.CANCELLED))):
            yield from work.write(self.queries, statement)
        yield from work.commit()

    def _state_and_version(self, order_id: int) -> tuple[PlacedOrder, int]:
        history = self.store.read(ORDER.stream(order_id))
        placed = ORDER.fold(history)
        assert placed is not None, f"an event tells of order {order_id}, which was never placed"
        return placed, history[-1].version

    def _status(self, order_id: int) -> OrderStatus:
        """Return what the own rows say. Raises `NotFound`."""
        own = self.rows.own_status(order_id)
        sql = "SELECT state FROM paid WHERE order_id = ?"
        row = self.database.connection.execute(sql, (order_id,)).fetchone()
        return own if row is None else replace(own, payment=PaymentState(row[0]))


def _concluded(placed: PlacedOrder, order: Order, cause: Event) -> NewEvent:
    """Return the event of an order that got its last state; one that is confirmed with all that others need to know."""
    if order.state is OrderState.CANCELLED:
        return decide_cancellation(placed, cause.type)
    lines = [[line.product, line.quantity, line.unit_price_cents] for line in order.lines]
    return NewEvent(ORDER_CONFIRMED, {"order_id": order.id, "lines": lines, "total_cents": order.total_cents})
