"""A teacher can use nbgrader as the README says: it releases the same lab, and gives points to right answers only."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from archlab.course.labs.answers import read_answers
from archlab.course.labs.lab import LABS, ROOT, SOLUTIONS

LINES = re.findall(r"^nbgrader .*$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
LAB = "00_start_here"
FILE = f"{LAB}/{LAB}_lab.ipynb"


def test_the_readme_says_how():
    assert [line.split()[1] for line in LINES] == ["generate_assignment", "autograde"]
    assert all(LAB in line for line in LINES)


def type_in(line: str, folder: Path) -> None:
    """Run one of the README's lines in a folder."""
    program = Path(sys.executable).parent / line.split()[0]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    variables = {
        **os.environ,
        "PYTHONPATH": path,
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
    }
    ended = subprocess.run(
        [str(program), *line.split()[1:]],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.filterwarnings("ignore")  # nbgrader's own are not the course's to mend
def test_nbgrader_releases_the_same_lab_and_grades_it(tmp_path: Path):
    from nbgrader.api import Gradebook

    for name in (SOLUTIONS, LABS):
        shutil.copytree(ROOT / name / LAB, tmp_path / name / LAB)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    solved = json.loads((ROOT / SOLUTIONS / FILE).read_text(encoding="utf-8"))
    wrong = next(a for a in read_answers(ROOT / SOLUTIONS / FILE) if a.task == "omission" and not a.right)
    for student, answer in (("anna", None), ("berta", wrong.code)):
        for cell in solved["cells"]:
            if answer and cell["id"] == "omission-answer":
                cell["source"] = answer
        path = tmp_path / "submitted" / student / FILE
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(solved), encoding="utf-8")

    for line in LINES:
        type_in(line, tmp_path)
    assert (tmp_path / LABS / FILE).read_text(encoding="utf-8").rstrip("\n") == (
        ROOT / LABS / FILE
    ).read_text(encoding="utf-8").rstrip("\n")
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        scores = {name: book.find_submission(LAB, name).score for name in ("anna", "berta")}
        most = book.find_assignment(LAB).max_score
    assert (scores, most) == ({"anna": 8, "berta": 6}, 8)
