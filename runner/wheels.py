"""The folder `wheels`: the packages for a set-up without a network, and what it says about itself.

`python run.py bundle` writes it; set-up uses the one that lies in the folder of the course. Its file `about.json` lists
the files for each target, a system with a Python, so that it can be said in words why a folder does not fit.

>>> str(Target("windows", "3.12"))
'windows with Python 3.12'
"""

from __future__ import annotations

import json
import os
import platform
import sys
import sysconfig
from dataclasses import asdict, dataclass, field
from pathlib import Path

from runner.stamp import hash_of

NAME = "wheels"
ABOUT = "about.json"
SYSTEMS = ("linux", "linux-arm", "macos", "macos-intel", "windows", "windows-arm")
PYTHONS = ("3.11", "3.12", "3.13")
ARM = ("aarch64", "arm64")
INTEL = ("x86_64", "amd64")


@dataclass(frozen=True)
class Target:
    """A system and a version of Python, for which packages are fetched: one of `SYSTEMS` and of `PYTHONS`."""

    system: str
    python: str

    def __str__(self) -> str:
        return f"{self.system} with Python {self.python}"


def this_machine() -> Target:
    """The target that this program runs on; its system is empty when it is none of `SYSTEMS`."""
    names = {
        "linux": ("linux", "linux-arm"),
        "darwin": ("macos-intel", "macos"),
        "win32": ("windows", "windows-arm"),
    }
    intel, arm = names.get(sys.platform, ("", ""))
    machine = sysconfig.get_platform().rpartition("-")[2].lower()
    if machine == "universal2":
        machine = platform.machine().lower()
    system = intel if machine in INTEL else arm if machine in ARM else ""
    return Target(system, f"{sys.version_info[0]}.{sys.version_info[1]}")


@dataclass
class About:
    """What a folder of wheels holds: the hash of the pins, and the name and size in bytes of each file of a target."""

    pins: str
    files: dict[str, dict[str, int]] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Put it into the folder, whole or not at all."""
        draft = folder / (ABOUT + ".new")
        draft.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        os.replace(draft, folder / ABOUT)


def read_about(folder: Path) -> About | None:
    """What a folder says about itself; None when there is no such folder, or it was not made by this course."""
    try:
        about = About(**json.loads((folder / ABOUT).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return about


def problem_with(folder: Path, lock: Path, target: Target) -> str:
    """Why set-up cannot use a folder of wheels on a target, in words; an empty text when it can."""
    about = read_about(folder)
    if about is None:
        return f"it holds no file {ABOUT} that can be read. Copy the whole folder again"
    if str(target) not in about.files:
        there = ", ".join(about.files) or "nothing"
        return f"it is for {there}, and this is {target if target.system else sysconfig.get_platform()}"
    if about.pins != hash_of(lock):
        return f"it was made for other versions of the packages than {lock.name} names. Make it again"
    wanted = about.files[str(target)]
    absent = [name for name, size in wanted.items() if size_of(folder / name) != size]
    if absent:
        return f"{len(absent)} of its {len(wanted)} files are missing or cut short, such as {absent[0]}. Copy it again"
    return ""


def size_of(path: Path) -> int:
    """The size of a file in bytes; -1 when there is none."""
    return path.stat().st_size if path.is_file() else -1


def usable_wheels(root: Path, lock: Path) -> Path | None:
    """The folder of wheels in the course's folder, if it is for this machine; says in words when it is not."""
    folder = root / NAME
    if not folder.is_dir():
        return None
    if problem := problem_with(folder, lock, this_machine()):
        print(f"The folder {NAME} is not used: {problem}.", flush=True)
        return None
    return folder
