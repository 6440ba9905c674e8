"""The variables that every program of the course starts with, beside those that its user has set.

What a program prints always arrives: a letter that the terminal or the file does not have becomes a question mark.
Kernels are started as `lab_settings/kernels` says. And where a place in the user's home cannot be written, what would
go there goes to the folder `.lab` of the course. So do compiled modules, where Python is told to write none.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

NO_COMPILED, COMPILED_IN = "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"
KEPT = ".lab"
"""The folder in the course's for what JupyterLab keeps from one day to the next."""


def surroundings(root: Path) -> dict[str, str]:
    """The variables for a program of the course whose files are in `root`."""
    return {
        "PYTHONIOENCODING": f"{os.environ.get('PYTHONIOENCODING', '').partition(':')[0]}:replace",
        "JUPYTER_PATH": before(root / "lab_settings", "JUPYTER_PATH"),
        **compiled(root / KEPT / "compiled"),
        **own_folders(root),
    }


def before(folder: Path, variable: str) -> str:
    """A list of folders as a variable holds it: this one, and then those that the user has named."""
    return os.pathsep.join([str(folder), *filter(None, [os.environ.get(variable)])])


def compiled(folder: Path) -> dict[str, str]:
    """The variables for modules that are compiled once, where Python is told not to write them beside their sources.

    Else each kernel, and each process that it starts, compiles all modules again: longer than its first cell takes.
    """
    if not os.environ.get(NO_COMPILED) or os.environ.get(COMPILED_IN):
        return {}
    return {NO_COMPILED: "", COMPILED_IN: str(folder)}


def own_folders(root: Path) -> dict[str, str]:
    """The variables that name a folder in the course's, for each place in the home that cannot be written."""
    home = Path(os.path.expanduser("~"))
    return {
        name: str(root / KEPT / name.lower())
        for name, place in places().items()
        if name not in os.environ and not can_write(home / place)
    }


def places() -> dict[str, str]:
    """Where Jupyter, IPython and matplotlib write on this system, under the variable that says otherwise."""
    data = {"darwin": "Library/Jupyter", "win32": "AppData/Roaming/jupyter"}
    return {
        "JUPYTER_CONFIG_DIR": ".jupyter",
        "JUPYTER_DATA_DIR": data.get(sys.platform, ".local/share/jupyter"),
        "IPYTHONDIR": ".ipython",
        "MPLCONFIGDIR": ".cache/matplotlib" if sys.platform.startswith("linux") else ".matplotlib",
    }


def can_write(folder: Path) -> bool:
    """Whether a file can be made in a folder, or in the nearest folder above it that is there."""
    if not folder.is_absolute():  # nobody knows where the home is
        return False
    try:
        there = next(place for place in (folder, *folder.parents) if place.exists())
        with tempfile.TemporaryFile(dir=there):
            return True
    except OSError:
        return False
