"""Several notebooks of a student for one lab: one counts, the others say so, and nobody is counted twice."""

from pathlib import Path

import pytest

from archlab.course.labs.lab import Lab
from tests.labs.classes import FakeJudge, grade, table

pytestmark = pytest.mark.usefixtures("unchanged_course")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in [
        ("anna/lab.ipynb", "reading"),
        ("anna/lab (1).ipynb", "reading limit"),
        ("berta.ipynb", ""),
    ]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def of_anna(folder: Path) -> list[tuple[str, str, str, str]]:
    rows = table(folder / "results.csv")
    return [(row["file"], row["task"], row["points"], row["of"]) for row in rows if row["student"] == "anna"]


def test_the_notebook_with_the_most_points_counts_and_the_total_is_that_of_one_lab(
    folder: Path, labs: dict[str, Lab]
):
    book = grade(folder, folder / "results.csv", FakeJudge(labs))
    assert of_anna(folder) == [
        ("anna/lab (1).ipynb", "reading", "2", "2"),
        ("anna/lab (1).ipynb", "servers", "0", "2"),
        ("anna/lab (1).ipynb", "limit", "2", "2"),
        ("anna/lab.ipynb", "", "0", "0"),
    ]
    assert "Lab 90_till: 2 students" in book.summary()
    assert "reading               1 of 2" in book.summary()
    assert "anna/lab.ipynb: Does not count: anna/lab (1).ipynb has more points, or as many." in book.summary()


def test_none_of_them_is_judged_again_and_a_better_one_takes_its_place(folder: Path, labs: dict[str, Lab]):
    grade(folder, folder / "results.csv", FakeJudge(labs))
    (folder / "anna" / "lab (2).ipynb").write_text("reading limit servers")
    judge = FakeJudge(labs)
    book = grade(folder, folder / "results.csv", judge)
    assert judge.judged == ["lab (2).ipynb"]
    assert [points for file, _, points, _ in of_anna(folder) if "(2)" in file] == ["2", "2", "2"]
    assert book.summary().count("Does not count: anna/lab (2).ipynb") == 2


@pytest.mark.parametrize("change", ["worse", "gone"])
def test_when_the_one_that_counted_is_worse_now_or_gone_another_counts(
    folder: Path, labs: dict[str, Lab], change: str
):
    grade(folder, folder / "results.csv", FakeJudge(labs))
    best = folder / "anna" / "lab (1).ipynb"
    best.unlink() if change == "gone" else best.write_text("")
    grade(folder, folder / "results.csv", FakeJudge(labs))
    counted = [row for row in of_anna(folder) if row[1]]
    assert counted == [
        ("anna/lab.ipynb", task, points, "2")
        for task, points in zip(("reading", "servers", "limit"), "200", strict=True)
    ]


def test_one_that_could_not_be_judged_is_tried_again_also_when_another_counts(
    folder: Path, labs: dict[str, Lab]
):
    (folder / "anna" / "lab.ipynb").write_text("busy machine")
    grade(folder, folder / "results.csv", FakeJudge(labs))
    assert of_anna(folder)[-1] == ("anna/lab.ipynb", "", "", "0")
    judge = FakeJudge(labs)
    grade(folder, folder / "results.csv", judge)
    assert judge.judged == ["lab.ipynb"]


def test_notes_beside_a_lab_are_named_and_cost_nothing(folder: Path, labs: dict[str, Lab]):
    (folder / "anna" / "notes.ipynb").write_text("no lab")
    book = grade(folder, folder / "results.csv", FakeJudge(labs))
    assert ("anna/notes.ipynb", "", "0", "0") in of_anna(folder)
    assert "anna/notes.ipynb: This is not a lab of this course." in book.summary()
    judge = FakeJudge(labs)
    grade(folder, folder / "results.csv", judge)
    assert judge.judged == []


def test_two_students_with_one_file_name_are_two(tmp_path: Path, labs: dict[str, Lab]):
    for student in ("Anna_7", "Anna_8"):
        path = tmp_path / f"{student}_assignsubmission_file_" / "lab.ipynb"
        path.parent.mkdir()
        path.write_text("reading")
    book = grade(tmp_path, tmp_path / "results.csv", FakeJudge(labs))
    assert {row["student"] for row in table(tmp_path / "results.csv")} == {"Anna (7)", "Anna (8)"}
    assert "reading               2 of 2" in book.summary()
