"""Which notebook counts when a student has handed in several for one lab: the one with the most points.

Not the latest: a download or a zip file does not keep the times. So nobody loses points by handing in once more. Of
two with the same points the first by name counts. The others have a row each, without a task and worth 0 points.

>>> def rows(file, points):
...     return [Row("anna", "01_x", "capacity", points, 2, "passed", file, "v1", 7)]
>>> for row in counted({"lab (1).ipynb": rows("lab (1).ipynb", 0), "lab.ipynb": rows("lab.ipynb", 2)}):
...     print(row.file, row.task, row.of, row.what_happened)
lab (1).ipynb  0 Does not count: lab.ipynb has more points, or as many.
lab.ipynb capacity 2 passed
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from archlab.course.labs.row import Row, judged_as

Files = Mapping[str, list[Row]]


def counted(files: Files) -> list[Row]:
    """Every row, in the order of students and files; of a notebook that does not count, one."""
    best = best_of_each(files)
    found = []
    for file in sorted(files, key=lambda file: (files[file][0].student, file)):
        rows = files[file]
        winner = best.get(key(rows), file)
        found += rows if file == winner else [without_points(rows, winner)]
    return found


def best_of_each(files: Files) -> dict[tuple[str, str], str]:
    """The notebook that counts for each student and lab."""
    best: dict[tuple[str, str], str] = {}
    for file in sorted(files):
        rows = files[file]
        known = best.get(key(rows))
        if rows[0].task and (known is None or points(rows) > points(files[known])):
            best[key(rows)] = file
    return best


def points(rows: list[Row]) -> tuple[float, int]:
    """The points of a notebook, and in how many tasks it was judged: what makes one better than another."""
    return sum(row.points or 0 for row in rows), sum(row.points is not None for row in rows)


def without_points(rows: list[Row], winner: str) -> Row:
    """The row of a notebook that does not count; without points when it is yet to be judged in full."""
    judged = all(row.points is not None for row in rows)
    said = f"Does not count: {winner} has more points, or as many."
    points = 0 if judged else None
    version = judged_as(rows[0].version, points)
    return replace(rows[0], task="", points=points, of=0, what_happened=said, version=version)


def decided(files: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The files without those that did not count beside one that is not among them: these might count now."""
    best = best_of_each(files)
    return {file: rows for file, rows in files.items() if not did_not_count(rows) or key(rows) in best}


def key(rows: list[Row]) -> tuple[str, str]:
    """Whose notebook it is, for which lab."""
    return rows[0].student, rows[0].lab


def did_not_count(rows: list[Row]) -> bool:
    """Whether rows are those of a notebook that did not count when they were written."""
    return bool(rows[0].lab and not rows[0].task)
