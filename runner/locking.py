"""One set-up at a time: a lock on a file, which ends with its process, however that ends.

The file stays and means nothing by itself, so there is no stale lock to delete.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder, only_one(Path(folder) / "lock", "Waiting for the other one ..."):
...     print("nobody else is here")
nobody else is here
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from runner.problems import SetupProblem

PAUSE_S = 0.2

if sys.platform == "win32":
    import msvcrt

    def take(file: BinaryIO) -> bool:
        """Lock the file's first byte; False when another process has it."""
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def give_back(file: BinaryIO) -> None:
        """Unlock the file's first byte."""
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def take(file: BinaryIO) -> bool:
        """Lock the file; False when another process has it. A disk that knows no locks gives it to everybody."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def give_back(file: BinaryIO) -> None:
        """Nothing to do: closing the file unlocks it."""


@contextmanager
def only_one(path: Path, waiting: str) -> Iterator[None]:
    """Hold the lock on the file `path` during the block; who must wait for it is told `waiting` first.

    Raises:
        SetupProblem: when the file cannot be written.
    """
    try:
        file = path.open("a+b")
    except OSError as error:
        raise SetupProblem(
            f"The folder of the course cannot be written to: {error}\n"
            "Move it to a place where you may write, such as your home folder."
        ) from error
    with file:
        wait_for(file, waiting)
        try:
            yield
        finally:
            give_back(file)


def wait_for(file: BinaryIO, waiting: str) -> None:
    """Take the lock as soon as it is free."""
    if take(file):
        return
    print(waiting, file=sys.stderr, flush=True)
    while not take(file):
        time.sleep(PAUSE_S)
