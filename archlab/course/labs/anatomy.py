"""The form that every lab keeps to, and what is wrong with one that does not. `solutions/README.md` says it in prose.

>>> free_names("from archlab.course.labs import expect\\nexpect(answer(limit) > 1, 'too few')")
['answer', 'limit']
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Sequence

from archlab.course.labs.answers import Answer
from archlab.course.labs.lab import ANSWER, CHECK, FRAME, TEXT, Lab, LabCell
from archlab.course.labs.task_check import passed_words

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
WRONG_ANSWERS = 3
RIGHT_ANSWERS = 1
HINTS = 2


def faults(lab: Lab, answers: Sequence[Answer]) -> list[str]:
    """What is wrong with the form of a lab and its recorded answers, a sentence each."""
    found = [f"{lab.name}: a grade id occurs twice: {name}" for name in repeated(lab)]
    found += [fault for cell in lab.cells for fault in cell_faults(lab, cell)]
    for task in lab.checks:
        found += [f"{lab.name}, task {task}: {fault}" for fault in task_faults(lab, task, answers)]
    unknown = {answer.task for answer in answers} - lab.checks.keys()
    return found + [
        f"{lab.name}: an answer is recorded for {task}, which is no task" for task in sorted(unknown)
    ]


def repeated(lab: Lab) -> list[str]:
    """Grade ids and cell ids that occur more than once."""
    names = [cell.cell.grade_id for cell in lab.cells if cell.cell.grade_id] + [
        cell.cell.id for cell in lab.cells
    ]
    return [name for name, count in Counter(names).items() if count > 1]


def cell_faults(lab: Lab, cell: LabCell) -> list[str]:
    """What is wrong with the names of one cell."""
    number, grade_id = lab.name[:2], cell.cell.grade_id
    wanted = {ANSWER: f"{number}_{cell.task}", CHECK: f"{number}_{cell.task}_check"}.get(cell.role, grade_id)
    if cell.role == TEXT:
        return []
    if cell.role == FRAME and not grade_id.startswith(number):
        return [f"{lab.name}: a frame cell's grade id starts with {number}_; this one's is {grade_id!r}"]
    return [] if grade_id == wanted else [f"{lab.name}: grade id {grade_id!r} should be {wanted!r}"]


def task_faults(lab: Lab, task: str, answers: Sequence[Answer]) -> list[str]:
    """What is wrong with a task."""
    check = lab.checks[task]
    own = [cell for cell in lab.cells if (cell.task, cell.role) == (task, ANSWER)]
    if len(own) != 1:
        return [f"it has {len(own)} answer cells; it must have 1"]
    answer = own[0].cell.source
    own_module = {name for name in bound_names(check.cell.source) if name.endswith("lab_checks")}
    left_behind = sorted(set(bound_names(check.cell.source)) - own_module)
    strangers = set(free_names(check.cell.source)) - set(bound_names(answer))
    wrong = sum(a.task == task and not a.right for a in answers)
    right = sum(a.task == task and a.right for a in answers)
    rules = {
        "its check is worth no points": check.points > 0,
        "its check's last line does not say that the task is passed": check.line.startswith(
            passed_words(task)
        ),
        f"its check gives {', '.join(left_behind)} a meaning in the notebook, beside lab_checks": not left_behind,
        f"its answer has no {BEGIN} ... {END}": BEGIN in answer and END in answer,
        f"its check uses {', '.join(sorted(strangers))} without importing or defining it": not strangers,
        f"it has fewer than {HINTS} folded hints": hints(lab, task) >= HINTS,
        f"it has {wrong} recorded wrong answers; it needs {WRONG_ANSWERS}": wrong >= WRONG_ANSWERS,
        f"it has {right} recorded right answers of another style; it needs {RIGHT_ANSWERS}": right
        >= RIGHT_ANSWERS,
    }
    return [fault for fault, kept in rules.items() if not kept]


def hints(lab: Lab, task: str) -> int:
    """How many folded texts stand between the check before and the check of a task."""
    end = next(n for n, cell in enumerate(lab.cells) if cell.role == CHECK and cell.task == task)
    start = max((n for n in range(end) if lab.cells[n].role == CHECK), default=-1)
    return sum(cell.cell.source.count("<details") for cell in lab.cells[start + 1 : end] if cell.role == TEXT)


def bound_names(source: str) -> list[str]:
    """The names that the code gives a meaning on its outermost level, sorted."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            names.add(node.name)
        else:
            names |= given_names(node)
    return sorted(names)


def free_names(source: str) -> list[str]:
    """The names that the code uses and neither Python nor the code itself gives a meaning, sorted."""
    tree = ast.parse(source)
    used = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    return sorted(used - given_names(tree) - set(dir(builtins)))


def given_names(tree: ast.AST) -> set[str]:
    """The names that the code gives a meaning anywhere: by assignment, import, definition or as an argument."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
    return names
