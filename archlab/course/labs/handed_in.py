"""The files in a folder, those in zip files too, without hidden ones and what operating systems leave behind."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archlab.course.labs.cells import is_notebook
from archlab.course.labs.clutter import is_clutter
from archlab.course.labs.zips import UnreadableZip, is_zip, unpacked

MOST_ZIPS_IN_ZIPS = 2
DEEPEST = 50
NOTEBOOK, OTHER, EMPTY = 1, 2, 3


@dataclass(frozen=True)
class Found:
    """A file: the `parts` of its name from the folder of all submissions, and where it is.

    `rank`: a notebook (or what may hold one), another file, or an empty folder: then the last part is empty. `problem`:
    why it cannot be read, in words.
    """

    parts: tuple[str, ...]
    path: Path
    rank: int = NOTEBOOK
    problem: str = ""


def walk(folder: Path, unpack_into: Path, parts: tuple[str, ...] = ()) -> Iterator[Found]:
    """The files in a folder, however deep, in order. What lies in zip files is written into `unpack_into`."""
    try:
        entries = [entry for entry in sorted(folder.iterdir()) if not is_clutter(entry.name)]
    except OSError as error:
        if not parts:
            raise
        yield Found((*parts, ""), folder, problem=f"The folder could not be read: {error.strerror}.")
        return
    if not entries and parts:
        yield Found((*parts, ""), folder, EMPTY, "The folder holds no notebook.")
    for entry in entries:
        inner = (*parts, entry.name)
        if os.path.isdir(entry) and not entry.is_symlink() and len(inner) < DEEPEST:
            yield from walk(entry, unpack_into, inner)
        else:
            yield from file(entry, unpack_into, inner)


def file(path: Path, unpack_into: Path, parts: tuple[str, ...]) -> Iterator[Found]:
    """A file, or what is in it when it is a zip file."""
    if path.is_symlink() or not os.path.isfile(path):
        yield Found(parts, path, OTHER, "This is no file but a link, or something else. It was not read.")
    elif is_zip(parts[-1]):
        yield from opened(path, unpack_into, parts)
    else:
        yield Found(parts, path, NOTEBOOK if is_notebook(parts[-1]) else OTHER)


def opened(path: Path, unpack_into: Path, parts: tuple[str, ...]) -> Iterator[Found]:
    """What is in a zip file, and in zip files in it."""
    if sum(map(is_zip, parts)) > MOST_ZIPS_IN_ZIPS:
        yield Found(parts, path, problem="Too many zip files in one another. It was not opened.")
        return
    try:
        members = unpacked(path, unpack_into)
    except UnreadableZip as problem:
        yield Found(parts, path, problem=str(problem))
        return
    if not members:
        yield Found((*parts, ""), path, EMPTY, "The zip file holds no notebook.")
    seen: Counter[str] = Counter()
    for member in sorted(members, key=lambda member: member.name):
        seen[member.name] += 1
        *folders, name = member.name.split("/")
        again = (
            f"({seen[member.name]}) " if seen[member.name] > 1 else ""
        )  # a zip file may have one name twice
        inner = (*parts, *folders, again + name)
        if member.path is None:
            yield Found(inner, path, OTHER, "This is no notebook: its name does not end in .ipynb.")
        else:
            yield from file(member.path, unpack_into, inner)
