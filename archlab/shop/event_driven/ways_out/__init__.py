"""Ways out: how an event gets from the database of the component that stored it to the topic."""

from typing import Any

from archlab.shop.event_driven.config import EventDrivenConfig
from archlab.shop.event_driven.ways_out.courier import Courier
from archlab.shop.event_driven.ways_out.dual_write import DualWrite, NotPublished
from archlab.shop.event_driven.ways_out.log_tailing import Tailer
from archlab.shop.event_driven.ways_out.outbox import PollingRelay
from archlab.shop.event_driven.ways_out.way_out import Publish, Source, Stored, WayOut
from archlab.sim.simulation import Simulation

__all__ = [
    "Courier",
    "DualWrite",
    "NotPublished",
    "PollingRelay",
    "Stored",
    "Tailer",
    "WayOut",
    "open_way_out",
]


def open_way_out(sim: Simulation, config: EventDrivenConfig, source: Source, publish: Publish) -> WayOut:
    """Return the way out of a component that the configuration asks for."""
    ways: dict[str, type[Any]] = {"dual_write": DualWrite, "outbox": PollingRelay, "log_tailing": Tailer}
    way_out: WayOut = ways[config.way_out](sim, config, source, publish)
    return way_out
