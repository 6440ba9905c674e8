"""One at a time: a lock that ends with the process that holds it, however that ends.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder, held(Path(folder, "lock")):
...     try:
...         with held(Path(folder, "lock")):
...             pass
...     except Busy:
...         print("somebody else has it")
somebody else has it
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

TAKEN = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


class Busy(Exception):
    """Another process, or another part of this one, holds the lock."""


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock in the file `path`, which is there only meanwhile. Raises `Busy` when it is taken, and `OSError`.

    On a file system that knows no locks, nothing is locked.
    """
    file = opened(path)
    try:
        yield
    finally:
        if sys.platform != "win32":  # while the lock is held: nobody else may remove another's
            path.unlink(missing_ok=True)
        os.close(file)
        if sys.platform == "win32":
            with contextlib.suppress(OSError):  # another process has opened it meanwhile
                path.unlink(missing_ok=True)


def opened(path: Path) -> int:
    """The file of the lock, locked; it is still the one that others will find there."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            lock(file)
            if sys.platform == "win32" or is_there(file, path):
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def is_there(file: int, path: Path) -> bool:
    """Whether an open file is the one at a path: its last holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def lock(file: int) -> None:
    """Lock an open file. Raises `Busy`."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in TAKEN:
            raise Busy from error
