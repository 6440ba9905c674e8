"""The one judge of labs. The commands `check` and `grade` and `pytest --nbval` all ask it.

A task is solved when its check ends well and its last line is the solution's, twice: with the usual seed, where the
solution's line is the one saved in `solutions/`, and with a seed that nobody knew before, where it comes from running
the solution again. The second run finds values that were typed in, and a `print` that was taught the right words.

>>> Judge({}).verdict(Path("missing.ipynb")).problem
'The file could not be read: No such file or directory.'
"""

from __future__ import annotations

import secrets
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from archlab.course.labs.apart import Report, Run, run_apart
from archlab.course.labs.cells import Cell, UnreadableNotebook, read_cells
from archlab.course.labs.expectations import USUAL_SEED
from archlab.course.labs.kernel import Ran
from archlab.course.labs.lab import Lab, lab_of
from archlab.course.labs.limits import Limits
from archlab.course.labs.merge import Merged, Step, merge
from archlab.course.labs.verdict import LabVerdict, TaskVerdict, went_wrong

FRESH_SEEDS = 1000


class SolutionFails(Exception):
    """The lab's own solution does not pass. The message names the lab and the task."""


class Judge:
    """Judges notebooks against `labs`, each in a process of its own within `limits`. Threads may share a judge.

    `fresh_seed` is the seed of the second run, by default one drawn now.
    """

    def __init__(
        self, labs: dict[str, Lab], limits: Limits | None = None, fresh_seed: int | None = None
    ) -> None:
        self.labs = labs
        self.limits = limits or Limits()
        self.fresh_seed = 2 + secrets.randbelow(FRESH_SEEDS) if fresh_seed is None else fresh_seed
        self._lines: dict[str, Future[dict[str, str]]] = {}
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
        unrun = [task for task, cell in lab.checks.items() if not cell.line]
        if unrun:
            raise SolutionFails(f"Lab {lab.name}: the check of {unrun[0]} was never run in the solution.")
        merged = merge(lab, cells)
        with ThreadPoolExecutor(max_workers=1) as meanwhile:
            fresh_lines = meanwhile.submit(self.fresh_lines, lab)
            report = self.run(merged.steps)
            return self.compare(lab, merged, report, fresh_lines.result())

    def run(self, steps: tuple[Step, ...]) -> Report:
        """Run steps with the usual seed, and with the fresh one when some check went well."""
        sources = tuple(step.source for step in steps)
        runs = [Run(seed, sources) for seed in (USUAL_SEED, self.fresh_seed)]
        return run_apart(runs, list(Merged(steps).checks.values()), self.limits)

    def fresh_lines(self, lab: Lab) -> dict[str, str]:
        """The line of each check of the solution under the fresh seed; run once a lab. Raises `SolutionFails`."""
        with self._lock:
            first = lab.name not in self._lines
            future = self._lines.setdefault(lab.name, Future())
        if first:
            try:
                future.set_result(solution_lines(lab, self.fresh_seed, self.limits))
            except BaseException as error:
                future.set_exception(error)
        return future.result()

    def compare(self, lab: Lab, merged: Merged, report: Report, fresh_lines: dict[str, str]) -> LabVerdict:
        """Compare what the checks printed with what they printed in the solution."""
        if report.broken:
            return LabVerdict(lab.name, self.nothing(lab.name), report.broken, report.note)
        tasks = []
        for task, cell in lab.checks.items():
            said = difference(merged, report.runs[0], task, cell.line)
            if not said:
                said = difference(merged, report.runs[1], task, fresh_lines[task])
                said = said and f"It passes with seed 1, but not with seed {self.fresh_seed}: {said}"
            tasks.append(TaskVerdict(task, not said, cell.points, said or cell.line))
        return LabVerdict(lab.name, tuple(tasks), note=report.note)


def difference(merged: Merged, ran: tuple[Ran, ...], task: str, wanted: str) -> str:
    """What is wrong with a task in one run, in words; empty when its check ended well and printed `wanted`."""
    check = ran[merged.checks[task]]
    if check.ended != "ok":
        return went_wrong(merged, ran, task)
    if check.line == wanted:
        return ""
    return f"The check printed {check.line!r}, and with the solution it prints {wanted!r}."


def solution_lines(lab: Lab, seed: int, limits: Limits) -> dict[str, str]:
    """Run a lab's solution with a seed and return the line of each check. Raises `SolutionFails`."""
    merged = merge(lab, [cell.cell for cell in lab.cells])
    report = run_apart([Run(seed, tuple(step.source for step in merged.steps))], matter=[], limits=limits)
    if report.broken:
        raise SolutionFails(f"Lab {lab.name}: {report.broken}")
    ran = report.runs[0]
    for task, number in merged.checks.items():
        if ran[number].ended != "ok":
            said = went_wrong(merged, ran, task)
            raise SolutionFails(f"Lab {lab.name}: with seed {seed} the solution of {task} fails. {said}")
    return {task: ran[number].line for task, number in merged.checks.items()}
