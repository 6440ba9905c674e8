"""The stamp in `.venv`: it says that the course made the folder, from what, and whether it was finished.

It is written twice: first as unfinished, before anything else is in the folder, and again when all is there. A folder
with no stamp belongs to somebody else.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     Stamp(pins="5c1e", place="course", python="3.12", finished=False).write(Path(folder))
...     read_stamp(Path(folder))
Stamp(pins='5c1e', place='course', python='3.12', finished=False)
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "made-from.txt"


@dataclass(frozen=True)
class Stamp:
    """What an environment was made from: the pins (their hash), the course's place and the version of Python."""

    pins: str
    place: str
    python: str
    finished: bool

    def write(self, folder: Path) -> None:
        """Put the stamp into the folder, whole or not at all."""
        draft = folder / (NAME + ".new")
        draft.write_text(json.dumps(asdict(self)), encoding="ascii")
        os.replace(draft, folder / NAME)


FROM_AN_EARLIER_COURSE = Stamp(pins="", place="", python="", finished=True)


def read_stamp(folder: Path) -> Stamp | None:
    """The stamp in a folder, if there is one. One that cannot be read was written by an earlier version."""
    try:
        text = (folder / NAME).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    try:
        return Stamp(**json.loads(text))
    except (ValueError, TypeError):
        return FROM_AN_EARLIER_COURSE


def is_finished(folder: Path) -> bool:
    """Whether the course made the folder, to the end."""
    stamp = read_stamp(folder)
    return stamp is not None and stamp.finished


def name_of(place: Path) -> str:
    """What stands for a place in a stamp: the same in every locale."""
    return os.fsencode(place).decode("utf-8", "surrogateescape")


def hash_of(lock: Path) -> str:
    """What stands for the pins in a stamp: the same for the same text, however its lines end."""
    return hashlib.sha256(lock.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
