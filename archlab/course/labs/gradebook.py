"""The table of a class: a row a student and task, kept in one CSV file that is whole at every moment.

>>> book = Gradebook(Path("results.csv"))
>>> book.rows["anna.ipynb"] = [Row("anna", "01_x", "capacity", 2, 2, "passed", "anna.ipynb", "f00", 7)]
>>> print(book.summary())
Lab 01_x: 1 notebook
  capacity              1 of 1
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path


class ForeignFile(Exception):
    """The file for the results exists and holds something else. The message names it."""


@dataclass(frozen=True)
class Row:
    """What came of one task of one notebook. `of`: the points it is worth; `version`: what was judged, by what.

    `points` is None, and an empty field of the file, when the task could not be judged. `seed`: of the second run.
    """

    student: str
    lab: str
    task: str
    points: float | None
    of: float
    what_happened: str
    file: str
    version: str
    seed: int


COLUMNS = [field.name for field in fields(Row)]


class Gradebook:
    """The rows of each file handed in, and the CSV file at `path` that keeps them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, list[Row]] = {}

    def load(self) -> None:
        """Take in what the file holds, if there is one. Raises `ForeignFile` when it is not a gradebook's."""
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames != COLUMNS:
                raise ForeignFile(
                    f"{self.path} exists and is no table of results. Name another file with --out."
                )
            for line in reader:
                self.rows.setdefault(line["file"], []).append(read_row(line))

    def keep_only(self, versions: dict[str, str], seed: int) -> None:
        """Forget files that are gone, have another version now, or were judged with another seed or only in part."""
        self.rows = {
            file: rows
            for file, rows in self.rows.items()
            if versions.get(file) == rows[0].version
            and all(row.points is not None and row.seed == seed for row in rows)
        }

    @property
    def seed(self) -> int | None:
        """The seed with which these rows were judged, if there are any."""
        return next((rows[0].seed for rows in self.rows.values()), None)

    def save(self) -> None:
        """Write the file, all at once, in the order of students and files."""
        unfinished = self.path.with_name(f".{self.path.name}.unfinished")
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            for row in self.all_rows():
                points = "" if row.points is None else f"{row.points:g}"
                writer.writerow({**asdict(row), "points": points, "of": f"{row.of:g}"})
        unfinished.replace(self.path)

    def all_rows(self) -> list[Row]:
        """Every row, in the order of students and files."""
        files = sorted(self.rows, key=lambda file: (self.rows[file][0].student, file))
        return [row for file in files for row in self.rows[file]]

    def summary(self) -> str:
        """For each lab and task how many solved it, which one most got stuck on, and what could not be judged."""
        rows = self.all_rows()
        labs = list(dict.fromkeys(row.lab for row in rows if row.task))
        parts = [
            summary_of(lab, [row for row in rows if row.lab == lab and row.task]) for lab in sorted(labs)
        ]
        strange = [f"  {row.file}: {row.what_happened}" for row in rows if not row.task]
        return "\n".join([*parts, *(["Not a lab of this course:", *strange] if strange else [])])


def read_row(line: dict[str, str]) -> Row:
    """A row from a line of the file."""
    points = float(line["points"]) if line["points"] else None
    return Row(**{**line, "points": points, "of": float(line["of"]), "seed": int(line["seed"])})  # type: ignore[arg-type]


def summary_of(lab: str, rows: list[Row]) -> str:
    """A line a task of one lab: how many solved it; then the task that fewest solved, and why."""
    files = {row.file for row in rows}
    tasks = list(dict.fromkeys(row.task for row in rows))
    solved = Counter(row.task for row in rows if row.points)
    lines = [f"Lab {lab}: {len(files)} notebook{'s' * (len(files) > 1)}"]
    lines += [f"  {task:<20} {solved[task]:>2} of {len(files)}" for task in tasks]
    unjudged = sum(row.points is None for row in rows)
    if unjudged:
        lines.append(f"Not judged: {unjudged} tasks. Run the same command to try them again.")
    hardest = min(tasks, key=lambda task: solved[task])
    if solved[hardest] < len(files):
        lines.append(f"Most got stuck on {hardest}. {most_frequent(rows, hardest)}")
    return "\n".join(lines)


def most_frequent(rows: Iterable[Row], task: str) -> str:
    """What happened most often to those who did not solve a task, in words."""
    reasons = Counter(row.what_happened for row in rows if row.task == task and row.points == 0)
    if not reasons:
        return "Nobody was refused there."
    reason, count = reasons.most_common(1)[0]
    return f"What happened most often ({count} times): {reason}"
