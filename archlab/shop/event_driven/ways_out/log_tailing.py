"""Log tailing: a tailer reads what the database has written to its log, event after event, and publishes it.

This is change data capture. Nothing has to be noted with the event, and nobody polls: the tailer has read a commit
`tail_s` seconds later. It keeps its place every `keep_place_every_s` seconds, so after a crash it publishes all that
came since then again.

What this leaves out: the work of the database that is read. Its log is read from the disk, so the queries of others do
not notice. It errs in favour of log tailing.

>>> from archlab.shop.event_driven import EventDriven, EventDrivenConfig
>>> from archlab.sim import Crash, Simulation
>>> shop = EventDriven(Simulation(seed=1), EventDrivenConfig(way_out="log_tailing", keep_place_every_s=10.0))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.sim.inject(Crash("orders tailer", at_s=1.0, restart_after_s=1.0))
>>> shop.sim.run(until=5)
>>> shop.components["orders"].store.head, shop.components["orders"].way_out.published
(2, 4)
"""

from collections.abc import Sequence

from archlab.shop.event_driven.config import EventDrivenConfig
from archlab.shop.event_driven.ways_out.courier import BATCH, Courier
from archlab.shop.event_driven.ways_out.way_out import Publish, Source, Stored
from archlab.shop.events.event import Event
from archlab.shop.events.tail import Tail
from archlab.shop.instance import Instance, Steps
from archlab.shop.store import run_together
from archlab.sim.simulation import Simulation


class Tailer(Courier):
    """The tailer of one component's event store."""

    kind = "tailer"

    def __init__(self, sim: Simulation, config: EventDrivenConfig, source: Source, publish: Publish) -> None:
        self.tail = Tail(source.database.connection, f"{source.name} tailer")
        super().__init__(sim, config, source, publish)

    def begin(self) -> None:
        self._position = self.tail.position
        self._kept_s = self.sim.now
        self._news = self.sim.event()

    def committed(self, here: Instance, news: Stored, asked: bool) -> Steps[None]:
        """The database's log has grown."""
        if not self._news.triggered:
            self._news.succeed()
        yield from ()

    def wait(self) -> Steps[None]:
        if self.source.store.head == self._position:
            self._news = self.sim.event()
            yield self._news
        yield self.sim.timeout(self.config.tail_s)

    def look(self) -> Steps[list[Event]]:
        yield from ()
        return self.source.store.read_all(self._position, BATCH)

    def note(self, events: Sequence[Event]) -> Steps[None]:
        self._position = events[-1].position
        if self.sim.now >= self._kept_s + self.config.keep_place_every_s:
            self._kept_s = self.sim.now
            run_together(self.tail.connection, [self.tail.keep(events[-1])])
        yield from ()

    @property
    def behind(self) -> int:
        return self.source.store.head - self._position
