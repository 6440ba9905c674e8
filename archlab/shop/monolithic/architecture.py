"""The monolithic architecture: one program, five modules that call each other directly, one shared database.

>>> from archlab.sim import Simulation
>>> shop = Monolith(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.answer(shop.track_order(7)).payment.value, len(shop.rows("order_lines"))
('authorised', 1)
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from simpy.events import Event

from archlab.shop.architecture import Architecture
from archlab.shop.audit import TABLES
from archlab.shop.database import Autocommit, DatabaseServer, Queries, Transaction, Work
from archlab.shop.domain import (
    Basket,
    Order,
    Payment,
    PaymentDeclined,
    Product,
    Refusal,
    confirmation,
    price_order,
    reserve,
)
from archlab.shop.health_checks import HealthChecks
from archlab.shop.monolithic.clone import Clone
from archlab.shop.monolithic.config import MonolithConfig
from archlab.shop.monolithic.topology import monolith_topology
from archlab.shop.provider import PaymentProvider
from archlab.shop.store import (
    SCHEMAS,
    CatalogueRepository,
    NotificationRepository,
    OrderRepository,
    OrderStatus,
    PaymentRepository,
    ProductPage,
    StockRepository,
    open_database,
)
from archlab.sim.failure import Failure
from archlab.sim.simulation import Simulation

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

T = TypeVar("T")
Rows = TypeVar("Rows")
Steps = Generator[Event, Any, T]


class Module(Generic[Rows]):
    """A part of the program. It calls its neighbours directly; its rows are in the one database of all."""

    def __init__(self, program: Program, rows: Rows) -> None:
        self.program = program
        self.rows = rows
        self.queries = program.shop.queries[type(self).__name__.lower()]

    def query(self, question: Callable[[], T]) -> Steps[T]:
        """Use a connection for the time of one query, and return what the rows say at its end."""
        with self.program.connections.hold() as connection:
            yield connection
            yield from self.queries.run()
        return question()


class Catalogue(Module[CatalogueRepository]):
    """What the shop sells."""

    def page(self, product: int) -> Steps[ProductPage]:
        return (yield from self.query(lambda: self.rows.page(product)))

    def products(self, basket: Basket) -> Steps[list[Product]]:
        return (yield from self.query(lambda: self.rows.products(list(basket))))


class Inventory(Module[StockRepository]):
    """How much is there."""

    def check(self, order: Order) -> Steps[None]:
        on_hand = yield from self.query(lambda: self.rows.on_hand([line.product for line in order.lines]))
        reserve(order, on_hand)

    def reserve(self, order: Order, work: Work) -> Steps[None]:
        for line in order.lines:
            yield from work.write(self.queries, self.rows.reserve(line.product, line.quantity))


class Payments(Module[PaymentRepository]):
    """The customers' money, with the help of a provider outside."""

    def authorise(self, order: Order) -> Steps[Payment]:
        shop = self.program.shop
        asked: Event = shop.provider.authorise(order.id, order.total_cents, key=f"order {order.id}")
        if shop.config.payment_timeout_s is not None:
            asked = shop.sim.deadline(asked, shop.config.payment_timeout_s)
        authorisation = yield asked
        if authorisation is None:
            raise PaymentDeclined(f"order {order.id}: {order.total_cents} cents declined")
        return Payment(order.id, order.total_cents, authorisation)

    def record(self, payment: Payment, work: Work) -> Steps[None]:
        yield from work.write(self.queries, self.rows.insert(payment))

    def settle(self) -> Steps[None]:
        """Take the money that is held, in one batch. A crash on the way does no harm: it is repeated."""
        authorisations = yield from self.query(self.rows.authorised)
        if authorisations:
            yield self.program.shop.provider.capture(authorisations)
            yield from self.program.shop.database.flush()
            yield from self.query(lambda: self.rows.capture(authorisations))


class Orders(Module[OrderRepository]):
    """What customers bought. The one module that needs all the others."""

    def place(self, order_id: int, basket: Basket) -> Steps[Order]:
        """Place an order. One that was sent before, and is there, is returned as it was placed.

        The look whether it is there costs nothing here: it errs in favour of the shop by a query a refusal.
        """
        try:
            return (yield from self.place_new(order_id, basket))
        except Refusal:
            if not self.rows.has(order_id):
                raise
        return (yield from self.query(lambda: self.rows.find(order_id)))

    def place_new(self, order_id: int, basket: Basket) -> Steps[Order]:
        program = self.program
        products = yield from program.call(program.catalogue.products(basket))
        order = price_order(order_id, basket, products)
        yield from program.call(program.inventory.check(order))
        payment = yield from program.call(program.payments.authorise(order))
        with program.connections.hold() as connection:
            yield connection
            work = program.begin()
            yield from program.call(program.inventory.reserve(order, work))
            yield from program.call(program.payments.record(payment, work))
            yield from self.create(order, work)
            yield from program.call(program.notifications.confirm(order, work))
            yield from work.commit()
        program.clone.leak(program.shop.config.leak_mb_per_order)
        return order

    def create(self, order: Order, work: Work) -> Steps[None]:
        yield from work.write(self.queries, self.rows.insert_new(order))
        for line in order.lines:
            yield from work.write(self.queries, self.rows.insert_line(order, line))

    def status(self, order_id: int) -> Steps[OrderStatus]:
        return (yield from self.query(lambda: self.rows.status(order_id)))


class Notifications(Module[NotificationRepository]):
    """What the customers are told."""

    def confirm(self, order: Order, work: Work) -> Steps[None]:
        yield from work.write(self.queries, self.rows.insert(confirmation(order)))


MODULES = (Catalogue, Orders, Inventory, Payments, Notifications)


class Program:
    """One running copy of the shop: all five modules in one clone."""

    def __init__(self, shop: Monolith, clone: Clone) -> None:
        self.shop = shop
        self.clone = clone
        self.connections = clone.connections
        shared = shop.database.connection
        self.catalogue = Catalogue(self, CatalogueRepository(shared))
        self.orders = Orders(self, OrderRepository(shared))
        self.inventory = Inventory(self, StockRepository(shared))
        self.payments = Payments(self, PaymentRepository(shared))
        self.notifications = Notifications(self, NotificationRepository(shared))

    def begin(self) -> Work:
        """Start the writes of an order: all or nothing, or each by itself."""
        kind = Transaction if self.shop.config.transactions else Autocommit
        return kind(self.shop.database)

    def call(self, step: Steps[T]) -> Steps[T]:
        """Call another module: a function call, or two messages where the modules are asked to sit apart."""
        if self.shop.config.calls == "in-process":
            return (yield from step)
        yield from self.send_message()
        answer = yield from step
        yield from self.send_message()
        return answer

    def send_message(self) -> Steps[None]:
        """Encode and decode a message on the clone's cores, and wait until it has arrived."""
        yield self.clone.cpu.serve(self.shop.config.message_cpu_s)
        yield self.shop.sim.timeout(self.shop.next_hop_s())


class Monolith(Architecture):
    """The shop as one program, in one or more clones, on one database.

    >>> from archlab.sim import Simulation
    >>> list(Monolith(Simulation(seed=1), MonolithConfig(clones=2)).clones)
    ['shop-1', 'shop-2']
    """

    name = "monolithic"

    def __init__(self, sim: Simulation, config: MonolithConfig | None = None) -> None:
        self.config = config = config or MonolithConfig()
        super().__init__(sim, config.assortment)
        self.database = DatabaseServer(
            sim, self._filled(), config.database_cores, config.query_s, config.commit_s, config.coherency
        )
        self.queries = {name: Queries(self.database, name) for name in (m.__name__.lower() for m in MODULES)}
        self.provider = PaymentProvider(sim, config.provider_s, declined=config.declined)
        self.clones = {name: self._clone(name) for name in config.clone_names}
        self.programs = {name: Program(self, clone) for name, clone in self.clones.items()}
        self.balancer = HealthChecks(
            sim, list(self.clones.values()), config.health_check_s, stream="health checks"
        )
        self.next_hop_s = sim.draws("hop", config.hop_s)
        self._next_cpu_s = {kind: sim.draws(f"{kind} cpu", cpu_s) for kind, cpu_s in config.cpu_s.items()}
        sim.start(self._settle_for_ever())

    def browse(self, product: int) -> Steps[ProductPage]:
        return self.serve("browse", lambda program: program.catalogue.page(product))

    def place_order(self, order_id: int, basket: Basket) -> Steps[Order]:
        return self.serve("place_order", lambda program: program.orders.place(order_id, basket))

    def track_order(self, order_id: int) -> Steps[OrderStatus]:
        return self.serve("track_order", lambda program: program.orders.status(order_id))

    def serve(self, kind: str, use_case: Callable[[Program], Steps[T]]) -> Steps[T]:
        """Hold one worker of one clone for a whole use case: its work on the cores, and all its waits."""
        clone = self.balancer.choose()
        with clone.pool(kind).hold() as worker:
            yield worker
            yield clone.cpu.serve(self._next_cpu_s[kind]())
            return (yield from use_case(self.programs[clone.name]))

    @property
    def tables(self) -> Mapping[str, sqlite3.Connection]:
        return dict.fromkeys(TABLES, self.database.connection)

    @property
    def ledger(self) -> sqlite3.Connection:
        return self.provider.ledger

    def rented(self) -> Mapping[str, float]:
        return self.config.rented()

    def topology(self) -> nx.DiGraph:
        return monolith_topology(
            list(self.clones),
            {name: part.name for name, part in self.queries.items()},
            {name: {pool.name: pool.capacity for pool in clone.pools} for name, clone in self.clones.items()},
        )

    def _filled(self) -> sqlite3.Connection:
        """A new database with the catalogue and the stock in it."""
        connection = open_database(*SCHEMAS)
        CatalogueRepository(connection).fill(self.catalogue)
        StockRepository(connection).fill({product.id: self.assortment.stock for product in self.catalogue})
        return connection

    def _clone(self, name: str) -> Clone:
        config = self.config
        return Clone(
            self.sim,
            name,
            workers=config.workers,
            cores=config.cores,
            connections=config.connections,
            bulkheads=config.bulkheads,
            queue_limit=config.queue_limit,
            restart_s=config.restart_s,
            memory_limit_mb=config.memory_limit_mb,
            cores_share=config.cores_share,
        )

    def _settle_for_ever(self) -> Steps[None]:
        """Every `settle_every_s`, let one clone that is up take the money that is held."""
        while True:
            yield self.sim.timeout(self.config.settle_every_s)
            program = next((p for p in self.programs.values() if p.clone.is_up), None)
            if program is not None:
                with suppress(Failure):
                    yield from program.payments.settle()
