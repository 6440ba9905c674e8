"""A row of a class's table: what came of one task of one notebook.

>>> read_row({"student": "anna", "points": "0,5", "of": "2", "seed": "7", "version": "f00"}).points
0.5
>>> Row("anna", "01_x", "capacity", 2, 2, "passed", "anna.ipynb", judged_as("vf00", 0), 7).was_changed
True
>>> read_row({"points": "two"})
Traceback (most recent call last):
    ...
archlab.course.labs.row.UnreadableLine: points is 'two'; it must be a number, or empty
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from archlab.course.labs.expectations import USUAL_SEED
from archlab.course.labs.table_file import number, number_text

STAMP = "p"
NEEDED = ("student", "lab", "task", "points", "file")


class UnreadableLine(Exception):
    """A line of a table is no row. The message says which column holds what."""


@dataclass(frozen=True)
class Row:
    """What came of one task of one notebook. `of`: the points it is worth; `version`: see `judged_as`.

    `points` is None, and an empty field of the file, when the task could not be judged. `seed`: of the second run.
    A notebook without tasks that count has one row, in which `task` is empty; `lab` is, too, if nobody knows the lab.
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

    @property
    def was_changed(self) -> bool:
        """Whether somebody has changed the points since the task was judged."""
        judged = self.version.partition(STAMP)[2]
        return self.is_stamped and self.points is not None and f"{self.points:g}" != judged

    @property
    def is_stamped(self) -> bool:
        """Whether it says which points were given; it does not in a table of an older course."""
        return STAMP in self.version

    def fields(self, delimiter: str) -> dict[str, str]:
        """The row as it stands in a file with that separator."""
        points = "" if self.points is None else number_text(self.points, delimiter)
        plain = {name: str(value) for name, value in asdict(self).items()}
        return plain | {"points": points, "of": number_text(self.of, delimiter)}


def judged_as(version: str, points: float | None) -> str:
    """What was judged, by what, and with how many points (None: none): so points that a teacher changes are known."""
    return f"{bare_version(version)}{STAMP}" + ("" if points is None else f"{points:g}")


def bare_version(version: str) -> str:
    """What was judged, by what: a version without the points."""
    return version.partition(STAMP)[0]


COLUMNS = [field.name for field in fields(Row)]


def read_row(line: Mapping[str, str]) -> Row:
    """The row in a line; what is missing in it is empty, and no points are points to find out.

    Raises `UnreadableLine`.
    """
    points, of, seed = (value(line, name) for name in ("points", "of", "seed"))
    if seed is not None and (seed != int(seed) or seed <= USUAL_SEED):
        raise UnreadableLine(f"seed is {line['seed']!r}; it must be a whole number above {USUAL_SEED}")
    texts = {name: line.get(name, "") for name in ("student", "lab", "task", "what_happened", "file")}
    version = "v" + line.get("version", "").removeprefix("v")  # the v was not always written
    return Row(**texts, points=points, of=of or 0, version=version, seed=int(seed or 0))


def value(line: Mapping[str, str], name: str) -> float | None:
    """The number in a column; None when it is empty. Raises `UnreadableLine`."""
    text = line.get(name, "")
    try:
        return number(text) if text.strip() else None
    except ValueError as error:
        raise UnreadableLine(f"{name} is {text[:40]!r}; it must be a number, or empty") from error
