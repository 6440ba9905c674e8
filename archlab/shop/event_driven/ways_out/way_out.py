"""A way out: how an event that a component has stored gets from its database to the topic."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import simpy

from archlab.shop.database import DatabaseServer, Queries
from archlab.shop.event_driven.config import EventDrivenConfig
from archlab.shop.events.event import Event
from archlab.shop.events.event_store import EventStore
from archlab.shop.instance import Instance, Steps
from archlab.shop.store import Statement
from archlab.sim.simulation import Simulation

Publish = Callable[[Event], simpy.Event]
"""Sends an event to the topic; the event of the simulation that it returns is the confirm."""


class Source(Protocol):
    """What a way out knows of its component."""

    @property
    def name(self) -> str: ...

    @property
    def database(self) -> DatabaseServer: ...

    @property
    def queries(self) -> Queries: ...

    @property
    def store(self) -> EventStore: ...


class Stored(NamedTuple):
    """So many new events of a stream, after a version of it."""

    stream: str
    after_version: int
    events: int


class WayOut(ABC):
    """What every way out offers. `publish` sends one event."""

    def __init__(self, sim: Simulation, config: EventDrivenConfig, source: Source, publish: Publish) -> None:
        self.sim = sim
        self.config = config
        self.source = source
        self.publish = publish

    def noting(self, news: Stored) -> Sequence[Statement]:
        """Return what has to be written in the same transaction as new events, after them."""
        return ()

    @abstractmethod
    def committed(self, here: Instance, news: Stored, asked: bool) -> Steps[None]:
        """What the instance does once the transaction is through. `asked`: a customer waits for it."""

    @property
    @abstractmethod
    def behind(self) -> int:
        """How many stored events were not published yet. A dual write does not know, and says 0."""
