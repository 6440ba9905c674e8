"""What the course's virtual environment begins with: a place that allows one, a Python that can make one, the course.

The course is not installed in it. One line in its packages adds the folder above it to the places to import from, so
also an editor finds the course that was only told to use this interpreter.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
from importlib.util import find_spec
from pathlib import Path

from runner.problems import SetupProblem
from runner.stamp import Stamp

# Pure ASCII and without a path: Python 3.11 and 3.12 read such a file in the encoding of the system.
COURSE_LINE = "import os, sys; sys.path.append(os.path.dirname(sys.prefix))\n"


def create(folder: Path, stamp: Stamp) -> None:
    """Make an empty virtual environment with pip in it; the stamp goes in first."""
    import venv

    try:
        folder.mkdir(exist_ok=True)
        stamp.write(folder)
        venv.create(folder, with_pip=True, symlinks=os.name != "nt")
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetupProblem(f"Python could not make a virtual environment in .venv: {error}") from error


def add_course(folder: Path) -> None:
    """Let an environment made by this Python import the course, at the end of its places to import from."""
    base = str(folder)
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": base, "platbase": base}))
    (packages / "course.pth").write_text(COURSE_LINE, encoding="ascii")


def check_place(root: Path) -> None:
    """Raise `SetupProblem` when no virtual environment can work at this place on the disk."""
    if os.pathsep in str(root):
        raise SetupProblem(
            f"There is a {os.pathsep!r} in the path of the course's folder: {root}\n"
            "Systems separate paths with it, so no environment works there. Rename the folder, then try again."
        )
    try:
        str(root).encode()
    except UnicodeEncodeError as error:
        raise SetupProblem(
            f"The path of the course's folder cannot be read in this terminal's locale: {str(root)!a}\n"
            "Set the variable PYTHONUTF8=1, or give the folder a plain name, then try again."
        ) from error


def check_venv_is_possible() -> None:
    """Raise `SetupProblem` when this Python comes without venv or ensurepip."""
    missing = [name for name in ("venv", "ensurepip") if find_spec(name) is None]
    if missing:
        raise SetupProblem(
            f"This Python has no {' and no '.join(missing)}, which makes virtual environments.\n"
            "On Debian and Ubuntu: sudo apt install python3-venv\n"
            "Elsewhere: install Python from python.org."
        )
