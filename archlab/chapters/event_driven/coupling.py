"""Coupling, measured on the code: who knows whom, and how far a new function reaches into a shop that is there already.

The new functions are real changes of the source, see `archlab.chapters.event_driven.changed_source`. The loyalty
programme only listens. The fraud check says no in the middle of an order: late, to the program that could always say
no, or first, before all others. An *existing program* counts when its own source changes, so that it must be released
again: not the lines that say which programs run (wiring), nor the table of messages they share (contract). That errs
in favour of the services: a new kind of refusal in their table reaches the gateway, too.

What another cut would change. A monolith is one program, so it is released again in any case; modules that told each
other by events inside it would save changed lines, not the release. A service that calls whoever has registered with it
(a webhook) needs no change for a listener either: it publishes. Here source says which event starts what; were that
wiring too, a check that comes first would change fewer programs, and the limit would rise. And a check behind the
inventory, in a chain, would change fewer lines of payments than the one beside it, and take longer.

A listener finds what it needs only where events carry it (`unread`): what a publisher does not tell, it must be changed
to tell.

>>> [reach(shop, "loyalty")["programs_changed"] for shop in PARTS]
[1, 1, 0]
>>> ties().set_index("a pair counts when").loc["one waits for the other"].tolist()
[5, 0]
"""

import ast
import math
from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import PurePosixPath

import pandas as pd

from archlab.chapters.event_driven.changed_source import FUNCTIONS, source, versions
from archlab.chapters.event_driven.watched import WatchedShop
from archlab.course.claims.assumption import Assumption
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_up_to
from archlab.course.quantity import number
from archlab.shop.architecture import Assortment
from archlab.shop.code.patches import Sources
from archlab.shop.code.touched import touched
from archlab.shop.day import ORDERS_ONLY
from archlab.shop.event_driven.config import EventDrivenConfig
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Poisson

WIRING, CONTRACT = "wiring", "contract"
"""Parts that are no program: which programs run, and the words that they share."""

Part = Callable[[PurePosixPath, str], str]
"""Says which part of a shop a class of a file (or what is outside of all classes) belongs to."""

FIRST = "_before_stock"
OF_THE_MONOLITH = ("Program", "Monolith", "")
OWNED_BY = {"owners": "orders", "screened": "orders", "key_value_notifications": "notifications"}
"""A file that belongs to a part of another name."""


def _in_monolith(file: PurePosixPath, place: str) -> str:
    if file.stem == "architecture":
        return WIRING if place in OF_THE_MONOLITH else place.lower()
    return WIRING if file.stem in ("__init__", "clone", "config", "topology") else _owner(file)


def _owner(file: PurePosixPath) -> str:
    return OWNED_BY.get(file.stem, file.stem)


def _in_services(file: PurePosixPath, place: str) -> str:
    folder = file.parent.name
    if folder == "services" and file.stem != "service":
        return _owner(file)
    return {"ordering": "orders", "wire": CONTRACT}.get(folder, WIRING)


def _in_components(file: PurePosixPath, place: str) -> str:
    if file.parent.name == "components" and file.stem not in ("__init__", "component"):
        return _owner(file)
    return CONTRACT if file.parent.name == "events" else WIRING


PARTS: Mapping[str, Part] = {
    "monolithic": _in_monolith,
    "microservices": _in_services,
    "event_driven": _in_components,
}


def places(shop: str, function: str) -> pd.DataFrame:
    """Return what a new function touches: the rows of `touched`, with the column part (module, service, component).

    Raises:
        ValueError: when there is no such shop, or no such function in it.
    """
    found = touched(*_versions(shop, function))
    parts = [PARTS[shop](PurePosixPath(row.file), row.place) for row in found.itertuples()]
    return found.assign(part=parts)


def _versions(shop: str, function: str) -> tuple[Sources, Sources]:
    there = versions(shop)
    if function not in there:
        raise ValueError(f"function is {function!r}; it must be one of {', '.join(there)} in {shop}")
    return there[function]


def reach(shop: str, function: str) -> dict[str, int]:
    """Return how far a new function reaches in a shop.

    files_new, files_changed; parts_new, parts_changed (modules, services or components, without wiring and contract);
    lines_new (in new parts), lines_changed (added to or removed from what was there, wiring and contract among them);
    programs_new, programs_changed (to be released; a monolith is one, whatever is changed in it).
    """
    found = places(shop, function)
    before, _ = _versions(shop, function)
    is_part = ~found.part.isin([WIRING, CONTRACT])
    new_parts = {function.removesuffix(FIRST)} & set(found.part)
    changed = set(found.part[is_part]) - new_parts
    files = set(found.file)
    of_new = found.part.isin(new_parts)
    lines = found.added + found.removed
    return {
        "files_new": len(files - set(before)),
        "files_changed": len(files & set(before)),
        "parts_new": len(new_parts),
        "parts_changed": len(changed),
        "lines_new": int(lines[of_new].sum()),
        "lines_changed": int(lines[~of_new].sum()),
        "programs_new": 0 if shop == "monolithic" else len(new_parts),
        "programs_changed": 1 if shop == "monolithic" else len(changed),
    }


def changes() -> pd.DataFrame:
    """Return `reach` of every function in every shop: columns function, shop, and what `reach` counts."""
    rows = [
        {"function": function, "shop": shop.replace("_", "-"), **reach(shop, function)}
        for function in FUNCTIONS
        for shop in PARTS
        if function in versions(shop)
    ]
    return pd.DataFrame(rows)


# Who knows whom --------------------------------------------------------------------------------------------

Pair = frozenset[str]
ORDERINGS = ("accepted", "saga_in_memory", "saga_with_log")
"""The services' ways to place an order. "accepted": payments hears by queue or stream, and orders are pending."""
ORDERING = "saga_with_log"
"""The one that is looked at. With a queue between orders and payments as many pairs wait: orders are tracked."""


def calls(shop: str, ordering: str = ORDERING) -> set[tuple[str, str, str]]:
    """Return the calls between programs: caller, called, operation. Read off the source: `.call("name", "what")`."""
    found = set()
    for part, tree in _programs(shop, ordering):
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "call"
            ):
                called = [arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant)]
                if len(called) == 2:
                    found.add((part, str(called[0]), str(called[1])))
    return found


def names(shop: str) -> set[tuple[str, str]]:
    """Return which program's source names which other program, in a text that is exactly its name."""
    programs = list(_programs(shop))
    known = {part for part, _ in programs}
    texts = {
        (part, node.value)
        for part, tree in programs
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
    }
    return {(part, text) for part, text in texts if text in known - {part}}


def _programs(shop: str, ordering: str = ORDERING) -> list[tuple[str, ast.Module]]:
    """The parsed files of the programs of a shop, each with its part, and with one way to place an order."""
    others = set(ORDERINGS) - {ordering}
    files = [(PurePosixPath(path), text) for path, text in source(shop).items()]
    parts = [(PARTS[shop](file, ""), file, text) for file, text in files if file.stem not in others]
    return [(part, ast.parse(text)) for part, _, text in parts if part not in (WIRING, CONTRACT)]


@cache
def words() -> pd.DataFrame:
    """Return which component reads which events of which: publisher, subscriber, event, fields (that it asks for).

    From a run in which all kinds of events occur: some payments are declined, and some products are sold out.
    """
    sim = Simulation(seed=1)
    few = Assortment(products=5, stock=8)
    shop = WatchedShop(sim, EventDrivenConfig(declined=0.3, assortment=few))
    sim.open_load(Poisson(10.0), shop.handle, ORDERS_ONLY)
    sim.run(until=10.0)
    publisher = {e.type: name for name, one in shop.components.items() for e in one.store.read_all()}
    rows = [
        (publisher[type_], name, type_, sorted(asked)) for (name, type_), asked in shop.watch.read.items()
    ]
    return pd.DataFrame(rows, columns=["publisher", "subscriber", "event", "fields"])


def unread(function: str = "loyalty") -> set[str]:
    """Return the fields of events that a new component asks for, and no component asked for before, of any event.

    Read off its source: `event.data["name"]`. Another component may tell the same in other words; that is not seen.
    """
    before, after = _versions("event_driven", function)
    asked = {
        str(node.slice.value)
        for path in set(after) - set(before)
        for node in ast.walk(ast.parse(after[path]))
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
        if isinstance(node.value, ast.Attribute) and node.value.attr == "data"
    }
    return asked - {field for fields in words().fields for field in fields}


def fields_that_others_read() -> int:
    """Return how many fields of events are read by a component that does not publish them."""
    found = words()
    others = found[found.publisher != found.subscriber]
    return len({(row.event, field) for row in others.itertuples() for field in row.fields})


def ties() -> pd.DataFrame:
    """Compare how many pairs of programs are tied in the two shops, of ten each. A row a kind of tie."""
    told, asked = words(), calls("microservices")
    agreed = {frozenset((row.publisher, row.subscriber)) for row in told.itertuples()}
    rows = [
        ("one waits for the other", _pairs(asked), _pairs(calls("event_driven"))),
        ("one names the other", _pairs(names("microservices")), _pairs(names("event_driven"))),
        ("they must agree on words", _pairs(asked), len(agreed)),
        ("words to agree on", len({call[1:] for call in asked}), told.event.nunique()),
    ]
    return pd.DataFrame(rows, columns=["a pair counts when", "microservices", "event-driven"])


def _pairs(ties: Collection[tuple[str, ...]]) -> int:
    return len({frozenset(tie[:2]) for tie in ties})


# Rule ------------------------------------------------------------------------------------------------------


def flexibility_figures(table: pd.DataFrame) -> dict[str, int]:
    """Return what the rule needs: existing programs that each function changes, here and in the better other shop.

    Takes `changes`.
    """
    here = table[table.shop == "event-driven"].set_index("function").programs_changed
    others = table[table.shop != "event-driven"].groupby("function").programs_changed.min()
    return {
        "changed_by_listener": int(here["loyalty"]),
        "changed_by_listener_elsewhere": int(others["loyalty"]),
        "changed_by_late_check": int(here["fraud"]),
        "changed_by_first_check": int(here["fraud" + FIRST]),
        "changed_by_check_elsewhere": int(others["fraud"]),
        "unread_fields": len(unread()),
    }


def _share_percent(saved_by_listener: int, more_for_check: int) -> float:
    """The share of functions that say no at which what the others save is used up."""
    if saved_by_listener <= 0:
        return -math.inf
    return 100 * saved_by_listener / (saved_by_listener + max(0, more_for_check))


@settles(
    "benefits.flexibility",
    evidence=Evidence.MEASURED,
    says={
        "changed_by_listener": "existing programs that a listener changes",
        "changed_by_listener_elsewhere": "in the better of the other two shops",
        "changed_by_late_check": "existing programs that a check changes which may come late",
        "changed_by_first_check": "existing programs that a check changes which must come first",
        "changed_by_check_elsewhere": "existing programs that a check changes in the better other shop",
        "unread_fields": "fields of events that the listener needs and nobody read before",
    },
)
def flexibility(
    changed_by_listener: int,
    changed_by_listener_elsewhere: int,
    changed_by_late_check: int,
    changed_by_first_check: int,
    changed_by_check_elsewhere: int,
    unread_fields: int,
) -> Verdict:
    """Holds up to the share of new functions that say no in the middle of an order, instead of only listening, at which
    they change as many existing programs here as in the better of a monolith and services; and while events carry the
    fields that a listener needs. One that is missing changes its publisher, and then nothing is saved.
    """
    saved = changed_by_listener_elsewhere - changed_by_listener
    late = _share_percent(saved, changed_by_late_check - changed_by_check_elsewhere)
    first = _share_percent(saved, changed_by_first_check - changed_by_check_elsewhere)
    unit = "% of the new functions must say no before all others"
    more = Assumption(
        "the fields that events carry and nobody read before",
        unread_fields,
        unread_fields,
        unit="field" if unread_fields == 1 else "fields",
        when="events carry {flips_at} more than anybody read",
    )
    late_too = f"{unit} ({number(late)} % where they may say it late)"
    return holds_up_to(first, late_too, more if unread_fields and saved > 0 else None)
