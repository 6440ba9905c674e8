"""Whether the course's own files, and the packages installed, are still what they were: a notebook that changes them
would give points to others, or take theirs.

>>> require_unchanged(fingerprint(), "anna.ipynb")
"""

from __future__ import annotations

import hashlib
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from archlab.course.labs.lab import ROOT, SOLUTIONS

KINDS = (".py", ".csv", ".toml", ".ipynb")


class CourseChanged(Exception):
    """A file of the course, or what is installed, is not what it was. The message says which notebook ran meanwhile,
    and what to do.
    """


def fingerprint(root: Path = ROOT) -> str:
    """A short text that changes when a file of the package, of `data/` or of `solutions/` does, or an installation."""
    digest = hashlib.sha256(" ".join(installed()).encode())
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


def installed() -> list[str]:
    """The packages that are installed, by the names of the folders that say so: name and version."""
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return sorted({folder.name for place in places for folder in Path(place).glob("*.dist-info")})


def require_unchanged(before: str, judged: str, root: Path = ROOT) -> None:
    """Raise `CourseChanged` when the fingerprint is another one than before the notebook `judged` ran."""
    if fingerprint(root) != before:
        raise CourseChanged(
            f"Files of the course or installed packages have changed while {judged} was judged, or another notebook "
            "beside it. Its verdict was not kept. Look at what it does, restore the course (for packages: delete the "
            "folder .venv), and run the same command to go on."
        )
