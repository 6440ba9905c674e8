"""A projector: makes one read model from the events of the store.

Where the place is kept decides what a crash does. *With the rows*, in one transaction, each event is applied once,
though it may be read twice. *After the rows*, in a transaction of its own, a crash between the two applies it twice.

>>> from archlab.shop.cqrs import Cqrs, CqrsConfig, Question
>>> from archlab.sim import Crash, Simulation
>>> sold = {}
>>> for place in ("with the rows", "after the rows"):
...     config = CqrsConfig(place=place, query_s=0.001, commit_s=0.010, tail_s=0.0)
...     shop = Cqrs(Simulation(seed=1), config)
...     order = shop.answer(shop.place_order(order_id=7, basket={1: 1}))
...     shop.sim.inject(Crash("best sellers projector", at_s=shop.sim.now + 0.015, restart_after_s=1.0))
...     shop.sim.run(until=10)
...     sold[place] = shop.views[Question.BEST_SELLERS].model.best_sellers()[0][2]
>>> sold
{'with the rows': 1, 'after the rows': 2}
"""

from collections.abc import Sequence

from archlab.shop.cqrs.commit_log import CommitLog
from archlab.shop.cqrs.config import CqrsConfig
from archlab.shop.cqrs.follower import Follower
from archlab.shop.database import Queries
from archlab.shop.events.event import Event
from archlab.shop.events.event_store import EventStore
from archlab.shop.events.projection import Projection, ReadTables
from archlab.shop.instance import Steps
from archlab.shop.store import Statement, run_together


class Projector(Follower):
    """Applies the events of a store to the tables of one read model.

    Args:
        store: with the events.
        reads: what to make of them.
    """

    def __init__(
        self,
        name: str,
        log: CommitLog,
        queries: Queries,
        config: CqrsConfig,
        store: EventStore,
        reads: ReadTables,
    ) -> None:
        self.store = store
        self.projection = Projection(queries.server.connection, reads)
        super().__init__(name, log, queries, config)

    @property
    def seen(self) -> int:
        return self.log.number_at(self.projection.position)

    @property
    def behind(self) -> int:
        return self.projection.tail.lag(self.store)

    def next_batch(self) -> list[Event]:
        last = self.log.position_at(self.heard)
        return [
            event
            for event in self.projection.tail.new(self.store, self.config.batch)
            if event.position <= last
        ]

    def writes(self, item: Event) -> list[Statement]:
        return list(self.projection.reads.writes(item))

    def place(self, last: Event) -> Statement:
        return self.projection.tail.keep(last)

    def commit(self, statements: Sequence[Statement], last: Event) -> Steps[None]:
        if self.config.place == "with the rows":
            yield from super().commit(statements, last)
            return
        run_together(self.server.connection, statements)
        yield from self.server.flush()
        run_together(self.server.connection, [self.place(last)])

    def forget(self) -> None:
        """Empty the tables and begin at the first event: a rebuild in place. Readers see what is there by then."""
        emptied = [Statement(f"DELETE FROM {table}", ()) for table in self.projection.reads.tables]
        run_together(self.server.connection, [*emptied, self.projection.tail.restart()])
        self.crash()
        self.restart()
