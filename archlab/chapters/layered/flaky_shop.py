"""A shop in one process whose database fails some queries, and whose layers may try again.

A query that fails has taken its time. Either its statement alone is undone, or the whole transaction with all that was
written before, as when a connection is lost. And the answer to a commit may be lost: then the order stands, and nobody
knows. All of it is luck from one stream, the same for each layer that retries.

Orders have numbers. Either the customer's browser makes it, so that the same order has the same number however often it
is sent, or the application does, for each request that comes to it.

What this leaves out: failures that last, and load.

>>> shop = FlakyShop(Simulation(seed=1), retrying=["data access"], attempts=4, failure=0.3)
>>> shop.place(7, {1: 2, 2: 1}), len(shop.rows("orders"))
('ok', 1)
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import count
from typing import Any, Literal, TypeVar

import pandas as pd

from archlab.published.retry_layers import SAVED, QueryFailed
from archlab.shop.audit import Receipts, audit
from archlab.shop.customers import typical_catalogue
from archlab.shop.database import DatabaseServer, Queries
from archlab.shop.domain import Basket, Order, Refusal
from archlab.shop.instance import Steps
from archlab.shop.layered.application import Application
from archlab.shop.layered.business import Rules
from archlab.shop.layered.data_access import SqliteData
from archlab.shop.layered.data_access.sqlite import SqliteChanges
from archlab.shop.provider import PaymentProvider
from archlab.shop.store import SCHEMAS, OrderStatus, ProductPage, open_database
from archlab.sim.failure import Failure
from archlab.sim.resilience import RetryBudget
from archlab.sim.simulation import Simulation

T = TypeVar("T")
Undoes = Literal["statement", "transaction"]
Numbers = Literal["customer", "application"]
PRODUCTS = 20
QUERY_S, COMMIT_S, PROVIDER_S = 0.0005, 0.0003, 0.1
NUMBERS_APART = 1000
"""So many numbers for each order that a customer sends: one for each time that it comes to the application."""


class Again:
    """Up to `attempts` attempts at each piece of work, and no more retries than a budget allows, if there is one."""

    def __init__(self, attempts: int, budget: RetryBudget | None) -> None:
        self.attempts, self.budget = attempts, budget

    def run(self, work: Callable[[], Steps[T]]) -> Steps[T]:
        """Do the work. Raises the last `Failure`; a `Refusal` is an answer, and ends it at once."""
        for left in reversed(range(self.attempts)):
            try:
                answer = yield from work()
            except Failure:
                if not left or (self.budget is not None and not self.budget.take()):
                    raise
            else:
                if self.budget is not None:
                    self.budget.succeeded()
                return answer
        raise AssertionError("the last attempt returns or raises")


class RetryingCalls:
    """What it stands for, each of whose calls is tried again. `begin` is not a call: it asks nothing."""

    def __init__(self, layer: Any, again: Again) -> None:
        self._layer, self._again = layer, again

    def begin(self) -> RetryingCalls:
        return RetryingCalls(self._layer.begin(), self._again)

    def __getattr__(self, name: str) -> Callable[..., Steps[Any]]:
        call = getattr(self._layer, name)
        return lambda *arguments: self._again.run(lambda: call(*arguments))


class FlakyQueries:
    """Queries, some of which fail, and may be tried again. A failure may undo the transaction that is open."""

    def __init__(self, queries: Queries, shop: FlakyShop) -> None:
        self.queries, self.shop = queries, shop

    def run(self, times: float = 1.0) -> Steps[None]:
        return self.shop.again["data access"].run(lambda: self._once(times))

    def _once(self, times: float) -> Steps[None]:
        yield from self.queries.run(times)
        if self.shop.fails(self.shop.failure):
            if self.shop.undoes == "transaction" and self.shop.data.open is not None:
                self.shop.data.open.undo()
            raise QueryFailed("database")


class FlakyChanges(SqliteChanges):
    """A transaction whose statements may be undone, and the answer to whose commit may be lost."""

    def __init__(self, data: FlakyData) -> None:
        super().__init__(data)
        self.shop = data.shop

    def undo(self) -> None:
        """Lose all statements so far: the database has forgotten them."""
        self._work._statements.clear()

    def commit(self) -> Steps[None]:
        return self.shop.again["data access"].run(self._commit_once)

    def _commit_once(self) -> Steps[None]:
        yield from super().commit()
        if self.shop.fails(self.shop.lost_commits):
            raise QueryFailed("database")


class FlakyData(SqliteData):
    """Data access whose queries fail, and whose transactions are undone."""

    open: FlakyChanges | None = None

    def __init__(self, server: DatabaseServer, shop: FlakyShop) -> None:
        super().__init__(server)
        self.shop = shop
        self.queries = FlakyQueries(self.queries, shop)  # type: ignore[assignment]

    def begin(self) -> FlakyChanges:
        self.open = FlakyChanges(self)
        return self.open


class RetryingApplication(Application):
    """Use cases that are tried again, an order from the beginning of its transaction; and that may number orders."""

    def __init__(self, rules: Any, provider: PaymentProvider, again: Again, numbers: Numbers) -> None:
        super().__init__(rules, provider)
        self.again, self.numbers, self._next = again, numbers, count()

    def browse(self, product: int) -> Steps[ProductPage]:
        return self.again.run(lambda: super(RetryingApplication, self).browse(product))

    def track_order(self, order_id: int) -> Steps[OrderStatus]:
        return self.again.run(lambda: super(RetryingApplication, self).track_order(order_id))

    def place_order(self, order_id: int, basket: Basket) -> Steps[Order]:
        sent = next(self._next) % NUMBERS_APART if self.numbers == "application" else 0
        return super().place_order(order_id * NUMBERS_APART + sent, basket)

    def _place_new(self, order_id: int, basket: Basket) -> Steps[Order]:
        return self.again.run(lambda: super(RetryingApplication, self)._place_new(order_id, basket))


class FlakyShop:
    """The layers, from presentation to data access.

    Args:
        retrying: the layers that retry, with `attempts` each.
        failure: the share of queries that fail.
        undoes: what a failure undoes.
        lost_commits: the share of commits whose answer is lost.
        numbers: who numbers an order.
        budget: retries for each success, of each layer. None: no limit.
    """

    def __init__(
        self,
        sim: Simulation,
        retrying: Collection[str],
        attempts: int,
        failure: float,
        undoes: Undoes = "statement",
        lost_commits: float = 0.0,
        numbers: Numbers = "customer",
        budget: float | None = None,
    ) -> None:
        self.sim, self.failure, self.undoes, self.lost_commits = sim, failure, undoes, lost_commits
        self.again = {
            layer: Again(attempts if layer in retrying else 1, _budget(sim, budget))
            for layer in ("presentation", "application", "business", "data access")
        }
        self._luck = sim.stream("queries that fail").random
        server = DatabaseServer(sim, open_database(*SCHEMAS), 1, QUERY_S, COMMIT_S)
        self.data, self.provider = FlakyData(server, self), PaymentProvider(sim, PROVIDER_S)
        self.data.fill(typical_catalogue(PRODUCTS, sim.stream("catalogue")), stock=10**6)
        rules = Rules(RetryingCalls(self.data, self.again["business"]))
        self.application = RetryingApplication(rules, self.provider, self.again["application"], numbers)

    def fails(self, share: float) -> bool:
        """Draw whether something with this probability happens."""
        return share > 0 and self._luck() < share

    @property
    def queries(self) -> int:
        """How many queries the database has got."""
        return self.data.server.completed

    def look(self, product: int) -> str:
        """Send a request for a page. Returns what the customer is told: "ok", "failed" or "refused"."""
        return self._send(lambda: self.application.browse(product))

    def place(self, order_id: int, basket: Basket) -> str:
        """Send an order. Returns what the customer is told."""
        return self._send(lambda: self.application.place_order(order_id, basket))

    def _send(self, request: Callable[[], Steps[Any]]) -> str:
        return str(self.sim.run(until=self.sim.start(self._told(request))))

    def _told(self, request: Callable[[], Steps[Any]]) -> Steps[str]:
        try:
            yield from self.again["presentation"].run(request)
        except Failure:
            return "failed"
        except Refusal:
            return "refused"
        return "ok"

    def rows(self, table: str) -> pd.DataFrame:
        """Return all rows of a table."""
        return pd.read_sql_query(f"SELECT * FROM {table}", self.data.tables[table])

    def anomalies(self) -> int:
        """Return how many anomalies the audit finds in the rows: half an order, or pieces sold and not taken out."""
        return audit(self.data.tables, self.provider.ledger, Receipts()).anomalies


def _budget(sim: Simulation, per_success: float | None) -> RetryBudget | None:
    return None if per_success is None else RetryBudget(sim, per_success=per_success, cap=SAVED)
