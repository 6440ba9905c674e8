"""The shop in which each service keeps a copy of what it needs of others, fed by events: so it answers without them.

The catalogue keeps how many pieces there are, the orders service what products cost. Nobody asks the inventory or the
payments before an order is accepted: both read of it later, and when the pieces are gone or the payment is declined,
the order is cancelled. This is the price: an answer may be old, and a yes may be taken back.

What this leaves out: products whose price changes; and the state of the payment, which an order that is placed shows as
authorised even after the money was taken. The log between the services never fails here, and whoever writes rows and
then an event can die in between (an outbox would mend that): it errs in favour of copies.

>>> from archlab.sim import Simulation
>>> shop = CopyingShop(Simulation(seed=1))
>>> for name in ("inventory-1", "payments-1", "catalogue-1"):
...     shop.instances[name].crash()
>>> shop.answer(shop.place_order(order_id=7, basket={1: 2})).state.value
'pending'
>>> for name in ("inventory-1", "payments-1", "catalogue-1"):
...     shop.instances[name].restart()
>>> shop.sim.run(until=10)
>>> shop.rows("orders").state.tolist(), shop.answer(shop.browse(1)).on_hand
(['placed'], 999998)
"""

from collections.abc import Sequence
from dataclasses import replace

from archlab.shop.domain import Basket, Order, OrderState, PaymentState, Refusal, price_order
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.shop.microservices.instance import Instance, Steps
from archlab.shop.microservices.ordering.accepted import STORE_S, StreamedOrder
from archlab.shop.microservices.platform import Platform
from archlab.shop.microservices.services.catalogue import Catalogue
from archlab.shop.microservices.services.inventory import Inventory
from archlab.shop.microservices.services.notifications import Notifications
from archlab.shop.microservices.services.orders import Orders
from archlab.shop.microservices.services.owners import OWNERS
from archlab.shop.microservices.services.payments import Payments
from archlab.shop.microservices.services.service import Service
from archlab.shop.store import (
    CATALOGUE,
    ORDERS,
    STOCK,
    CatalogueRepository,
    OrderStatus,
    ProductPage,
    StockRepository,
)
from archlab.sim.messaging.event_log import EventLog, Record
from archlab.sim.simulation import Simulation


class TellingInventory(Inventory):
    """Tells everybody who reads its log how many pieces there are, after each change."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self.log = EventLog(platform.sim, "stock log", STORE_S)

    def reserve(self, here: Instance, order: Order) -> Steps[None]:
        yield from super().reserve(here, order)
        yield from self._tell(order)

    def release(self, here: Instance, order: Order) -> Steps[None]:
        yield from super().release(here, order)
        yield from self._tell(order)

    def _tell(self, order: Order) -> Steps[None]:
        for product, pieces in self.rows.on_hand([line.product for line in order.lines]).items():
            yield self.log.append(str(product), (product, pieces))


class CopyingCatalogue(Catalogue):
    """Shows how many pieces there were when it last heard. `late_s` notes how old each event was when it was known."""

    schema = f"{CATALOGUE};{STOCK}"

    def __init__(self, platform: Platform, log: EventLog) -> None:
        super().__init__(platform)
        self.stock = StockRepository(self.database.connection)
        self.stock.fill({product.id: platform.config.assortment.stock for product in platform.catalogue})
        self.late_s: list[float] = []
        self.instances[0].inside.extend(log.subscribe("catalogue reader", self.learn).members)

    def learn(self, record: Record) -> Steps[None]:
        """Write down what the inventory told."""
        product, pieces = record.value
        yield from self.queries.run()
        sql = "UPDATE stock SET on_hand = ? WHERE product = ?"
        self.database.connection.execute(sql, (pieces, product))
        self.late_s.append(self.platform.sim.now - record.appended_s + STORE_S)

    def page(self, here: Instance, product: int) -> Steps[ProductPage]:
        found = yield from self.query(lambda: self.rows.product(product))
        on_hand = yield from self.query(lambda: self.stock.on_hand([product]))
        return ProductPage(found, on_hand[product])


class TakenOrder(StreamedOrder):
    """An order is taken without a look at the stock. The pieces are set aside when its record is read."""

    def place(self, here: Instance, order: Order) -> Steps[Order]:
        pending = replace(order, state=OrderState.PENDING)
        yield from self.orders.create(pending)
        yield self.send("payments", pending, pending)
        return pending

    def pay(self, order: Order) -> Steps[None]:
        answer = yield from self._at("inventory", "reserve", order)
        if isinstance(answer, Refusal):
            yield self.send("orders", order, (order, False))
        else:
            yield from super().pay(order)


class CopyingOrders(Orders):
    """Knows what products cost, and whether an order is paid: from what it was told, not by asking."""

    schema = f"{ORDERS};{OWNERS};{CATALOGUE}"

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, TakenOrder)
        self.products = CatalogueRepository(self.database.connection)
        self.products.fill(platform.catalogue)

    def place(
        self, here: Instance, order_id: int, basket: Basket, customer: str | None = None
    ) -> Steps[Order]:
        products = yield from self.query(lambda: self.products.products(list(basket)))
        order = price_order(order_id, basket, products)
        if customer is not None:
            yield from self.own(order_id, customer)
        return (yield from self.ordering.place(here, order))

    def status(self, here: Instance, order_id: int, customer: str | None = None) -> Steps[OrderStatus]:
        own = yield from self.own_status(order_id, customer)
        return replace(own, payment=PaymentState.AUTHORISED if own.state is OrderState.PLACED else None)


class CopyingShop(Microservices):
    """The shop with copies. `config`: its `ordering` and `idempotency_keys` are replaced."""

    def __init__(self, sim: Simulation, config: MicroservicesConfig | None = None) -> None:
        config = config or MicroservicesConfig()
        super().__init__(sim, replace(config, ordering="stream", idempotency_keys=True))

    def start_services(self) -> Sequence[Service]:
        platform = self.platform
        inventory = TellingInventory(platform)
        return (
            CopyingCatalogue(platform, inventory.log),
            inventory,
            CopyingOrders(platform),
            Payments(platform),
            Notifications(platform),
        )
