"""`python run.py ready`: whether a workshop can begin on this computer. It takes a few seconds and changes nothing.

A line for each thing that it looks at. The last line is "ready", or says what to do; the exit code is 0 only when
all is ready.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from runner.environment import ROOT
from runner.interpreter import look_at
from runner.surroundings import can_write

FIRST_PORT, PORTS = 8888, 50
"""JupyterLab takes the first port from here that is free, and gives up after so many."""
KERNEL_MB, WORKER_MB, SERVER_MB = 500, 300, 150
PROCESSES = 2
"""Experiments of the chapters run in so many processes at most, where there are as many cores."""
"""What the largest chapter, each further process of an experiment, and JupyterLab took when they were measured."""
DISK_MB = 200
"""For notebooks, guesses and the files of a kernel; the environment is there already."""
MB = 1e6
TOO_FULL = "Close other programs and tabs of the browser."
CLOCK_S = 300.0
KERNEL = {
    "imports": "from archlab.chapters.start_here import *; import ipywidgets; print('the course can be imported')",
    "lab check": """
from archlab.chapters.start_here import lab_checks
from archlab.sim.statistics import mean_interval
lab_checks.compare(lambda old, new, seeds: mean_interval([old(seed) - new(seed) for seed in seeds]))
""",
    "figure": """
from matplotlib.figure import Figure
from archlab.course.figures import show
figure = Figure(figsize=(2, 1))
figure.subplots().plot([1, 2])
print(f"drawn, {len(show(figure, alt='a line').png):,} bytes")
""",
}


@dataclass(frozen=True)
class Seen:
    """One thing that was looked at: what was seen, and what to do about it, which is empty when all is well."""

    what: str
    said: str
    todo: str = ""

    def __str__(self) -> str:
        return f"{'ok' if not self.todo else 'NOT OK':<7}{self.what:<12}{self.said}"


def python() -> Iterator[Seen]:
    """The interpreter, and where the course is."""
    yield Seen("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield Seen("course", str(ROOT))


def packages() -> Iterator[Seen]:
    """The packages, in the versions that the course names, and the course itself."""
    found = look_at(Path(sys.executable), ROOT / "requirements.txt", os.environ)
    anew = "Close JupyterLab, delete the folder .venv, and run this again."
    if found.problem or found.course != ROOT:
        yield Seen("packages", found.problem or f"the course is taken from {found.course}", anew)
    elif found.differing:
        yield Seen("packages", str(found), anew)
    else:
        yield Seen("packages", "as pinned")
    try:
        yield Seen("JupyterLab", version("jupyterlab"))
    except PackageNotFoundError:
        yield Seen(
            "JupyterLab", "is missing", "Install it in this environment: python -m pip install jupyterlab"
        )


def kernel() -> Iterator[Seen]:
    """A kernel, as notebooks have one: it imports the course, runs a check of a lab, and draws."""
    from archlab.course.labs.kernel import Kernel

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, Kernel(Path(folder)) as fresh:
        for what, source in KERNEL.items():
            ran = fresh.run(source, clock_s=CLOCK_S)
            said = ran.line if ran.ended == "ok" else f"{ran.ended} {ran.error} {ran.message}".strip()
            yield Seen(
                what, said, "" if ran.ended == "ok" else "Send the line above to who gives the course."
            )


def port() -> Iterator[Seen]:
    """The port that JupyterLab will listen on."""
    free = next(filter(is_free, range(FIRST_PORT, FIRST_PORT + PORTS)), None)
    if free is None:
        last = FIRST_PORT + PORTS - 1
        yield Seen(
            "port", f"none from {FIRST_PORT} to {last} is free", "Restart the computer, then try again."
        )
    else:
        yield Seen("port", f"{free} is free")


def is_free(number: int) -> bool:
    """Whether a program can listen on a port of this computer."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True


def memory() -> Iterator[Seen]:
    """Free memory against what a chapter takes."""
    processes = min(PROCESSES, os.cpu_count() or 1)
    needed = KERNEL_MB + SERVER_MB + (processes * WORKER_MB if processes > 1 else 0)
    yield enough("memory", psutil.virtual_memory().available / MB, needed, TOO_FULL)


def disk() -> Iterator[Seen]:
    """Room on the disk, and whether files can be written."""
    yield enough("disk", shutil.disk_usage(ROOT).free / MB, DISK_MB, "Make room on the disk.")
    if not can_write(ROOT):
        todo = "Copy the whole course to a folder of your own, and start it there."
        yield Seen("folder", "the course's folder cannot be written to", todo)


def enough(what: str, free_mb: float, needed_mb: float, todo: str) -> Seen:
    """Something that there is enough of, or not."""
    said = f"{free_mb:,.0f} MB free, {needed_mb:,.0f} MB needed"
    return Seen(what, said, todo if free_mb < needed_mb else "")


Look = Callable[[], Iterator[Seen]]
LOOKS: tuple[Look, ...] = (python, packages, kernel, port, memory, disk)


def look(looks: Sequence[Look]) -> Iterator[Seen]:
    """Look at everything. What cannot be looked at is not well."""
    for one in looks:
        try:
            yield from one()
        except Exception as error:
            yield Seen(
                one.__name__,
                f"{type(error).__name__}: {error}",
                "Send the line above to who gives the course.",
            )


def main(arguments: Sequence[str], looks: Sequence[Look] = LOOKS) -> int:
    """Look at everything, say what was seen and what to do. Returns 0 when all is ready, else 1."""
    argparse.ArgumentParser(prog="run.py ready", description="Whether all is ready.").parse_args(arguments)
    todo: list[str] = []
    for seen in look(looks):
        print(seen, flush=True)
        todo += [seen.todo] * (seen.todo not in ("", *todo))
    print("\nready" if not todo else f"\nNot ready. {' '.join(todo)}")
    return int(bool(todo))
