"""`python run.py progress`: a learner's line, and the teacher's table."""

import json
from pathlib import Path

import pytest

from archlab.course import progress as package
from archlab.course.labs.lab import ROOT, SOLUTIONS
from archlab.course.progress.__main__ import main

NAME = "00_start_here"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course whose one lab is half done."""
    notebook = json.loads((ROOT / SOLUTIONS / NAME / f"{NAME}_lab.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["id"] in ("compare-check", "omission-check"):
            cell["outputs"] = []
    path = tmp_path / "labs" / NAME / f"{NAME}_lab.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return tmp_path


def test_a_learner_gets_one_line_and_below_it_what_it_says(course: Path, capsys):
    assert main(["--name", "Table 3"], course) == 0
    said = capsys.readouterr()
    assert said.out == "Table 3: progress v1; 00=ppoo; sum=" + said.out[-5:]
    assert "Lab 00_start_here: 2 of 4 passed" in said.err


def test_who_has_begun_nothing_is_told_what_to_do(tmp_path: Path, capsys):
    assert main([], tmp_path) == 0
    said = capsys.readouterr()
    assert said.out == "progress v1; sum=0000\n"
    assert "run the check under a task" in said.err


def test_the_teacher_reads_what_learners_sent(course: Path, capsys):
    for number in (1, 2):
        main(["--name", f"Table {number}"], course)
    lines = course / "lines.txt"
    lines.write_text(capsys.readouterr().out + "\nthank you!\n", encoding="utf-16")
    assert main([str(lines)], course) == 0
    said = capsys.readouterr()
    assert "Table 2  +  +  .  ." in said.out
    assert "Most stand at task 3, compare: Table 1, Table 2" in said.out
    assert said.err == "line 4: it holds no progress: thank you!\n"


def test_a_lab_that_cannot_be_read_is_named(course: Path, capsys):
    broken = course / "labs" / "01_monolithic" / "01_monolithic_lab.ipynb"
    broken.parent.mkdir()
    broken.write_text("<<<<<<< HEAD", encoding="utf-8")
    assert main([], course) == 0
    said = capsys.readouterr()
    assert said.out.startswith("progress v1; 00=ppoo")
    assert (
        "labs/01_monolithic/01_monolithic_lab.ipynb: The file holds the marks of a merge conflict" in said.err
    )


@pytest.mark.parametrize("arguments", [["nothing.txt"], ["--name", "a\nb"]])
def test_what_it_cannot_do_is_said_in_words(course: Path, arguments: list[str], capsys):
    assert main(arguments, course) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "nothing.txt" in said.err or "name is" in said.err


def test_a_cell_gives_the_same_line(capsys):
    package.progress("Table 3")
    main(["--name", "Table 3"])
    said = capsys.readouterr().out.splitlines()
    assert said[0] == said[-1]
    assert said[0].startswith("Table 3: progress v1; ")
