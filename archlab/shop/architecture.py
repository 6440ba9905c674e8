"""What every architecture of the shop offers, whatever is inside: serve a request, name its parts, draw
itself, price itself, and have its rows audited.

>>> from archlab.shop.monolithic.architecture import Monolith
>>> from archlab.sim import Simulation
>>> shop = Monolith(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> int(shop.rows("orders").total_cents.sum()) == order.total_cents
True
>>> shop.audit().ok, round(shop.price_per_hour_usd(), 3)
(True, 0.208)
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from simpy.events import Event

from archlab.data import load
from archlab.shop.audit import Audit, Receipts, audit
from archlab.shop.customers import Customers, typical_catalogue
from archlab.shop.domain import Basket, NotFound, Order, Refusal
from archlab.shop.store import OrderStatus, ProductPage
from archlab.sim.core.calendar import Part
from archlab.sim.load import Request
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_whole
from archlab.sim.workload import Mix

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

SHOP_MIX = Mix(browse=0.80, place_order=0.12, track_order=0.08)
"""What customers ask for. An assumption: most look, some buy, some ask where their order is."""

HOURS_PER_MONTH = 730
"""Hours in a month, as cloud price lists count them: 8,760 / 12."""

Answer = Generator[Event, Any, Any]


@dataclass(frozen=True)
class Assortment:
    """What the shop sells, and how much of it is there at the start.

    Attributes:
        products: how many different ones.
        stock: pieces of each at the start. The default is more than any run sells.
        popularity_exponent: of Zipf's law, see `archlab.shop.customers.popularity`. 1 is an assumption.
    """

    products: int = 200
    stock: int = 1_000_000
    popularity_exponent: float = 1.0

    def __post_init__(self) -> None:
        require_whole("products", self.products, at_least=1)
        require_whole("stock", self.stock, at_least=0)
        require_non_negative("popularity_exponent", self.popularity_exponent)


class Architecture(ABC):
    """One way to build the shop. Same customers, same rules, same audit; the rest is the architecture's own.

    A subclass fills its databases from `catalogue` and `assortment`, and offers the three use cases as
    generators that yield what they wait for and return the answer.
    """

    name = "architecture"

    def __init__(self, sim: Simulation, assortment: Assortment) -> None:
        self.sim = sim
        self.assortment = assortment
        self.catalogue = typical_catalogue(assortment.products, sim.stream("catalogue"))
        self.customers = Customers(self.catalogue, sim.stream("customers"), assortment.popularity_exponent)
        self.receipts = Receipts()
        self._use_cases: dict[str, Callable[[Request], Answer]] = {
            "browse": self._browse,
            "place_order": self._place,
            "track_order": self._track,
        }

    @abstractmethod
    def browse(self, product: int) -> Generator[Event, Any, ProductPage]:
        """Return the page of a product. Raises `NotFound`."""

    @abstractmethod
    def place_order(self, order_id: int, basket: Basket) -> Generator[Event, Any, Order]:
        """Reserve stock, take payment, create the order, notify; return the order. Raises a `Refusal`."""

    @abstractmethod
    def track_order(self, order_id: int) -> Generator[Event, Any, OrderStatus]:
        """Return where an order is. Raises `NotFound`."""

    @abstractmethod
    def topology(self) -> nx.DiGraph:
        """Return the picture: who calls whom.

        A node has `kind` (client, balancer, gateway, process, module, database or external) and `part`, the name of
        the part of the simulation that it shows, or None. An edge has `protocol`.

        A module has `inside`, the process that it is a part of. A process whose workers can be shown has
        `workers`, how many; `pools`, their parts; and `workers_at`: node -> the part whose requests, served
        and waiting, are workers that are busy there; None for the node where all the others are.
        """

    @property
    @abstractmethod
    def tables(self) -> Mapping[str, sqlite3.Connection]:
        """For each table, the connection to the database it lives in."""

    @property
    @abstractmethod
    def ledger(self) -> sqlite3.Connection:
        """The payment provider's ledger: what was really charged."""

    @abstractmethod
    def rented(self) -> Mapping[str, float]:
        """What it runs on: items of data/prices.csv -> how many of each."""

    @property
    def parts(self) -> Mapping[str, Part]:
        """The parts of the simulation by name: what a fault can hit and what the samples show."""
        return self.sim.parts

    def handle(self, request: Request) -> Answer:
        """Serve one request of a load: choose what its customer wants, and serve that.

        Raises:
            ValueError: when the request is of a kind that the shop does not know.
        """
        if request.kind not in self._use_cases:
            raise ValueError(f"kind is {request.kind!r}; it must be one of {', '.join(self._use_cases)}")
        try:
            yield from self._use_cases[request.kind](request)
        except Refusal as refusal:
            request.outcome = refusal.reason

    def answer(self, use_case: Answer) -> Any:
        """Run one use case to its end in simulated time and return its answer: a plain program.

        Raises what the use case raises: a `Refusal`, or a `Failure` of a part.
        """
        task = self.sim.start(use_case)
        answer = self.sim.run(until=task)
        if not task.ok:
            raise answer
        return answer

    def rows(self, table: str) -> pd.DataFrame:
        """Return all rows of a table, or of the provider's "ledger".

        Raises:
            ValueError: when there is no such table.
        """
        connections = {**self.tables, "ledger": self.ledger}
        if table not in connections:
            raise ValueError(f"table is {table!r}; it must be one of {', '.join(connections)}")
        return pd.read_sql_query(f"SELECT * FROM {table}", connections[table])

    def audit(self) -> Audit:
        """Return what is wrong with the rows."""
        return audit(self.tables, self.ledger, self.receipts)

    def price_per_hour_usd(self) -> float:
        """Return what the machines and the storage cost, in US dollars per hour, by data/prices.csv.

        It leaves out traffic, backups, the provider's fees and people. It errs on the cheap side.
        """
        prices = load("prices").set_index("item")
        hours = prices.per.map({"hour": 1, "month": HOURS_PER_MONTH})
        return float(
            sum(prices.price_usd[item] / hours[item] * count for item, count in self.rented().items())
        )

    def is_quiet(self) -> bool:
        """Return whether no order is being worked on and no payment waits to be captured."""
        sql = "SELECT count(*) FROM payments WHERE state = 'authorised'"
        return not self.receipts.in_flight and self.tables["payments"].execute(sql).fetchone() == (0,)

    def _browse(self, request: Request) -> Answer:
        yield from self.browse(self.customers.product())

    def _place(self, request: Request) -> Answer:
        """Send one order under the request's number, and note what the customer is told."""
        self.receipts.started(request.id)
        try:
            yield from self.place_order(request.id, self.customers.basket())
            if not request.answered:
                self.receipts.acknowledge(request.id)
        finally:
            self.receipts.ended(request.id)

    def _track(self, request: Request) -> Answer:
        """Ask about an order placed before. Who has none yet is told so, which is a good answer."""
        order_id = self.customers.order_to_track(self.receipts.acknowledged)
        if order_id is not None:
            yield from self.track_order(order_id)
        else:
            with suppress(NotFound):
                yield from self.track_order(-1)
