"""The source of each of the six shops: which files count, and which unit and program each place belongs to.

What only one of the shops has, such as a second protocol, other ways to keep rows, or functions for pictures, is left
out (`Shop.left_out`), for it says nothing about its architecture. Layers run in one process here, and CQRS has
projectors beside its two programs. What puts a shop together is of no unit, and neither are the words that units share.

>>> sorted({part_at(SHOPS["layered"], one.path, "") for one in sources(SHOPS["layered"])} - set(NO_UNIT))
['application', 'business', 'data access', 'presentation']
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import archlab
from archlab.chapters.event_driven.coupling import CONTRACT, PARTS, WIRING
from archlab.shop.code.source import Component, modules

PACKAGE = Path(archlab.__file__).parent
SHARED = ("shop/domain.py", "shop/store.py")
EVENTS = tuple(f"shop/events/{name}.py" for name in ("event", "order", "stock", "projection", "read_tables"))
NO_UNIT = (WIRING, CONTRACT)
"""Code that is of no unit: what puts the shop together, and the words that units share."""
PUT_TOGETHER = ("__init__", "budget")
"""Files that belong to the wiring, in any shop."""

Part = Callable[[PurePosixPath, str], str]
"""A file and a class in it, or "" -> the unit that it belongs to, or one of `NO_UNIT`."""


@dataclass(frozen=True)
class Shop:
    """What counts as the source of a shop.

    Attributes:
        folder: of the package.
        unit: what a unit of the shop is called.
        part: which unit a place belongs to.
        program: unit -> the program that it is released with; a unit that is not named is a program of its own. "*" is
            the one program that there is.
        shared: files beside the folder that several units use.
        left_out: files that are of no counterpart in the other shops, by their beginnings inside the folder.
    """

    folder: str
    unit: str
    part: Part
    program: Mapping[str, str]
    shared: Sequence[str] = SHARED
    left_out: Sequence[str] = ()


def _in_layers(file: PurePosixPath, place: str) -> str:
    layer = file.parent.name
    return WIRING if layer == "layered" else layer.replace("_", " ")


FUNCTIONS = {
    "Settle": "settle",
    "TakePayment": "take_payment",
    "Browse": "browse",
    "TrackOrder": "track_order",
}
"""Of files with several functions: class -> function."""
FILES = {
    "finishing": "finish_orders",
    "notifying": "notify",
    "placing": "place_order",
    "placing_once": "place_order",
    "reserving": "reserve_stock",
}


def _in_functions(file: PurePosixPath, place: str) -> str:
    if file.parent.name == "handlers":
        return FUNCTIONS.get(place) or FILES.get(file.stem, CONTRACT)
    return CONTRACT if file.stem == "keys" else WIRING


SIDES = {
    "write_side": "commands",
    "normalised": "commands",
    "news": "commands",
    "read_side": "queries",
    "projector": "projectors",
    "follower": "projectors",
    "questions": CONTRACT,
}


def _in_sides(file: PurePosixPath, place: str) -> str:
    if file.stem == "read_models":
        return "queries" if place == "Views" else "projectors"
    return SIDES.get(file.stem, WIRING)


ONE = {"*": "the program"}
SHOPS: Mapping[str, Shop] = {
    "monolithic": Shop("shop/monolithic", "module", PARTS["monolithic"], ONE),
    "microservices": Shop(
        "shop/microservices",
        "service",
        PARTS["microservices"],
        {},
        left_out=(
            "copies",
            "pages",
            "ordering/accepted",
            "ordering/saga_in_memory",
            "services/key_value",
            "wire/protobuf",
        ),
    ),
    "event-driven": Shop(
        "shop/event_driven",
        "component",
        PARTS["event_driven"],
        {},
        shared=(*SHARED, *EVENTS),
        left_out=("ways_out/dual_write", "ways_out/outbox"),
    ),
    "layered": Shop(
        "shop/layered",
        "layer",
        _in_layers,
        ONE,
        left_out=(
            "tiers",
            "data_access/in_memory",
            "data_access/key_value",
            "data_access/as_tables",
            "presentation/command",
        ),
    ),
    "serverless": Shop(
        "shop/serverless",
        "function",
        _in_functions,
        {},
        left_out=("providers/", "handlers/picturing", "handlers/reporting"),
    ),
    "cqrs": Shop(
        "shop/cqrs", "side", _in_sides, {}, shared=(*SHARED, *EVENTS), left_out=("replica", "staleness")
    ),
}
"""Architecture -> its source."""


@cache
def _all_sources() -> list[Component]:
    return modules(PACKAGE / "shop")


def sources(shop: Shop) -> list[Component]:
    """Return the parsed files that count as the source of a shop, the shared ones among them."""
    return [component for component in _all_sources() if _counts(shop, _inside(component.path))]


def _counts(shop: Shop, path: str) -> bool:
    inside = path.removeprefix(f"{shop.folder}/")
    return path in shop.shared or (inside != path and not inside.startswith(tuple(shop.left_out)))


def _inside(file: Path) -> str:
    return file.relative_to(PACKAGE).as_posix()


def part_at(shop: Shop, file: Path, place: str) -> str:
    """Return the unit of a place: a dotted function or class of a file. What is shared or outside has none."""
    path = _inside(file)
    if path in shop.shared:
        return CONTRACT
    if PurePosixPath(path).stem in PUT_TOGETHER:
        return WIRING
    first = place.split(".")[0]
    return shop.part(PurePosixPath(path), first if first[:1].isupper() else "")
