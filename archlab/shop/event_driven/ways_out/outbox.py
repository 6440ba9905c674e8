"""Outbox: a note is written in the same transaction as the event, and a relay looks for notes every `poll_s` seconds.

So an event is published if, and only if, what it tells of was written. It waits for half of the interval on average.
Each look costs the database a query, and each batch a second one with its commit.

>>> from archlab.shop.event_driven import EventDriven, EventDrivenConfig
>>> from archlab.sim import Simulation
>>> shop = EventDriven(Simulation(seed=1), EventDrivenConfig(way_out="outbox", poll_s=10.0))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.rows("orders").state.tolist(), shop.components["orders"].way_out.behind, shop.topic.backlog
(['pending'], 1, 0)
"""

from collections.abc import Sequence

from archlab.shop.event_driven.config import EventDrivenConfig
from archlab.shop.event_driven.ways_out.courier import BATCH, Courier
from archlab.shop.event_driven.ways_out.way_out import Publish, Source, Stored
from archlab.shop.events.event import Event
from archlab.shop.events.outbox import Outbox
from archlab.shop.instance import Steps
from archlab.shop.store import Statement, run_together
from archlab.sim.simulation import Simulation


class PollingRelay(Courier):
    """The relay of one component's outbox. Relays that run at the same interval have no fixed relation: each begins
    after a random part of it.
    """

    kind = "relay"

    def __init__(self, sim: Simulation, config: EventDrivenConfig, source: Source, publish: Publish) -> None:
        self.outbox = Outbox(source.database.connection)
        self._first_s = config.poll_s * sim.stream(f"{source.name} relay").random()
        super().__init__(sim, config, source, publish)

    def begin(self) -> None:
        self._next_s = self.sim.now + self._first_s

    def noting(self, news: Stored) -> Sequence[Statement]:
        return [self.outbox.add(news.stream, news.after_version + n) for n in range(1, news.events + 1)]

    def wait(self) -> Steps[None]:
        yield self.sim.timeout(max(0.0, self._next_s - self.sim.now))
        self._next_s = self.sim.now + self.config.poll_s

    def look(self) -> Steps[list[Event]]:
        yield from self.source.queries.run()
        return self.outbox.unpublished(BATCH)

    def note(self, events: Sequence[Event]) -> Steps[None]:
        yield from self.source.queries.run()
        yield from self.source.database.flush()
        run_together(self.outbox.connection, [self.outbox.mark_published(event) for event in events])

    @property
    def behind(self) -> int:
        return int(self.outbox.connection.execute("SELECT count(*) FROM outbox").fetchone()[0])
