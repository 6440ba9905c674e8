"""The shop with separate models: commands change one model, questions are asked of others, which follow it.

>>> from archlab.sim import Simulation
>>> shop = Cqrs(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.answer(shop.history(customer=7))
[]
>>> shop.sim.run(until=shop.sim.now + 1)
>>> shop.answer(shop.history(customer=7))[0].pieces
2
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import simpy

from archlab.shop.architecture import Answer, Architecture
from archlab.shop.audit import TABLES, Audit
from archlab.shop.cqrs.commit_log import EVERYTHING, CommitLog
from archlab.shop.cqrs.config import KINDS, PROGRAMS, CqrsConfig, follower_of
from archlab.shop.cqrs.news import product_news
from archlab.shop.cqrs.normalised import Normalised, open_write_model
from archlab.shop.cqrs.projector import Projector
from archlab.shop.cqrs.questions import PastOrder, Question
from archlab.shop.cqrs.read_models import READ_MODELS, Views
from archlab.shop.cqrs.read_side import ReadSide, View
from archlab.shop.cqrs.replica import Replica
from archlab.shop.cqrs.staleness import Staleness
from archlab.shop.cqrs.topology import cqrs_topology
from archlab.shop.cqrs.write_side import WriteSide
from archlab.shop.database import DatabaseServer, Queries
from archlab.shop.domain import Basket, Order, Product
from archlab.shop.events.event_store import EVENTS, EventStore
from archlab.shop.events.projection import Projection
from archlab.shop.events.stock import stock_received
from archlab.shop.events.tail import POSITIONS
from archlab.shop.health_checks import HealthChecks
from archlab.shop.instance import Instance, Steps
from archlab.shop.provider import PaymentProvider
from archlab.shop.store import OrderStatus, ProductPage, open_database, run_together
from archlab.sim.failure import Failure
from archlab.sim.load import Request
from archlab.sim.simulation import Simulation

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx


class Cqrs(Architecture):
    """The shop with a write side and a read side.

    Args:
        sim: the simulation whose parts these become: "commands-<number>" and "queries-<number>" with their " cpu",
            "database" (the write model) with "database log" and "commands queries"; for each read model
            "<question> database" and "<question> projector", or "replica-<number>" and "replica-<number> follower";
            "<server> queries" for each server that is asked; and "payment provider".
        config: how it is built. None: all read models, each in a database of its own.

    `log`, `store`: the commits, and the events of the write model. `views`: question -> its read model. `staleness`:
    how old what was shown was.
    """

    name = "cqrs"

    def __init__(self, sim: Simulation, config: CqrsConfig | None = None) -> None:
        self.config = config = config or CqrsConfig()
        super().__init__(sim, config.assortment)
        self.log = CommitLog(sim)
        self.staleness = Staleness(self.log)
        self.database = self._server("database", self._filled(), config.database_cores)
        self.provider = PaymentProvider(sim, config.provider_s, declined=config.declined)
        self.write_side = WriteSide(config, self.log, self.database, self.provider)
        self._list_products()
        self.log.start_position = self.store.head
        self.replicas = [self._replica(name) for name in config.read_servers if config.models == "replicas"]
        self.read_side = self._read_side()
        for kind, question in KINDS.items():
            if question in LISTS:
                self._use_cases[kind] = self._asking(question)
        self._start_programs()
        sim.start(self._settle_for_ever())

    # What customers ask for ---------------------------------------------------------------------------------

    def place_order(self, order_id: int, basket: Basket) -> Steps[Order]:
        return self._at("commands", "place_order", self.write_side.place_order(order_id, basket))

    def change_product(self, product: Product) -> Steps[None]:
        """Give a product another name and price. It takes the processor time of a page. Raises `NotFound`."""
        return self._at("commands", "browse", self.write_side.change_product(product))

    def browse(self, product: int) -> Steps[ProductPage]:
        return self.ask(Question.PRODUCT, product)

    def track_order(self, order_id: int) -> Steps[OrderStatus]:
        return self.ask(Question.ORDER, order_id)

    def history(self, customer: int) -> Steps[Sequence[PastOrder]]:
        """Return the newest orders of a customer."""
        return self.ask(Question.HISTORY, customer)

    def ask(self, question: Question, *arguments: Any, at: View | None = None) -> Steps[Any]:
        """Ask a question at the read side, or `at` a place of the caller's choice. Raises `NotFound`."""
        kind = next(kind for kind, one in KINDS.items() if one is question)
        key = (ABOUT[question], arguments[0]) if question in ABOUT else EVERYTHING
        view = self.read_side.view_of(question) if at is None else at
        return self._at("queries", kind, self.read_side.answer(view, question, key, *arguments))

    def _at(self, program: str, kind: str, work: Generator[simpy.Event, Any, Any]) -> Steps[Any]:
        """Hold one worker of an instance, work on its cores, and do the work."""
        here = self.health[program].choose()
        with here.hold() as worker:
            yield worker
            yield here.cpu.serve(self._next_cpu_s[program, kind]())
            return (yield from work)

    # What it is made of -------------------------------------------------------------------------------------

    @property
    def store(self) -> EventStore:
        """The events of the write model."""
        return self.write_side.store

    @property
    def views(self) -> Mapping[Question, View]:
        """The read models that are asked."""
        return self.read_side.views

    @property
    def tables(self) -> Mapping[str, sqlite3.Connection]:
        return dict.fromkeys(TABLES, self.database.connection)

    @property
    def ledger(self) -> sqlite3.Connection:
        return self.provider.ledger

    def audit(self) -> Audit:
        """Return what is wrong with the rows of the write model, and how many answers were stale."""
        return replace(
            super().audit(), stale_reads=self.staleness.stale, max_stale_age_s=self.staleness.max_age_s
        )

    def is_quiet(self) -> bool:
        """Return whether, besides, every follower has applied all there is."""
        followers = [view.follower for view in self.views.values() if view.follower is not None]
        return super().is_quiet() and not any(one.behind for one in (*followers, *self.replicas))

    def rented(self) -> Mapping[str, float]:
        return self.config.rented()

    def topology(self) -> nx.DiGraph:
        return cqrs_topology(self.config)

    # Building it --------------------------------------------------------------------------------------------

    def _filled(self) -> sqlite3.Connection:
        """A new write model, with the tables of what goes with it."""
        beside = [READ_MODELS[question].schema for question in self.config.kept]
        schemas = beside if self.config.models == "same database" else []
        return open_write_model(self.catalogue, self.assortment.stock, EVENTS, *schemas)

    def _list_products(self) -> None:
        """Tell the log of the products and their stock, as if they had come in long ago."""
        write = self.write_side
        for product in self.catalogue:
            stream = f"product-{product.id}"
            events = [product_news(product), stock_received(product.id, self.assortment.stock)]
            if self.config.models == "separate":
                self.store.append(stream, events, 0, at_s=0.0, correlation_id=stream)
            elif self.config.models == "same database":
                run_together(self.database.connection, write.beside(stream, events))

    def _server(self, name: str, connection: sqlite3.Connection, cores: int) -> DatabaseServer:
        config = self.config
        return DatabaseServer(
            self.sim, connection, cores, config.query_s, config.commit_s, config.coherency, name
        )

    def _replica(self, name: str) -> Replica:
        connection = open_write_model(self.catalogue, self.assortment.stock, POSITIONS)
        server = self._server(name, connection, self.config.read_cores)
        return Replica(follower_of(name), self.log, Queries(server, name), self.config)

    def _read_side(self) -> ReadSide:
        database = self.database
        write_model = View(Normalised(database.connection), Queries(database, "questions"))
        views: dict[Question, View] = {}
        for question in self.config.kept:
            if self.config.models == "separate":
                views[question] = self.projected(question)
            else:
                views[question] = replace(write_model, model=Views(database.connection))
        return ReadSide(self.config, self.staleness, write_model, views, self.replicas)

    def projected(self, question: Question, version: int = 1, from_zero: bool = False) -> View:
        """Start a read model in a database of its own, with a projector.

        Args:
            version: a second one may run beside the first until it has caught up, see `switch`.
            from_zero: whether its projector begins with the first event. Else it has all that is there.
        """
        name = question.value if version == 1 else f"{question} {version}"
        reads = READ_MODELS[question]
        server = self._server(
            f"{name} database", open_database(reads.schema, POSITIONS), self.config.read_cores
        )
        if not from_zero:
            Projection(server.connection, reads).catch_up(self.store)
        queries = Queries(server, name)
        projector = Projector(f"{name} projector", self.log, queries, self.config, self.store, reads)
        return View(Views(server.connection), queries, projector)

    def switch(self, question: Question, view: View) -> None:
        """Let all further questions go to another view."""
        self.read_side.views[question] = view

    def _start_programs(self) -> None:
        config, sim = self.config, self.sim
        self.instances = {
            program: [
                Instance(
                    sim, program, number, config.workers, config.cores, config.queue_limit, config.cores_share
                )
                for number in range(1, config.count(program) + 1)
            ]
            for program in PROGRAMS
        }
        self.health = {
            program: HealthChecks(sim, started, config.health_check_s, f"{program} health checks")
            for program, started in self.instances.items()
        }
        self._next_cpu_s = {
            (program, kind): sim.draws(f"{program} {kind} cpu", cpu_s)
            for program in PROGRAMS
            for kind, cpu_s in config.cpu_s.items()
        }

    def _asking(self, question: Question) -> Callable[[Request], Answer]:
        """The use case of a page with a list: whose, or which word, is drawn."""
        stream = self.sim.stream(f"{question} customers")

        def use_case(_: Request) -> Answer:
            if question is Question.HISTORY:
                yield from self.ask(question, int(stream.integers(self.config.customers)))
            elif question is Question.SEARCH:
                yield from self.ask(question, str(1 + int(stream.integers(self.assortment.products))))
            else:
                yield from self.ask(question)

        return use_case

    def _settle_for_ever(self) -> Steps[None]:
        """Every `settle_every_s`, take the money that is held, if a copy of the commands is up."""
        while True:
            yield self.sim.timeout(self.config.settle_every_s)
            if any(here.is_up for here in self.instances["commands"]):
                with suppress(Failure):
                    yield from self.write_side.settle()


ABOUT: Mapping[Question, str] = {
    Question.PRODUCT: "product",
    Question.ORDER: "order",
    Question.HISTORY: "customer",
}
"""A question -> what its argument is. The others are about everything."""
LISTS = (Question.HISTORY, Question.BEST_SELLERS, Question.STOCK, Question.SEARCH)
"""The questions that only this architecture has a use case for."""
