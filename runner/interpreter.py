"""What an interpreter has of the course: asked of the interpreter itself, from a folder that is not the course's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

QUESTION = Path(__file__).with_name("pins.py")


@dataclass(frozen=True)
class Found:
    """What an interpreter said: the course's folder that it imports from, and packages that are not as pinned.

    `differing` gives for a name the version wanted, and the one found or None. `problem` is what the interpreter said
    when it could not answer at all.
    """

    course: Path | None
    differing: dict[str, tuple[str, str | None]]
    problem: str = ""

    @property
    def missing(self) -> list[str]:
        """The packages that are not there in any version."""
        return [name for name, (_, version) in self.differing.items() if version is None]

    def __str__(self) -> str:
        several = [
            f"{name} {has or 'is missing'} (needed: {needed})"
            for name, (needed, has) in self.differing.items()
        ]
        return ", ".join(several[:5]) + (f" and {len(several) - 5} more" if len(several) > 5 else "")


def look_at(python: Path, pins: Path, variables: Mapping[str, str]) -> Found:
    """Ask an interpreter what it has of the packages that the file `pins` names, and of the course."""
    command = [str(python), "-P", str(QUESTION), str(pins)]
    with tempfile.TemporaryDirectory() as elsewhere:
        try:
            asked = run_quietly(command, Path(elsewhere), variables)
            told = json.loads(asked.stdout)
        except (OSError, ValueError) as error:
            said = str(error) if isinstance(error, OSError) else asked.stderr.strip()
            return Found(course=None, differing={}, problem=said or "it said nothing")
    course = None
    if told["course"]:
        course = Path(os.fsdecode(told["course"].encode("utf-8", "surrogateescape"))).resolve().parent.parent
    return Found(course, {name: (wanted, has) for name, (wanted, has) in told["differing"].items()})


def run_quietly(
    command: list[str], folder: Path, variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a program and keep what it says, which is UTF-8 whatever the terminal is."""
    return subprocess.run(
        command,
        cwd=folder,
        env={**variables, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.DEVNULL,
        check=False,
    )


def runs_in_an_environment() -> bool:
    """Whether this program was started from a virtual or a conda environment, and not from a plain Python."""
    return sys.prefix != sys.base_prefix or (Path(sys.prefix) / "conda-meta").is_dir()
