"""The shop cut into modules, put together on one database, with both ways in.

>>> from archlab.shop.domain import Product
>>> from archlab.sim import Simulation
>>> shop = build(Simulation(seed=1), [Product(1, "tea", 450)], stock=5)
>>> shop.line("show 1")
'tea: 4.50, 5 there'
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from archlab.chapters.layered.cuts.modules.catalogue import Catalogue
from archlab.chapters.layered.cuts.modules.kernel import CommandLine, JsonApi
from archlab.chapters.layered.cuts.modules.notifications import Notifications
from archlab.chapters.layered.cuts.modules.orders import Neighbours, Orders
from archlab.chapters.layered.cuts.modules.payments import Payments
from archlab.chapters.layered.cuts.modules.stock import Stock
from archlab.shop.database import DatabaseServer, Queries
from archlab.shop.domain import Product
from archlab.shop.instance import Steps
from archlab.shop.provider import PaymentProvider
from archlab.shop.store import (
    SCHEMAS,
    CatalogueRepository,
    NotificationRepository,
    OrderRepository,
    PaymentRepository,
    StockRepository,
    open_database,
)
from archlab.sim.simulation import Simulation

T = TypeVar("T")


@dataclass(frozen=True)
class Shop:
    """A shop that answers, and the database and the provider behind it."""

    sim: Simulation
    server: DatabaseServer
    provider: PaymentProvider
    api: JsonApi
    terminal: CommandLine
    payments: Payments

    def json(self, request: str) -> str:
        """Return the answer to a request of a program."""
        return self.run(self.api.handle(request))

    def line(self, line: str) -> str:
        """Return what a person at the terminal reads."""
        return self.run(self.terminal.run(line))

    def settle(self) -> None:
        """Take the money that is held."""
        self.run(self.payments.settle())

    def run(self, steps: Steps[T]) -> T:
        """Let the time pass that the steps need, and return their answer."""
        answer: T = self.sim.run(until=self.sim.start(steps))
        return answer


def build(sim: Simulation, catalogue: Sequence[Product], stock: int, declined: float = 0.0) -> Shop:
    """Return the shop with these products, and so many pieces of each."""
    server = DatabaseServer(sim, open_database(*SCHEMAS), cores=2, query_s=0.001, commit_s=0.0005)
    connection, provider = server.connection, PaymentProvider(sim, latency_s=0.1, declined=declined)
    CatalogueRepository(connection).fill(catalogue)
    StockRepository(connection).fill({product.id: stock for product in catalogue})
    others = Neighbours(
        Catalogue(CatalogueRepository(connection), Queries(server, "catalogue")),
        Stock(StockRepository(connection), Queries(server, "stock")),
        Payments(PaymentRepository(connection), Queries(server, "payments"), provider),
        Notifications(NotificationRepository(connection), Queries(server, "notifications")),
    )
    orders = Orders(OrderRepository(connection), Queries(server, "orders"), others)
    api = JsonApi({**others.catalogue.use_cases(), **orders.use_cases()})
    terminal = CommandLine([others.catalogue.command, orders.command])
    return Shop(sim, server, provider, api, terminal, others.payments)
