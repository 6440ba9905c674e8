"""A component: one program, its running instances, and a database that nobody else may open.

It answers customers, and it reacts to events. It calls no other component: what it has to say, it stores as events in
the same local transaction as its rows, and its way out publishes them.

>>> from archlab.shop.event_driven import EventDriven
>>> from archlab.sim import Simulation
>>> shop = EventDriven(Simulation(seed=1))
>>> sorted(shop.components["inventory"].reactions)
['OrderCancelled', 'OrderPlaced']
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

import simpy

from archlab.shop.database import DatabaseServer, Queries, Transaction
from archlab.shop.domain import Refusal
from archlab.shop.event_driven.platform import Platform
from archlab.shop.event_driven.ways_out import Stored, open_way_out
from archlab.shop.events.event import Event, NewEvent
from archlab.shop.events.event_store import EVENTS, EventStore, VersionConflict
from archlab.shop.events.inbox import INBOX, AlreadySeen, Inbox
from archlab.shop.events.outbox import OUTBOX
from archlab.shop.events.tail import POSITIONS
from archlab.shop.instance import Instance, Steps
from archlab.shop.store import Statement, open_database
from archlab.sim.failure import Failure

T = TypeVar("T")
Rows = TypeVar("Rows")


@dataclass(frozen=True)
class News:
    """New events of one stream, after one version of it. None: after whatever is there.

    `correlation_id`: which request of a customer they belong to. An event that has a cause has that of its cause.
    """

    stream: str
    events: tuple[NewEvent, ...]
    after_version: int | None = None
    correlation_id: str = ""


Reaction = Callable[[Instance, Event], Steps[None]]
"""What a component does with an event, at one of its instances."""


class Component(Generic[Rows]):
    """What all components share. A subclass names its `schema`, what it is asked for, and its `reactions`.

    What customers ask for is a method that gets `here`, the instance it runs at. The program has no state outside its
    database, so any instance can do anything. `seen_again` counts events that came again and changed nothing.
    """

    name: ClassVar[str]
    schema: ClassVar[str]

    def __init__(self, platform: Platform, rows: Callable[[sqlite3.Connection], Rows]) -> None:
        config, sim = platform.config, platform.sim
        self.platform = platform
        connection = open_database(self.schema, EVENTS, INBOX, OUTBOX, POSITIONS)
        self.database = DatabaseServer(
            sim,
            connection,
            config.database_cores_of(self.name),
            config.query_s,
            config.commit_s,
            config.coherency,
            name=f"{self.name} database",
        )
        self.queries = Queries(self.database, self.name)
        self.rows = rows(connection)
        self.store = EventStore(connection)
        self.inbox = Inbox(connection)
        self.instances = platform.start_instances(self.name, config.workers)
        self.seen_again = 0
        self.way_out = open_way_out(sim, config, self, self._publish)
        steps = config.steps_at(self.name)
        self._shares = {step.operation: (step.cpu_share, config.coding_s_of(step)) for _, step in steps}
        self._next_cpu_s = {
            step.operation: sim.draws(f"{self.name} {step.operation} cpu", config.cpu_s[kind])
            for kind, step in steps
        }
        self._subscribe()

    @property
    def reactions(self) -> Mapping[str, Reaction]:
        """The type of an event -> what the component does with it. It passes over all others."""
        return {}

    def serve(self, here: Instance, operation: str, arguments: tuple[object, ...]) -> Steps[object]:
        """Answer a customer. A refusal is an answer: it is returned, not raised, as it travels like any other."""
        try:
            return (yield from self._at_work(here, operation, getattr(self, operation)(here, *arguments)))
        except Refusal as refusal:
            return refusal

    def react(self, event: Event, reader: int) -> Steps[None]:
        """React to an event at the instance of the reader it came to, again after a failure, as long as that lives."""
        here = self.instances[reader % len(self.instances)]
        life = here.life
        while True:
            try:
                yield from self._at_work(here, event.type, self.reactions[event.type](here, event))
                return
            except VersionConflict:
                continue
            except Failure:
                if not here.lives(life):
                    raise
            yield self.platform.sim.timeout(self.platform.config.retry_s)

    def query(self, question: Callable[[], T]) -> Steps[T]:
        """Spend the time of one query, and return what the rows say at its end."""
        yield from self.queries.run()
        return question()

    def write(
        self,
        here: Instance,
        statements: Sequence[Statement],
        news: News | None,
        cause: Event | None = None,
        asked: bool = False,
    ) -> Steps[bool]:
        """Write rows and new events in one local transaction, and see to it that the events are published.

        Args:
            cause: the event that asks for it. None: none does.
            asked: whether a customer waits for it.

        Returns True, or False when the cause was handled before: then nothing is written. Raises the `Refusal` of the
        statement that failed; then nothing is written either.
        """
        after = self._version_before(news)
        told = [] if news is None else self._telling(news, after, cause)
        work = Transaction(self.database)
        for statement in (*self._noting(cause), *told, *statements):
            yield from work.write(self.queries, statement)
        try:
            yield from work.commit()
        except AlreadySeen:
            self.seen_again += 1
            return False
        if news is not None:
            yield from self.way_out.committed(here, Stored(news.stream, after, len(news.events)), asked)
        return True

    def _version_before(self, news: News | None) -> int:
        if news is None:
            return 0
        return self.store.version(news.stream) if news.after_version is None else news.after_version

    def _telling(self, news: News, after: int, cause: Event | None) -> list[Statement]:
        """Return the writes of new events, and of what the way out needs with them."""
        correlation_id = news.correlation_id if cause is None else cause.correlation_id
        causation_id = None if cause is None else cause.event_id
        now_s = self.platform.sim.now
        appending = self.store.appending(news.stream, news.events, after, now_s, correlation_id, causation_id)
        return [*appending, *self.way_out.noting(Stored(news.stream, after, len(news.events)))]

    def _noting(self, cause: Event | None) -> list[Statement]:
        """Return the note that an event was handled, where such notes are kept."""
        is_noted = cause is not None and self.platform.config.idempotent
        return [self.inbox.note(cause.event_id)] if is_noted and cause is not None else []

    def _at_work(self, here: Instance, operation: str, work: Steps[T]) -> Steps[T]:
        """Hold one worker of an instance, work on its cores, and do the work."""
        with here.hold() as worker:
            yield worker
            share, coding_s = self._shares[operation]
            yield here.cpu.serve(share * self._next_cpu_s[operation]() + coding_s)
            return (yield from work)

    def _publish(self, event: Event) -> simpy.Event:
        """Send an event to the topic. The events of one order have one key."""
        return self.platform.topic.publish(str(event.data.get("order_id", event.stream)), event)

    def _subscribe(self) -> None:
        """Read the topic, if there is an event to react to. What reads it runs inside the instances."""
        config, hosts = self.platform.config, len(self.instances)
        if self.reactions:
            readers = self.platform.topic.subscribe(
                self.name, self.react, set(self.reactions), config.readers_of(self.name), hosts
            )
            for number, reader in enumerate(readers):
                self.instances[number % hosts].inside.append(reader)
