"""The write side: commands decide on the write model, in one transaction, and tell the log what they did.

>>> from archlab.shop.cqrs import Cqrs
>>> from archlab.sim import Simulation
>>> shop = Cqrs(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> [event.type for event in shop.store.read("order-7")], shop.log.head
(['OrderPlaced', 'StockReserved'], 1)
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from archlab.shop.cqrs.commit_log import CommitLog, Key
from archlab.shop.cqrs.config import CqrsConfig
from archlab.shop.cqrs.news import PRODUCT_CHANGED, captured_news, order_news, product_news
from archlab.shop.cqrs.normalised import bought_by, changed
from archlab.shop.cqrs.read_models import READ_MODELS
from archlab.shop.database import DatabaseServer, Queries, Transaction
from archlab.shop.domain import (
    Basket,
    Order,
    Payment,
    PaymentDeclined,
    PaymentState,
    Product,
    Refusal,
    confirmation,
    price_order,
    reserve,
)
from archlab.shop.events.event import Event, NewEvent
from archlab.shop.events.event_store import EventStore
from archlab.shop.instance import Steps
from archlab.shop.provider import PaymentProvider
from archlab.shop.store import (
    CatalogueRepository,
    NotificationRepository,
    OrderRepository,
    PaymentRepository,
    Statement,
    StockRepository,
)

T = TypeVar("T")
SETTLEMENT = "settlement"
"""The stream of PaymentsCaptured."""


@dataclass(frozen=True)
class News:
    """What a command tells: new events of a stream, and what they are about."""

    stream: str
    events: Sequence[NewEvent]
    touched: Collection[Key]


class WriteSide:
    """The commands. `orders`, `stock` and so on are the repositories of the write model."""

    def __init__(
        self, config: CqrsConfig, log: CommitLog, database: DatabaseServer, provider: PaymentProvider
    ) -> None:
        self.config, self.log, self.database, self.provider = config, log, database, provider
        self.queries = Queries(database, "commands")
        connection = database.connection
        self.store = EventStore(connection)
        self.catalogue = CatalogueRepository(connection)
        self.stock = StockRepository(connection)
        self.orders = OrderRepository(connection)
        self.payments = PaymentRepository(connection)
        self.notifications = NotificationRepository(connection)

    # Commands -----------------------------------------------------------------------------------------------

    def place_order(self, order_id: int, basket: Basket) -> Steps[Order]:
        """Place an order. One that was sent before, and is there, is returned as it was placed.

        The look whether it is there costs nothing here: it errs in favour of the shop by a query a refusal.
        """
        try:
            return (yield from self._place_new(order_id, basket))
        except Refusal:
            if not self.orders.has(order_id):
                raise
        return (yield from self._query(lambda: self.orders.find(order_id)))

    def change_product(self, product: Product) -> Steps[None]:
        """Give a product another name and price. Raises `NotFound`."""
        yield from self._query(lambda: self.catalogue.product(product.id))
        news = News(
            f"product-{product.id}", [product_news(product, PRODUCT_CHANGED)], [("product", product.id)]
        )
        yield from self.write([changed(product)], news)

    def settle(self) -> Steps[None]:
        """Take the money that is held, in one batch. A crash on the way does no harm: it is repeated."""
        authorisations = yield from self._query(self.payments.authorised)
        if not authorisations:
            return
        yield self.provider.capture(authorisations)
        sql = "SELECT order_id FROM payments WHERE authorisation IN (SELECT value FROM json_each(?))"
        rows = self.database.connection.execute(sql, (str(authorisations),))
        order_ids = sorted(row[0] for row in rows)
        news = News(SETTLEMENT, [captured_news(order_ids)], [("order", order_id) for order_id in order_ids])
        yield from self.write([_captured(authorisations)], news)

    # Their steps --------------------------------------------------------------------------------------------

    def _place_new(self, order_id: int, basket: Basket) -> Steps[Order]:
        products = yield from self._query(lambda: self.catalogue.products(list(basket)))
        order = price_order(order_id, basket, products)
        on_hand = yield from self._query(lambda: self.stock.on_hand(list(basket)))
        reserve(order, on_hand)
        payment = yield from self._authorise(order)
        customer = order_id % self.config.customers
        touched = [("product", product) for product in basket]
        news = News(
            f"order-{order_id}",
            order_news(order_id, customer, order),
            [("order", order_id), ("customer", customer), *touched],
        )
        yield from self.write(self._rows_of(order, payment, customer), news)
        return order

    def _authorise(self, order: Order) -> Steps[Payment]:
        authorisation = yield self.provider.authorise(order.id, order.total_cents, key=f"order {order.id}")
        if authorisation is None:
            raise PaymentDeclined(f"order {order.id}: {order.total_cents} cents declined")
        return Payment(order.id, order.total_cents, authorisation)

    def _rows_of(self, order: Order, payment: Payment, customer: int) -> list[Statement]:
        return [
            *(self.stock.reserve(line.product, line.quantity) for line in order.lines),
            self.payments.insert(payment),
            self.orders.insert_new(order),
            *(self.orders.insert_line(order, line) for line in order.lines),
            self.notifications.insert(confirmation(order)),
            bought_by(order.id, customer),
        ]

    def _query(self, question: Callable[[], T]) -> Steps[T]:
        yield from self.queries.run()
        return question()

    def write(self, statements: Sequence[Statement], news: News) -> Steps[None]:
        """Write rows and what goes with them in one transaction, and tell the log of the commit."""
        work = Transaction(self.database)
        for statement in (*statements, *self.beside(news.stream, news.events)):
            yield from work.write(self.queries, statement)
        yield from work.commit()
        self.log.append(statements, news.touched, self.store.head)

    def beside(self, stream: str, events: Sequence[NewEvent]) -> list[Statement]:
        """Return what is written with the rows: events, for projectors to read; or rows of read models; or nothing."""
        now_s = self.log.sim.now
        if self.config.models == "separate":
            version = self.store.version(stream)
            return self.store.appending(stream, list(events), version, now_s, correlation_id=stream)
        return [
            statement
            for question in self.config.kept
            for number, new in enumerate(events, start=1)
            for statement in READ_MODELS[question].writes(_as_event(new, stream, number, now_s))
        ]


def _as_event(new: NewEvent, stream: str, number: int, at_s: float) -> Event:
    """An event that no store has seen."""
    return Event(number, stream, number, new.type, new.data, at_s, stream)


def _captured(authorisations: Sequence[int]) -> Statement:
    sql = "UPDATE payments SET state = ? WHERE authorisation IN (SELECT value FROM json_each(?))"
    return Statement(sql, (PaymentState.CAPTURED.value, str(list(authorisations))))
