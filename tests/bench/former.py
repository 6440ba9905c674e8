"""The benchmark on a former state of the course and on this one, part by part in turn: both meet the same machine.

The former state is taken from the history, with the benchmark of today. A part that it cannot run, because the course
had something not yet, fails there, and the others go on.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = "tests/bench"


def in_turn(commit: str, parts: Sequence[str], arguments: Sequence[str]) -> int:
    """Run each part on both states. Returns an exit code: 2 when there is no such commit, 1 when a part failed."""
    try:
        with former(commit) as then:
            states = {f"then, {commit}": then, "now": ROOT}
            runs = [(part, name) for part in parts for name in states]
            codes = [run(states[name], name, part, arguments) for part, name in runs]
    except subprocess.CalledProcessError as problem:
        print(problem.stderr.decode(errors="replace").strip(), file=sys.stderr)
        return 2
    return int(any(codes))


@contextmanager
def former(commit: str) -> Iterator[Path]:
    """A folder with the course as it was at a commit, and the benchmark as it is. Gone at the end.

    Raises:
        CalledProcessError: when git knows no such commit.
    """
    packed = subprocess.run(
        ["git", "archive", "--format=tar", commit, "--"], cwd=ROOT, check=True, capture_output=True
    ).stdout
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(packed)) as course:
            course.extractall(folder, filter="data")
        bench = Path(folder) / BENCH
        shutil.rmtree(bench, ignore_errors=True)
        shutil.copytree(ROOT / BENCH, bench, ignore=shutil.ignore_patterns("__pycache__"))
        yield Path(folder)


def run(root: Path, name: str, part: str, arguments: Sequence[str]) -> int:
    """Run one part on one state, its output going straight to the reader. Returns its exit code."""
    print(f"--- {part}: {name}", flush=True)
    command = [sys.executable, "-P", "-m", "tests.bench.run", "--only", part, *arguments]
    return subprocess.run(
        command, cwd=root, env=os.environ | {"PYTHONPATH": str(root)}, check=False
    ).returncode
