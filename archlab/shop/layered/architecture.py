"""The layered architecture: presentation, application, business and data access, each of which calls the next.

>>> from archlab.sim import Simulation
>>> shop = Layered(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.answer(shop.track_order(7)).payment.value, len(shop.rows("order_lines"))
('authorised', 1)
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from archlab.shop.architecture import Architecture
from archlab.shop.database import DatabaseServer
from archlab.shop.domain import Basket, Order
from archlab.shop.instance import Steps
from archlab.shop.layered.application import Application
from archlab.shop.layered.business import Rules
from archlab.shop.layered.config import LayeredConfig
from archlab.shop.layered.data_access import DOCUMENTS, DataAccess, KeyValueData, MemoryData, SqliteData
from archlab.shop.layered.tiers import Border, FarData, Tier
from archlab.shop.layered.topology import layered_topology
from archlab.shop.provider import PaymentProvider
from archlab.shop.store import SCHEMAS, OrderStatus, ProductPage, open_database
from archlab.sim.failure import Failure
from archlab.sim.resilience.deadline_propagation import TimeLimit
from archlab.sim.simulation import Simulation

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

T = TypeVar("T")
Data = SqliteData | KeyValueData | MemoryData


class Layered(Architecture):
    """The shop in four layers, in one process or on tiers.

    Args:
        sim: the simulation whose parts these become: "<program>-<number>" with its " cpu" for each of
            `config.programs`; "database" with "database log" and "data access queries", unless the rows are in memory;
            and "payment provider".
        config: how it is built. None: one process, on SQLite.

    `application`: the use cases, for a presentation layer. `data`: what keeps the rows.
    """

    name = "layered"

    def __init__(self, sim: Simulation, config: LayeredConfig | None = None) -> None:
        self.config = config = config or LayeredConfig()
        super().__init__(sim, config.assortment)
        self.data = self._data()
        self.data.fill(self.catalogue, self.assortment.stock)
        self.provider = PaymentProvider(sim, config.provider_s, declined=config.declined)
        self.tiers = {program: Tier(sim, program, config) for program in config.programs}
        if isinstance(self.data, MemoryData):
            self.tiers[config.programs[-1]].copies[0].inside.append(self.data)
        self.borders = {program: Border(sim, self.tiers[program], config) for program in config.programs[1:]}
        self.application = Application(Rules(self._data_seen_from_above()), self.provider)
        self._next_cpu_s = {kind: sim.draws(f"{kind} cpu", cpu_s) for kind, cpu_s in config.cpu_s.items()}
        sim.start(self._settle_for_ever())

    def browse(self, product: int) -> Steps[ProductPage]:
        return self._serve("browse", lambda application: application.browse(product))

    def place_order(self, order_id: int, basket: Basket) -> Steps[Order]:
        return self._serve("place_order", lambda application: application.place_order(order_id, basket))

    def track_order(self, order_id: int) -> Steps[OrderStatus]:
        return self._serve("track_order", lambda application: application.track_order(order_id))

    def _serve(self, kind: str, use_case: Callable[[Application], Steps[T]]) -> Steps[T]:
        """Let the first tier serve a request, and the one with the application layer the use case."""
        cpu_s, first = self._next_cpu_s[kind](), self.tiers[self.config.programs[0]]
        limit = None if self.config.limit_s is None else TimeLimit(self.sim, self.config.limit_s)
        steps = use_case(self._application_within(limit))
        if "app" not in self.tiers:
            return first.serve(cpu_s, steps, limit)
        front_s = self.config.presentation_share * cpu_s
        return first.serve(front_s, self.borders["app"].within(limit).cross(steps, cpu_s - front_s), limit)

    def _application_within(self, limit: TimeLimit | None) -> Application:
        """The use cases for one request, whose limit travels with its calls."""
        if limit is None or "data" not in self.borders:
            return self.application
        far = FarData(self.data, self.borders["data"].within(limit), self.config.chatty)
        return Application(Rules(far), self.provider)

    # What it is made of -------------------------------------------------------------------------------------

    @property
    def tables(self) -> Mapping[str, sqlite3.Connection]:
        return self.data.tables

    @property
    def ledger(self) -> sqlite3.Connection:
        return self.provider.ledger

    def rented(self) -> Mapping[str, float]:
        return self.config.rented()

    def topology(self) -> nx.DiGraph:
        return layered_topology(self.config)

    def _data(self) -> Data:
        if self.config.storage == "memory":
            return MemoryData()
        schemas = SCHEMAS if self.config.storage == "sqlite" else (DOCUMENTS,)
        config = self.config
        server = DatabaseServer(
            self.sim,
            open_database(*schemas),
            config.database_cores,
            config.query_s,
            config.commit_s,
            config.coherency,
        )
        return SqliteData(server) if config.storage == "sqlite" else KeyValueData(server)

    def _data_seen_from_above(self) -> DataAccess:
        """Data access as the business layer sees it: in the same process, or on another machine."""
        if "data" not in self.borders:
            return self.data
        return FarData(self.data, self.borders["data"], self.config.chatty)

    def _settle_for_ever(self) -> Steps[None]:
        """Every `settle_every_s`, take the money that is held, if a copy with the use cases is up."""
        tier = self.tiers.get("app", self.tiers[self.config.programs[0]])
        while True:
            yield self.sim.timeout(self.config.settle_every_s)
            if any(copy.is_up for copy in tier.copies):
                with suppress(Failure):
                    yield from self.application.settle()
