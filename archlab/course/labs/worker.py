"""The process that runs cells and reports what came of each. It judges nothing.

It reads one request from its standard input, and writes one line to its standard output: the secret of the request,
then the report. The kernel it starts has neither. See `archlab.course.labs.apart` for the other end.

>>> prelude(seed=7, folder=Path("second"))
"import os; os.makedirs('second'); os.chdir('second'); os.environ['ARCHLAB_LAB_SEED'] = '7'; get_ipython().reset()"
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from archlab.course.labs.expectations import SEED_VARIABLE
from archlab.course.labs.kernel import NOT_RUN, Kernel, Ran
from archlab.course.labs.leftovers import end_processes_of, when_parent_ends
from archlab.course.labs.limits import Limits

START_S = 600.0
"""The time by the clock for what is not the learner's: starting a kernel, loading the kit, emptying the names."""


def prelude(seed: int, folder: Path) -> str:
    """The code before the first cell of a run: an empty folder, the seed, and no names from the run before."""
    return (
        f"import os; os.makedirs({str(folder)!r}); os.chdir({str(folder)!r}); "
        f"os.environ[{SEED_VARIABLE!r}] = '{seed}'; get_ipython().reset()"
    )


FORGET = """
import sys
ENDS = ("lab_checks", "_known", ".lab", ".saga_log")
for name in [n for n in sys.modules if n.startswith("archlab.course.labs") or n.endswith(ENDS)]:
    del sys.modules[name]
    package, _, own_name = name.rpartition(".")
    if package in sys.modules:
        vars(sys.modules[package]).pop(own_name, None)
"""
UNTOUCHED = f"exec({FORGET!r}, {{}})"
"""The code before each cell: what earlier cells did to the functions of checks, to what checks alone know and to the
days that they share with the notebook is forgotten, a check imports them anew.
It leaves no name behind."""


class Runner:
    """Runs lists of cells within `limits`, in one kernel for as long as it lives.

    A cell that ends its kernel costs itself and no other: the cells before it are run again in a new kernel, it is left
    out from then on, and those after it get their turn.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder = folder
        self.limits = limits
        self.end_s = time.monotonic() + limits.notebook_clock_s
        self.kernel: Kernel | None = None
        self.note = ""
        self.deadly: dict[int, Ran] = {}
        self.tries = 0

    def run(self, seed: int, sources: list[str]) -> list[Ran]:
        """Run the cells in order; those for which the time by the clock did not suffice are "not run"."""
        while True:
            ran = self.try_all(seed, sources)
            if len(ran) == len(sources):
                return ran
            self.deadly[len(ran) - 1] = ran[-1]

    def try_all(self, seed: int, sources: list[str]) -> list[Ran]:
        """Run the cells in order, but those that are known to end their kernel, up to one that ends it."""
        kernel = self.living_kernel()
        self.tries += 1
        kernel.run(prelude(seed, self.folder / f"run{self.tries}"), START_S)
        ran = []
        for number, source in enumerate(sources):
            ran.append(self.deadly[number] if number in self.deadly else self.run_cell(kernel, source))
            if not kernel.is_alive:
                break
        return ran

    def run_cell(self, kernel: Kernel, source: str) -> Ran:
        """Run one cell if there is time for it."""
        left_s = self.end_s - time.monotonic()
        if left_s <= 0:
            return NOT_RUN
        kernel.run(UNTOUCHED, START_S)
        ran = kernel.run(source, min(self.limits.cell_clock_s, left_s), self.limits.cell_s)
        return NOT_RUN if ran.ended == "too long" and time.monotonic() > self.end_s else ran

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

    It loads the kit first: that takes seconds, which are nobody's fault. A cell with `exit()` stops as with
    `sys.exit()`, instead of the kernel a moment later, when another cell would be blamed.
    """
    arguments = f"{limits.memory_bytes}, {limits.file_bytes}, {int(limits.notebook_s)}"
    return (
        "import sys, archlab.sim; get_ipython().ask_exit = sys.exit; "
        f"from archlab.course.labs.limits import confine; print(confine({arguments}))"
    )


def carry_out(request: dict[str, Any]) -> dict[str, Any]:
    """Make the runs of a request. A run after the first is left out when no cell that matters went well."""
    runner = Runner(Path(request["folder"]), Limits(**request["limits"]))
    runs: list[list[Ran]] = []
    try:
        for run in request["runs"]:
            if runs and not any(runs[0][cell].ended == "ok" for cell in request["matter"]):
                break
            runs.append(runner.run(run["seed"], run["sources"]))
    finally:
        runner.stop()
    return {"runs": [[asdict(ran) for ran in run] for run in runs], "note": runner.note}


def leave(folder: Path) -> None:
    """End at once, with the kernel and all it has started: nobody waits for the report any more."""
    end_processes_of(folder)
    os._exit(1)


def main() -> int:
    """Carry out the request on standard input and report; returns an exit code."""
    request = json.load(sys.stdin)
    when_parent_ends(partial(leave, Path(request["folder"])))
    report = carry_out(request)
    print(request["secret"] + json.dumps(report), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
