"""Old events and new code: which change of an event's form survives a rebuild, tried by replaying.

An event type has a schema in each version. Code of a version writes all fields of its schema, and reads what its
schema names: a field that is missing gets its default, and without one the replay breaks; what the schema does not
name is passed over. These are the rules of Avro, one of the formats that schema registries check. Its aliases, by which
a reader knows a field under an older name, are left out: they do for a rename what an upcast does.

Each change is tried both ways on real rows of an event store: old events with new code (a rebuild; a registry calls
it BACKWARD), and new events with old code (a subscriber that is deployed later; FORWARD). A third time an upcast
lifts the old events. What comes out is compared with what was meant: code may read without an error and be wrong.

>>> tried = versions().set_index("change")
>>> tried.loc["rename a field, with a default", ["rebuild", "old_code", "lifted"]].tolist()
['wrong', 'breaks', 'right']
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from archlab.data import load
from archlab.shop.events import EVENTS, EventStore, NewEvent
from archlab.shop.events.event import Data
from archlab.shop.events.upcasting import Upcast, Upcasts
from archlab.shop.store import open_database

TYPE = "OrderPlaced"
RIGHT, BREAKS, WRONG = "right", "breaks", "wrong"
WAYS = {
    "rebuild": "old events,\nnew code",
    "lifted": "the same,\nwith an upcast",
    "old_code": "new events,\nold code",
}
"""What is tried, and the words above the columns."""
MODES = ("BACKWARD", "FORWARD", "FULL")

FACTS: Sequence[Mapping[str, Any]] = (
    {"order_id": 1, "name": "Ada Lovelace", "first": "Ada", "last": "Lovelace", "cents": 2100, "euros": 21.0},
    {
        "order_id": 2,
        "name": "Ana María Matute",
        "first": "Ana María",
        "last": "Matute",
        "cents": 450,
        "euros": 4.5,
    },
    {"order_id": 3, "name": "Alan Turing", "first": "Alan", "last": "Turing", "cents": 999, "euros": 9.99},
)
"""What is true of three orders, whatever field it is written to. The second customer has two given names."""
EVERYWHERE = {"note": "ring twice", "is_gift": True, "currency": "EUR", "visits": 3}
"""What is true of all of them."""


SAID_BY: Mapping[str, set[str]] = {
    "name": {"name", "first", "last"},
    "cents": {"cents", "euros"},
    "euros": {"cents", "euros"},
}
"""A fact that was written down -> what somebody may ask of it, in one form or another."""


class Unreadable(Exception):
    """An event lacks a field that code needs, or has it in another type."""


@dataclass(frozen=True)
class Field:
    """One field of a schema.

    Args:
        means: which of the `FACTS` it holds.
        type: of its values. A whole number is a number, too.
        default: for events that lack it; None: it is required.
    """

    name: str
    means: str
    type: type = str
    default: Any = None

    def read(self, data: Mapping[str, Any]) -> Any:
        """Return its value in an event. Raises `Unreadable`."""
        value = data.get(self.name, self.default)
        fits = isinstance(value, int | float if self.type is float else self.type)
        if value is None or not fits:
            raise Unreadable(f"{self.name} is {value!r}; it must be a {self.type.__name__}")
        return value


Schema = tuple[Field, ...]

ID, CUSTOMER = Field("order_id", "order_id", int), Field("customer", "name")
TOTAL, NOTE = Field("total", "cents", float), Field("note", "note", default="-")
FIRST: Schema = (ID, CUSTOMER, TOTAL, NOTE)


@dataclass(frozen=True)
class Change:
    """A change from the `FIRST` schema to a second one, what it is for a registry, and how to lift old events."""

    words: str
    second: Schema
    kinds: frozenset[str]
    upcast: Callable[[Data], Data] = dict


def _renamed(data: Mapping[str, Any]) -> dict[str, Any]:
    return {**data, "buyer": data["customer"]}


def _split(data: Mapping[str, Any]) -> dict[str, Any]:
    """Where a given name ends, nobody has written down. The first blank is a guess."""
    first, last = data["customer"].split(" ", 1)
    return {**data, "first": first, "last": last}


CHANGES = (
    Change(
        "add an optional field",
        (*FIRST, Field("is_gift", "is_gift", bool, default=False)),
        frozenset({"add optional fields"}),
    ),
    Change(
        "add a required field",
        (*FIRST, Field("currency", "currency")),
        frozenset({"add fields"}),
        lambda data: {**data, "currency": "EUR"},
    ),
    Change("delete an optional field", (ID, CUSTOMER, TOTAL), frozenset({"delete optional fields"})),
    Change("delete a required field", (ID, TOTAL, NOTE), frozenset({"delete fields"})),
    Change(
        "rename a field",
        (ID, Field("buyer", "name"), TOTAL, NOTE),
        frozenset({"delete fields", "add fields"}),
        _renamed,
    ),
    Change(
        "rename a field, with a default",
        (ID, Field("buyer", "name", default="unknown"), TOTAL, NOTE),
        frozenset({"delete fields", "add optional fields"}),
        _renamed,
    ),
    Change(
        "split a field in two",
        (ID, Field("first", "first"), Field("last", "last"), TOTAL, NOTE),
        frozenset({"delete fields", "add fields"}),
        _split,
    ),
    Change(
        "the same field in another unit",
        (ID, CUSTOMER, Field("total", "euros", float), NOTE),
        frozenset(),
        lambda data: {**data, "total": data["total"] / 100},
    ),
)
"""Eight changes. `kinds`: in the words of the published table; a rename is an addition and a deletion."""


def written(schema: Schema, version: int = 1) -> EventStore:
    """Return a store with an event for each of `FACTS`, written by code with this schema."""
    store = EventStore(open_database(EVENTS))
    for fact in FACTS:
        data = {field.name: {**EVERYWHERE, **fact}[field.means] for field in schema}
        event = NewEvent(TYPE, data, version)
        store.append(f"order-{fact['order_id']}", [event], 0, at_s=0.0, correlation_id="made")
    return store


def rebuilt(store: EventStore, schema: Schema, writer: Schema, upcasts: Upcasts | None = None) -> str:
    """Replay a store with code that has this schema, and return "right", "wrong" or "breaks".

    A value is right when it is the fact, or the default of something that the writer did not know.
    """
    lift = (upcasts or Upcasts()).lift
    try:
        states = [{field: field.read(lift(event).data) for field in schema} for event in store.read_all()]
    except Unreadable:
        return BREAKS
    known = set().union(*(SAID_BY.get(field.means, {field.means}) for field in writer))
    for fact, state in zip(FACTS, states, strict=True):
        if any(
            value != {**EVERYWHERE, **fact}[field.means]
            for field, value in state.items()
            if field.means in known
        ):
            return WRONG
    return RIGHT


def versions() -> pd.DataFrame:
    """Try all changes.

    Returns a row a change: `change`; `rebuild` (old events, new code), `old_code` (new events, old code) and `lifted`
    (the rebuild with an upcast), each "right", "wrong" or "breaks"; and for each of `MODES` whether a replay breaks
    in no way that the mode forbids, and in `published_<mode>` whether the published table allows the change.
    """
    return pd.DataFrame([_tried(change) for change in CHANGES])


def _tried(change: Change) -> dict[str, Any]:
    old, new = written(FIRST), written(change.second, version=2)
    upcasts = Upcasts([Upcast(TYPE, 1, change.upcast)])
    rebuild, old_code = rebuilt(old, change.second, FIRST), rebuilt(new, FIRST, change.second)
    fine = {"BACKWARD": rebuild != BREAKS, "FORWARD": old_code != BREAKS}
    fine["FULL"] = all(fine.values())
    return {
        "change": change.words,
        "rebuild": rebuild,
        "old_code": old_code,
        "lifted": rebuilt(old, change.second, FIRST, upcasts),
        **fine,
        **{f"published_{mode}": change.kinds <= published_kinds(mode) for mode in MODES},
    }


def published_kinds(mode: str) -> set[str]:
    """Return the kinds of change that a mode allows by the published table. "Fields" are optional ones, too."""
    table = load("schema_compatibility").set_index(["setting", "what"]).value
    allowed = set(str(table[mode, "changes that it allows"]).split("; "))
    return allowed | {f"{kind.split()[0]} optional fields" for kind in allowed}


# Three versions --------------------------------------------------------------------------------------------

CURRENCY = Field("currency", "currency", default="EUR")
CHAINS: Mapping[str, tuple[Schema, Schema, Schema]] = {
    "delete a field, add it in another type": (
        FIRST,
        FIRST[:3],
        (*FIRST[:3], Field("note", "visits", int, default=0)),
    ),
    "add an optional field, make it required": (
        FIRST,
        (*FIRST, CURRENCY),
        (*FIRST, Field("currency", "currency")),
    ),
}
"""Two steps each. The first is the example of StreamNative's documentation against BACKWARD alone."""


def chains() -> pd.DataFrame:
    """Replay each version with the code of the next, and version 1 with the code of version 3.

    Returns a row a chain: `chain`, `first_step`, `second_step` (what BACKWARD checks), and `rebuild` of the oldest
    events, which only BACKWARD_TRANSITIVE checks.
    """
    rows = []
    for words, (one, two, three) in CHAINS.items():
        steps = [rebuilt(written(old), new, old) for old, new in ((one, two), (two, three), (one, three))]
        rows.append(
            dict(zip(("chain", "first_step", "second_step", "rebuild"), (words, *steps), strict=True))
        )
    return pd.DataFrame(rows)
