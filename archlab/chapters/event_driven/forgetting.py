"""Forgetting a customer on demand, when nothing may be deleted from the events: what is left, and what it costs.

Orders carry name, e-mail and address. They are kept as events twice: in clear, and with the personal part encrypted
by a key for each customer (see `archlab.shop.events.shredding`). A customer then asks to be forgotten. `still_named`
counts after each step the rows from which somebody with all files of the shop can read her name.

>>> still_named(orders=200)[["step", "rows"]].to_numpy().tolist()
[['nothing done', 22], ['her key deleted', 22], ['the backup, too', 12], ['read table rebuilt', 2]]

What this leaves out: copies outside the shop, and persons who are recognised by what they buy. So it errs towards
less that is left.
"""

import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from archlab.course.claims.over_seeds import OverSeeds
from archlab.data import load
from archlab.shop.domain import Product
from archlab.shop.events import EVENTS, POSITIONS, EventStore, NewEvent, Projection, ReadTables
from archlab.shop.events.event import Event
from archlab.shop.events.order import ORDER_CANCELLED, ORDER_PLACED, decide_order
from archlab.shop.events.shredding import FORGOTTEN, KEYS, SEALED, KeyRing
from archlab.shop.store import Statement, open_database, run_together
from archlab.sim.validation import require_whole

CUSTOMERS = 20
"""Each has every twentieth order."""
ORDERS = 1_000
TEA = Product(1, "tea", 450)
FORGETFUL = 1
"""The customer who wants to be forgotten."""

ADDRESSES = "CREATE TABLE addresses (order_id INTEGER PRIMARY KEY, name TEXT NOT NULL, address TEXT NOT NULL)"


def person(customer: int) -> dict[str, str]:
    """Return what is personal of a customer."""
    return {
        "name": f"Ada Lovelace {customer}",
        "email": f"ada.{customer}@mail.example",
        "address": f"{customer} Long Street, 12345 Springfield",
    }


def subject(customer: int) -> str:
    """Return the name under which a customer's key is kept."""
    return f"customer-{customer}"


@dataclass(frozen=True)
class Kept:
    """The shop's databases: events, keys (None: all is in clear), and a projection with addresses for parcels."""

    store: EventStore
    ring: KeyRing | None
    addresses: Projection


def kept(orders: int = ORDERS, sealed: bool = True) -> Kept:
    """Place so many orders, and return the databases.

    Some are cancelled with a remark that names the customer. It is not encrypted: nobody took it for personal.
    """
    store, ring = written(orders, sealed)
    reads = ReadTables("addresses", ADDRESSES, ("addresses",), partial(_writes, ring))
    shop = Kept(store, ring, Projection(open_database(POSITIONS, ADDRESSES), reads))
    shop.addresses.rebuild(store)
    return shop


def written(orders: int, sealed: bool) -> tuple[EventStore, KeyRing | None]:
    """Write the events of so many orders, in one transaction, and return the store, and the keys if it is `sealed`."""
    store, ring = EventStore(open_database(EVENTS)), KeyRing(open_database(KEYS)) if sealed else None
    run_together(
        store.connection, [write for id_ in range(1, orders + 1) for write in _order(store, ring, id_)]
    )
    return store, ring


def _order(store: EventStore, ring: KeyRing | None, id_: int) -> Iterator[Statement]:
    """The writes of an order's events."""
    customer = id_ % CUSTOMERS
    public = decide_order(id_, customer, {1: 2}, [TEA]).data
    data = ring.seal(subject(customer), public, person(customer)) if ring else {**public, **person(customer)}
    events = [NewEvent(ORDER_PLACED, data)]
    if id_ % (5 * CUSTOMERS) == FORGETFUL:
        remark = f"{person(customer)['name']} phoned: changed her mind"
        events.append(NewEvent(ORDER_CANCELLED, {"order_id": id_, "reason": remark}))
    yield from store.appending(f"order-{id_}", events, 0, float(id_), f"order-{id_}")


def opened(ring: KeyRing | None, event: Event) -> dict[str, Any]:
    """Return what an OrderPlaced says, with its personal part if that can still be read."""
    return dict(event.data) if ring is None else ring.open(subject(event.data["customer"]), event.data)


def _writes(ring: KeyRing | None, event: Event) -> list[Statement]:
    if event.type != ORDER_PLACED:
        return []
    data = opened(ring, event)
    return [
        Statement("INSERT INTO addresses VALUES (?, ?, ?)", (data["order_id"], data["name"], data["address"]))
    ]


# What is left ----------------------------------------------------------------------------------------------


def rows_that_name(shop: Kept, rings: Iterable[KeyRing], customer: int = FORGETFUL) -> dict[str, int]:
    """Count the rows from which a customer's name can be read with these key rings: events, remarks, projection."""
    name = person(customer)["name"]
    events = shop.store.read_all()
    sealed = [event for event in events if SEALED in event.data and event.data["customer"] == customer]
    readable = [event for event in sealed if any(opened(ring, event)["name"] == name for ring in rings)]
    clear = [event for event in events if re.search(rf"{name}\b", event_text(event))]
    projected = shop.addresses.rows()["addresses"]
    return {
        "events": len(readable) + sum(event.type == ORDER_PLACED for event in clear),
        "remarks": sum(event.type != ORDER_PLACED for event in clear),
        "projection": sum(row[1] == name for row in projected),
    }


def event_text(event: Event) -> str:
    """Return an event's data as it lies in the row."""
    return NewEvent(event.type, event.data).text


def still_named(orders: int = ORDERS) -> pd.DataFrame:
    """Forget a customer step by step.

    Returns a row a step: `step`; the counts of `rows_that_name`; `rows`, their sum; and `cents`, what all orders come
    to, which must not change.

    Raises:
        ValueError: when there are fewer orders than customers: she has none.
    """
    require_whole("orders", orders, at_least=CUSTOMERS)
    shop = kept(orders)
    if shop.ring is None:
        raise ValueError("ring is None; the shop must have one to forget a key")
    backup = KeyRing(open_database())
    shop.ring.connection.backup(backup.connection)
    rings, rows = [shop.ring, backup], []
    steps: dict[str, Callable[[], object]] = {
        "nothing done": lambda: None,
        "her key deleted": partial(shop.ring.forget, subject(FORGETFUL)),
        "the backup, too": partial(rings.remove, backup),
        "read table rebuilt": partial(shop.addresses.rebuild, shop.store),
    }
    for step, take in steps.items():
        take()
        named = rows_that_name(shop, rings)
        rows.append({"step": step, **named, "rows": sum(named.values()), "cents": total_cents(shop.store)})
    return pd.DataFrame(rows)


def total_cents(store: EventStore) -> int:
    """Return what all orders come to: what the books need, whoever is forgotten."""
    return sum(event.data["total_cents"] for event in store.read_all() if event.type == ORDER_PLACED)


def unreadable_without_keys(orders: int = 200) -> float:
    """Lose the database of the keys, and return the share of orders whose customer nobody can name any more."""
    shop, empty = kept(orders), KeyRing(open_database(KEYS))
    placed = [event for event in shop.store.read_all() if event.type == ORDER_PLACED]
    return sum(opened(empty, event)["name"] == FORGOTTEN for event in placed) / len(placed)


# What it costs ---------------------------------------------------------------------------------------------


def bytes_per_order(orders: int = ORDERS) -> dict[str, float]:
    """Return the bytes of SQLite's pages for each order, in clear and encrypted, the keys included."""
    shops = {"clear": kept(orders, sealed=False), "encrypted": kept(orders)}
    return {name: sum(map(size_bytes, _databases(shop))) / orders for name, shop in shops.items()}


def _databases(shop: Kept) -> list[sqlite3.Connection]:
    return [shop.store.connection, *([shop.ring.connection] if shop.ring else [])]


def size_bytes(rows: sqlite3.Connection) -> int:
    """Return the bytes of all pages of a database."""
    return int(
        rows.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").fetchone()[0]
    )


def measure(orders: int = ORDERS, repeats: int = 5) -> pd.DataFrame:
    """Measure on your machine how long it takes to write and to read an order's event, in clear and encrypted.

    Returns a row a way and step: `kept` ("clear", "encrypted"), `step` ("write", "read"), `us`, the least processor
    time of the repeats in microseconds an order. `data/forgetting.csv` has such a table.
    """
    rows = []
    for name, sealed in (("clear", False), ("encrypted", True)):
        taken: dict[str, Callable[[], object]] = {
            "write": partial(written, orders, sealed),
            "read": partial(_read_all, *written(orders, sealed)),
        }
        rows += [(name, step, 1e6 * _least_s(take, repeats) / orders) for step, take in taken.items()]
    return pd.DataFrame(rows, columns=["kept", "step", "us"])


def times_more() -> dict[str, OverSeeds]:
    """Return how many times as long encrypted events take to "write" and to "read": a value for each recorded run."""
    us = load("forgetting").pivot_table(index="run", columns=["step", "kept"], values="us")
    return {step: OverSeeds(us[step, "encrypted"] / us[step, "clear"]) for step in ("write", "read")}


def _read_all(store: EventStore, ring: KeyRing | None) -> list[dict[str, Any]]:
    return [opened(ring, event) for event in store.read_all() if event.type == ORDER_PLACED]


def _least_s(take: Callable[[], object], repeats: int) -> float:
    taken_s = []
    for _ in range(repeats):
        start_s = time.process_time()
        take()
        taken_s.append(time.process_time() - start_s)
    return min(taken_s)
