"""The notebook that is really judged: the lab's own frame and checks, with the learner's answers in their places.

Cells are matched by grade id first: JupyterLab gives a pasted copy a new id, but leaves it the grade id, so among
copies the one with the original id wins. Then by id, and then, for cells that are not answers, by their text.
A learner's other cells run where they stand: after the matched cell that precedes them. What the learner did to a
frame or a check cell does not count, and `restored` says so. Nothing of a learner's cell but its text is taken over,
and no text that names what belongs to the checks.

>>> from archlab.course.labs.lab import Lab, LabCell
>>> lab = Lab("01_x", (LabCell(Cell("code", "pass", "a"), ANSWER, "t"), LabCell(Cell("code", "f()", "b"), CHECK, "t")))
>>> merged = merge(lab, [Cell("code", "def f(): return 1", "a"), Cell("code", "# f()", "b"), Cell("code", "g = 2")])
>>> [(step.role, step.source) for step in merged.steps]
[('answer', 'def f(): return 1'), ('check', 'f()'), ('extra', 'g = 2')]
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from archlab.course.labs.cells import Cell
from archlab.course.labs.check_only import allowed
from archlab.course.labs.lab import ANSWER, CHECK, FRAME, TEXT, Lab, LabCell

EXTRA = "extra"
START = -1


@dataclass(frozen=True)
class Step:
    """A code cell to run: the lab's ("frame", "check") or the learner's ("answer", "extra")."""

    role: str
    source: str
    task: str = ""


@dataclass(frozen=True)
class Merged:
    """The steps to run, in order, for each task what is wrong with its answer cell, and which cells were restored."""

    steps: tuple[Step, ...]
    problems: dict[str, str] = field(default_factory=dict)
    restored: tuple[str, ...] = ()

    @property
    def checks(self) -> dict[str, int]:
        """The number of each task's check among the steps."""
        return {step.task: number for number, step in enumerate(self.steps) if step.role == CHECK}


def merge(lab: Lab, submitted: Sequence[Cell]) -> Merged:
    """Put a learner's cells into the frame of a lab."""
    place = match(lab.cells, submitted)
    home = {learners: labs for labs, learners in place.items()}
    extras = extras_by_place(submitted, home, {cell.cell.source.strip() for cell in lab.checks.values()})
    steps = [*extras.get(START, [])]
    problems: dict[str, str] = {}
    for number, cell in enumerate(lab.cells):
        if cell.role == ANSWER:
            answer = submitted[place[number]] if number in place else None
            steps += answer_step(cell, answer, problems)
        elif cell.role != TEXT:
            steps.append(Step(cell.role, cell.cell.source, cell.task))
        steps += extras.get(number, [])
    edited = (
        cell
        for number, cell in enumerate(lab.cells)
        if number in place and was_edited(cell, submitted[place[number]])
    )
    return Merged(tuple(steps), problems, tuple(RESTORED[cell.role].format(cell) for cell in edited))


RESTORED = {
    FRAME: "The lab's cell {0.cell.id} was restored; what you add, such as an import, belongs into your own cells.",
    CHECK: "The check of {0.task} was restored.",
}


def was_edited(cell: LabCell, submitted: Cell) -> bool:
    """Whether a learner changed a cell that is the lab's."""
    return cell.role in RESTORED and cell.cell.source.strip() != submitted.source.strip()


def answer_step(cell: LabCell, answer: Cell | None, problems: dict[str, str]) -> list[Step]:
    """The learner's answer as a step; none, and a problem in words, when there is nothing to run."""
    if answer is None:
        problems[cell.task] = "The answer cell of this task is missing."
        return []
    if answer.kind != "code":
        problems[cell.task] = "The answer cell of this task is a text cell: click beside it and press Y."
        return []
    return [Step(ANSWER, allowed(answer.source), cell.task)]


def extras_by_place(
    submitted: Sequence[Cell], home: dict[int, int], checks: Collection[str]
) -> dict[int, list[Step]]:
    """The learner's own code cells, by the number of the lab's cell they stand after. A copy of a check may be one."""
    extras: dict[int, list[Step]] = {}
    place = START
    for number, cell in enumerate(submitted):
        place = home.get(number, place)
        if number not in home and cell.kind == "code":
            source = cell.source if cell.source.strip() in checks else allowed(cell.source)
            extras.setdefault(place, []).append(Step(EXTRA, source))
    return extras


def match(cells: Sequence[LabCell], submitted: Sequence[Cell]) -> dict[int, int]:
    """For cells of the lab, by number, the number of the learner's cell that it became. One to one."""
    found: dict[int, int] = {}
    for rule in (same_grade_id, same_id, same_text):
        taken = set(found.values())
        for number, cell in enumerate(cells):
            if number not in found:
                candidates = [n for n in rule(cell, submitted) if n not in taken]
                if candidates:
                    found[number] = candidates[0]
                    taken.add(candidates[0])
    return found


def same_grade_id(cell: LabCell, submitted: Sequence[Cell]) -> Iterator[int]:
    """Cells with the same grade id, the one that has the original id as well first."""
    wanted = cell.cell.grade_id
    same = [n for n, other in enumerate(submitted) if wanted and other.grade_id == wanted]
    yield from sorted(same, key=lambda n: submitted[n].id != cell.cell.id)


def same_id(cell: LabCell, submitted: Sequence[Cell]) -> Iterator[int]:
    """Cells with the same id."""
    return (n for n, other in enumerate(submitted) if cell.cell.id and other.id == cell.cell.id)


def same_text(cell: LabCell, submitted: Sequence[Cell]) -> Iterator[int]:
    """Cells with the same text, unless the lab's cell is an answer."""
    text = cell.cell.source.strip()
    return (n for n, other in enumerate(submitted) if cell.role != ANSWER and other.source.strip() == text)
