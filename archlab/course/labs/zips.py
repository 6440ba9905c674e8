"""The notebooks in a zip file, wherever it comes from: nothing in it decides where it is written, or how much.

>>> from io import BytesIO
>>> from tempfile import TemporaryDirectory
>>> file = BytesIO()
>>> with zipfile.ZipFile(file, "w") as archive:
...     archive.writestr("../../lab.ipynb", "{}")
>>> with TemporaryDirectory() as folder:
...     [(member.name, member.path.parent == Path(folder)) for member in unpacked(file, Path(folder))]
[('lab.ipynb', True)]
"""

from __future__ import annotations

import errno
import lzma
import uuid
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from archlab.course.labs.cells import LARGEST_FILE_BYTES, is_notebook
from archlab.course.labs.clutter import is_clutter

MOST_NOTEBOOKS = 10_000
MOST_BYTES = 1_000_000_000
TOO_LARGE = (
    f"What is in the zip file is too large: it may be {LARGEST_FILE_BYTES // 10**6} MB a notebook, and "
    f"{MOST_BYTES // 10**6:,} MB in all."
)
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
IS_UTF8 = 0x800
DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, UnicodeError)


class UnreadableZip(Exception):
    """A zip file, or what is in it, cannot be read. The message says why, in plain words."""


@dataclass(frozen=True)
class Member:
    """A file in a zip file: its name there, with / between folders. `path`: where it is now; None if it was left."""

    name: str
    path: Path | None


def is_zip(name: str) -> bool:
    """Whether a file's name is that of a zip file."""
    return name.lower().endswith(".zip")


def unpacked(file: Path | IO[bytes], folder: Path) -> list[Member]:
    """The files in a zip file, without clutter. Notebooks and zip files are written into `folder`, under names of our
    own.

    Raises `UnreadableZip`, and `OSError` when there is no room; what was written by then is left in `folder`.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            return list(members(archive, folder))
    except DAMAGED as error:
        raise UnreadableZip(
            f"The zip file cannot be read: it is damaged, or no zip file ({error})."
        ) from error
    except (RuntimeError, NotImplementedError) as error:  # so says zipfile
        raise UnreadableZip("The zip file cannot be read: it has a password or an unusual format.") from error
    except OSError as error:
        if error.errno in NO_ROOM:  # not the zip file's fault
            raise
        raise UnreadableZip(f"The zip file cannot be read: {error.strerror or error}.") from error


def members(archive: zipfile.ZipFile, folder: Path) -> Iterator[Member]:
    """The files in an open zip file, one after the other, within its limits."""
    names = {info: name_of(info) for info in archive.infolist() if not info.is_dir()}
    shown = {info: name for info, name in names.items() if name and not any(map(is_clutter, name.split("/")))}
    if sum(map(is_wanted, shown.values())) > MOST_NOTEBOOKS:
        raise UnreadableZip(f"The zip file holds more than {MOST_NOTEBOOKS:,} notebooks.")
    left = MOST_BYTES
    for info, name in shown.items():
        path = written(archive, info, folder, min(left, LARGEST_FILE_BYTES)) if is_wanted(name) else None
        left -= path.stat().st_size if path else 0
        yield Member(name, path)


def is_wanted(name: str) -> bool:
    """Whether a file is unpacked at all."""
    return is_notebook(name) or is_zip(name)


def written(archive: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path, most_bytes: int) -> Path:
    """Unpack one file, whatever size the zip file says it has. Raises `UnreadableZip` when it is too large."""
    path = folder / (uuid.uuid4().hex + (".zip" if is_zip(info.filename) else ".ipynb"))
    with archive.open(info) as source, path.open("wb") as target:
        while piece := source.read(1 << 16):
            if target.tell() + len(piece) > most_bytes:
                raise UnreadableZip(TOO_LARGE)
            target.write(piece)
    return path


def name_of(info: zipfile.ZipInfo) -> str:
    """The name of a file in a zip file. Many programs write UTF-8 and do not say so."""
    name = info.filename
    if not info.flag_bits & IS_UTF8:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:  # it is the cp437 that zipfile takes it for
            name = info.filename
    parts = name.replace("\\", "/").split("/")
    return "/".join(part for part in parts if part not in ("", ".", ".."))
