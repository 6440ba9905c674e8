"""A lab as its author wrote it: the solution notebook, which cell is what, and what each check printed.

`solutions/01_monolithic/01_monolithic_lab.ipynb` is the lab "01_monolithic". Its code cells are of three kinds, told
apart by nbgrader's metadata: the *frame* (locked), the *answers* (solution) and the *checks* (grade). An answer
belongs to the next check.

>>> task_name("01_capacity_check")
'capacity'
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from archlab.course.labs.cells import Cell

ROOT = Path(__file__).resolve().parents[3]
SOLUTIONS, LABS = "solutions", "labs"
TEXT, FRAME, ANSWER, CHECK = "text", "frame", "answer", "check"
CHECK_ID = re.compile(r"(\d\d)_(\w+)_check")
COMMON_IDS = 2


@dataclass(frozen=True)
class LabCell:
    """A cell of a lab: its `role` ("text", "frame", "answer", "check") and the task it belongs to, if any.

    A check has `points`, and in `line` the line it printed in the solution (empty: it was never run).
    """

    cell: Cell
    role: str
    task: str = ""
    points: float = 0
    line: str = ""


@dataclass(frozen=True)
class Lab:
    """A lab: its name, and the cells of its solution in order."""

    name: str
    cells: tuple[LabCell, ...]

    @cached_property
    def checks(self) -> dict[str, LabCell]:
        """The check of each task, by the task's name, in order."""
        return {cell.task: cell for cell in self.cells if cell.role == CHECK}

    @cached_property
    def answers(self) -> dict[str, LabCell]:
        """The answer of each task, by the task's name, in order."""
        return {cell.task: cell for cell in self.cells if cell.role == ANSWER}

    @cached_property
    def grade_ids(self) -> frozenset[str]:
        """The names that nbgrader knows the cells by."""
        return frozenset(cell.cell.grade_id for cell in self.cells if cell.cell.grade_id)


def read_lab(path: Path) -> Lab:
    """The lab in a solution notebook. Raises `ValueError` when it is no notebook."""
    notebook = nbformat.read(path, as_version=4)
    roles = [role(cell) for cell in notebook.cells]
    tasks = [
        task_of(number, roles, notebook.cells) if roles[number] in (ANSWER, CHECK) else ""
        for number in range(len(roles))
    ]
    cells = zip(notebook.cells, roles, tasks, strict=True)
    return Lab(path.stem.removesuffix("_lab"), tuple(lab_cell(*cell) for cell in cells))


def lab_cell(cell: NotebookNode, role: str, task: str) -> LabCell:
    """One cell of a solution notebook."""
    nbgrader = cell.metadata.get("nbgrader", {})
    plain = Cell(cell.cell_type, cell.source, cell.id, nbgrader.get("grade_id", ""))
    if role != CHECK:
        return LabCell(plain, role, task)
    return LabCell(plain, role, task, float(nbgrader.get("points", 0)), last_line(cell))


def role(cell: NotebookNode) -> str:
    """What a cell of a solution notebook is for."""
    nbgrader = cell.metadata.get("nbgrader", {})
    if cell.cell_type != "code":
        return TEXT
    if nbgrader.get("solution"):
        return ANSWER
    return CHECK if nbgrader.get("grade") else FRAME


def task_of(number: int, roles: Sequence[str], cells: Sequence[NotebookNode]) -> str:
    """The task that the cell of this number belongs to: that of the next check. Empty when none follows."""
    later = [n for n in range(number, len(cells)) if roles[n] == CHECK]
    return task_name(cells[later[0]].metadata["nbgrader"].get("grade_id", "")) if later else ""


def task_name(grade_id: str) -> str:
    """The task's name in the grade id of its check; the grade id itself if it is of another form."""
    match = CHECK_ID.fullmatch(grade_id)
    return match.group(2) if match else grade_id


def last_line(cell: NotebookNode) -> str:
    """The last line that is not empty of what a cell printed; empty when it was not run."""
    if cell.execution_count is None:
        return ""
    printed = "".join(output.text for output in cell.outputs if output.get("name") == "stdout")
    return next((line for line in reversed(printed.splitlines()) if line.strip()), "")


def solution_paths(root: Path = ROOT) -> list[Path]:
    """The solution notebooks of the course in the folder `root`, in order."""
    return sorted((root / SOLUTIONS).glob("[0-9][0-9]_*/*_lab.ipynb"))


def all_labs(root: Path = ROOT) -> dict[str, Lab]:
    """The labs of the course in the folder `root`, by name, in order."""
    return {lab.name: lab for lab in map(read_lab, solution_paths(root))}


def lab_of(cells: Sequence[Cell], labs: dict[str, Lab]) -> Lab | None:
    """The lab whose cells these are, going by their names first, then by the text of its checks.

    Up to `COMMON_IDS` in common say nothing: other notebooks have a cell called "setup", too.
    """
    if not labs:
        return None
    found = max(labs.values(), key=lambda lab: likeness(cells, lab))
    grade_ids, ids, texts = likeness(cells, found)
    return found if grade_ids or texts or ids > COMMON_IDS else None


def likeness(cells: Sequence[Cell], lab: Lab) -> tuple[int, int, int]:
    """How many cells have a grade id, an id, and a text in common with a lab."""
    ids = {cell.cell.id for cell in lab.cells}
    texts = {cell.cell.source for cell in lab.cells if cell.role in (FRAME, CHECK)}
    return (
        len({cell.grade_id for cell in cells} & lab.grade_ids),
        len({cell.id for cell in cells} & ids),
        len({cell.source for cell in cells} & texts),
    )
