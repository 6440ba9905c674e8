"""Check one lab and tell the learner, task by task, what the check saw: `python run.py check labs/...`.

>>> from archlab.course.labs.verdict import TaskVerdict
>>> told(LabVerdict("01_x", (TaskVerdict("capacity", False, 2, "Not solved yet."),))).splitlines()[-1]
'0 of 1 tasks pass, 0 of 2 points.'
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from archlab.course.arguments import a_notebook
from archlab.course.labs.judge import CANNOT, Judge, SolutionFails, fresh_seed
from archlab.course.labs.lab import LABS, ROOT, all_labs
from archlab.course.labs.plain import plain
from archlab.course.labs.verdict import LabVerdict, TaskVerdict

WIDTH = 100
NO_SOLUTIONS = "The folder solutions/ is not here. Run the check under each task: it says what it saw."


def told(verdict: LabVerdict) -> str:
    """A verdict as a text to read."""
    lines = [f"Lab {verdict.lab}"] if verdict.lab else []
    lines += [plain(verdict.problem)] if verdict.problem else [told_task(task) for task in verdict.tasks]
    lines += filter(None, [verdict.restored, verdict.note])
    return "\n".join([*lines, verdict.summary])


def told_task(verdict: TaskVerdict) -> str:
    """The verdict on a task: one line, and what the check said beneath it."""
    word = "passed" if verdict.passed else "NOT PASSED" if verdict.judged else "NOT JUDGED"
    heading = f"  {word:<11} {verdict.task}"
    points = "" if verdict.points is None else f"({verdict.points:g} of {verdict.of:g})"
    margin = " " * 6
    said = textwrap.fill(verdict.said, WIDTH, initial_indent=margin, subsequent_indent=margin)
    return f"{heading} {points}\n{said}"


def expected_lab(path: Path, root: Path = ROOT) -> str:
    """The lab that a file should be, going by its folder under `labs/`; empty for files elsewhere."""
    absolute = path.resolve()
    return absolute.parent.name if absolute.parent.parent == root / LABS else ""


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Check the lab named. Returns 0 when all its tasks pass, 1 when not, 3 when nothing can be judged."""
    parser = argparse.ArgumentParser(prog="run.py check", description="Check a lab, task by task.")
    parser.add_argument(
        "notebook", type=a_notebook, help="a lab: labs/01_monolithic/01_monolithic_lab.ipynb, for example"
    )
    parser.add_argument(
        "--seed", type=fresh_seed, help="the second seed, to repeat a verdict (default: a new one)"
    )
    labs = all_labs(root)
    if not labs:
        print(NO_SOLUTIONS, file=sys.stderr)
        return CANNOT
    options = parser.parse_args(arguments)
    path = options.notebook
    judge = Judge(labs, fresh_seed=options.seed)
    print(
        f"Checking {plain(path.name)} twice, with the usual seed and with seed {judge.fresh_seed} ...",
        flush=True,
    )
    try:
        verdict = judge.verdict(path, expected_lab(path, root))
    except SolutionFails as failure:
        print(failure, file=sys.stderr)
        return CANNOT
    print(told(verdict))
    return 0 if verdict.passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
