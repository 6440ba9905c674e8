"""A judge that runs nothing, and the table that it fills: for tests of what goes on around the judging."""

import csv
from pathlib import Path

from archlab.course.labs import grade as grading
from archlab.course.labs.gradebook import Gradebook
from archlab.course.labs.judge import Judge
from archlab.course.labs.lab import Lab
from archlab.course.labs.verdict import LabVerdict, TaskVerdict

TASKS = ("reading", "servers", "limit")


class FakeJudge(Judge):
    """A judge that runs nothing: a task is solved when its name stands in the file; all are for a generous one.

    It may stop half-way.
    """

    def __init__(self, labs: dict[str, Lab], stop_after: int = 1000, fresh_seed: int = 7) -> None:
        super().__init__(labs, fresh_seed=fresh_seed)
        self.judged: list[str] = []
        self.generous = False
        self.stop_after = stop_after

    def verdict(self, path: Path, expected: str = "") -> LabVerdict:
        if len(self.judged) == self.stop_after:
            raise KeyboardInterrupt
        self.judged.append(path.name)
        text = path.read_text(encoding="utf-8")
        if "crash" in text:
            raise RuntimeError("the judge fell over")
        if "no lab" in text:
            return LabVerdict("", problem="This is not a lab of this course.")
        tasks = [
            TaskVerdict(
                task,
                task in text or self.generous,
                2,
                "passed" if task in text else "Not solved yet.",
                judged="busy machine" not in text,
            )
            for task in TASKS
        ]
        return LabVerdict("90_till", tuple(tasks))


def grade(folder: Path, out: Path, judge: Judge, jobs: int = 1, delimiter: str = "") -> Gradebook:
    """Grade a folder into a file, as the command does."""
    book = Gradebook(out, delimiter)
    book.load()
    return grading.grade(folder, book, judge, jobs)


def table(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a table, as a program reads it that knows nothing of spreadsheets."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def points(path: Path, delimiter: str = ",") -> dict[str, str]:
    """The points of each task of each student, in the order of the table: {"anna": "2 2 0"}."""
    found: dict[str, list[str]] = {}
    for row in table(path, delimiter):
        found.setdefault(row["student"], []).append(row["points"])
    return {student: " ".join(of_student) for student, of_student in found.items()}
