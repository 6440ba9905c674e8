"""The real source of functions and classes, shown in a notebook, so that no second copy of code exists.

>>> from archlab.course.quantity import describe
>>> print(show_source(describe, docstrings=False))
# archlab/course/quantity.py
def describe(name: str, value: float) -> str:
    return f"{words_and_unit(name)[0]}: {with_unit(name, value)}"
"""

import ast
import inspect
import os
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from types import FunctionType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STYLE = "xcode"
"""Its colours have a contrast of at least 4.5 on its white background."""


@dataclass(frozen=True)
class Source:
    """Pieces of source code, each with the file it is from, relative to the project. It shows itself."""

    pieces: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "\n\n".join(f"# {file}\n{code}" for file, code in self.pieces)

    def _html(self) -> str:
        # Pygments is loaded when source is shown.
        from pygments import highlight  # type: ignore[import-untyped]
        from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
        from pygments.lexers import PythonLexer  # type: ignore[import-untyped]

        formatter = HtmlFormatter(
            noclasses=True,
            style=STYLE,
            cssstyles="background: white; padding: 0.2em 0.8em",
            prestyles="font-family: monospace",
        )
        return "".join(_link(file) + highlight(code, PythonLexer(), formatter) for file, code in self.pieces)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self._html(), "text/plain": str(self)}


def show_source(*objects: type | Callable[..., Any], docstrings: bool = True) -> Source:
    """Return the source of these functions and classes, in this order, with or without their docstrings.

    Raises:
        ValueError: when there is no object, or one is not a function or class of this project.
    """
    if not objects:
        raise ValueError("objects is empty; it must have a function or a class")
    return Source(tuple(_piece(thing, docstrings) for thing in objects))


def _piece(thing: type | Callable[..., Any], docstrings: bool) -> tuple[str, str]:
    thing = inspect.unwrap(thing)
    file = inspect.getsourcefile(thing) if isinstance(thing, type | FunctionType) else None
    if file is None or not Path(file).resolve().is_relative_to(ROOT):
        raise ValueError(f"objects has {thing!r}; it must be a function or a class of this project")
    code = textwrap.dedent(inspect.getsource(thing)).rstrip()
    return Path(file).resolve().relative_to(ROOT).as_posix(), code if docstrings else without_docstrings(code)


def without_docstrings(code: str) -> str:
    """Return the code without the docstrings of its functions and classes; the rest stays as it is."""
    lines = code.splitlines()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and ast.get_docstring(
            node
        ):
            _drop(lines, node)
    return "\n".join(line for line in lines if line is not None)


def _drop(lines: list[Any], node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
    """Replace the lines of a docstring, and an empty line after it, by None; `...` if nothing is left."""
    text = node.body[0]
    assert text.end_lineno is not None
    last = text.end_lineno
    follows_empty_line = (
        len(node.body) > 1 and last < len(lines) and lines[last] is not None and not lines[last].strip()
    )
    for number in range(text.lineno - 1, last + follows_empty_line):
        lines[number] = None
    if len(node.body) == 1:
        lines[text.lineno - 1] = " " * text.col_offset + "..."


def _link(file: str) -> str:
    """A link to the file from the working directory, which is the notebook's folder."""
    try:
        address = Path(os.path.relpath(ROOT / file)).as_posix()
    except ValueError:  # another drive on Windows
        return f"<p><code>{escape(file)}</code></p>"
    return f'<p><a href="{escape(address)}"><code>{escape(file)}</code></a></p>'
