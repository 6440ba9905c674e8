"""What the test runner itself takes for a test: pytest runs files of tests that nearly do nothing.

Two files, with few tests and with many, are run in a process of its own each. What a further test takes is the runner's
own time: it finds the test, sets it up, calls it, and notes that it passed. The seconds in
`data/test_runner.csv` were measured once, on the machine that it names; `measure` does it again on yours.

What this leaves out: fixtures, plug-ins and reports, which take more; and other runners.

>>> 100 < runner_us(recorded()) < 10_000
True
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from archlab.data import load
from archlab.sim.validation import require_whole

COUNTS = (100, 5_000)
TIMES = 5
"""Runs of each file, of which the quickest counts."""


def measure(counts: Iterable[int] = COUNTS, times: int = TIMES) -> pd.DataFrame:
    """Time the runner on this machine: `tests` in a file, and `s`, the seconds of the quickest of several runs."""
    rows = []
    for tests in counts:
        require_whole("counts", tests, at_least=1)
        rows.append((tests, min(_run_s(tests) for _ in range(times))))
    return pd.DataFrame(rows, columns=["tests", "s"])


def _run_s(tests: int) -> float:
    with TemporaryDirectory() as folder:
        file = Path(folder, "test_nothing.py")
        file.write_text(
            f"import pytest\n\n@pytest.mark.parametrize('n', range({tests}))\ndef test_n(n):\n    pass\n"
        )
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
        start = time.perf_counter()
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        return time.perf_counter() - start


def recorded() -> pd.DataFrame:
    """Return the recorded seconds: `tests`, `s`."""
    return load("test_runner")[["tests", "s"]]


def runner_us(table: pd.DataFrame) -> float:
    """Return what the runner takes for one more test, in microseconds: the slope of the times."""
    return float(1e6 * np.polyfit(table.tests, table.s, 1)[0])
