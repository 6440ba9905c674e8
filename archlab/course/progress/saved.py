"""What the saved notebooks of the labs say: which tasks are passed, which were tried, and which are open.

Under each task stands a check. When it passes it prints a line that begins `capacity: passed`, and a saved notebook
keeps that line. Nothing is run here. So it errs in both directions: an answer that was changed after its check still
counts, and one whose check was never run, or whose outputs were cleared, does not.

>>> mark_of("capacity", [{"name": "stdout", "text": ["capacity: passed with seed 1. 8 servers"]}])
'p'
>>> mark_of("capacity", [{"output_type": "error", "ename": "AssertionError"}])
't'
>>> mark_of("capacity", [])
'o'
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archlab.course.labs.cells import UnreadableNotebook, entries, read_text
from archlab.course.labs.lab import LABS, ROOT, task_name
from archlab.course.labs.task_check import passed_words
from archlab.course.labs.verdict import UNSOLVED

PASSED, TRIED, OPEN = "p", "t", "o"
MARKS = OPEN + TRIED + PASSED
"""A letter a task, from worst to best. Letters, because chats turn two hyphens into a dash."""

Tasks = dict[str, str]
"""The tasks of a lab in order, and the mark of each."""


@dataclass(frozen=True)
class Saved:
    """What the notebooks say: `labs`, by name, and in `problems` which notebooks could not be read, and why."""

    labs: dict[str, Tasks]
    problems: tuple[str, ...] = ()


def saved(root: Path = ROOT) -> Saved:
    """Read the labs in the folder `root`/labs. Copies beside a lab count as well: the best mark of each task."""
    labs, problems = {}, []
    for folder in sorted((root / LABS).glob("[0-9][0-9]_*")):
        own = folder / f"{folder.name}_lab.ipynb"
        try:
            labs[folder.name] = best(marks(own), *map(readable_marks, sorted(folder.glob("*.ipynb"))))
        except UnreadableNotebook as problem:
            problems.append(f"{own.relative_to(root).as_posix()}: {problem}")
    return Saved(labs, tuple(problems))


def best(own: Tasks, *others: Tasks) -> Tasks:
    """The best mark of each of the lab's own tasks."""
    return {task: max((found.get(task, OPEN) for found in (own, *others)), key=MARKS.index) for task in own}


def readable_marks(path: Path) -> Tasks:
    """The marks in a notebook; none when it cannot be read."""
    try:
        return marks(path)
    except UnreadableNotebook:
        return {}


def marks(path: Path) -> Tasks:
    """The mark of each task of a lab's notebook, in order. Raises `UnreadableNotebook`."""
    found = {}
    for entry in entries(read_text(path)):
        task = task_checked_by(entry)
        if task:
            found[task] = mark_of(task, listed(entry.get("outputs")))
    return found


def task_checked_by(entry: dict[str, Any]) -> str:
    """The task that a cell checks; empty when it is no check."""
    metadata = entry.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if not isinstance(nbgrader, dict) or nbgrader.get("grade") is not True:
        return ""
    grade_id = nbgrader.get("grade_id")
    return task_name(grade_id) if isinstance(grade_id, str) else ""


def mark_of(task: str, outputs: list[dict[str, Any]]) -> str:
    """The mark of a task, going by what its check put out."""
    errors = [output.get("ename") for output in outputs if output.get("output_type") == "error"]
    if errors:
        return OPEN if errors == [UNSOLVED] else TRIED
    printed = "".join(text_of(output) for output in outputs if output.get("name") == "stdout")
    return PASSED if any(line.startswith(passed_words(task)) for line in printed.splitlines()) else OPEN


def text_of(output: dict[str, Any]) -> str:
    """What was printed, which notebooks keep as one text or as a list of lines."""
    text = output.get("text")
    lines = text if isinstance(text, list) else [text]
    return "".join(line for line in lines if isinstance(line, str))


def listed(outputs: object) -> list[dict[str, Any]]:
    """The outputs of a cell that are some."""
    return [output for output in outputs if isinstance(output, dict)] if isinstance(outputs, list) else []
