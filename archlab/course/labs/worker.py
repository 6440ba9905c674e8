"""The process that runs cells and reports what came of each. It judges nothing.

It reads one request from its standard input, and writes one line to its standard output: the secret of the request,
then the report. The kernel it starts has neither. See `archlab.course.labs.apart` for the other end.

>>> prelude(seed=7, folder=Path("second"))
"import os; os.makedirs('second'); os.chdir('second'); os.environ['ARCHLAB_LAB_SEED'] = '7'; get_ipython().reset()"
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from archlab.course.labs.expectations import SEED_VARIABLE
from archlab.course.labs.kernel import NOT_RUN, Kernel, Ran
from archlab.course.labs.limits import Limits

START_S = 60.0


def prelude(seed: int, folder: Path) -> str:
    """The code before the first cell of a run: an empty folder, the seed, and no names from the run before."""
    return (
        f"import os; os.makedirs({str(folder)!r}); os.chdir({str(folder)!r}); "
        f"os.environ[{SEED_VARIABLE!r}] = '{seed}'; get_ipython().reset()"
    )


FORGET = """
import sys
for name in [name for name in sys.modules if name.startswith("archlab.course.labs")]:
    del sys.modules[name]
"""
UNTOUCHED = f"exec({FORGET!r}, {{}})"
"""The code before each cell: what earlier cells did to the functions of checks is forgotten, a check imports them anew.
It leaves no name behind."""


class Runner:
    """Runs lists of cells within `limits`, in one kernel for as long as it lives, and in a new one after that."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder = folder
        self.limits = limits
        self.end_s = time.monotonic() + limits.notebook_s
        self.kernel: Kernel | None = None
        self.note = ""

    def run(self, number: int, seed: int, sources: list[str]) -> list[Ran]:
        """Run the cells in order; those after the kernel died or the time was up are "not run"."""
        kernel = self.living_kernel()
        kernel.run(prelude(seed, self.folder / f"run{number}"), START_S)
        return [self.run_cell(kernel, source) for source in sources]

    def run_cell(self, kernel: Kernel, source: str) -> Ran:
        """Run one cell if there is time and a kernel for it."""
        left_s = self.end_s - time.monotonic()
        if left_s <= 0 or not kernel.is_alive:
            return NOT_RUN
        kernel.run(UNTOUCHED, START_S)
        return kernel.run(source, min(self.limits.cell_s, left_s))

    def living_kernel(self) -> Kernel:
        """The kernel, or a new one that is confined before anybody's code runs in it."""
        if self.kernel is None or not self.kernel.is_alive:
            self.stop()
            self.kernel = Kernel(self.folder)
            self.note = self.kernel.run(confinement(self.limits), START_S).line
        return self.kernel

    def stop(self) -> None:
        """Stop the kernel, if there is one."""
        if self.kernel is not None:
            self.kernel.stop()


def confinement(limits: Limits) -> str:
    """The code that confines the kernel and prints what could not be limited.

    It loads the kit first: that takes seconds, which are nobody's fault.
    """
    arguments = f"{limits.memory_bytes}, {limits.file_bytes}, {int(limits.notebook_s) + 60}"
    return f"import archlab.sim; from archlab.course.labs.limits import confine; print(confine({arguments}))"


def carry_out(request: dict[str, Any]) -> dict[str, Any]:
    """Make the runs of a request. A run after the first is left out when no cell that matters went well."""
    runner = Runner(Path(request["folder"]), Limits(**request["limits"]))
    runs: list[list[Ran]] = []
    try:
        for number, run in enumerate(request["runs"]):
            if runs and not any(runs[0][cell].ended == "ok" for cell in request["matter"]):
                break
            runs.append(runner.run(number, run["seed"], run["sources"]))
    finally:
        runner.stop()
    return {"runs": [[asdict(ran) for ran in run] for run in runs], "note": runner.note}


def main() -> int:
    """Carry out the request on standard input and report; returns an exit code."""
    request = json.load(sys.stdin)
    report = carry_out(request)
    print(request["secret"] + json.dumps(report), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
