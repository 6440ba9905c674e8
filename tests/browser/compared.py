"""A notebook that JupyterLab has run and saved, against the one that is kept: the same outputs, cell by cell.

What differs from machine to machine without being wrong is taken out, as for nbval (`tests/notebooks/sanitize.cfg`).
"""

import configparser
import json
import re
from itertools import zip_longest
from pathlib import Path

import nbformat

from archlab.course.notebooks import normalise

RULES = Path(__file__).resolve().parents[1] / "notebooks" / "sanitize.cfg"
SHOWN = 300
TO_THE_COURSE = (r"(\.\./)+(\w+/)*archlab/", "../archlab/")
"""A link to a source: the notebook that was run is a copy, and lies in another folder."""


def differences(kept: Path, saved: Path) -> list[str]:
    """What is not the same in the outputs of two notebooks, a text for each cell."""
    pairs = zip_longest(outputs(kept), outputs(saved), fillvalue=("", "no such cell"))
    return [difference(first, before, now) for (first, before), (_, now) in pairs if before != now]


def outputs(path: Path) -> list[tuple[str, str]]:
    """The first line of each code cell, and what it shows, in one text."""
    notebook = normalise(nbformat.read(path, as_version=4))
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [(cell.source.partition("\n")[0], sanitized(cell.outputs)) for cell in code]


def sanitized(shown: list[nbformat.NotebookNode]) -> str:
    """Outputs as a text, without what may differ."""
    parts = [{"text": one.get("text", ""), "data": text_of(one.get("data", {}))} for one in shown]
    text = json.dumps(parts, sort_keys=True, indent=0)
    for pattern, replacement in rules():
        text = re.sub(pattern, replacement, text)
    return text


def text_of(data: dict[str, object]) -> dict[str, object]:
    """The parts of an output that are text: bytes of a picture differ between systems. A browser writes 3.0 as 3."""
    text = {kind: value for kind, value in data.items() if not kind.startswith("image/")}
    return dict(json.loads(json.dumps(text), parse_int=float))


def rules() -> list[tuple[str, str]]:
    """The patterns that are taken out, and what stands in their place."""
    parser = configparser.RawConfigParser()
    parser.read(RULES, encoding="utf-8")
    return [*((parser[name]["regex"], parser[name]["replace"]) for name in parser.sections()), TO_THE_COURSE]


def difference(first: str, before: str, now: str) -> str:
    """Where two texts part, in words."""
    at = next(
        (k for k, (a, b) in enumerate(zip(before, now, strict=False)) if a != b), min(len(before), len(now))
    )
    start = max(0, at - 40)
    return f"`{first}` shows\n  {now[start : at + SHOWN]!r}\nand not\n  {before[start : at + SHOWN]!r}"
