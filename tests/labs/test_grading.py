"""Grading a class: every file gets its rows, and a run that was stopped goes on where it was."""

import errno
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archlab.course.labs import course_files, zips
from archlab.course.labs import grade as grading
from archlab.course.labs.course_files import CourseChanged, fingerprint, require_unchanged
from archlab.course.labs.gradebook import ForeignFile
from archlab.course.labs.judge import Judge
from archlab.course.labs.lab import Lab
from archlab.course.labs.row import COLUMNS
from archlab.course.labs.submissions import Submission, find_submissions
from archlab.course.labs.verdict import LabVerdict, TaskVerdict
from tests.labs.classes import TASKS, FakeJudge, grade, table


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    folder = tmp_path / "handed in"
    for name, text in [
        ("anna.ipynb", "reading servers"),
        ("berta.ipynb", "reading"),
        ("carla/90_till/lab.ipynb", "reading servers limit"),
        ("carla/notes.txt", "see the lab"),
        ("dora/lab.py", "reading"),
        (".hidden.ipynb", "reading"),
        ("emma/.ipynb_checkpoints/lab-checkpoint.ipynb", "reading"),
    ]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_file_or_a_folder_is_a_student_and_nobody_is_left_out(handed_in: Path, tmp_path: Path):
    found = find_submissions(handed_in, leave_out=handed_in / "results.csv", unpack_into=tmp_path)
    assert [(s.student, s.file) for s in found] == [
        ("anna", "anna.ipynb"),
        ("berta", "berta.ipynb"),
        ("carla", "carla/90_till/lab.ipynb"),
        ("dora", "dora/lab.py"),
        ("emma", "emma/"),
    ]


def test_the_table_has_a_row_for_each_student_and_task(handed_in: Path, labs: dict[str, Lab], tmp_path: Path):
    out = tmp_path / "results.csv"
    grade(handed_in, out, FakeJudge(labs), jobs=2)
    rows = table(out)
    assert list(rows[0]) == COLUMNS
    anna = [(row["lab"], row["task"], row["points"], row["of"]) for row in rows if row["student"] == "anna"]
    assert anna == [
        ("90_till", "reading", "2", "2"),
        ("90_till", "servers", "2", "2"),
        ("90_till", "limit", "0", "2"),
    ]
    assert [row["what_happened"] for row in rows if row["student"] == "emma"] == [
        "The folder holds no notebook."
    ]


def test_the_summary_names_the_task_that_most_got_stuck_on(
    handed_in: Path, labs: dict[str, Lab], tmp_path: Path
):
    summary = grade(handed_in, tmp_path / "results.csv", FakeJudge(labs), jobs=1).summary()
    assert re.search(r"reading +4 of 4\n  servers +2 of 4\n  limit +1 of 4", summary)
    assert "Most got stuck on limit. What happened most often (3 times): Not solved yet." in summary
    assert "emma/: The folder holds no notebook." in summary


def test_a_run_that_was_stopped_goes_on_where_it_was(handed_in: Path, labs: dict[str, Lab], tmp_path: Path):
    out = tmp_path / "results.csv"
    with pytest.raises(KeyboardInterrupt):
        grade(handed_in, out, FakeJudge(labs, stop_after=2), jobs=1)
    kept = table(out)
    judge = FakeJudge(labs)
    grade(handed_in, out, judge, jobs=1)
    already = {row["file"] for row in kept}
    assert already
    assert {Path(file).name for file in already}.isdisjoint(judge.judged)
    assert [row for row in table(out) if row["file"] in already] == kept
    assert {row["student"] for row in table(out)} == {"anna", "berta", "carla", "dora", "emma"}


def test_a_finished_run_judges_nothing_again_but_what_was_handed_in_anew(
    handed_in: Path, labs: dict[str, Lab], tmp_path: Path
):
    out = tmp_path / "results.csv"
    grade(handed_in, out, FakeJudge(labs), jobs=1)
    (handed_in / "berta.ipynb").write_text("reading servers limit", encoding="utf-8")
    (handed_in / "anna.ipynb").unlink()
    judge = FakeJudge(labs)
    grade(handed_in, out, judge, jobs=1)
    assert judge.judged == ["berta.ipynb"]
    points = {row["student"]: [] for row in table(out)}
    for row in table(out):
        points[row["student"]].append(row["points"])
    assert points["berta"] == ["2", "2", "2"]
    assert "anna" not in points


def test_when_the_lab_changes_everybody_is_graded_again(
    handed_in: Path, labs: dict[str, Lab], tmp_path: Path
):
    out = tmp_path / "results.csv"
    grade(handed_in, out, FakeJudge(labs), jobs=1)
    changed = {"90_till": Lab("90_till", labs["90_till"].cells[:-1])}
    judge = FakeJudge(changed)
    grade(handed_in, out, judge, jobs=1)
    assert len(judge.judged) == 4


def test_a_notebook_that_fells_the_judge_costs_nobody_else_anything(
    handed_in: Path, labs: dict[str, Lab], tmp_path: Path
):
    (handed_in / "90_till_berta.ipynb").write_text("crash", encoding="utf-8")
    grade(handed_in, tmp_path / "results.csv", FakeJudge(labs), jobs=1)
    rows = [row for row in table(tmp_path / "results.csv") if row["student"] == "90_till_berta"]
    assert [row["task"] for row in rows] == list(TASKS)
    assert all("the judge fell over" in row["what_happened"] and row["points"] == "" for row in rows)


def test_what_could_not_be_judged_has_no_points_and_is_tried_again(
    handed_in: Path, labs: dict[str, Lab], tmp_path: Path
):
    (handed_in / "berta.ipynb").write_text("reading busy machine", encoding="utf-8")
    out = tmp_path / "results.csv"
    book = grade(handed_in, out, FakeJudge(labs), jobs=1)
    assert {row["points"] for row in table(out) if row["student"] == "berta"} == {""}
    assert "Not judged: 3 tasks" in book.summary()
    (handed_in / "berta.ipynb").write_text("reading", encoding="utf-8")
    judge = FakeJudge(labs)
    grade(handed_in, out, judge, jobs=1)
    assert judge.judged == ["berta.ipynb"]


def test_the_table_names_its_seed_and_another_seed_grades_all_again(
    handed_in: Path, labs: dict[str, Lab], tmp_path: Path
):
    out = tmp_path / "results.csv"
    assert grade(handed_in, out, FakeJudge(labs, fresh_seed=77), jobs=1).seed == 77
    assert {row["seed"] for row in table(out)} == {"77"}
    again = FakeJudge(labs, fresh_seed=78)
    grade(handed_in, out, again, jobs=1)
    assert len(again.judged) == 4
    assert {row["seed"] for row in table(out)} == {"78"}


def test_a_stopped_run_goes_on_with_the_seed_it_began_with(
    handed_in: Path, example: Path, monkeypatch: pytest.MonkeyPatch
):
    """Whatever seed the command would draw now."""
    seeds = []

    def judge(labs: dict[str, Lab], fresh_seed: int | None) -> Judge:
        seeds.append(fresh_seed)
        return FakeJudge(labs, fresh_seed=fresh_seed or 7)

    monkeypatch.setattr(grading, "Judge", judge)
    assert grading.main([str(handed_in), "--seed", "55"], example) == 0
    assert grading.main([str(handed_in)], example) == 0
    assert seeds == [55, 55]


def test_a_seed_that_is_none_is_refused(handed_in: Path, example: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        grading.main([str(handed_in), "--seed", "1"], example)
    assert "it must be a whole number above 1" in capsys.readouterr().err


@pytest.mark.parametrize("jobs", ["two", "0", "-1", "1.5", "²"])
def test_a_number_of_jobs_that_is_none_is_refused_with_what_is_allowed(
    jobs: str, handed_in: Path, example: Path, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit):
        grading.main([str(handed_in), f"--jobs={jobs}"], example)
    assert f"'{jobs}'; it must be a whole number, 1 or more" in capsys.readouterr().err


def test_a_folder_that_is_none_or_a_place_that_is_not_there_is_named(
    handed_in: Path, example: Path, capsys: pytest.CaptureFixture[str]
):
    assert grading.main([str(handed_in / "anna.ipynb")], example) == 2
    assert "is no folder" in capsys.readouterr().err
    assert grading.main([str(handed_in), "--out", str(handed_in / "no" / "marks.csv")], example) == 2
    assert "there is no folder" in capsys.readouterr().err
    for folder in (str(handed_in / "carla"), "."):
        assert grading.main([str(handed_in), "--out", folder], example) == 2
        assert "that is a folder" in capsys.readouterr().err


def test_an_empty_folder_is_no_error(tmp_path: Path, example: Path, capsys: pytest.CaptureFixture[str]):
    assert grading.main([str(tmp_path)], example) == 0
    assert "There is nothing to grade" in capsys.readouterr().out


def test_nothing_that_steers_a_terminal_reaches_the_screen(
    tmp_path: Path, example: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def shouting(labs: dict[str, Lab], fresh_seed: int | None) -> Judge:
        judge = FakeJudge(labs)
        failed = TaskVerdict("reading", False, 2, "RuntimeError: \x1b[2J\x07\r\u202egone")
        monkeypatch.setattr(judge, "verdict", lambda path, expected="": LabVerdict("90_till", (failed,)))
        return judge

    monkeypatch.setattr(grading, "Judge", shouting)
    (tmp_path / "anna.ipynb").write_text("{}")
    assert grading.main([str(tmp_path)], example) == 0
    shown = capsys.readouterr().out
    assert "RuntimeError: gone" in shown
    assert all(letter.isprintable() for letter in shown.replace("\n", ""))
    assert table(tmp_path / "results.csv")[0]["what_happened"] == "RuntimeError: gone"


def test_a_notebook_that_changes_the_course_stops_the_grading(tmp_path: Path):
    root = tmp_path / "course"
    for name in ("archlab/course.py", "data/prices.csv", "solutions/01_x/answers.toml"):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text("1")
    before = fingerprint(root)
    (root / "archlab" / "__pycache__").mkdir()
    (root / "archlab" / "__pycache__" / "course.cpython-312.pyc").write_text("2")
    require_unchanged(before, "anna.ipynb", root)
    (root / "archlab" / "course.py").write_text("2")
    with pytest.raises(CourseChanged, match=r"while anna\.ipynb was judged"):
        require_unchanged(before, "anna.ipynb", root)


def test_a_notebook_that_installs_a_package_stops_the_grading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(course_files.sysconfig, "get_path", lambda name: str(tmp_path))
    (tmp_path / "numpy-2.4.1.dist-info").mkdir()
    before = fingerprint()
    (tmp_path / "numpy-2.4.1.dist-info").rename(tmp_path / "numpy-1.26.0.dist-info")
    with pytest.raises(CourseChanged, match=r"delete the folder \.venv"):
        require_unchanged(before, "anna.ipynb")


def test_a_cell_of_the_labs_that_was_restored_is_told_beside_what_failed(
    tmp_path: Path, labs: dict[str, Lab]
):
    tasks = (TaskVerdict("reading", True, 2, "passed"), TaskVerdict("limit", False, 2, "no np"))
    verdict = LabVerdict("90_till", tasks, restored="The lab's cell was restored.")
    told = grading.rows(Submission("anna", tmp_path, "anna.ipynb"), verdict, "v1", seed=7)
    assert [row.what_happened for row in told] == ["passed", "no np The lab's cell was restored."]


def test_no_room_for_what_is_in_a_zip_file_is_nobodys_mark(
    tmp_path: Path, example: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zips, "written", full)
    with zipfile.ZipFile(tmp_path / "anna.zip", "w") as archive:
        archive.writestr("lab.ipynb", "{}")
    assert grading.main([str(tmp_path)], example) == 3
    assert capsys.readouterr().err == "It could not be graded: No space left on device\n"
    assert not (tmp_path / "results.csv").exists()


def test_its_verdict_is_not_kept(
    handed_in: Path, labs: dict[str, Lab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def changed(before: str, judged: str) -> None:
        if "berta" in judged:
            raise CourseChanged(judged)

    monkeypatch.setattr(grading, "require_unchanged", changed)
    out = tmp_path / "results.csv"
    with pytest.raises(CourseChanged):
        grade(handed_in, out, FakeJudge(labs), jobs=1)
    assert {row["student"] for row in table(out)} == {"anna"}


def test_a_table_of_something_else_is_not_overwritten(handed_in: Path, labs: dict[str, Lab], tmp_path: Path):
    out = tmp_path / "marks.csv"
    out.write_text("name,mark\nanna,1\n")
    with pytest.raises(ForeignFile, match="no table of results"):
        grade(handed_in, out, FakeJudge(labs), jobs=1)
    assert out.read_text() == "name,mark\nanna,1\n"


def test_the_table_itself_is_not_taken_for_a_submission(handed_in: Path, labs: dict[str, Lab]):
    out = handed_in / "results.csv"
    grade(handed_in, out, FakeJudge(labs), jobs=1)
    grade(handed_in, out, FakeJudge(labs), jobs=1)
    assert "results" not in {row["student"] for row in table(out)}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_and_links_in_a_students_folder_are_named_and_not_followed(handed_in: Path, tmp_path: Path):
    (handed_in / "fay").mkdir()
    os.mkfifo(handed_in / "fay" / "lab.ipynb")
    (handed_in / "fay" / "copied.ipynb").symlink_to(handed_in / "anna.ipynb")
    found = find_submissions(handed_in, leave_out=handed_in / "results.csv", unpack_into=tmp_path)
    assert [(s.file, "It was not read" in s.problem) for s in found if s.student == "fay"] == [
        ("fay/copied.ipynb", True),
        ("fay/lab.ipynb", True),
    ]


HOSTILE_FILES = {
    "broken.ipynb": b"{",
    "text.ipynb": b"My answer is 42.",
    "empty.ipynb": b"",
    "list.ipynb": b"[]",
    "conflict.ipynb": b"<<<<<<< HEAD\n{}\n=======\n",
    "script.py": b"print(1)",
    "binary.ipynb": bytes(range(256)),
    "90_till_zoe.ipynb": b"\xff\xfe",
}


def test_a_real_class_with_hostile_files_is_graded_to_the_end(
    labs: dict[str, Lab],
    example: Path,
    fill: Callable[..., Any],
    right: dict[str, str],
    hand_in: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
):
    folder = hand_in(fill(right), "class/anna/90_till_lab.ipynb").parents[1]
    leaves = "import sys\ndef servers_needed(*args):\n    sys.exit(0)"
    asks = "def queue_limit(*args):\n    return int(input('how many?'))"
    hand_in(fill({**right, "servers": leaves, "limit": asks}), "class/berta.ipynb")
    for name, content in HOSTILE_FILES.items():
        (folder / name).write_bytes(content)
    assert grading.main([str(folder), "--jobs", "2"], example) == 0
    rows = table(folder / "results.csv")
    points = {row["student"]: 0.0 for row in rows}
    for row in rows:
        points[row["student"]] += float(row["points"])
    assert points == {"anna": 6, "berta": 1, **dict.fromkeys((Path(name).stem for name in HOSTILE_FILES), 0)}
    berta = {row["task"]: row["what_happened"] for row in rows if row["student"] == "berta"}
    assert "SystemExit" in berta["servers"]
    assert "StdinNotImplementedError" in berta["limit"]
    zoe = [(row["lab"], row["task"]) for row in rows if row["student"] == "90_till_zoe"]
    assert zoe == [("90_till", task) for task in TASKS]
    assert "Most got stuck on" in capsys.readouterr().out
