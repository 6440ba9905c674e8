"""Can a change get past the event store? It is tried: by SQL, by buyers at the same time, and by hand in a read table.

What this leaves out: who may drop a trigger, or write to the file. He forges the past, and a replay believes him. A
database's permissions, or a chain of hashes that somebody else keeps, are for that.

>>> let_through(), pieces_sold_twice(seed=1), alterations_not_found(seed=1)
(0, 0, 0)
>>> pieces_sold_twice(seed=1, expects_version=False) > 0
True
"""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from archlab.chapters.event_driven.ways_to_keep import FIRST_ORDER, Orders, written
from archlab.course.claims.over_seeds import OverSeeds
from archlab.shop.events import (
    EVENTS,
    ORDER_STATUS,
    POSITIONS,
    STOCK_LEVEL,
    STOCK_LEVELS,
    EventStore,
    Loaded,
    NewEvent,
    Projection,
    Repository,
    VersionConflict,
)
from archlab.shop.events.stock import stock_received
from archlab.shop.store import open_database

LATE = "'late', '{}', 0, 'nobody', NULL, 1"
ATTEMPTS = (
    "UPDATE events SET data = '{}' WHERE position = 2",
    "UPDATE OR REPLACE events SET version = 1 WHERE position = 2",
    "DELETE FROM events WHERE position = 2",
    "DELETE FROM events",
    f"INSERT OR REPLACE INTO events VALUES (2, 'order-9', 1, {LATE})",
    f"REPLACE INTO events SELECT NULL, stream, version, {LATE} FROM events WHERE position = 2",
    f"INSERT INTO events VALUES (2, 'order-9', 1, {LATE}) ON CONFLICT DO UPDATE SET data = '[]'",
    f"INSERT INTO events SELECT NULL, stream, version + 9, {LATE} FROM events WHERE position = 2",
    f"INSERT INTO events SELECT NULL, stream, 0, {LATE} FROM events WHERE position = 2",
    f"INSERT INTO events VALUES (0, 'order-9', 1, {LATE})",
    f"INSERT INTO events VALUES (1000, 'order-9', 1, {LATE})",
    "INSERT INTO events VALUES (NULL, 'order-9', 1, 'late', 'no JSON', 0, 'nobody', NULL, 1)",
)
"""SQL that would change an event, take one away, slip one in elsewhere than at the end of its stream and of all events,
or put one there that no reader gets past."""

ALTERATIONS: Mapping[str, str] = {
    "order_status": "UPDATE order_status SET total_cents = total_cents - ? WHERE order_id = ?",
    "lost order": "DELETE FROM order_status WHERE ? > 0 AND order_id = ?",
    "invented order": "INSERT INTO order_status VALUES (-?, ?, 'placed', 1)",
    "state": "UPDATE order_status SET state = 'cancelled' WHERE ? > 0 AND order_id = ?",
    "stock_levels": "UPDATE stock_levels SET on_hand = on_hand + ? WHERE product = ?",
    "lost stock": "DELETE FROM stock_levels WHERE ? > 0 AND product = ?",
}
"""What somebody does by hand in a read table; its name, and SQL with an amount and a row."""


def filled(seed: int, schema: str = EVENTS, orders: int = 20) -> EventStore:
    """Return a store with some customers' orders in it."""
    connection = open_database(schema, POSITIONS, ORDER_STATUS.schema, STOCK_LEVELS.schema)
    coming = Orders(seed)
    written("events", [coming.next(FIRST_ORDER + n) for n in range(orders)], connection)
    return EventStore(connection)


def let_through(schema: str = EVENTS) -> int:
    """Return how many of `ATTEMPTS` changed the rows of a store with this schema, each on a new one."""
    changed = 0
    for sql in ATTEMPTS:
        store = filled(seed=1, schema=schema, orders=2)
        before = _rows(store)
        with suppress(sqlite3.IntegrityError):
            store.connection.execute(sql)
        changed += _rows(store) != before
    return changed


def _rows(store: EventStore) -> list[tuple[Any, ...]]:
    """All rows as they lie there, also those that no reader would see or could read."""
    return store.connection.execute("SELECT * FROM events ORDER BY position").fetchall()


def pieces_sold_twice(seed: int, expects_version: bool = True, pieces: int = 6, buyers: int = 3) -> int:
    """Let buyers take pieces of one product until each has seen that none is left; who acts next is drawn.

    Each reads, decides, and appends a step later. `expects_version`: he appends only if nobody did meanwhile, and reads
    again if somebody did. False: he appends at whatever version the stream has. Returns the pieces sold beyond those
    that were there.
    """
    rng = np.random.default_rng(seed)
    stock = Repository(EventStore(open_database(EVENTS)), STOCK_LEVEL)
    stock.append(stock.load(1), [stock_received(1, pieces)], 0.0, "delivery")
    seen: dict[int, Loaded[int] | None] = dict.fromkeys(range(buyers))
    while seen:
        buyer = int(rng.choice(list(seen)))
        loaded = seen[buyer]
        seen[buyer] = stock.load(1) if loaded is None else None
        if loaded is not None and loaded.state <= 0:
            del seen[buyer]
        elif loaded is not None:
            _buy(stock.store, loaded, expects_version)
    return max(0, -stock.load(1).state)


def _buy(store: EventStore, loaded: Loaded[int], expects_version: bool) -> None:
    """Append that one piece is taken; nothing when somebody else was faster."""
    taken = NewEvent("StockReserved", {"order_id": loaded.version, "lines": [[1, 1]]})
    version = loaded.version if expects_version else store.version(loaded.stream)
    try:
        store.append(loaded.stream, [taken], version, 0.0, "buyer")
    except VersionConflict:
        return


def alterations_not_found(seed: int, tries: int = 12) -> int:
    """Alter a read table by hand, then make it again from the events, and return how often the two agree."""
    rng = np.random.default_rng(seed)
    store = filled(seed)
    projections = [Projection(store.connection, reads) for reads in (ORDER_STATUS, STOCK_LEVELS)]
    for projection in projections:
        projection.rebuild(store)
    missed = 0
    for sql in rng.choice(list(ALTERATIONS.values()), tries):
        projection = projections["stock_levels" in sql]
        rows = projection.rows().popitem()[1]
        store.connection.execute(sql, (int(rng.integers(1, 100)), rows[rng.integers(len(rows))][0]))
        altered = projection.rows()
        projection.rebuild(store)
        missed += projection.rows() == altered
    return missed


def tried(seeds: Iterable[int] = range(10)) -> dict[str, float]:
    """Try all three ways, and return how often a change got past: the first figures of `storage.store_all_changes`."""
    chosen = list(seeds)
    return {
        "changes_let_through": let_through(),
        "pieces_sold_twice": OverSeeds(pieces_sold_twice(seed) for seed in chosen),
        "alterations_not_found": OverSeeds(alterations_not_found(seed) for seed in chosen),
    }
