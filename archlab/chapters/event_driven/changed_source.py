"""Two new functions, as real changes of the source of three shops: a loyalty programme and a fraud check.

Every confirmed order earns its customer points, and a cancelled one loses them. An order of more than 1,000.00, or the
fourth of a customer within an hour, is refused before it is confirmed, and leaves nothing behind.

Each function is a part of its own, as the pattern of each shop asks for: a module of the program, a service, a
component. Among the components the check works beside the inventory, and payments, which could always refuse an order,
waits for both (`fraud`). Where nothing may be set aside for a suspect, it comes first, and the inventory waits for it
(`fraud_before_stock`); elsewhere it always comes first. And once more it is a rule of the part that takes orders
(`fraud_in_orders`).

The changes are kept as patches beside this module. They are made in memory, on the source as it is today. `write`
makes a copy of the whole package with them, in which the changed shops can run: the tests do that, and the contract of
all shops must still be true there. Before that the monolith is told who orders (`customer`), which the other two know
already; that is not counted. Without it the components would have a head start: their event tells who ordered, although
none of them asks.

>>> before, after = versions("monolithic")["loyalty"]
>>> sorted(set(after) - set(before))
['archlab/shop/monolithic/loyalty.py']
"""

import shutil
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import archlab
from archlab.data import DATA
from archlab.shop.code.patches import Sources, patched

PACKAGE = Path(archlab.__file__).parent
PATCHES = Path(__file__).parent / "changes"
FUNCTIONS = ("loyalty", "fraud", "fraud_before_stock", "fraud_in_orders")
"""The new functions. The loyalty programme comes first, then one of the fraud checks."""

PREPARED: Mapping[str, Sequence[str]] = {"monolithic": ("customer",), "microservices": (), "event_driven": ()}
"""A shop -> the changes that come before, and do not count."""

FOLDERS: Mapping[str, Sequence[str]] = {
    "monolithic": ("shop/monolithic",),
    "microservices": ("shop/microservices",),
    "event_driven": ("shop/event_driven", "shop/events"),
}
"""A shop -> the folders of the package with the code that is its own, or that it shares with its like."""


def source(shop: str) -> dict[str, str]:
    """Return the files of a shop's code: path, with slashes -> text.

    Raises:
        ValueError: when there is no such shop.
    """
    _require_shop(shop)
    files = [file for folder in FOLDERS[shop] for file in sorted((PACKAGE / folder).rglob("*.py"))]
    return {file.relative_to(PACKAGE.parent).as_posix(): file.read_text(encoding="utf-8") for file in files}


def _require_shop(shop: str) -> None:
    if shop not in FOLDERS:
        raise ValueError(f"shop is {shop!r}; it must be one of {', '.join(FOLDERS)}")


@cache
def versions(shop: str) -> Mapping[str, tuple[Sources, Sources]]:
    """Return for each function its shop's source before and after.

    Raises:
        ValueError: when there is no such shop, or a patch does not fit its source.
    """
    _require_shop(shop)
    first, *others = [function for function in FUNCTIONS if _path(shop, function).exists()]
    before = _with(source(shop), shop, *PREPARED[shop])
    loyal = _with(before, shop, first)
    return {first: (before, loyal)} | {function: (loyal, _with(loyal, shop, function)) for function in others}


def _with(sources: Sources, shop: str, *changes: str) -> Sources:
    for change in changes:
        sources = patched(sources, patch(shop, change))
    return sources


def patch(shop: str, change: str) -> str:
    """Return a change of a shop as a patch."""
    return _path(shop, change).read_text(encoding="utf-8")


def _path(shop: str, change: str) -> Path:
    return PATCHES / shop / f"{change}.patch"


def write(folder: Path, function: str) -> None:
    """Copy the package and its data into a folder, with the loyalty programme and this function in the shops.

    Programs find the copy when PYTHONPATH names the folder.

    Raises:
        FileExistsError: when the package is there already.
    """
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(PACKAGE, folder / PACKAGE.name, ignore=ignored)
    shutil.copytree(DATA, folder / DATA.name, ignore=ignored)
    for shop in FOLDERS:
        _, after = versions(shop).get(function, ({}, {}))
        for path, text in after.items():
            (folder / path).write_text(text, encoding="utf-8")
