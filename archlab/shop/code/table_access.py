"""Table access: which part of the code reads and writes which SQL table, read off the SQL in the source.

A table that two parts touch couples them, even when neither calls the other: a change of a column reaches
both.

>>> statement_tables("INSERT INTO orders SELECT * FROM carts JOIN stock USING (product)")
[('orders', 'write'), ('carts', 'read'), ('stock', 'read')]
>>> statement_tables("Select a product from the list")
[]
"""

import ast
import re
from collections.abc import Iterator, Sequence

import pandas as pd

from archlab.shop.code.source import Component, docstrings

NAME = r"""["`\[]?([A-Za-z_]\w*)"""
STATEMENT = re.compile(
    r"\s*(SELECT\s.*|WITH\s.*\sAS\s*\(.*|INSERT\s+(OR\s+\w+\s+)?INTO\s.*|REPLACE\s+INTO\s.*"
    r"|UPDATE\s.*\sSET\s.*|DELETE\s+FROM\s.*|(CREATE|ALTER|DROP)\s.*(TABLE|INDEX)\s.*)",
    re.IGNORECASE | re.DOTALL,
)
"""What the beginning of an SQL statement looks like: its shape, so that prose is not taken for SQL."""

DEFINITION = re.compile(
    rf"(?:TABLE\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?|INDEX\s+.*?\sON\s+|REFERENCES\s+){NAME}", re.IGNORECASE
)
WRITE = re.compile(
    rf"(?:\bINTO\s+|\bDELETE\s+FROM\s+|\bUPDATE\s+(?:OR\s+\w+\s+)?(?=\S+\s+SET\b)){NAME}", re.IGNORECASE
)
READ = re.compile(rf"\b(?:FROM|JOIN)\s+{NAME}", re.IGNORECASE)
COMMON_TABLE = re.compile(
    r"(?:\bWITH\s+(?:RECURSIVE\s+)?|,\s*)(\w+)\s*(?:\([^)]*\)\s*)?AS\s*\(", re.IGNORECASE
)
ACCESS = {"definition": DEFINITION, "write": WRITE, "read": READ}


def statement_tables(text: str) -> list[tuple[str, str]]:
    """Return the tables an SQL text names, with "definition", "write" or "read"; nothing when it is no SQL.

    Knows FROM, JOIN, INTO, UPDATE, TABLE, INDEX and REFERENCES. A second table after a comma in FROM and a
    table whose name is filled in at run time are not seen: errs low.
    """
    if not is_sql(text):
        return []
    own = {name.lower() for name in COMMON_TABLE.findall(text)}
    found = []
    for access, pattern in ACCESS.items():
        found += [(name.lower(), access) for name in pattern.findall(text)]
        text = pattern.sub(" ", text)
    return [(table, access) for table, access in found if table not in own]


def is_sql(text: str) -> bool:
    """Say whether a text begins like an SQL statement, its first word in capitals or in small letters."""
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    return first in (first.upper(), first.lower()) and STATEMENT.match(text) is not None


def table_access(components: Sequence[Component]) -> pd.DataFrame:
    """Return every table each component names in SQL: columns component, table, access, line.

    Constants of the component's file count where the component names them.
    """
    rows = [
        (component.name, table, access, line)
        for component in components
        for line, text in component_texts(component)
        for table, access in statement_tables(text)
    ]
    return pd.DataFrame(rows, columns=["component", "table", "access", "line"])


def component_texts(component: Component) -> Iterator[tuple[int, str]]:
    """Yield the texts of a component, and of its file's constants that it names, each with its line."""
    yield from texts(component.node)
    if component.node is component.module:
        return
    named = {node.id for node in ast.walk(component.node) if isinstance(node, ast.Name)}
    for statement in component.module.body:
        if isinstance(statement, ast.Assign) and named & {
            ast.unparse(target) for target in statement.targets
        }:
            yield from texts(statement)


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield every text in a tree but docstrings, with its line; `{}` stands where an f-string fills in."""
    no_text = {id(text) for text in docstrings(tree)}
    no_text |= {
        id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values]
            yield node.lineno, "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in no_text:
            yield node.lineno, node.value


def shared_tables(access: pd.DataFrame) -> pd.DataFrame:
    """Return the tables that two or more components read or write: columns table, components, writers.

    Takes the frame of `table_access`. Definitions do not count: creating a table is not using it.
    """
    used = access[access.access != "definition"]
    rows = []
    for table in sorted(set(used.table)):
        users = sorted(set(used.component[used.table == table]))
        writers = sorted(set(used.component[(used.table == table) & (used.access == "write")]))
        if len(users) > 1:
            rows.append((table, ", ".join(users), ", ".join(writers)))
    return pd.DataFrame(rows, columns=["table", "components", "writers"])
