"""A learner checks a lab by a command or by pytest: the verdict is the same, and right.

The third way, the check cell itself, is what both of them run. For the teacher's command see `test_grading.py`.
"""

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archlab.course.labs import check, grade
from archlab.course.labs.check import expected_lab
from archlab.course.labs.lab import ROOT

LAB = Path("labs", "90_till", "90_till_lab.ipynb")
FILE_OF_ANOTHER_KERNEL = {"kernelspec": {"name": "julia-1.6", "display_name": "Julia", "language": "julia"}}


@dataclass(frozen=True)
class Told:
    """What a command said and its exit code."""

    text: str
    exit_code: int


@pytest.fixture
def course(tmp_path: Path, example: Path) -> Path:
    """A course with one lab, and pytest's settings as they are in the real one."""
    shutil.copytree(example / "solutions", tmp_path / "course" / "solutions")
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "course")
    return tmp_path / "course"


def command(main: Callable[..., int], *arguments: str | Path, root: Path) -> Told:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        exit_code = main([str(argument) for argument in arguments], root)
    return Told(said.getvalue(), exit_code)


def pytest_nbval(course: Path) -> Told:
    """Plain `pytest --nbval` on the lab, as a learner types it."""
    line = [sys.executable, "-m", "pytest", "--nbval", "-p", "no:cacheprovider", str(LAB), "-rA"]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    ended = subprocess.run(
        line, cwd=course, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    return Told(ended.stdout + ended.stderr, ended.returncode)


def test_a_mixed_lab_gets_the_same_verdict_by_the_command_and_by_pytest(
    course: Path,
    fill: Callable[..., Any],
    hand_in: Callable[..., Path],
    right: dict[str, str],
    wrong: dict[str, str],
):
    notebook = fill({"reading": right["reading"], "servers": wrong["servers"]})
    (course / LAB).parent.mkdir(parents=True)
    shutil.copy(hand_in(notebook), course / LAB)

    checked = command(check.main, course / LAB, root=course)
    assert checked.exit_code == 1
    assert re.findall(r"^  (passed|NOT PASSED) +(\w+)", checked.text, re.MULTILINE) == [
        ("passed", "reading"),
        ("NOT PASSED", "servers"),
        ("NOT PASSED", "limit"),
    ]
    assert "must wait, at most" in checked.text
    assert "Not solved yet." in checked.text
    assert "1 of 3 tasks pass, 1 of 6 points." in checked.text

    tested = pytest_nbval(course)
    assert tested.exit_code == 1
    assert "1 passed" in tested.text
    assert "2 failed" in tested.text
    assert "must wait, at most" in tested.text
    assert re.search(r"PASSED .*::reading", tested.text)


def test_a_solved_lab_passes_though_it_was_renamed_and_lost_its_ids_and_its_kernel(
    course: Path, fill: Callable[..., Any], hand_in: Callable[..., Path], answers: list[Any]
):
    another_style = {answer.task: answer.code for answer in answers if answer.right}
    notebook = fill(another_style) | {"metadata": FILE_OF_ANOTHER_KERNEL}
    for cell in notebook["cells"]:
        del cell["id"]
    path = hand_in(notebook, "Anna's solution (final).ipynb", "utf-8-sig")
    checked = command(check.main, path, root=course)
    assert (checked.text.splitlines()[-1], checked.exit_code) == ("3 of 3 tasks pass, 6 of 6 points.", 0)


def test_pytest_refuses_a_broken_lab_in_words(course: Path):
    (course / LAB).parent.mkdir(parents=True)
    (course / LAB).write_text("{")
    tested = pytest_nbval(course)
    assert tested.exit_code == 1
    assert "3 failed" in tested.text
    assert "not a whole notebook" in tested.text


def test_pytest_leaves_other_notebooks_to_nbval(course: Path, hand_in: Callable[..., Path]):
    cell = {"cell_type": "code", "source": "1 + 1", "metadata": {}, "execution_count": 1, "id": "a"}
    output = {
        "output_type": "execute_result",
        "execution_count": 1,
        "data": {"text/plain": "3"},
        "metadata": {},
    }
    notebook = {"cells": [cell | {"outputs": [output]}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (course / "notebooks").mkdir()
    shutil.copy(hand_in(notebook), course / "notebooks" / "sum.ipynb")
    line = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider"]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    ended = subprocess.run(
        [*line, "notebooks/sum.ipynb"],
        cwd=course,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "Cell outputs differ" in ended.stdout


def test_without_solutions_there_is_nothing_to_judge_by(tmp_path: Path):
    assert command(check.main, "lab.ipynb", root=tmp_path).exit_code == 3
    assert command(grade.main, tmp_path, root=tmp_path).exit_code == 3


def test_without_solutions_pytest_says_so(course: Path):
    shutil.rmtree(course / "solutions")
    (course / LAB).parent.mkdir(parents=True)
    (course / LAB).write_text("{}")
    tested = pytest_nbval(course)
    assert tested.exit_code == 1
    assert check.NO_SOLUTIONS in tested.text


def test_in_its_folder_a_lab_must_be_the_one_the_folder_is_named_after(course: Path):
    assert expected_lab(course / LAB, course) == "90_till"
    assert expected_lab(course / "handed-in" / "90_till_lab.ipynb", course) == ""
