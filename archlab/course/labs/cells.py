"""The cells of a notebook file, read from whatever somebody handed in.

Nothing is expected of the file. What cannot be read raises `UnreadableNotebook`, which says why in plain words.

>>> parse('{"cells": [{"cell_type": "code", "source": ["x = 1"]}]}')
[Cell(kind='code', source='x = 1', id='', grade_id='')]
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LARGEST_FILE_BYTES = 50_000_000
NOTEBOOK = re.compile(r"\.ipynb(\.json|\.txt)?$", re.IGNORECASE)  # some browsers add what they think it is
CONFLICT_MARK = "<<<<<<< "


class UnreadableNotebook(Exception):
    """A file is not a notebook. The message says why, in plain words."""


@dataclass(frozen=True)
class Cell:
    """One cell as it was handed in: its kind ("code", "markdown", "raw"), its text, and its two names, if any."""

    kind: str
    source: str
    id: str = ""
    grade_id: str = ""


def read_cells(path: Path) -> list[Cell]:
    """The cells of a notebook file. Raises `UnreadableNotebook`."""
    return parse(read_text(path))


def is_notebook(name: str) -> bool:
    """Whether a file's name is that of a notebook.

    >>> is_notebook("LAB.IPYNB"), is_notebook("lab.ipynb.json"), is_notebook("lab.py")
    (True, True, False)
    """
    return bool(NOTEBOOK.search(name))


def read_text(path: Path) -> str:
    """The text of a notebook file. Raises `UnreadableNotebook`."""
    if not is_notebook(path.name):
        raise UnreadableNotebook(
            f"A notebook's name ends in .ipynb; this one's ends in {path.suffix or 'nothing'}."
        )
    try:
        if path.exists() and not path.is_file():
            raise UnreadableNotebook("This is not a file.")
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise UnreadableNotebook("The file is larger than 50 MB. Clear its outputs and save it again.")
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableNotebook(f"The file could not be read: {error.strerror}.") from error
    if not content.strip():
        raise UnreadableNotebook("The file is empty.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableNotebook("The file holds something else than text.") from error


def parse(text: str) -> list[Cell]:
    """The cells in the text of a notebook file. Raises `UnreadableNotebook`."""
    return [cell(entry) for entry in entries(text)]


def entries(text: str) -> list[dict[str, Any]]:
    """The cells in the text of a notebook file, with all that it says of them. Raises `UnreadableNotebook`."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        if any(line.lstrip().startswith(CONFLICT_MARK) for line in text.splitlines()):
            raise UnreadableNotebook("The file holds the marks of a merge conflict (<<<<<<<).") from error
        raise UnreadableNotebook(f"The file is not a whole notebook ({error}).") from error
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list):
        raise UnreadableNotebook("The file holds no cells: it is no notebook of format 4.")
    return [entry for entry in cells if isinstance(entry, dict)]


def cell(entry: dict[str, Any]) -> Cell:
    """One cell, with an empty text for everything that is missing or of the wrong type."""
    source = entry.get("source")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    metadata = entry.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return Cell(text(entry.get("cell_type")), text(source), text(entry.get("id")), text(grade_id))


def text(value: object) -> str:
    """The value if it is a text, without what cannot be written as UTF-8; else an empty text."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""
