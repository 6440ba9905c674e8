"""Dual write: store the event, then publish it. Two systems, two writes, and nobody who looks after both.

When the process dies between the two, the event is stored and nobody ever hears of it. The event that made it do so
comes again, and an idempotent consumer sees that it has dealt with it. Here the gap is the way of the database's answer
to the process, a hop of a quarter of a millisecond. What is sent by then arrives, whoever dies.

When the broker refuses, the process still lives. A component that handles an event tries again until it has worked. One
that a customer waits for fails at once, and takes its write back.

>>> from archlab.shop.event_driven import EventDriven, EventDrivenConfig
>>> from archlab.sim import Crash, Simulation
>>> config = EventDrivenConfig(way_out="dual_write", order_cpu_s=0.01, query_s=0.0005, commit_s=0.0003)
>>> shop = EventDriven(Simulation(seed=1), config)
>>> shop.sim.inject(Crash("orders-1", at_s=0.0073, restart_after_s=1.0))
>>> _ = shop.sim.start(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.sim.run(until=60)
>>> shop.rows("orders").state.tolist(), shop.parts["shop events"].appended
(['pending'], 0)
"""

from archlab.shop.event_driven.config import EventDrivenConfig
from archlab.shop.event_driven.ways_out.way_out import Publish, Source, Stored, WayOut
from archlab.shop.events.event import Event
from archlab.shop.instance import Instance, Steps
from archlab.sim.failure import Failure
from archlab.sim.simulation import Simulation


class NotPublished(Failure):
    """The event is stored, and the topic did not take it."""

    outcome = "not_published"
    what = "its event could not be published"


class DualWrite(WayOut):
    """The instance that stored the events publishes them, and waits until they are confirmed."""

    def __init__(self, sim: Simulation, config: EventDrivenConfig, source: Source, publish: Publish) -> None:
        super().__init__(sim, config, source, publish)
        self._next_hop_s = sim.draws(f"{source.name} dual write hop", config.hop_s)

    def committed(self, here: Instance, news: Stored, asked: bool) -> Steps[None]:
        yield self.sim.timeout(self._next_hop_s())
        for event in self.source.store.read(
            news.stream, news.after_version, news.after_version + news.events
        ):
            yield from self._publish(here, event, asked)

    def _publish(self, here: Instance, event: Event, asked: bool) -> Steps[None]:
        life = here.life
        while True:
            try:
                yield self.publish(event)
                return
            except Failure as failure:
                if not here.lives(life):
                    raise
                if asked:
                    raise NotPublished(self.source.name) from failure
            yield self.sim.timeout(self.config.retry_s)

    @property
    def behind(self) -> int:
        return 0
