"""Run cells in a process of their own, with limits, and believe its report only when it is whole.

What runs there may be hostile. It may kill the process, or write a report of its own: a report counts when the
process ended well and said one line that begins with a secret it was given before any cell ran.

>>> report = run_apart([Run(seed=1, sources=("1 / 0", "print('here')"))], matter=[1])
>>> [(ran.ended, ran.error, ran.line) for ran in report.runs[0]]
[('error', 'ZeroDivisionError', ''), ('ok', '', 'here')]
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archlab.course.labs.kernel import Ran
from archlab.course.labs.leftovers import end_processes_of
from archlab.course.labs.limits import Limits

GRACE_S = 900.0
COMMAND = [sys.executable, "-P", "-m", "archlab.course.labs.worker"]


@dataclass(frozen=True)
class Run:
    """Cells to run from the first to the last, and the seed that their checks shall see."""

    seed: int
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What came of each cell of each run that was made; or in `broken`, why nobody can say.

    `note` says what could not be limited on this system.
    """

    runs: tuple[tuple[Ran, ...], ...] = ()
    note: str = ""
    broken: str = ""


def run_apart(runs: Sequence[Run], matter: Sequence[int], limits: Limits | None = None) -> Report:
    """Run lists of cells one after the other in one confined kernel of a process of its own.

    A run after the first is left out when none of the cells that `matter`, by their numbers, ended well in the first.
    """
    limits = limits or Limits()
    secret = secrets.token_hex(16)
    request = {
        "secret": secret,
        "limits": asdict(limits),
        "runs": [asdict(run) for run in runs],
        "matter": list(matter),
    }
    with tempfile.TemporaryDirectory(prefix="lab-", ignore_cleanup_errors=True) as folder:
        try:
            ended = hand_over(request | {"folder": folder}, limits.notebook_clock_s + GRACE_S)
        except subprocess.TimeoutExpired:
            return Report(broken="The notebook did not stop when its time was up.")
        finally:
            end_processes_of(Path(folder))  # a worker that was killed could not do it
    return believed(ended, secret)


def hand_over(request: dict[str, Any], timeout_s: float) -> subprocess.CompletedProcess[str]:
    """Let a worker carry out a request. Raises `subprocess.TimeoutExpired` when it takes longer than it may."""
    return subprocess.run(
        COMMAND,
        input=json.dumps(request),
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=timeout_s,
        check=False,
    )


def believed(ended: subprocess.CompletedProcess[str], secret: str) -> Report:
    """The report of a process, if it can be believed."""
    lines = ended.stdout.splitlines()
    if ended.returncode != 0:
        last = (ended.stderr.strip().splitlines() or ["it left no message"])[-1]
        return Report(broken=f"The process that ran the notebook ended with code {ended.returncode}: {last}")
    if len(lines) != 1 or not lines[0].startswith(secret):
        return Report(broken="Something else than the checker wrote a report.")
    content: dict[str, Any] = json.loads(lines[0][len(secret) :])
    return Report(tuple(tuple(Ran(**ran) for ran in run) for run in content["runs"]), content["note"])
