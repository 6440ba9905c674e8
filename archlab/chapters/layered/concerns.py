"""Concerns: where in the source of a shop each kind of concern is written, counted on the syntax tree.

Four technical concerns, each with the layer that is its home: *rows* (SQL, and sending it), *decisions* (see below),
*formats* (JSON, words taken apart, numbers written in a form, and what presentation cannot read) and *steps* (a
transaction begins or ends, another company is asked, a refusal is caught). The layered shop is cut into four layers,
the monolith into five modules. What both use (`archlab.shop.domain` and `store`) is counted for both:
in the layers as business and data access, in the modules as those whose rows and rules they are.

A *decision* is a place where the shop refuses by a rule of its own: it makes a refusal, a write has a condition in its
SQL, or a rule of the domain raises `ValueError`. "No such row" (`NotFound`) is none: nobody decided that. The verdicts
of this chapter all count decisions so. That the domain's file is business, where most of its rules stand, is by
construction: it helps the layers.

What this leaves out: a decision that is a bare comparison, and rows kept in dictionaries: it errs low for the business
layer and for data access in memory. A number in a key counts as a format, and the code that only carries a transaction
out counts as steps: it errs high for data access. Which layer a *file* is in is by construction, what is written in it
is not.

>>> table = concerns("layered")
>>> table[(table.concern == "rows") & (table.part != "data access")].empty
True
>>> sorted(set(table[(table.concern == "decisions") & (table.kind == "OutOfStock")].part))
['business', 'data access']
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import PurePosixPath

import pandas as pd

import archlab.shop.domain as domain
from archlab.chapters.layered.traced import ROOT
from archlab.shop.code.patches import Sources
from archlab.shop.code.table_access import is_sql, texts
from archlab.sim.validation import require_one_of

HOMES: Mapping[str, str] = {
    "rows": "data access",
    "decisions": "business",
    "formats": "presentation",
    "steps": "application",
}
"""Technical concern -> the layer that it is meant to be in."""

LAYERS = ("presentation", "application", "business", "data access")
MODULES = ("Catalogue", "Inventory", "Orders", "Payments", "Notifications")
SHARED = {"shop/domain.py": "business", "shop/store.py": "data access"}
"""What both shops use -> the layer that it is."""

OWNERS: Mapping[str, str] = {
    "CatalogueRepository": "Catalogue",
    "Product": "Catalogue",
    "StockRepository": "Inventory",
    "reserve": "Inventory",
    "OrderRepository": "Orders",
    "Order": "Orders",
    "OrderLine": "Orders",
    "price_order": "Orders",
    "PaymentRepository": "Payments",
    "Payment": "Payments",
    "NotificationRepository": "Notifications",
    "confirmation": "Notifications",
}
"""Definition that both use -> the module of the monolith whose it is. Others belong to no module."""

TOPICS: Mapping[str, str] = {
    "catalogue": r"Product\w*|products?|catalogue",
    "stock": r"on_hand|stock|reserve|OutOfStock|inventory",
    "orders": r"Order|OrderLine|OrderStatus|orders|insert_order|place_order",
    "payments": r"Payment\w*|payments?|authorised?|captured?|record_payment",
    "notifications": r"Notification\w*|notif\w*|confirm\w*",
}
"""What the shop is about -> names of the source that are about it."""

REFUSALS = {
    name for name, one in vars(domain).items() if isinstance(one, type) and issubclass(one, domain.Refusal)
} - {"Refusal", "NotFound"}
"""Refusals by a rule of the shop. `NotFound` is none: there is no such row."""
GUARD = re.compile(r"\s*(UPDATE|DELETE|INSERT)\b.*\bWHERE\b.*[<>]", re.IGNORECASE | re.DOTALL)
"""A write that happens only on a condition that is more than the row's key."""

SENDS = {"execute", "executemany", "executescript"}
WORDS = {"split", "isdigit"}
TRANSACTION = {"begin", "commit", "flush"}
PROVIDER = {"authorise", "capture"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


SHOPS = ("layered", "layered, all kinds", "monolithic")
"""What is looked at. "layered": with SQLite and JSON, which is what the monolith is compared with (it has no
presentation of its own). "layered, all kinds": with all kinds of data access and of presentation."""

OTHER_KINDS = ("command_line", "in_memory", "key_value", "as_tables")


@cache
def sources(shop: str) -> dict[str, str]:
    """Return the files of a shop's parts and those that both use: path inside the package -> text. Of `SHOPS`."""
    require_one_of("shop", shop, SHOPS)
    own = [ROOT / "shop/monolithic/architecture.py"]
    if shop != "monolithic":
        folders = [ROOT / "shop/layered" / layer.replace(" ", "_") for layer in LAYERS]
        own = [file for folder in folders for file in sorted(folder.glob("*.py"))]
    files = [*own, *(ROOT / path for path in SHARED)]
    left_out = OTHER_KINDS if shop == "layered" else ()
    kept = [file for file in files if file.stem not in left_out]
    return {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in kept}


def concerns(shop: str, changed: Sources | None = None) -> pd.DataFrame:
    """Return each concern of each function of a shop's parts: file, part, function, concern, kind, count.

    Args:
        shop: one of `SHOPS`. Parts of the layered one are the layers, of the monolith its modules.
        changed: the sources to look at instead of those that are there (`sources`).

    A function of the shared files that the shop does not use is left out.
    """
    files = sources(shop) if changed is None else dict(changed)
    rows = [
        (path, part, name, concern, kind, count)
        for path, part, name, node in _functions(shop, files)
        for (concern, kind), count in Counter(_concerns(node, part)).items()
    ]
    return pd.DataFrame(rows, columns=["file", "part", "function", "concern", "kind", "count"])


def decisions_here_percent(table: pd.DataFrame, part: str = HOMES["decisions"]) -> float:
    """Return how many of the decisions in `concerns` stand in a part."""
    found = table[table.concern == "decisions"]
    return float(100 * found["count"][found.part == part].sum() / found["count"].sum())


def at_home(table: pd.DataFrame, homes: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return of each concern how much of it is in one part: columns concern, home, at_home, elsewhere, percent.

    `homes`: concern -> its part. None: whichever part has most of it, which is the best that can be said for a cut.
    """
    rows = []
    for concern in HOMES:
        by_part = table[table.concern == concern].groupby("part")["count"].sum()
        home = homes[concern] if homes else str(by_part.idxmax()) if len(by_part) else ""
        inside, whole = int(by_part.get(home, 0)), int(by_part.sum())
        rows.append((concern, home, inside, whole - inside, 100 * inside / whole if whole else 100.0))
    return pd.DataFrame(rows, columns=["concern", "home", "at_home", "elsewhere", "percent"])


def compared() -> pd.DataFrame:
    """Compare how much of each technical concern is in one part, in percent: a row a concern, and all together.

    Columns: concern, home, layers_percent (with SQLite and JSON), all_kinds_percent (with all kinds of presentation and
    data access), best_module, modules_percent (of the monolith, in that module).
    """
    tables = [at_home(concerns(shop), HOMES if shop != "monolithic" else None) for shop in SHOPS]
    layers, kinds, modules = (pd.concat([one, _together(one)], ignore_index=True) for one in tables)
    return pd.DataFrame(
        {
            "concern": layers.concern,
            "home": layers.home,
            "layers_percent": layers.percent,
            "all_kinds_percent": kinds.percent,
            "best_module": modules.home,
            "modules_percent": modules.percent,
        }
    )


def _together(found: pd.DataFrame) -> pd.DataFrame:
    inside, elsewhere = found.at_home.sum(), found.elsewhere.sum()
    row = ("all", "", inside, elsewhere, 100 * inside / (inside + elsewhere))
    return pd.DataFrame([row], columns=list(found.columns))


def spread(shop: str, changed: Sources | None = None) -> pd.DataFrame:
    """Return in which parts each topic of the shop is written: columns topic, parts, of."""
    functions = list(_functions(shop, sources(shop) if changed is None else dict(changed)))
    rows = []
    for topic, pattern in TOPICS.items():
        about = re.compile(rf"\b(?:{pattern})\b")
        parts = {part for _, part, _, node in functions if any(about.fullmatch(one) for one in _names(node))}
        rows.append((topic, len(parts), len(MODULES) if shop == "monolithic" else len(LAYERS)))
    return pd.DataFrame(rows, columns=["topic", "parts", "of"])


# Which functions, and whose ----------------------------------------------------------------------------------


def _functions(shop: str, files: Sources) -> Iterator[tuple[str, str, str, Function]]:
    """Yield file, part, dotted name and tree of each function of the parts."""
    used = _used(files)
    for path, text in files.items():
        for owner, node in _of_file(ast.parse(text)):
            part = _part(shop, path, owner or node.name)
            if part and (path not in SHARED or node.name in used or node.name.startswith("_")):
                yield path, part, f"{owner}.{node.name}".lstrip("."), node


def _of_file(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    for node in tree.body:
        if isinstance(node, Function):
            yield "", node
        elif isinstance(node, ast.ClassDef):
            yield from ((node.name, one) for one in node.body if isinstance(one, Function))


def _part(shop: str, path: str, definition: str) -> str:
    """The layer or module that a definition belongs to; "" for none: wiring."""
    if shop != "monolithic":
        return SHARED.get(path) or PurePosixPath(path).parent.name.replace("_", " ")
    return OWNERS.get(definition, "") if path in SHARED else definition if definition in MODULES else ""


def _used(files: Sources) -> set[str]:
    """The names that a shop's own files hold, and those that functions of that name hold, and so on."""
    used = {name for path, text in files.items() if path not in SHARED for name in _names(ast.parse(text))}
    shared = [node for path in SHARED if path in files for _, node in _of_file(ast.parse(files[path]))]
    while more := {name for node in shared if node.name in used for name in _names(node)} - used:
        used |= more
    return used


def _names(node: ast.AST) -> set[str]:
    """The names in a tree: of variables, attributes, arguments, functions."""
    found = {getattr(one, key, None) for one in ast.walk(node) for key in ("id", "attr", "arg", "name")}
    return {name for name in found if isinstance(name, str)}


# What is a concern -------------------------------------------------------------------------------------------


def _concerns(function: Function, part: str) -> Iterator[tuple[str, str]]:
    """Yield concern and kind of each place in a function of a part."""
    for _, text in texts(function):
        if is_sql(text):
            yield "rows", "SQL"
            if GUARD.match(text):
                yield "decisions", "condition in SQL"
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in REFUSALS:
                yield "decisions", name
            case ast.Raise(exc=ast.Call(func=ast.Name(id="ValueError"))):
                yield ("formats", "not read") if part == HOMES["formats"] else ("decisions", "value refused")
            case ast.Call(func=ast.Attribute(attr=name)) if name in SENDS:
                yield "rows", "sent"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="json"))):
                yield "formats", "JSON"
            case ast.Call(func=ast.Attribute(attr=name)) if name in WORDS:
                yield "formats", "words"
            case ast.FormattedValue(format_spec=ast.JoinedStr()):
                yield "formats", "number"
            case ast.Call(func=ast.Attribute(value=owner, attr=name)):
                if name in TRANSACTION:
                    yield "steps", "transaction"
                elif name in PROVIDER and ast.unparse(owner).endswith("provider"):
                    yield "steps", "provider asked"
            case ast.ExceptHandler(type=ast.Name(id="Refusal")):
                yield "steps", "refusal caught"
