"""A new environment in the place of an old one, which waits aside until the new one is whole.

An environment cannot be made elsewhere and then moved, because its programs hold its path. So the old one is moved: it
only waits. Whatever happens to the new one, the old one comes back; after a sudden end, at the next start.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from runner.problems import SetupProblem
from runner.stamp import Stamp, is_finished, read_stamp

CLOSE = "Close JupyterLab and every program that uses it, then try again."
LEFT_OVER = Stamp(pins="", place="", python="", finished=False)


@contextmanager
def replaced(folder: Path, aside: Path) -> Iterator[None]:
    """While the block makes `folder` anew, the old one waits in `aside`; when the block fails, it comes back.

    Raises:
        SetupProblem: when the old one is in use and cannot be moved. It is then untouched.
    """
    put_aside(folder, aside)
    try:
        yield
    except BaseException:
        put_back(folder, aside)
        raise
    remove_if_possible(aside)


def recover(folder: Path, aside: Path) -> None:
    """Tidy up after a set-up that came to a sudden end: the finished one of the two is in place, alone."""
    if is_finished(aside) and not is_finished(folder):
        refuse_foreign(folder)
        put_back(folder, aside)
    else:
        remove_if_possible(aside)


def refuse_foreign(folder: Path) -> None:
    """Raise `SetupProblem` when something of this name is there that the course has not made."""
    if not folder.exists() and not folder.is_symlink():
        return
    ours = folder.is_dir() and not folder.is_symlink()
    if ours and (read_stamp(folder) is not None or not any(folder.iterdir())):
        return
    raise SetupProblem(
        f"There is a {folder.name} in the folder of the course which run.py has not made. It is left as it is.\n"
        f"Move it away, or delete it if nobody needs it, and run the same command again."
    )


def put_aside(folder: Path, aside: Path) -> None:
    """Move a finished environment out of the way; one that is half made is deleted."""
    if not is_finished(folder):
        remove(folder)
        return
    remove(aside)
    try:
        folder.rename(aside)
    except OSError as error:
        raise SetupProblem(f"The folder {folder.name} could not be moved aside: {error}\n{CLOSE}") from error


def put_back(folder: Path, aside: Path) -> None:
    """Delete what is half made, and move the old environment back if there is one."""
    remove_if_possible(folder)
    if aside.exists() and not folder.exists():
        aside.rename(folder)


def remove_if_possible(folder: Path) -> None:
    """Delete a folder and all in it; what cannot be deleted now is deleted at the next start."""
    with suppress(SetupProblem):
        remove(folder)


def remove(folder: Path) -> None:
    """Delete a folder and all in it, if it exists. What is left is still known as the course's."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        with suppress(OSError):
            LEFT_OVER.write(folder)
        raise SetupProblem(f"The folder {folder.name} could not be removed: {error}\n{CLOSE}") from error
