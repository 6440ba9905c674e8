"""Writing a set of files into a folder that is new, empty, or was written by this before; no other is touched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from archlab.course.notebooks import ROOT

LIST = ".files-of-the-handout"
"""The file that names what was written, so that a second run replaces that and nothing else."""


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files, by their path in the folder, and take away what an earlier run wrote.

    Raises:
        ValueError: when the folder may not be written to, see `require_free`.
        OSError: when it cannot be.
    """
    require_free(folder)
    for name in _written(folder):
        (folder / name).unlink(missing_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / LIST).write_text("\n".join(sorted(files)) + "\n", encoding="utf-8")


def require_free(folder: Path) -> None:
    """Raise `ValueError` unless the folder is missing, empty, or of an earlier run, and no part of the course."""
    where = folder.resolve()
    if where.is_relative_to(ROOT) and where != ROOT and where.parent != ROOT:
        raise ValueError(
            f"FOLDER is {folder}, inside the course's folders; it must be outside, or beside them"
        )
    if where.exists() and not where.is_dir():
        raise ValueError(f"FOLDER is {folder}, a file; it must be a folder")
    if where.is_dir() and any(where.iterdir()) and not (where / LIST).is_file():
        raise ValueError(
            f"FOLDER is {folder}, which holds other files; it must be new, empty, or written by this"
        )


def _written(folder: Path) -> list[str]:
    """What an earlier run wrote: names inside the folder, and no others."""
    names = (folder / LIST).read_text(encoding="utf-8").splitlines() if (folder / LIST).is_file() else []
    inside = folder.resolve()
    return [name for name in names if name and (inside / name).resolve().is_relative_to(inside)]
