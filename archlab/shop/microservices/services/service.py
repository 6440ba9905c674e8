"""A service: one program, its running instances, and a database that nobody else may open.

>>> from archlab.shop.microservices.architecture import Microservices
>>> from archlab.sim import Simulation
>>> shop = Microservices(Simulation(seed=1))
>>> inventory = shop.services["inventory"]
>>> inventory.database.name, [instance.name for instance in inventory.instances]
('inventory database', ['inventory-1'])
"""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import ClassVar, Generic, TypeVar

from archlab.shop.database import DatabaseServer, Queries, Transaction
from archlab.shop.domain import Refusal
from archlab.shop.microservices.instance import Instance, Steps
from archlab.shop.microservices.platform import Platform
from archlab.shop.store import Statement, open_database

T = TypeVar("T")
Rows = TypeVar("Rows")

HANDLED = "CREATE TABLE handled (request TEXT PRIMARY KEY)"
"""The requests that a service has carried out, so that it knows one that is repeated."""


class AlreadyHandled(Refusal):
    """The service has done this before. Nothing is left to do, and nobody outside hears of it."""

    reason = "already_handled"


class Service(Generic[Rows]):
    """What all five services share. A subclass names its `schema` and its operations.

    An operation is a method that gets `here`, the instance it runs at, and what the caller sent. The program has
    no state outside its database, so any instance can serve any call.
    """

    name: ClassVar[str]
    schema: ClassVar[str]

    def __init__(self, platform: Platform, rows: Callable[[sqlite3.Connection], Rows]) -> None:
        config = platform.config
        self.platform = platform
        self.database = DatabaseServer(
            platform.sim,
            open_database(self.schema, HANDLED),
            config.database_cores_of(self.name),
            config.query_s,
            config.commit_s,
            config.coherency,
            name=f"{self.name} database",
        )
        self.queries = Queries(self.database, self.name)
        self.rows = rows(self.database.connection)
        self.instances = platform.start_instances(self.name, config.workers)
        self._next_cpu_s = {
            step.operation: platform.sim.draws(f"{self.name} {step.operation} cpu", config.cpu_s[kind])
            for kind, step in config.steps_at(self.name)
        }
        self._cpu_share = {step.operation: step.cpu_share for _, step in config.steps_at(self.name)}

    def serve(self, here: Instance, operation: str, arguments: tuple[object, ...]) -> Steps[object]:
        """Hold one worker of an instance, work on its cores, and carry out one operation.

        A refusal is an answer: it is returned, not raised, as it travels to the caller like any other.

        Raises:
            ValueError: when the service has no such operation in `archlab.shop.microservices.steps`.
        """
        if operation not in self._cpu_share:
            raise ValueError(f"operation is {operation!r}; {self.name} has {', '.join(self._cpu_share)}")
        with here.hold() as worker:
            yield worker
            work_s = self._cpu_share[operation] * self._next_cpu_s[operation]()
            yield here.cpu.serve(work_s + self.platform.config.message_cpu_s)
            try:
                return (yield from getattr(self, operation)(here, *arguments))
            except Refusal as refusal:
                return refusal

    def query(self, question: Callable[[], T]) -> Steps[T]:
        """Spend the time of one query, and return what the rows say at its end."""
        yield from self.queries.run()
        return question()

    def write(self, request: str, statements: Iterable[Statement]) -> Steps[None]:
        """Write these in one local transaction: all of them, or none and the `Refusal` of the one that failed.

        With idempotency keys, a `request` that was written before changes nothing and is no error.
        """
        work = Transaction(self.database)
        if self.platform.config.idempotency_keys:
            yield from work.write(self.queries, _remember(request))
        for statement in statements:
            yield from work.write(self.queries, statement)
        with suppress(AlreadyHandled):
            yield from work.commit()

    def has_handled(self, request: str) -> bool:
        """Whether this request was written before. Always False without idempotency keys: nobody notes it."""
        sql = "SELECT count(*) FROM handled WHERE request = ?"
        return bool(self.database.connection.execute(sql, (request,)).fetchone()[0])


def tombstone(request: str) -> Statement:
    """Return the write that makes a request count as carried out, so that one which comes late changes nothing."""
    return Statement("INSERT OR IGNORE INTO handled VALUES (?)", (request,))


def _remember(request: str) -> Statement:
    sql = "INSERT OR IGNORE INTO handled VALUES (?)"
    return Statement(sql, (request,), lambda: AlreadyHandled(request))
