"""What saved notebooks say: the marks of the course's own solutions and labs, and of notebooks that are damaged."""

import copy
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from archlab.course.labs.lab import ROOT, all_labs, solution_paths
from archlab.course.progress import saved
from archlab.course.progress.saved import marks

SOLUTIONS = {path.parent.name: path for path in solution_paths()}
NAME = "00_start_here"


@pytest.fixture
def solved() -> dict[str, Any]:
    return json.loads(SOLUTIONS[NAME].read_text(encoding="utf-8"))


def check_of(notebook: dict[str, Any], task: str) -> dict[str, Any]:
    return next(cell for cell in notebook["cells"] if cell["id"] == f"{task}-check")


def keep(root: Path, notebook: dict[str, Any] | str, file: str = f"{NAME}_lab.ipynb") -> Path:
    path = root / "labs" / NAME / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebook if isinstance(notebook, str) else json.dumps(notebook), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", SOLUTIONS)
def test_every_task_of_every_solution_is_passed(name: str):
    tasks = all_labs()[name].checks
    assert marks(SOLUTIONS[name]) == dict.fromkeys(tasks, "p")


@pytest.mark.parametrize("name", SOLUTIONS)
def test_no_task_of_a_lab_as_it_comes_is_passed_or_tried(name: str):
    path = ROOT / "labs" / name / f"{name}_lab.ipynb"
    assert marks(path) == dict.fromkeys(all_labs()[name].checks, "o")


def test_a_check_that_failed_was_tried_and_one_on_the_stub_is_still_open(tmp_path: Path, solved):
    for task, ename in (
        ("little", "AssertionError"),
        ("compare", "NotImplementedError"),
        ("server", "NameError"),
    ):
        check_of(solved, task)["outputs"] = [
            {"output_type": "error", "ename": ename, "evalue": "", "traceback": []}
        ]
    check_of(solved, "omission")["outputs"] = []
    keep(tmp_path, solved)
    assert saved(tmp_path).labs == {NAME: {"server": "t", "little": "t", "compare": "o", "omission": "o"}}


def test_an_error_after_the_line_that_says_passed_counts(tmp_path: Path, solved):
    check_of(solved, "server")["outputs"].append({"output_type": "error", "ename": "KeyboardInterrupt"})
    keep(tmp_path, solved)
    assert saved(tmp_path).labs[NAME]["server"] == "t"


def test_another_task_that_is_passed_does_not_pass_this_one(tmp_path: Path, solved):
    check_of(solved, "server")["outputs"] = check_of(solved, "little")["outputs"]
    assert marks(keep(tmp_path, solved))["server"] == "o"


def test_a_notebook_that_jupyter_saved_says_the_same(tmp_path: Path, solved):
    path = keep(tmp_path, solved)
    nbformat.write(nbformat.read(path, as_version=4), path)
    assert set(marks(path).values()) == {"p"}


def test_the_copy_beside_a_lab_counts_and_a_broken_copy_does_no_harm(tmp_path: Path, solved):
    empty = copy.deepcopy(solved)
    for task in ("server", "little", "compare", "omission"):
        check_of(empty, task)["outputs"] = []
    keep(tmp_path, empty)
    keep(tmp_path, "{", f"{NAME}_lab-Copy2.ipynb")
    assert set(saved(tmp_path).labs[NAME].values()) == {"o"}
    keep(tmp_path, solved, f"{NAME}_lab-Copy1.ipynb")
    assert set(saved(tmp_path).labs[NAME].values()) == {"p"}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": 3}', "<<<<<<< HEAD\n{"])
def test_a_lab_that_cannot_be_read_is_named_and_left_out(tmp_path: Path, content: str):
    keep(tmp_path, content)
    found = saved(tmp_path)
    assert found.labs == {}
    assert found.problems[0].startswith(f"labs/{NAME}/{NAME}_lab.ipynb: The file")


@pytest.mark.parametrize(
    "outputs", [None, 3, ["x"], [{"name": "stdout", "text": 7}], [{"name": "stdout", "text": [1]}]]
)
def test_outputs_of_another_form_say_nothing(tmp_path: Path, solved, outputs: object):
    check_of(solved, "server")["outputs"] = outputs
    assert marks(keep(tmp_path, solved))["server"] == "o"


def test_a_course_without_labs_has_none(tmp_path: Path):
    assert saved(tmp_path).labs == {}
