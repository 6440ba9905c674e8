"""A teacher can use nbgrader as it is: it releases the same labs, and gives points to right answers only."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archlab.course.labs.lab import ROOT


@pytest.mark.filterwarnings("ignore")  # nbgrader's own are not the course's to mend
def test_nbgrader_releases_the_same_lab_and_grades_it(
    tmp_path: Path,
    example: Path,
    generated: str,
    fill: Callable[..., Any],
    hand_in: Callable[..., Path],
    right: dict[str, str],
    wrong: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
):
    from nbgrader.api import Gradebook
    from nbgrader.apps import NbGraderAPI
    from traitlets.config.loader import PyFileConfigLoader

    shutil.copytree(example / "solutions", tmp_path / "solutions")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    monkeypatch.chdir(tmp_path)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    config.CourseDirectory.root = str(tmp_path)
    nbgrader = NbGraderAPI(config=config)

    released = nbgrader.generate_assignment("90_till")
    assert released["success"], released["log"]
    folder = tmp_path / "labs" / "90_till"
    assert [path.name for path in folder.iterdir()] == ["90_till_lab.ipynb"]
    assert (folder / "90_till_lab.ipynb").read_text(encoding="utf-8").rstrip("\n") == generated.rstrip("\n")

    hand_in(fill(right), "submitted/anna/90_till/90_till_lab.ipynb")
    hand_in(fill({**right, "servers": wrong["servers"]}), "submitted/berta/90_till/90_till_lab.ipynb")
    for student in ("anna", "berta"):
        graded = nbgrader.autograde("90_till", student, create=True)
        assert graded["success"], graded["log"]
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        scores = {name: book.find_submission("90_till", name).score for name in ("anna", "berta")}
        most = book.find_assignment("90_till").max_score
    assert (scores, most) == ({"anna": 6, "berta": 4}, 6)
