"""The one judge of labs. The commands `check` and `grade` and `pytest --nbval` all ask it.

A task is solved when its check ends well, twice: with the usual seed, and with one that nobody knew before. The second
run finds values that were typed in. Whether a check ended well is what the kernel says of it; what is printed is for
people to read, and decides nothing.

>>> Judge({}).verdict(Path("missing.ipynb")).problem
'The file could not be read: No such file or directory.'
"""

from __future__ import annotations

import argparse
import secrets
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Lock

from archlab.course.labs.apart import Report, Run, run_apart
from archlab.course.labs.cells import Cell, UnreadableNotebook, read_cells
from archlab.course.labs.expectations import USUAL_SEED
from archlab.course.labs.lab import Lab, LabCell, lab_of
from archlab.course.labs.limits import Limits
from archlab.course.labs.merge import Merged, Step, merge
from archlab.course.labs.verdict import LabVerdict, TaskVerdict, went_wrong

FRESH_SEEDS = 1000
LARGEST_SEED = 2**32 - 1
CANNOT = 3  # the exit code of a command that cannot judge, through no fault of its arguments


class SolutionFails(Exception):
    """The lab's own solution does not pass. The message names the lab and the task."""


class Judge:
    """Judges notebooks against `labs`, each in a process of its own within `limits`. Threads may share a judge.

    `fresh_seed` is the seed of the second run, by default one drawn now. The same seed gives the same verdict.
    """

    def __init__(
        self, labs: dict[str, Lab], limits: Limits | None = None, fresh_seed: int | None = None
    ) -> None:
        self.labs = labs
        self.limits = limits or Limits()
        if fresh_seed is not None and fresh_seed <= USUAL_SEED:
            raise ValueError(
                f"fresh_seed is {fresh_seed}; it must be above {USUAL_SEED}, the seed of the first run"
            )
        self.fresh_seed = 2 + secrets.randbelow(FRESH_SEEDS) if fresh_seed is None else fresh_seed
        self._solutions: dict[str, Future[None]] = {}
        self._lock = Lock()

    def verdict(self, path: Path, expected: str = "") -> LabVerdict:
        """Judge a notebook file, whatever is in it. `expected`: the lab it must be; by default any.

        Raises `SolutionFails` when the lab's own solution does not pass.
        """
        expected = expected if expected in self.labs else ""
        try:
            cells = read_cells(path)
        except UnreadableNotebook as problem:
            return LabVerdict(expected, self.nothing(expected), str(problem))
        lab = lab_of(cells, self.labs)
        if lab is None:
            return LabVerdict(expected, self.nothing(expected), "This is not a lab of this course.")
        if expected and lab.name != expected:
            return LabVerdict(
                expected, self.nothing(expected), f"This is lab {lab.name}, not lab {expected}."
            )
        return self.verdict_of(lab, cells)

    def nothing(self, lab: str) -> tuple[TaskVerdict, ...]:
        """No points for any task of a lab, if it is known."""
        checks = self.labs[lab].checks if lab in self.labs else {}
        return tuple(TaskVerdict(task, False, cell.points, "Not judged.") for task, cell in checks.items())

    def verdict_of(self, lab: Lab, cells: list[Cell]) -> LabVerdict:
        """Judge the cells of a notebook as answers to a lab."""
        merged = merge(lab, cells)
        with ThreadPoolExecutor(max_workers=1) as meanwhile:
            solution = meanwhile.submit(self.require_solution, lab)
            report = self.run(merged.steps)
            solution.result()
        return self.read(lab, merged, report)

    def run(self, steps: tuple[Step, ...]) -> Report:
        """Run steps with the usual seed, and with the fresh one when some check went well."""
        sources = tuple(step.source for step in steps)
        runs = [Run(seed, sources) for seed in (USUAL_SEED, self.fresh_seed)]
        return run_apart(runs, list(Merged(steps).checks.values()), self.limits)

    def require_solution(self, lab: Lab) -> None:
        """Try the lab's own solution with the fresh seed, once a lab. Raises `SolutionFails`."""
        with self._lock:
            first = lab.name not in self._solutions
            future = self._solutions.setdefault(lab.name, Future())
        if first:
            try:
                require_solved(lab, self.fresh_seed, self.limits)
                future.set_result(None)
            except BaseException as error:
                future.set_exception(error)
        future.result()

    def read(self, lab: Lab, merged: Merged, report: Report) -> LabVerdict:
        """Make a verdict of a report."""
        if report.broken:
            tasks = tuple(replace(task, judged=False) for task in self.nothing(lab.name))
            return LabVerdict(lab.name, tasks, report.broken, report.note)
        tasks = tuple(self.of_task(merged, report, task, cell) for task, cell in lab.checks.items())
        return LabVerdict(lab.name, tasks, note=report.note, restored=" ".join(merged.restored))

    def of_task(self, merged: Merged, report: Report, task: str, cell: LabCell) -> TaskVerdict:
        """The verdict on one task: that of the first run in which its check did not end well, if there is one."""
        number = merged.checks[task]
        for seed, ran in zip((USUAL_SEED, self.fresh_seed), report.runs, strict=False):
            if ran[number].ended != "ok":
                said = went_wrong(merged, ran, task)
                if seed != USUAL_SEED:
                    said = f"It passes with seed {USUAL_SEED}, but not with seed {seed}: {said}"
                return TaskVerdict(task, False, cell.points, said, judged=ran[number].ended != "not run")
        return TaskVerdict(task, True, cell.points, report.runs[0][number].line or "passed")


def require_solved(lab: Lab, seed: int, limits: Limits) -> None:
    """Run a lab's solution with a seed. Raises `SolutionFails` when a check does not accept it."""
    merged = merge(lab, [cell.cell for cell in lab.cells])
    report = run_apart([Run(seed, tuple(step.source for step in merged.steps))], matter=[], limits=limits)
    if report.broken:
        raise SolutionFails(f"Lab {lab.name}: {report.broken}")
    ran = report.runs[0]
    for task, number in merged.checks.items():
        if ran[number].ended != "ok":
            said = went_wrong(merged, ran, task)
            raise SolutionFails(f"Lab {lab.name}: with seed {seed} the solution of {task} fails. {said}")


def fresh_seed(text: str) -> int:
    """A seed for the second run, from a command line. Raises `argparse.ArgumentTypeError` for any other text."""
    if not text.isdecimal() or not USUAL_SEED < int(text) <= LARGEST_SEED:
        words = f"a whole number above {USUAL_SEED}, up to {LARGEST_SEED}"
        raise argparse.ArgumentTypeError(f"seed is {text[:40]!r}; it must be {words}")
    return int(text)
