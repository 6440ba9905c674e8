"""A shop that is watched: which fields of an event each component reads, and a log line whenever one is dealt with.

A field counts as read when a component asks for it by name. Who takes all fields at once is not seen, which errs low.

>>> from archlab.sim import Simulation
>>> shop = WatchedShop(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.sim.run(until=2)
>>> [line.component for line in shop.watch.lines]
['inventory', 'catalogue', 'payments', 'orders', 'notifications']
>>> sorted(shop.watch.read[("payments", "StockReserved")])
['order_id', 'total_cents']
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from archlab.chapters.event_driven.between import Between, ShopWithBetween
from archlab.shop.event_driven.topics import Handle, Topic
from archlab.shop.events.event import Event
from archlab.shop.instance import Steps
from archlab.sim.simulation import Simulation


@dataclass(frozen=True)
class LogLine:
    """What a component writes when it has dealt with an event, and when that was."""

    component: str
    at_s: float
    event: Event


class _Noting(dict[str, Any]):
    """The data of an event, which notes the fields that are asked for."""

    def __init__(self, data: Any, asked: set[str]) -> None:
        super().__init__(data)
        self._asked = asked

    def __getitem__(self, name: str) -> Any:
        self._asked.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._asked.add(name)
        return super().get(name, default)


class Watch(Between):
    """Notes what passes.

    `lines`: in the order of time. `read`: component and type of event -> the fields that it asked for.
    """

    def __init__(self, sim: Simulation, topic: Topic) -> None:
        super().__init__(sim, topic)
        self.lines: list[LogLine] = []
        self.read: dict[tuple[str, str], set[str]] = defaultdict(set)

    def handled(self, subscriber: str, handle: Handle) -> Handle:
        def watched(event: Event, reader: int) -> Steps[None]:
            asked = self.read[(subscriber, event.type)]
            yield from handle(replace(event, data=_Noting(event.data, asked)), reader)
            self.lines.append(LogLine(subscriber, self.sim.now, event))

        return watched


class WatchedShop(ShopWithBetween):
    """The shop with a watch at its topic."""

    kind = Watch

    @property
    def watch(self) -> Watch:
        assert isinstance(self.between, Watch)
        return self.between
