"""Whether the course's own files are still what they were: a notebook that changes them would give points to others.

>>> require_unchanged(fingerprint(), "anna.ipynb")
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from archlab.course.labs.lab import ROOT, SOLUTIONS

KINDS = (".py", ".csv", ".toml", ".ipynb")


class CourseChanged(Exception):
    """A file of the course is not what it was. The message says which notebook ran meanwhile, and what to do."""


def fingerprint(root: Path = ROOT) -> str:
    """A short text that changes when a file of the package, of `data/` or of `solutions/` does."""
    digest = hashlib.sha256()
    for path in sorted(files(root)):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def files(root: Path) -> Iterator[Path]:
    """The files that decide a verdict. What Python writes beside them is none."""
    for folder in ("archlab", "data", SOLUTIONS):
        for path in (root / folder).rglob("*"):
            if path.suffix in KINDS and path.is_file() and ".ipynb_checkpoints" not in path.parts:
                yield path


def require_unchanged(before: str, judged: str, root: Path = ROOT) -> None:
    """Raise `CourseChanged` when the fingerprint is another one than before the notebook `judged` ran."""
    if fingerprint(root) != before:
        raise CourseChanged(
            f"Files of the course have changed while {judged} was judged, or another notebook beside it. Its verdict "
            "was not kept. Look at what it does, restore the course, and run the same command to go on."
        )
