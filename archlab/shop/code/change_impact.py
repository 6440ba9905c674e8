"""Change impact: which places of the code a change request must touch, found by naming what changes.

The request names a symbol or a table's column: "rename `on_hand`", "give `reserve` another argument". Every
place that names it must be read and most likely changed. Another thing of the same name counts as well (errs
high); a place that depends on it without naming it does not (errs low).

>>> from pathlib import Path
>>> from archlab.shop.code.source import modules
>>> impact = change_impact(modules(Path(__file__).parent), "change_impact")
>>> impact[impact.kind == "definition"].function.tolist()
['change_impact']
"""

import ast
import re
from collections.abc import Iterator, Sequence

import pandas as pd

from archlab.shop.code.source import Component
from archlab.shop.code.table_access import component_texts, is_sql

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def change_impact(components: Sequence[Component], name: str) -> pd.DataFrame:
    """Return each place that names `name`: columns component, file, function, line, kind.

    `function` is the innermost function or class ("<module>" outside), `kind` is definition, use, SQL (inside
    an SQL text, as a word of its own) or key (a text that is exactly the name, as in `row["on_hand"]`).

    Raises:
        ValueError: when the name is not one identifier, such as a symbol or a column.
    """
    if not name.isidentifier():
        raise ValueError(f"name is {name!r}; it must be one identifier, such as a function or a column")
    rows = set()
    for component in components:
        if places := list(_places(component, name)):
            functions = [node for node in ast.walk(component.module) if isinstance(node, Definition)]
            file = component.path.name
            rows |= {
                (component.name, file, _function_at(functions, line), line, kind) for line, kind in places
            }
    return pd.DataFrame(sorted(rows), columns=["component", "file", "function", "line", "kind"])


def _places(component: Component, name: str) -> Iterator[tuple[int, str]]:
    """Yield line and kind of each place in a component that names `name`."""
    for node in ast.walk(component.node):
        if name in _names(node):
            yield getattr(node, "lineno", 0), "definition" if isinstance(node, Definition) else "use"
    word = re.compile(rf"\b{re.escape(name)}\b", re.IGNORECASE)
    for line, text in component_texts(component):
        if is_sql(text) and word.search(text):
            yield line, "SQL"
        elif text == name:
            yield line, "key"


def _names(node: ast.AST) -> list[str]:
    """Return the identifiers a node itself holds."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.alias(name=dotted, asname=local):
            return [*dotted.split("."), local or ""]
    return []


def _function_at(functions: Sequence[Definition], line: int) -> str:
    """Return the dotted name of the innermost function or class around a line, of all those of a file."""
    around = [node for node in functions if node.lineno <= line <= (node.end_lineno or node.lineno)]
    return ".".join(node.name for node in sorted(around, key=lambda node: node.lineno)) or "<module>"


def extent(impact: pd.DataFrame) -> dict[str, int]:
    """Return how far a change reaches: the number of files, components, functions and lines to touch."""
    return {
        "files": int(impact.file.nunique()),
        "components": int(impact.component.nunique()),
        "functions": len(impact[["file", "function"]].drop_duplicates()),
        "lines": len(impact[["file", "line"]].drop_duplicates()),
    }
