"""The example lab: its solution, the lab a learner gets, and notebooks handed in for it."""

import copy
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archlab.course.labs import grade as grading
from archlab.course.labs.answers import Answer, read_answers
from archlab.course.labs.lab import Lab, all_labs
from archlab.course.labs.unsolved import generate

EXAMPLE = Path(__file__).parent / "example"
SOLUTION = EXAMPLE / "solutions" / "90_till" / "90_till_lab.ipynb"

Notebook = dict[str, Any]
HandIn = Callable[..., Path]


@pytest.fixture(scope="session", autouse=True)
def _checks_of_the_example() -> Iterator[None]:
    """Kernels, and the tests themselves, find the example's checks as they find those of the course."""
    path = os.pathsep.join(filter(None, [str(EXAMPLE), os.environ.get("PYTHONPATH")]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", path)
        patch.syspath_prepend(EXAMPLE)
        yield


@pytest.fixture(scope="session")
def example() -> Path:
    """The folder of a course with one lab."""
    return EXAMPLE


@pytest.fixture(scope="session")
def solution() -> Path:
    return SOLUTION


@pytest.fixture(scope="session")
def labs() -> dict[str, Lab]:
    return all_labs(EXAMPLE)


@pytest.fixture(scope="session")
def lab(labs: dict[str, Lab]) -> Lab:
    return labs["90_till"]


@pytest.fixture(scope="session")
def answers() -> list[Answer]:
    return read_answers(SOLUTION)


@pytest.fixture(scope="session")
def wrong(answers: list[Answer]) -> dict[str, str]:
    """A wrong answer to each task."""
    return {answer.task: answer.code for answer in reversed(answers) if not answer.right}


@pytest.fixture(scope="session")
def right(lab: Lab) -> dict[str, str]:
    """The solution's answer to each task."""
    return {task: answer.cell.source for task, answer in lab.answers.items()}


@pytest.fixture(scope="session")
def generated() -> str:
    return generate(SOLUTION)


def cell_of(notebook: Notebook, cell_id: str) -> dict[str, Any]:
    return next(cell for cell in notebook["cells"] if cell.get("id") == cell_id)


@pytest.fixture
def fill(generated: str) -> Callable[[dict[str, str]], Notebook]:
    """A function that gives the learner's notebook with answers in it; tasks not named stay unsolved."""

    def filled(answers: dict[str, str]) -> Notebook:
        notebook = copy.deepcopy(json.loads(generated))
        for task, code in answers.items():
            cell_of(notebook, f"{task}-answer")["source"] = code
        return notebook

    return filled


@pytest.fixture
def hand_in(tmp_path: Path) -> HandIn:
    """A function that saves a notebook and returns the file."""

    def save(notebook: Notebook, name: str = "90_till_lab.ipynb", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook), encoding=encoding)
        return path

    return save


@pytest.fixture
def unchanged_course(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grade without looking, after each notebook, whether the files of the course are what they were."""
    monkeypatch.setattr(grading, "require_unchanged", lambda before, judged: None)
