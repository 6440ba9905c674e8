"""The table of a class: a row a student and task, kept in one CSV file that is whole at every moment.

Teachers open it in a spreadsheet, change points, and add columns and lines. What they wrote stays. When something of it
cannot, the table as it was is kept beside it.

>>> book = Gradebook(Path("results.csv"))
>>> book.rows["anna.ipynb"] = [Row("anna", "01_x", "capacity", 2, 2, "passed", "anna.ipynb", "v1", 7)]
>>> print(book.summary())
Lab 01_x: 1 student
  capacity              1 of 1
"""

from __future__ import annotations

import itertools
import shutil
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from archlab.course.labs.attempts import counted, decided
from archlab.course.labs.row import COLUMNS, NEEDED, Row, UnreadableLine, bare_version, judged_as, read_row
from archlab.course.labs.submissions import CONTENT
from archlab.course.labs.summary import summary
from archlab.course.labs.table_file import Line, NoTable, read_table, written

NOT_YET = "Not judged yet."
MOST_NAMED = 5
"""So many files that are gone are named."""


class ForeignFile(Exception):
    """The file for the results is there and holds something else, or cannot be read. The message names it."""


class CannotWrite(Exception):
    """The table cannot be written. The message says why, and what to do."""


@dataclass(frozen=True)
class Wanted:
    """A file that must have rows: whose it is, and the version of it that must be judged."""

    student: str
    version: str


class Gradebook:
    """The rows of each file handed in, and the CSV file at `path` that keeps them. `notes`: what a teacher must know.

    `delimiter` separates the fields; a table that is there keeps its own.
    """

    def __init__(self, path: Path, delimiter: str = "") -> None:
        self.path = path
        self.delimiter = delimiter or ","
        self.rows: dict[str, list[Row]] = {}
        self.notes: list[str] = []
        self._own_delimiter = bool(delimiter)
        self._before = b""
        self._columns: list[str] = []  # of the teacher
        self._remarks: dict[tuple[str, str], Mapping[str, str]] = {}  # lines with something in such a column
        self._own_lines: list[Mapping[str, str]] = []  # that belong to no file
        self._changed: dict[tuple[str, str], Row] = {}  # rows with points that a teacher has changed
        self._still: dict[tuple[str, str], Row] = {}  # those of them about what is handed in now
        self._unknown: dict[tuple[str, str], Row] = {}  # rows that do not say which points were given
        self._gone: list[str] = []  # files with rows that are not here any more
        self._waiting: list[Row] = []
        self._unread = False  # a line could not be read
        self._copy: Path | None = None

    def load(self) -> None:
        """Take in what the file holds, if there is one. Raises `ForeignFile` when it is not a gradebook's."""
        if not self.path.exists():
            return
        try:
            self._before = self.path.read_bytes()
            table = read_table(self._before, NEEDED, COLUMNS)
        except OSError as error:
            raise ForeignFile(f"{self.path} could not be read: {error.strerror}.") from error
        except NoTable as error:
            raise ForeignFile(
                f"{self.path} exists and is no table of results. Name another file with --out. ({error})"
            ) from error
        if not self._own_delimiter:
            self.delimiter = table.delimiter
        self._columns = [column for column in table.columns if column not in COLUMNS]
        for line in table.lines:
            self._take(line)

    def _take(self, line: Line) -> None:
        """Take in one line."""
        file, task = line.fields.get("file", ""), line.fields.get("task", "")
        if not file and not line.is_short:
            self._own_lines.append(line.fields)
            return
        if file and any(line.fields.get(column) for column in self._columns):
            self._remarks.setdefault((file, task), line.fields)
        try:
            if line.is_short:
                raise UnreadableLine("it ends too early")
            row = read_row(line.fields)
            if any(row.task == other.task for other in self.rows.get(file, [])):
                raise UnreadableLine(f"it is a second line for {file}, task {task}")
            self.rows.setdefault(file, []).append(row)
            if not row.is_stamped:
                self._unknown[file, task] = row
            elif row.was_changed:
                self._changed[file, task] = row
        except UnreadableLine as problem:
            self._unread = True
            self.notes.append(f"Line {line.number} of {self.path.name} could not be read: {problem}.")

    def keep_only(
        self, wanted: Mapping[str, Wanted], seed: int, tasks: Mapping[str, Collection[str]]
    ) -> None:
        """Forget files that are gone, have another version now, or were judged with another seed or only in part.

        `tasks`: the names of those that each lab has, in order.
        """
        kept = {}
        self._gone = [file for file in self.rows if file not in wanted]
        for file, rows in self.rows.items():
            names = list(tasks.get(rows[0].lab, ())) if rows[0].task else [""]
            by_task = {row.task: row for row in rows}
            if file in wanted and set(by_task) == set(names) and are_of(rows, wanted[file].version, seed):
                kept[file] = [replace(by_task[name], student=wanted[file].student) for name in names]
        self.rows = decided(kept)
        self._still = {at: row for at, row in self._changed.items() if is_the_same(row, wanted.get(at[0]))}
        self._unknown = {at: row for at, row in self._unknown.items() if at[0] not in self.rows}
        remarks = {
            (file, task): not_yet(wanted[file], line.get("lab", ""), task, file, seed)
            for (file, task), line in self._remarks.items()
            if file in wanted
        }
        self._waiting = [row for row in (remarks | self._still).values() if row.file not in self.rows]

    def enter(self, file: str, rows: Sequence[Row]) -> None:
        """Take in the rows of a notebook that was judged. Points that a teacher has changed stay."""
        self.rows[file] = [self._as_changed(row) for row in rows]

    def _as_changed(self, row: Row) -> Row:
        known = self._still.get((row.file, row.task))
        if known is None:
            return row
        return replace(row, points=known.points, version=judged_as(row.version, None))  # changed for good

    @property
    def seed(self) -> int | None:
        """The seed with which most of these rows were judged, if there are any."""
        seeds = Counter(row.seed for rows in self.rows.values() for row in rows if row.seed)
        return seeds.most_common(1)[0][0] if seeds else None

    def save(self) -> None:
        """Write the file, all at once, in the order of students and files. Raises `CannotWrite`."""
        rows, columns = self._all_rows(), [*COLUMNS, *self._columns]
        lines = [row.fields(self.delimiter) | self._remark(row) for row in rows]
        own = [{column: line.get(column, "") for column in columns} for line in self._own_lines]
        content = written(columns, [*lines, *own], self.delimiter)
        unfinished = self.path.with_name(f".{self.path.name}.unfinished")
        try:
            self._keep_what_is_lost(rows)
            unfinished.write_bytes(content)
            if self.path.exists():  # who may read it stays who may read it
                shutil.copymode(self.path, unfinished)
            unfinished.replace(self.path)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise CannotWrite(
                f"{self.path} could not be written: {error.strerror}. If it is open in another program, "
                "close it there. Then run the same command to go on."
            ) from error

    def _remark(self, row: Row) -> dict[str, str]:
        """What a teacher wrote beside a row."""
        line = self._remarks.get((row.file, row.task), {})
        return {column: line.get(column, "") for column in self._columns}

    def _keep_what_is_lost(self, rows: list[Row]) -> None:
        """Copy the table as it was, once, when something of it may be lost: a line that could not be read, a notebook,
        a row, points.
        """
        is_lost = self._unread or self._gone or self._unknown or any(self._lost(rows))
        if is_lost and self._copy is None and self._before:
            self._copy = write_new(self.path, self._before)

    def _lost(self, rows: list[Row]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Of which rows the remarks, and the points that a teacher gave, do not stand in these rows."""
        points = {(row.file, row.task): row.points for row in rows}
        given = self._changed | {at: row for at, row in self._unknown.items() if points.get(at) is not None}
        other = [at for at, row in sorted(given.items()) if points.get(at) != row.points]
        return sorted(self._remarks.keys() - points.keys()), other

    def tell(self) -> None:
        """Note what was lost. Called at the end: what is lost half-way may come back."""
        remarks, points = self._lost(self._all_rows())
        self.notes += [
            f"{file} is not in the folder any more, so its rows are gone from the table."
            for file in self._gone[:MOST_NAMED]
        ]
        if len(self._gone) > MOST_NAMED:
            self.notes.append(f"So are those of {len(self._gone) - MOST_NAMED} more.")
        self.notes += [
            f"The points that stood there for {file}, task {task or '-'}, do not stand: it was handed in anew, is "
            "gone, does not count, or was judged by another course."
            for file, task in points
        ]
        self.notes += [
            f"What you wrote beside {file}, task {task or '-'}, has no row any more."
            for file, task in remarks
        ]
        if self._copy:
            self.notes.append(f"The table as it was is kept in {self._copy.name}.")

    def _all_rows(self) -> list[Row]:
        """The rows of the file."""
        return [*counted(self.rows), *(row for row in self._waiting if row.file not in self.rows)]

    def summary(self) -> str:
        """For each lab and task how many solved it, which one most got stuck on, and what could not be judged."""
        return summary(counted(self.rows))


def not_yet(wanted: Wanted, lab: str, task: str, file: str, seed: int) -> Row:
    """A row for what a teacher wrote beside a task that is yet to be judged."""
    return Row(wanted.student, lab, task, None, 0, NOT_YET, file, judged_as(wanted.version, None), seed)


def is_the_same(row: Row, wanted: Wanted | None) -> bool:
    """Whether a row is about what is handed in now, whatever it was judged by."""
    return wanted is not None and row.version[:CONTENT] == wanted.version[:CONTENT]


def are_of(rows: Sequence[Row], version: str, seed: int) -> bool:
    """Whether all rows are those of one version judged with one seed, and say how many points it has."""
    return all(
        row.points is not None and (bare_version(row.version), row.seed) == (version, seed) for row in rows
    )


def write_new(path: Path, content: bytes) -> Path:
    """Write a copy beside a file, under a name that is not taken by something else, and return where."""
    for number in itertools.count(1):
        copy = path.with_name(f"{path.stem}.kept-{number}{path.suffix}")
        try:
            with copy.open("xb") as file:
                file.write(content)
            return copy
        except FileExistsError:
            if copy.read_bytes() == content:
                return copy
    raise AssertionError("there are always more numbers")
