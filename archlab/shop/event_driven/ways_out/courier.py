"""A courier: a process beside a component that carries its events to the topic. It can die, as every process can.

It publishes a batch, waits for all confirms, and then notes that they are published. When it dies before the note it
publishes them again after its restart: at least once. What this leaves out: its own processor, which costs nothing.

>>> from archlab.shop.event_driven import EventDriven, EventDrivenConfig
>>> from archlab.sim import Simulation
>>> shop = EventDriven(Simulation(seed=1), EventDrivenConfig(way_out="outbox", poll_s=0.1))
>>> courier = shop.components["orders"].way_out
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> courier.name, courier.behind, courier.published
('orders relay', 1, 0)
>>> shop.sim.run(until=shop.sim.now + 0.2)
>>> courier.behind, courier.published
(0, 1)
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from archlab.shop.background import BackgroundProcess
from archlab.shop.event_driven.config import EventDrivenConfig
from archlab.shop.event_driven.ways_out.way_out import Publish, Source, Stored, WayOut
from archlab.shop.events.event import Event
from archlab.shop.instance import Instance, Steps
from archlab.sim.simulation import Simulation

BATCH = 100
"""The most events that are published before the note is written. An assumption."""


class Courier(BackgroundProcess, WayOut):
    """The process, a part of the simulation with the name "<component> <kind>". `published` counts confirmed events."""

    kind: ClassVar[str]

    def __init__(self, sim: Simulation, config: EventDrivenConfig, source: Source, publish: Publish) -> None:
        WayOut.__init__(self, sim, config, source, publish)
        self.published = 0
        BackgroundProcess.__init__(self, sim, f"{source.name} {self.kind}", config.retry_s)

    def committed(self, here: Instance, news: Stored, asked: bool) -> Steps[None]:
        """Nothing: the instance has done its part."""
        yield from ()

    @abstractmethod
    def wait(self) -> Steps[None]:
        """Wait until it is time to look for events."""

    @abstractmethod
    def look(self) -> Steps[list[Event]]:
        """Return the next events to publish, `BATCH` at most."""

    @abstractmethod
    def note(self, events: Sequence[Event]) -> Steps[None]:
        """Write down that these are published."""

    def round(self) -> Steps[None]:
        """Wait, and carry what is there."""
        yield from self.wait()
        yield from self._carry()

    def _carry(self) -> Steps[None]:
        """Publish all that is there, batch after batch."""
        self.is_busy = True
        while events := (yield from self.look()):
            confirms = [self.publish(event) for event in events]
            yield from (confirm for confirm in confirms)
            self.published += len(events)
            yield from self.note(events)
            if len(events) < BATCH:
                break
        self.is_busy = False

    def sample(self) -> tuple[int, int, int, bool]:
        """Events that wait, 1 when it looks or publishes, 1, and whether it is up."""
        return self.behind, int(self.is_busy), 1, self.is_up

    def totals(self) -> dict[str, float]:
        """`completed`: events published. The other sums are not kept."""
        return {"busy_s": 0.0, "waiting_s": 0.0, "completed": self.published, "refused": 0, "failed": 0}
