"""Touched: what a change of the source really touched, counted in files, in parts of the program and in lines.

Both sides of the change are parsed. Lines are those that Python's own writer makes of the parsed source, without
comments and docstrings: so it does not matter how somebody breaks lines, or how much they explain. A line that was
altered is one taken away and one added.

>>> before = {"a.py": "def f(): return 1", "b.py": "x = 1"}
>>> after = {"a.py": "def f():  # more\\n    return 2", "b.py": "x = 1", "c.py": "class C:\\n    pass"}
>>> touched(before, after)[["file", "place", "is_new", "added", "removed"]].to_numpy().tolist()
[['a.py', '', False, 1, 1], ['c.py', 'C', True, 2, 0]]
"""

import ast
import difflib
from collections.abc import Iterable

import pandas as pd

from archlab.shop.code.patches import Sources
from archlab.shop.code.source import docstrings

COLUMNS = ["file", "place", "is_new", "added", "removed"]


def touched(before: Sources, after: Sources) -> pd.DataFrame:
    """Return a row for each place that differs. A place is a class of a file, or "", what is outside all of them.

    Columns: file, place, is_new (the place was not there before), added and removed (lines).

    Raises:
        ValueError: when a source is no Python.
    """
    rows = []
    for file in sorted(set(before) | set(after)):
        if before.get(file) != after.get(file):
            old, new = _places(file, before.get(file, "")), _places(file, after.get(file, ""))
            rows += [
                (file, place, not old.get(place), *_differing(old.get(place, []), new.get(place, [])))
                for place in sorted({*old, *new})
            ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame[frame.added + frame.removed > 0].reset_index(drop=True)


def _places(file: str, text: str) -> dict[str, list[str]]:
    """The lines of each class of a file, by its name, and of what is outside, by ""."""
    try:
        tree = ast.parse(text, filename=file)
    except SyntaxError as error:
        raise ValueError(f"{file} is no Python: {error}") from error
    told = {id(text) for text in docstrings(tree)}
    places: dict[str, list[str]] = {"": []}
    for statement in tree.body:
        place = statement.name if isinstance(statement, ast.ClassDef) else ""
        places.setdefault(place, []).extend(_lines(statement, told))
    return places


def _lines(statement: ast.stmt, told: set[int]) -> Iterable[str]:
    """What Python writes of a statement, docstrings left out."""
    for node in ast.walk(statement):
        for name, block in ast.iter_fields(node):
            if name in ("body", "orelse", "finalbody") and isinstance(block, list):
                kept = [one for one in block if not (isinstance(one, ast.Expr) and id(one.value) in told)]
                setattr(node, name, kept)
    alone = isinstance(statement, ast.Expr) and id(statement.value) in told
    return [] if alone else [line for line in ast.unparse(statement).splitlines() if line.strip()]


def _differing(old: list[str], new: list[str]) -> tuple[int, int]:
    """How many lines were added, and how many removed."""
    steps = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changes = [(j2 - j1, i2 - i1) for kind, i1, i2, j1, j2 in steps if kind != "equal"]
    return sum(added for added, _ in changes), sum(removed for _, removed in changes)
