"""What a class handed in: a folder of notebooks, or a folder of folders, one per student.

>>> clean("=HYPERLINK('x')\\n" + "a" * 9, longest=20)
"'=HYPERLINK('x') aaa"
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

LONGEST_TEXT = 300


@dataclass(frozen=True)
class Submission:
    """One file that somebody handed in. `file` is its path from the folder of all submissions."""

    student: str
    path: Path
    file: str


def find_submissions(folder: Path, leave_out: Path) -> list[Submission]:
    """All that was handed in, in order: a file is a student's, and so is a folder with all its notebooks.

    Hidden files and the file `leave_out` are not counted. A folder without a notebook counts with its other files,
    and if it has none, itself: a student who handed in nothing useful is told so.
    """
    found = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.resolve() == leave_out.resolve():
            continue
        student, paths = (entry.name, files_of(entry)) if entry.is_dir() else (entry.stem, [entry])
        found += [Submission(student, path, path.relative_to(folder).as_posix()) for path in paths]
    return found


def files_of(folder: Path) -> list[Path]:
    """The notebooks in a student's folder, however deep; else its other files; else the folder itself."""
    files = sorted(visible(folder.rglob("*"), folder))
    return [path for path in files if path.suffix == ".ipynb"] or files or [folder]


def visible(paths: Iterable[Path], folder: Path) -> Iterator[Path]:
    """The files among the paths, without those that are hidden or in a hidden folder, and without links."""
    for path in paths:
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not path.is_symlink() and not hidden:
            yield path


def version(submission: Submission, judged_by: str) -> str:
    """A short name for what was handed in and what it is judged by. It changes when either does."""
    digest = hashlib.sha256(judged_by.encode())
    try:
        with submission.path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    except OSError as error:
        digest.update(str(error).encode())
    return digest.hexdigest()[:12]


def clean(text: str, longest: int = LONGEST_TEXT) -> str:
    """The text on one line, cut, and such that no spreadsheet takes it for a formula."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return ("'" + line if line[:1] in tuple("=+-@") else line)[:longest]
