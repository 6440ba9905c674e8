"""The database as functions see it: each environment holds a connection, and a database takes only so many.

A server's clones share a pool of connections. A function cannot: each environment is a world of its own, so it opens
one connection with its first query and keeps it for the next request, also while it idles, or waits for a function
that it has called and that needs one, too. When all that the database takes are open, one more is refused, and the
request fails. A *connection pool* in front (a proxy that everybody
connects to) turns this into waiting: it has few sessions with the database, and gives each to one query or transaction
after the other.

What this leaves out: the database learns at once that an environment has gone; real ones hold its connection until
they notice, so that they run out earlier. Nor does an open connection slow the database down here. The proxy takes as
many connections as you like. A connection outlives a restart of the database here; real ones are opened again.

>>> from archlab.shop.serverless import Serverless, ServerlessConfig
>>> from archlab.sim import Simulation
>>> shop = Serverless(Simulation(seed=1), ServerlessConfig(connections=2))
>>> answers = [shop.sim.start(shop.browse(1)) for _ in range(3)]
>>> shop.sim.run(until=1)
>>> str(answers[2].value), shop.connections.open, shop.connections.refused
('database connections: refused, the database has no connection left', 2, 1)
"""

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from archlab.shop.database import DatabaseServer, Queries, Transaction
from archlab.shop.instance import Steps
from archlab.shop.serverless.config import ServerlessConfig
from archlab.shop.store import Statement
from archlab.sim.core.active_faults import coming_back, going_down
from archlab.sim.core.level import Level
from archlab.sim.failure import Failure
from archlab.sim.functions.environment import Environment
from archlab.sim.functions.invocation import Invocation
from archlab.sim.servers.pool import Pool
from archlab.sim.simulation import Simulation

T = TypeVar("T")


class NoConnection(Failure):
    """The database has as many connections as it takes: nothing was done."""

    outcome = "no_connection"
    what = "refused, the database has no connection left"


class Connections:
    """The part "database connections": who has one. At most `limit`; None: as many as you like.

    A crash closes all of them, and none is opened until the restart: a network that is cut. `opened` and `refused`
    count since the start.
    """

    name = "database connections"

    def __init__(self, sim: Simulation, limit: int | None, connect_s: float) -> None:
        self.sim = sim
        self.limit = limit
        self.connect_s = connect_s
        self.is_up = True
        self.opened = self.refused = 0
        self._held: dict[Environment, Invocation] = {}
        self._level = Level(sim)
        sim.add(self)

    @property
    def open(self) -> int:
        """How many are open. Those of environments that have gone are closed."""
        gone = [one for one, by in self._held.items() if one.number not in _environments_of(by)]
        for environment in gone:
            del self._held[environment]
        self._level.add(-len(gone))
        return len(self._held)

    def connect(self, invocation: Invocation) -> Steps[None]:
        """Open a connection for the environment, unless it has one. Raises `NoConnection`."""
        environment = invocation.environment
        if environment in self._held:
            return
        if not self.is_up or (self.limit is not None and self.open >= self.limit):
            self.refused += 1
            raise NoConnection(self.name)
        self._held[environment] = invocation
        self._level.add(1)
        self.opened += 1
        yield self.sim.timeout(self.connect_s)

    @going_down
    def crash(self) -> None:
        """Close all."""
        self.is_up = False
        self._level.add(-len(self._held))
        self._held.clear()

    @coming_back
    def restart(self) -> None:
        """Take connections again."""
        self.is_up = True

    def sample(self) -> tuple[int, int, int, bool]:
        """Nobody waits; connections that are open; how many may be; whether any can be opened."""
        return 0, self.open, self.limit or max(1, self.open), self.is_up

    def totals(self) -> dict[str, float]:
        """Sums since the start: seconds of open connections, how many were opened and refused."""
        return {
            "busy_s": self._level.area,
            "waiting_s": 0.0,
            "completed": self.opened,
            "refused": self.refused,
            "failed": 0,
        }


class SharedTables:
    """The one database, with what stands in front of it: connections, and a pool if there is one."""

    def __init__(self, sim: Simulation, config: ServerlessConfig, rows: sqlite3.Connection) -> None:
        self.sim, self.config = sim, config
        self.server = DatabaseServer(
            sim, rows, config.database_cores, config.query_s, config.commit_s, config.coherency
        )
        self.connections = Connections(
            sim, None if config.connection_pool else config.connections, config.connect_s
        )
        self.pool: Pool | None = None
        if config.connection_pool:
            sessions = min(config.pool_sessions, config.connections)
            self.pool = Pool(sim, "connection pool", sessions)
        self._next_hop_s = sim.draws("pool hop", config.hop_s)

    def query(self, invocation: Invocation, queries: Queries, question: Callable[[], T]) -> Steps[T]:
        """Send one query, and return what the rows say at its end."""
        yield from self._in_session(invocation, queries.run())
        return question()

    def write(self, invocation: Invocation, queries: Queries, statements: Iterable[Statement]) -> Steps[None]:
        """Send statements in one transaction. Writes nothing and raises `Refusal` when a condition does not hold."""
        yield from self._in_session(invocation, self._transaction(queries, list(statements)))

    def _transaction(self, queries: Queries, statements: list[Statement]) -> Steps[None]:
        work = Transaction(self.server)
        for statement in statements:
            yield from work.write(queries, statement)
        yield from work.commit()

    def _in_session(self, invocation: Invocation, steps: Steps[None]) -> Steps[None]:
        """Do this with a connection, and where there is a pool, with one of its sessions."""
        yield from self.connections.connect(invocation)
        if self.pool is None:
            yield from steps
            return
        yield self.sim.timeout(self._next_hop_s() + self.config.proxy_s)
        with self.pool.hold() as session:
            yield session
            yield from steps
        yield self.sim.timeout(self._next_hop_s())


def _environments_of(invocation: Invocation) -> Any:
    """The environments that are alive, by number, of the function that was invoked."""
    function: Any = invocation.function
    return function.environments.here
