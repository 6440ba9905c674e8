"""Students get a course that works, without the solutions."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from archlab.course.labs import generate
from archlab.course.labs.bundle import FILES, FOLDERS, bundle
from archlab.course.labs.lab import ROOT, read_lab, solution_paths


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("for students"))


def test_the_bundle_holds_every_lab_unsolved_and_no_solution(folder: Path):
    solutions = solution_paths()
    labs = [folder / "labs" / path.parent.name / path.name for path in solutions]
    assert {path.name for path in folder.iterdir()} == {*FILES, *FOLDERS, "labs"}
    for lab, solution in zip(labs, solutions, strict=True):
        text = lab.read_text(encoding="utf-8")
        assert "BEGIN SOLUTION" not in text
        assert text.count("raise NotImplementedError") == len(read_lab(solution).checks)
    assert not [path for path in folder.rglob("*") if path.name in ("answers.toml", "__pycache__")]


def test_every_link_of_its_readme_leads_to_something_that_is_there(folder: Path):
    targets = re.findall(r"\]\(([^)]+)\)", (folder / "README.md").read_text(encoding="utf-8"))
    files = [target for target in targets if "://" not in target]
    assert len(files) > 10
    assert not [file for file in files if not (folder / file).exists()]


def test_the_check_under_a_task_works_there(folder: Path):
    solution = next(path for path in solution_paths() if path.stem.startswith("00"))
    notebook = nbformat.read(folder / "labs" / solution.parent.name / solution.name, as_version=4)
    check = next(cell.source for cell in notebook.cells if cell.id == "omission-check")
    frame = next(cell.source for cell in notebook.cells if cell.id == "setup")
    answer = read_lab(solution).answers["omission"].cell.source
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    ended = subprocess.run(
        [sys.executable, "-c", f"{frame}\n{answer}\n{check}\nimport archlab; print(archlab.__file__)"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "omission: passed with seed 1" in ended.stdout, ended.stderr
    assert str(folder.resolve()) in ended.stdout


def test_a_folder_with_something_in_it_is_not_written_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "thesis.docx").touch()
    assert generate.main(["--for-students", str(tmp_path)], ROOT) == 2
    assert "it must be new, or empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]
