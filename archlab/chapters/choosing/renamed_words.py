"""A word of the shop changes: what names it in each of the six shops, by one list of words and one way to count.

The list is not ours to choose: the words are the columns of the shop's five schemas, which all six shops have in
common, those that belong to one table, that statements name and not the schema alone, and that the kit, which knows no
shop, does not use for things of its own (`words`). Each place that names a word must be found and read when what it
stands for changes, and most likely changed.

What this leaves out, and in which direction that errs. A place that names another thing by the same word counts as
well, and a place that depends on it without naming it does not. A column could be renamed behind a repository while
messages keep the old word: then programs behind messages need no release, so this errs against shops of many programs.
The shops share two files, `domain` and `store`, which separate teams would not. So units and programs are counted
twice: those that name the word themselves, but one at least, for somebody owns what is shared (`programs_low`); and
with them those whose source uses a shared definition that names it, not counting one step further (`programs_high`). A
shop that is one program has all of it. What only one shop has is left out (`archlab.chapters.choosing.shop_sources`).

>>> table = renamed()
>>> bool((table.programs_low <= table.programs_high).all())
True
>>> [str(word) for word in table.word.unique()]
['price_cents', 'on_hand', 'total_cents', 'quantity', 'unit_price_cents', 'payment_id', 'amount_cents', \
'authorisation']
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from archlab.chapters.choosing.shop_sources import NO_UNIT, PACKAGE, SHOPS, Shop, part_at, sources
from archlab.chapters.event_driven.coupling import CONTRACT
from archlab.shop.code.change_impact import change_impact
from archlab.shop.code.source import Component, modules
from archlab.shop.store import SCHEMAS, open_database

COUNTED = ("files", "units_low", "units_high", "places", "lines", "programs_low", "programs_high")


@cache
def words() -> tuple[str, ...]:
    """Return the columns of the five schemas that belong to one table, that some function of the store names, and that
    the kit does not name."""
    connection = open_database(*SCHEMAS)
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = [row[1] for table in tables for row in connection.execute(f"PRAGMA table_info({table})")]
    kit = modules(PACKAGE / "sim")
    store = [one for one in modules(PACKAGE / "shop") if one.name == "archlab.shop.store"]
    return tuple(
        word
        for word in columns
        if columns.count(word) == 1
        and impact(kit, word).empty
        and not impact(store, word).function.isin(["<module>"]).all()
    )


def impact(components: Sequence[Component], word: str) -> pd.DataFrame:
    """Return what `change_impact` does, quickly: files without the word are not looked at."""
    return change_impact([one for one in components if word in _text(one.path)], word)


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def renamed() -> pd.DataFrame:
    """Return what names each word in each shop: columns word, architecture, and those of `COUNTED`.

    Files, the shared ones too; units (modules, services, components, layers, functions, sides) and programs to be
    released again, both in two ways, see above; places (functions and classes); lines.
    """
    rows = [
        {"word": word, "architecture": name, **_counted(shop, word)}
        for word in words()
        for name, shop in SHOPS.items()
    ]
    return pd.DataFrame(rows)


def means() -> pd.DataFrame:
    """Return the means over all words: a row an architecture, the columns `COUNTED`."""
    return renamed().groupby("architecture", sort=False)[list(COUNTED)].mean()


def _counted(shop: Shop, word: str) -> dict[str, int]:
    components = sources(shop)
    found = impact(components, word)
    units = set(_parts(shop, found, components)) - set(NO_UNIT)
    both = units | _users(shop, components, _shared_names(shop, found, components))
    low, high = _programs(shop, units), _programs(shop, both)
    return {
        "files": int(found.component.nunique()),
        "units_low": max(len(units), min(1, len(both))),
        "units_high": len(both),
        "places": len(found[["component", "function"]].drop_duplicates()),
        "lines": len(found[["component", "line"]].drop_duplicates()),
        "programs_low": max(len(low), min(1, len(high))),
        "programs_high": len(high),
    }


def _programs(shop: Shop, units: set[str]) -> set[str]:
    if "*" in shop.program:  # whatever is changed is in it
        return {shop.program["*"]}
    return {shop.program.get(unit, unit) for unit in units}


def _parts(shop: Shop, found: pd.DataFrame, components: Sequence[Component]) -> list[str]:
    paths = {component.name: component.path for component in components}
    return [part_at(shop, paths[row.component], row.function) for row in found.itertuples()]


def _shared_names(shop: Shop, found: pd.DataFrame, components: Sequence[Component]) -> set[str]:
    """The names of definitions and constants that name the word, in shared files and in files that units share."""
    known = {component.name: component for component in components}
    rows = [(known[row.component], str(row.function), int(row.line)) for row in found.itertuples()]
    shared = [row for row in rows if part_at(shop, row[0].path, row[1]) == CONTRACT]
    return {name for component, _, line in shared for name in _defined_at(component, line)}


def _defined_at(component: Component, line: int) -> set[str]:
    """The names that the statement around a line defines for others: a class, a function, a constant."""
    around = [node for node in component.module.body if node.lineno <= line <= (node.end_lineno or line)]
    names = {str(name) for node in around if (name := getattr(node, "name", None))}
    targets = [target for node in around if isinstance(node, ast.Assign) for target in node.targets]
    targets += [node.target for node in around if isinstance(node, ast.AnnAssign)]
    return names | {target.id for target in targets if isinstance(target, ast.Name)}


def _users(shop: Shop, components: Sequence[Component], names: set[str]) -> set[str]:
    """The units that name one of these definitions."""
    users = {
        part_at(shop, component.path, name)
        for component in components
        for name, used in _used_by(component)
        if used & names
    }
    return users - set(NO_UNIT)


@cache
def _used_by(component: Component) -> list[tuple[str, set[str]]]:
    """Each statement of a file outside all functions: what it defines, "" for none, and the names that it uses."""
    return [
        (
            getattr(statement, "name", ""),
            {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)},
        )
        for statement in component.module.body
    ]
