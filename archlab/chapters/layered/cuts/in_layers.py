"""The shop cut into layers, put together: `archlab.shop.layered` on one database, with both ways in.

>>> from archlab.shop.domain import Product
>>> from archlab.sim import Simulation
>>> shop = build(Simulation(seed=1), [Product(1, "tea", 450)], stock=5)
>>> shop.line("show 1")
'tea: 4.50, 5 there'
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from archlab.shop.database import DatabaseServer
from archlab.shop.domain import Product
from archlab.shop.instance import Steps
from archlab.shop.layered.application import Application
from archlab.shop.layered.business import Rules
from archlab.shop.layered.data_access import SqliteData
from archlab.shop.layered.presentation import CommandLine, JsonApi
from archlab.shop.provider import PaymentProvider
from archlab.shop.store import SCHEMAS, open_database
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
    application: Application

    def json(self, request: str) -> str:
        """Return the answer to a request of a program."""
        return self.run(self.api.handle(request))

    def line(self, line: str) -> str:
        """Return what a person at the terminal reads."""
        return self.run(self.terminal.run(line))

    def settle(self) -> None:
        """Take the money that is held."""
        self.run(self.application.settle())

    def run(self, steps: Steps[T]) -> T:
        """Let the time pass that the steps need, and return their answer."""
        answer: T = self.sim.run(until=self.sim.start(steps))
        return answer


def build(sim: Simulation, catalogue: Sequence[Product], stock: int, declined: float = 0.0) -> Shop:
    """Return the shop with these products, and so many pieces of each."""
    server = DatabaseServer(sim, open_database(*SCHEMAS), cores=2, query_s=0.001, commit_s=0.0005)
    data = SqliteData(server)
    data.fill(catalogue, stock)
    provider = PaymentProvider(sim, latency_s=0.1, declined=declined)
    application = Application(Rules(data), provider)
    return Shop(sim, server, provider, JsonApi(application), CommandLine(application), application)
