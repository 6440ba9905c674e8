"""What a change touches, place by place: which layer or module, which function, how many lines.

A place is a function, what is in a class outside of its functions, or a constant. Lines are those that Python's own
writer makes of the parsed source, without comments and docstrings; an altered line is one taken away and one added.

Files that both cuts share are divided by what a place is about. In the layers, objects and rules are business,
statements and the database server are data access. In the modules, each object, rule, table and repository belongs to
its module, and what is about none of them to the kernel. Import lines of shared files belong to no part, and so does
the wiring, which puts the shop together; their lines are counted, and they are no part.

>>> changed = touched_places("modules", "weight")
>>> sorted(set(changed.part))
['catalogue']
"""

import ast
import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import PurePosixPath

import pandas as pd

from archlab.chapters.layered.change_requests import versions
from archlab.chapters.layered.cut_sources import Cut
from archlab.shop.code.patches import Sources
from archlab.shop.code.source import docstrings

WIRING, IMPORTS, KERNEL = "wiring", "imports", "kernel"
NO_PART = (WIRING, IMPORTS)
LAYERS = ("presentation", "application", "business", "data access")
MODULES = ("catalogue", "stock", "orders", "payments", "notifications")
COLUMNS = ["file", "place", "part", "is_function", "is_new", "added", "removed"]

SEEN = ("ProductPage", "OrderStatus")
"""Objects of the store's file that are handed up to the customers: no statements, so they are business."""

OWNERS: Mapping[str, tuple[str, ...]] = {
    "catalogue": ("Product", "ProductPage", "CATALOGUE", "CatalogueRepository"),
    "stock": ("OutOfStock", "reserve", "STOCK", "StockRepository"),
    "orders": (
        *("Order", "OrderLine", "OrderState", "OrderStatus", "NEXT_STATES", "ORDERS", "OrderRepository"),
        *("AlreadyPlaced", "AlreadyCancelled", "TooMany", "NotYours", "cancelled", "price_order"),
        *("MOST_PIECES", "CHEAPER_FROM, DISCOUNT_PERCENT", "_price_cents"),
    ),
    "payments": ("Payment", "PaymentState", "PaymentDeclined", "PAYMENTS", "PaymentRepository"),
    "notifications": (
        *("Notification", "confirmation", "NOTIFICATIONS", "NotificationRepository", "MOST_LETTERS"),
    ),
}
"""A module -> what is its own in the files that both cuts share, by the first name. The rest is the kernel's."""


def part_of(cut: Cut, file: str, place: str) -> str:
    """Return the layer or the module that a place of a file belongs to; wiring and imports are no part."""
    path, first = PurePosixPath(file), place.partition(".")[0]
    if path.stem in ("in_layers", "in_modules"):
        return WIRING
    if path.parent.name == "shop":
        return _of_shared(cut, path.stem, first)
    folder = path.parent.name.replace("_", " ")
    return folder if cut == "layers" else path.stem


def _of_shared(cut: Cut, stem: str, first: str) -> str:
    if not first:
        return IMPORTS
    if cut == "layers":
        return "business" if stem == "domain" or first in SEEN else "data access"
    return next((module for module, names in OWNERS.items() if first in names), KERNEL)


def touched_places(cut: Cut, request: str) -> pd.DataFrame:
    """Return a row for each place that a request touches in a cut. Columns: see `differing`, and part.

    Raises:
        ValueError: when there is no such cut or request.
    """
    found = differing(*versions(cut, request))
    parts = [part_of(cut, row.file, row.place) for row in found.itertuples()]
    return found.assign(part=parts)[COLUMNS]


def differing(before: Sources, after: Sources) -> pd.DataFrame:
    """Return the places that differ: file, place, is_function, is_new, added, removed (lines)."""
    rows = []
    for file in sorted(set(before) | set(after)):
        old, new = before.get(file, ""), after.get(file, "")
        if old == new:
            continue
        added, removed = _lines_differing(_placed(old), _placed(new))
        was = places(old)
        for place in dict.fromkeys([*was, *places(new)]):
            is_function = place.rpartition(".")[2] in _functions(old) | _functions(new)
            rows.append((file, place, is_function, place not in was, added[place], removed[place]))
    frame = pd.DataFrame(rows, columns=[name for name in COLUMNS if name != "part"])
    return frame[frame.added + frame.removed > 0].reset_index(drop=True)


@cache
def places(text: str) -> Mapping[str, tuple[str, ...]]:
    """Return the lines of each place of a source, by name: "Class.method", "function", "CONSTANT", or "" for the rest.

    Raises:
        ValueError: when the source is no Python.
    """
    found: dict[str, list[str]] = {}
    for place, line in _placed(text):
        found.setdefault(place, []).append(line)
    return {place: tuple(lines) for place, lines in found.items()}


@cache
def _placed(text: str) -> tuple[tuple[str, str], ...]:
    """The lines of a source, each behind the name of its place."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise ValueError(f"text is no Python: {error}") from error
    told = {id(one) for one in docstrings(tree)}
    divided = [pair for statement in tree.body for pair in _divided(statement)]
    return tuple((name, line) for name, node in divided for line in _lines(node, told))


def _divided(statement: ast.stmt) -> list[tuple[str, ast.stmt]]:
    """A statement of a file under its name; a class in pieces: its functions, and what is left of it."""
    if isinstance(statement, ast.ClassDef):
        functions = [one for one in statement.body if isinstance(one, ast.FunctionDef)]
        statement.body = [one for one in statement.body if one not in functions]
        inside = [(f"{statement.name}.{one.name}", one) for one in functions]
        return [(statement.name, statement), *inside]
    if isinstance(statement, ast.FunctionDef):
        return [(statement.name, statement)]
    if isinstance(statement, ast.Assign):
        return [(ast.unparse(statement.targets[0]).strip("()"), statement)]
    if isinstance(statement, ast.AnnAssign):
        return [(ast.unparse(statement.target), statement)]
    return [("", statement)]


def _lines(statement: ast.stmt, told: set[int]) -> list[str]:
    """What Python writes of a statement, docstrings left out."""
    for node in ast.walk(statement):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [one for one in body if not (isinstance(one, ast.Expr) and id(one.value) in told)]
            node.body = kept  # type: ignore[attr-defined]
    alone = isinstance(statement, ast.Expr) and id(statement.value) in told
    return [] if alone else [line for line in ast.unparse(statement).splitlines() if line.strip()]


@cache
def _functions(text: str) -> frozenset[str]:
    tree = ast.parse(text)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


Placed = Sequence[tuple[str, str]]


def _lines_differing(old: Placed, new: Placed) -> tuple[Counter[str], Counter[str]]:
    """How many lines of each place were added, and removed. A place with a new name has only that line changed."""
    before, after = ([line for _, line in lines] for lines in (old, new))
    added: Counter[str] = Counter()
    removed: Counter[str] = Counter()
    for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            removed.update(place for place, _ in old[i1:i2])
            added.update(place for place, _ in new[j1:j2])
    return added, removed
