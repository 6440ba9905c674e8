"""What came of a task and of a lab, in words and in points.

>>> verdict = TaskVerdict("capacity", passed=True, of=2, said="capacity: passed with seed 1.")
>>> verdict.points, LabVerdict("01_monolithic", (verdict,)).summary
(2, '1 of 1 tasks pass, 2 of 2 points.')
"""

from __future__ import annotations

from dataclasses import dataclass

from archlab.course.labs.kernel import Ran
from archlab.course.labs.lab import ANSWER
from archlab.course.labs.merge import EXTRA, Merged

UNSOLVED = "NotImplementedError"


@dataclass(frozen=True)
class TaskVerdict:
    """Whether a task is solved, the points it is worth (`of`), and what the check said.

    A task that is not `judged` is neither solved nor failed: its turn did not come, or nobody can say what happened.
    """

    task: str
    passed: bool
    of: float
    said: str
    judged: bool = True

    @property
    def points(self) -> float | None:
        """The points earned; None when the task was not judged."""
        if not self.judged:
            return None
        return self.of if self.passed else 0


@dataclass(frozen=True)
class LabVerdict:
    """What came of a notebook: a verdict a task, or in `problem` why it could not be judged.

    `lab` is empty when nobody knows which lab it is. `restored` says which cells of the lab had been changed, `note`
    which limits this system does not have.
    """

    lab: str
    tasks: tuple[TaskVerdict, ...] = ()
    problem: str = ""
    note: str = ""
    restored: str = ""

    @property
    def passed(self) -> bool:
        """Whether every task is solved."""
        return bool(self.tasks) and not self.problem and all(task.passed for task in self.tasks)

    @property
    def summary(self) -> str:
        """How many tasks pass, the points, and how many could not be judged."""
        solved, open_ = sum(task.passed for task in self.tasks), sum(not task.judged for task in self.tasks)
        points, of = sum(task.points or 0 for task in self.tasks), sum(task.of for task in self.tasks)
        more = f" {open_} could not be judged: try again." if open_ else ""
        return f"{solved} of {len(self.tasks)} tasks pass, {points:g} of {of:g} points.{more}"


def went_wrong(merged: Merged, ran: tuple[Ran, ...], task: str) -> str:
    """Why a task's check did not go well, in words: first what the check said, then what the answer did."""
    check = ran[merged.checks[task]]
    said = check_said(check)
    hints = [merged.problems.get(task, ""), answer_said(merged, ran, task)]
    if check.error == "AssertionError":
        hints = hints[:1]
    return " ".join([said, *filter(None, hints)])


def check_said(check: Ran) -> str:
    """What a check that did not go well said."""
    if check.error == UNSOLVED:
        return "Not solved yet."
    if check.error == "AssertionError":
        return check.message or "The check failed and gave no reason."
    if check.ended == "error":
        return f"The check stopped with {check.error}: {check.message}"
    return {
        "too long": "The check took too long and was stopped.",
        "died": "The kernel died in the check: the answer ended it, or took too much memory.",
        "not run": "Not judged: the time by the clock was up before its turn.",
    }[check.ended]


def answer_said(merged: Merged, ran: tuple[Ran, ...], task: str) -> str:
    """What stopped the learner's cells between the check before and this task's check; if nothing did, an own cell
    before, such as one with imports, where a name is missing. Empty if none was stopped.
    """
    end = merged.checks[task]
    start = max((number for number in merged.checks.values() if number < end), default=-1) + 1
    stopped = [n for n in range(end) if ran[n].ended in WORDS and merged.steps[n].role in (ANSWER, EXTRA)]
    above = [f"Your cell above it {words(ran[number])}" for number in stopped if number >= start]
    own = [number for number in stopped if number < start and merged.steps[number].role == EXTRA]
    missing = "NameError" in (ran[end].error, *(ran[number].error for number in stopped if number >= start))
    before = [f"An earlier cell of yours {words(ran[number])}" for number in own if missing]
    return " ".join([*above[:1], *before[:1]])


def words(ran: Ran) -> str:
    """How a cell ended that was stopped."""
    return WORDS[ran.ended].format(ran)


WORDS = {
    "error": "stopped with {0.error}: {0.message}",
    "too long": "took too long and was stopped.",
    "died": "ended the kernel, or took too much memory.",
}
