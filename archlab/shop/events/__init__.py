"""Events: the store, and what is made from them. The event-driven shop and CQRS share it."""

from archlab.shop.events.aggregate import Aggregate
from archlab.shop.events.event import Event, NewEvent
from archlab.shop.events.event_store import EVENTS, EventStore, VersionConflict
from archlab.shop.events.inbox import INBOX, AlreadySeen, Inbox
from archlab.shop.events.order import ORDER, PlacedOrder
from archlab.shop.events.outbox import OUTBOX, Outbox
from archlab.shop.events.projection import Projection, ReadTables
from archlab.shop.events.read_tables import ORDER_STATUS, STOCK_LEVELS
from archlab.shop.events.snapshots import SNAPSHOTS, Loaded, Repository
from archlab.shop.events.stock import STOCK_LEVEL
from archlab.shop.events.tail import POSITIONS, Tail

__all__ = [
    "EVENTS",
    "INBOX",
    "ORDER",
    "ORDER_STATUS",
    "OUTBOX",
    "POSITIONS",
    "SNAPSHOTS",
    "STOCK_LEVEL",
    "STOCK_LEVELS",
    "Aggregate",
    "AlreadySeen",
    "Event",
    "EventStore",
    "Inbox",
    "Loaded",
    "NewEvent",
    "Outbox",
    "PlacedOrder",
    "Projection",
    "ReadTables",
    "Repository",
    "Tail",
    "VersionConflict",
]
