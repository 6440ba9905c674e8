"""A database server in simulated time, with real rows behind it: cores for queries, one write-ahead log,
sessions.

Every query works on one of the cores. Every commit writes to the one log, which is the serial section of the
whole server: however many cores there are, commits pass one after the other. And the sessions inside slow
each other a little (locks, shared buffers): with n of them a query or commit takes 1 + `coherency` * (n - 1)
times as long. These are the two terms of the Universal Scalability Law (N. Gunther, *Guerrilla Capacity
Planning*, 2007).

A query keeps its core until it is done, first come, first served. That is close for queries of half a millisecond: an
operating system gives a core away after some milliseconds only. It is not for queries that have lost their index. There
the others would share the cores with them, and here they wait behind them, which errs against the others.

What this leaves out: caches, disks that fill up, and locks held on rows; it errs towards less contention.

>>> from archlab.shop.store import SCHEMAS, open_database
>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> server = DatabaseServer(sim, open_database(*SCHEMAS), cores=2, query_s=0.001, commit_s=0.0005)
>>> stock = Queries(server, "stock")
>>> sim.run(until=sim.start(stock.run()))
>>> sim.now, server.completed
(0.001, 1)
"""

import sqlite3
from collections.abc import Generator
from typing import Any

from simpy.events import Event

from archlab.shop.store import Statement, run_together
from archlab.sim.core.active_faults import coming_back, going_down, slowing_down
from archlab.sim.distributions import Distribution
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative

Steps = Generator[Event, Any, None]


class DatabaseServer(Station):
    """The server "database". A crash takes its log down with it; rows that were committed stay.

    Args:
        connection: to the real rows.
        cores: queries it works on at the same time.
        query_s: service time of one query.
        commit_s: service time of one commit at the log, the part "database log".
        coherency: how much longer each query and commit takes for every other session inside.

    Raises:
        ValueError: when a parameter is out of range.
    """

    def __init__(
        self,
        sim: Simulation,
        connection: sqlite3.Connection,
        cores: int,
        query_s: float | Distribution,
        commit_s: float | Distribution,
        coherency: float = 0.0,
        name: str = "database",
    ) -> None:
        require_non_negative("coherency", coherency)
        super().__init__(sim, name, cores)
        self.connection = connection
        self.log = Station(sim, f"{name} log", capacity=1)
        self.coherency = coherency
        self.sessions = 0
        self.next_query_s = sim.draws(f"{name} query", query_s)
        self.next_commit_s = sim.draws(f"{name} commit", commit_s)

    def work(self, station: Station, service_s: float) -> Steps:
        """Spend `service_s`, longer with other sessions inside, at the cores or at the log."""
        self.sessions += 1
        try:
            yield station.serve(service_s * (1 + self.coherency * (self.sessions - 1)))
        finally:
            self.sessions -= 1

    def flush(self) -> Steps:
        """Write one commit to the log."""
        return self.work(self.log, self.next_commit_s())

    @going_down
    def crash(self) -> None:
        """Go down, with all queries and commits inside."""
        super().crash()
        self.log.crash()

    @coming_back
    def restart(self) -> None:
        """Come back, empty, with the rows that were committed."""
        super().restart()
        self.log.restart()


class Queries:
    """The queries that one module sends to a database: a part that can be slowed down by itself.

    A query that has lost its index is slow wherever it comes from, and it occupies the cores that all modules
    share. `utilisation` of this part is the share of the cores that its queries ask for. A slow-down holds
    for queries that start after it.
    """

    def __init__(self, server: DatabaseServer, module: str) -> None:
        self.sim = server.sim
        self.name = f"{module} queries"
        self.server = server
        self._slowness = 1.0
        self._under_way = 0
        self._asked_s = 0.0
        self._started = self._completed = 0
        server.sim.add(self)

    @slowing_down
    def slow_down(self, factor: float) -> None:
        """From now on these queries take `factor` times as long. 1.0: as before."""
        self._slowness = factor

    def run(self, times: float = 1.0) -> Steps:
        """Spend the time of one query; of one that takes so many `times` as long as a simple one."""
        service_s = self.server.next_query_s() * self._slowness * times
        self._asked_s += service_s
        self._started += 1
        self._under_way += 1
        try:
            yield from self.server.work(self.server, service_s)
            self._completed += 1
        finally:
            self._under_way -= 1

    def sample(self) -> tuple[int, int, int, bool]:
        """Queries inside, as the queue length; no busy servers; the cores; whether the server is up."""
        return self._under_way, 0, self.server.capacity, self.server.is_up

    def totals(self) -> dict[str, float]:
        """Sums since the start; `busy_s` is the service time asked for."""
        return {
            "busy_s": self._asked_s,
            "waiting_s": 0.0,
            "completed": self._completed,
            "refused": 0,
            "failed": self._started - self._completed - self._under_way,
        }


class Transaction:
    """All statements of an order together at the commit, or none. Each costs its query; the commit is one
    flush.

    When the program dies on the way, nothing was written. A commit under way at the log is lost, too; a real
    server might still finish it, which does no harm: then the order stands, complete, and its customer was
    not told.
    """

    def __init__(self, server: DatabaseServer) -> None:
        self._server = server
        self._statements: list[Statement] = []

    def write(self, queries: Queries, statement: Statement) -> Steps:
        """Send one statement. Its effect is seen by nobody before the commit."""
        yield from queries.run()
        self._statements.append(statement)

    def commit(self) -> Steps:
        """Make it all durable. Writes nothing and raises `Refusal` when a condition no longer holds."""
        yield from self._server.flush()
        run_together(self._server.connection, self._statements)


class Autocommit:
    """Every statement by itself: durable at its own moment, whatever becomes of the rest of the order."""

    def __init__(self, server: DatabaseServer) -> None:
        self._server = server

    def write(self, queries: Queries, statement: Statement) -> Steps:
        """Send one statement and make it durable. Raises `Refusal` when its condition does not hold."""
        yield from queries.run()
        yield from self._server.flush()
        statement.run(self._server.connection)

    def commit(self) -> Steps:
        """Nothing is left to do."""
        yield from ()


Work = Transaction | Autocommit
