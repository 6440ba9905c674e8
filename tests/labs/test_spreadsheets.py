"""The table of a class after a spreadsheet: what can be read is read, what cannot is named, and nothing is lost."""

import codecs
import os
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from archlab.course.labs.gradebook import CannotWrite, ForeignFile, Gradebook, write_new
from archlab.course.labs.lab import Lab
from archlab.course.labs.row import COLUMNS
from archlab.course.labs.table_file import NoTable, read_table
from tests.labs.classes import FakeJudge, grade, points, table

pytestmark = pytest.mark.usefixtures("unchanged_course")

Edit = Callable[[str], str | bytes]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in [("Jörg", "reading servers"), ("berta", "reading"), ("carla", "limit")]:
        (tmp_path / f"{name}.ipynb").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def again(folder: Path, labs: dict[str, Lab]) -> Callable[[Edit], tuple[Gradebook, list[str]]]:
    """A function that grades, lets somebody edit the table, and grades again; it gives what was judged then."""

    def run(edit: Edit) -> tuple[Gradebook, list[str]]:
        out = folder / "results.csv"
        grade(folder, out, FakeJudge(labs))
        edited = edit(out.read_text(encoding="utf-8-sig"))
        out.write_bytes(edited if isinstance(edited, bytes) else edited.encode())
        judge = FakeJudge(labs)
        return grade(folder, out, judge), sorted(judge.judged)

    return run


def semicolons(text: str) -> str:
    return text.replace(",", ";")


def test_a_spreadsheet_sees_every_letter(folder: Path, labs: dict[str, Lab]):
    grade(folder, folder / "results.csv", FakeJudge(labs))
    assert (folder / "results.csv").read_bytes().startswith(codecs.BOM_UTF8 + b"student,")
    assert set(pd.read_csv(folder / "results.csv")["student"]) == {"Jörg", "berta", "carla"}


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text,
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("cp1252"),
        lambda text: text.replace(",", "\t").encode("utf-16"),
        lambda text: text.replace("\n", "\r\n"),
        semicolons,
        lambda text: "sep=;\n" + semicolons(text),
        lambda text: text + ",,,,,,,,\n" * 3,
        lambda text: text.replace("reading", "rea\0ding"),
        lambda text: text.replace("\n", ",,\n"),
        lambda text: "\n".join('"' + line.replace('"', '""') + '"' for line in text.splitlines()),
        lambda text: "\n".join([text.splitlines()[0], *sorted(text.splitlines()[1:], reverse=True)]),
    ],
    ids=[
        *(
            "no mark",
            "marked",
            "cp1252",
            "utf-16",
            "windows lines",
            "semicolons",
            "sep=",
            "empty rows",
            "nul",
        ),
        *("empty columns", "all in one column", "sorted"),
    ],
)
def test_what_a_spreadsheet_makes_of_the_table_is_read_as_it_was(
    again: Callable[[Edit], tuple[Gradebook, list[str]]], edit: Edit, folder: Path
):
    book, judged = again(edit)
    assert (judged, book.notes) == ([], [])
    assert points(folder / "results.csv", book.delimiter) == {
        "Jörg": "2 2 0",
        "berta": "2 0 0",
        "carla": "0 0 2",
    }
    assert list(table(folder / "results.csv", book.delimiter)[0]) == COLUMNS


def test_a_table_with_semicolons_keeps_them_and_has_commas_for_decimals(
    again: Callable[[Edit], tuple[Gradebook, list[str]]], folder: Path
):
    again(lambda text: semicolons(text).replace("reading;0", "reading;0,5"))
    assert points(folder / "results.csv", ";")["carla"] == "0,5 0 2"


def test_a_table_can_be_asked_for_with_semicolons(folder: Path, labs: dict[str, Lab]):
    grade(folder, folder / "results.csv", FakeJudge(labs))
    judge = FakeJudge(labs)
    grade(folder, folder / "results.csv", judge, delimiter=";")
    assert judge.judged == []
    assert points(folder / "results.csv", ";")["berta"] == "2 0 0"


def test_points_that_a_teacher_changed_stay_also_with_a_comma(
    again: Callable[[Edit], tuple[Gradebook, list[str]]], folder: Path
):
    book, judged = again(lambda text: text.replace("limit,0,2", 'limit,"0,5",2', 1))
    assert (judged, book.notes) == ([], [])
    assert points(folder / "results.csv")["Jörg"] == "2 2 0.5"
    assert "limit                 1 of 3" in book.summary()


def test_an_empty_point_is_to_be_found_out(
    again: Callable[[Edit], tuple[Gradebook, list[str]]], folder: Path
):
    book, judged = again(lambda text: text.replace("limit,2,2", "limit,,2"))
    assert (judged, book.notes) == (["carla.ipynb"], [])
    assert points(folder / "results.csv")["carla"] == "0 0 2"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("limit,2,2", "limit,two,2", "Line 10 of results.csv could not be read: points is 'two'"),
        ("limit,2,2", "limit,2,inf", "Line 10 of results.csv could not be read: of is 'inf'"),
        (
            "passed,carla.ipynb",
            '"passed,carla.ipynb',
            "Line 10 of results.csv could not be read: it ends too early",
        ),
        ("Not solved yet.,berta.ipynb", "Not solved yet.", "Line 6 of results.csv could not be read"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_graded_again_and_the_table_kept(
    again: Callable[[Edit], tuple[Gradebook, list[str]]], folder: Path, old: str, new: str, words: str
):
    edited = []

    def edit(text: str) -> str:
        edited.append(text.replace(old, new, 1))
        assert edited[0] != text
        return edited[0]

    book, judged = again(edit)
    assert book.notes[0].startswith(words)
    assert book.notes[-1] == "The table as it was is kept in results.kept-1.csv."
    assert (folder / "results.kept-1.csv").read_text(encoding="utf-8") == edited[0]
    assert len(judged) == 1
    assert points(folder / "results.csv") == {"Jörg": "2 2 0", "berta": "2 0 0", "carla": "0 0 2"}


def test_a_table_that_was_cut_is_completed_and_a_kept_table_is_never_overwritten(
    again: Callable[[Edit], tuple[Gradebook, list[str]]], folder: Path
):
    (folder / "results.kept-1.csv").write_text("of last year")
    book, judged = again(lambda text: text[: text.rindex("passed")])
    assert judged == ["carla.ipynb"]
    assert "it ends too early" in book.notes[0]
    assert (folder / "results.kept-1.csv").read_text() == "of last year"
    assert (folder / "results.kept-2.csv").exists()


def test_the_same_table_is_not_kept_twice(tmp_path: Path):
    names = [write_new(tmp_path / "results.csv", content).name for content in (b"1", b"2", b"1")]
    assert names == ["results.kept-1.csv", "results.kept-2.csv", "results.kept-1.csv"]


def test_a_row_that_is_gone_is_graded_again_and_one_that_is_there_twice_is_named(
    again: Callable[[Edit], tuple[Gradebook, list[str]]], folder: Path
):
    lines: list[str] = []

    def edit(text: str) -> str:
        lines.extend(text.splitlines())
        return "\n".join([*lines[:4], *lines[5:], lines[3].replace("limit,0", "limit,1")])

    book, judged = again(edit)
    assert judged == ["berta.ipynb"]
    assert "it is a second line for Jörg.ipynb, task limit" in book.notes[0]
    assert points(folder / "results.csv")["Jörg"] == "2 2 0"


def with_remarks(text: str) -> str:
    head, *lines = text.splitlines()
    lines = [f"{line},{'ill' if 'servers' in line else ''}" for line in lines]
    return "\n".join([f"{head},remark", *lines, "Zoe,,oral exam,5,6,,,,,spoke well"])


def test_columns_and_lines_of_a_teacher_stay(
    again: Callable[[Edit], tuple[Gradebook, list[str]]], folder: Path, labs: dict[str, Lab]
):
    _, judged = again(with_remarks)
    for _ in range(2):
        rows = table(folder / "results.csv")
        assert [row["remark"] for row in rows if row["student"] == "berta"] == ["", "ill", ""]
        assert [(row["student"], row["points"], row["remark"]) for row in rows][-1] == (
            "Zoe",
            "5",
            "spoke well",
        )
        (folder / "berta.ipynb").write_text("reading limit")
        grade(folder, folder / "results.csv", FakeJudge(labs))
    assert judged == []
    assert not list(folder.glob("*.kept*"))


def test_a_remark_stays_when_a_run_is_stopped_before_its_notebook_is_judged_again(
    again: Callable[[Edit], tuple[Gradebook, list[str]]], folder: Path, labs: dict[str, Lab]
):
    again(with_remarks)
    with pytest.raises(KeyboardInterrupt):
        grade(folder, folder / "results.csv", FakeJudge(labs, stop_after=0, fresh_seed=8))
    rows = table(folder / "results.csv")
    waiting = [(r["student"], r["task"], r["points"], r["seed"], r["remark"]) for r in rows[:-1]]
    assert waiting == [(name, "servers", "", "8", "ill") for name in ("Jörg", "berta", "carla")]
    grade(folder, folder / "results.csv", FakeJudge(labs, fresh_seed=8))
    rows = table(folder / "results.csv")
    assert [row["remark"] for row in rows] == 3 * ["", "ill", ""] + ["spoke well"]


def test_a_table_with_remarks_is_kept_when_their_notebook_is_gone(
    again: Callable[[Edit], tuple[Gradebook, list[str]]], folder: Path, labs: dict[str, Lab]
):
    again(with_remarks)
    before = (folder / "results.csv").read_bytes()
    (folder / "berta.ipynb").unlink()
    book = grade(folder, folder / "results.csv", FakeJudge(labs))
    assert "What you wrote beside berta.ipynb, task servers, has no row any more." in book.notes
    assert (folder / "results.kept-1.csv").read_bytes() == before
    assert grade(folder, folder / "results.csv", FakeJudge(labs)).notes == []


def test_points_that_a_teacher_changed_stay_when_another_task_is_judged_again(
    again: Callable[[Edit], tuple[Gradebook, list[str]]], folder: Path
):
    """One field of Jörg's was emptied; one row of berta's is gone."""

    def edit(text: str) -> str:
        lines = text.replace("reading,2,2", "reading,1,2").splitlines()
        jorg, berta = lines[1:4], lines[4:7]
        return "\n".join([lines[0], *jorg[:2], jorg[2].replace("limit,0", "limit,"), *berta[:2], *lines[7:]])

    book, judged = again(edit)
    assert (judged, book.notes) == (["Jörg.ipynb", "berta.ipynb"], [])
    assert points(folder / "results.csv") == {"Jörg": "1 2 0", "berta": "1 0 0", "carla": "0 0 2"}


def test_a_table_is_kept_when_a_notebook_of_it_is_not_in_the_folder(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, labs: dict[str, Lab]
):
    """Somebody grades another class into it."""
    grade(folder, folder / "results.csv", FakeJudge(labs))
    before = (folder / "results.csv").read_bytes()
    other = tmp_path_factory.mktemp("other class")
    for number in range(8):
        (other / f"{number}.ipynb").write_text("reading")
    book = grade(other, folder / "results.csv", FakeJudge(labs))
    assert (folder / "results.kept-1.csv").read_bytes() == before
    assert book.notes[0] == "Jörg.ipynb is not in the folder any more, so its rows are gone from the table."
    back = grade(folder, folder / "results.csv", FakeJudge(labs))
    assert "So are those of 3 more." in back.notes


def test_points_that_a_teacher_changed_stay_when_the_lab_or_the_seed_is_another(
    again: Callable[[Edit], tuple[Gradebook, list[str]]], folder: Path, labs: dict[str, Lab]
):
    again(lambda text: text.replace("limit,0,2", 'limit,"0,5",2', 1))
    with pytest.raises(KeyboardInterrupt):
        grade(folder, folder / "results.csv", FakeJudge(labs, stop_after=0, fresh_seed=8))
    assert points(folder / "results.csv") == {"Jörg": "0.5"}
    judge = FakeJudge(labs, fresh_seed=8)
    assert grade(folder, folder / "results.csv", judge).notes == []
    assert len(judge.judged) == 3
    assert points(folder / "results.csv") == {"Jörg": "2 2 0.5", "berta": "2 0 0", "carla": "0 0 2"}


def test_points_that_a_teacher_changed_do_not_stand_for_what_is_handed_in_anew_and_the_table_is_kept(
    again: Callable[[Edit], tuple[Gradebook, list[str]]], folder: Path, labs: dict[str, Lab]
):
    again(lambda text: text.replace("limit,0,2", "limit,1,2", 1))
    before = (folder / "results.csv").read_bytes()
    (folder / "Jörg.ipynb").write_text("reading servers limit", encoding="utf-8")
    book = grade(folder, folder / "results.csv", FakeJudge(labs))
    assert book.notes[0].startswith("The points that stood there for Jörg.ipynb, task limit, do not stand")
    assert points(folder / "results.csv")["Jörg"] == "2 2 2"
    assert (folder / "results.kept-1.csv").read_bytes() == before
    assert grade(folder, folder / "results.csv", FakeJudge(labs)).notes == []


def test_points_that_a_teacher_gave_where_none_were_stay(folder: Path, labs: dict[str, Lab]):
    """The task could not be judged, and cannot be judged again; later it can."""
    (folder / "carla.ipynb").write_text("limit busy machine")
    out = folder / "results.csv"
    grade(folder, out, FakeJudge(labs))
    text = out.read_text(encoding="utf-8-sig")
    out.write_text(text.replace("carla,90_till,reading,,2", "carla,90_till,reading,1,2"), encoding="utf-8")
    for seed in (7, 7, 8, 9):
        grade(folder, out, FakeJudge(labs, fresh_seed=seed))
        assert points(out)["carla"].split(" ")[0] == "1"


def test_points_that_a_teacher_changed_stay_also_when_the_judge_agreed_once(
    folder: Path, labs: dict[str, Lab], again: Callable[[Edit], tuple[Gradebook, list[str]]]
):
    again(lambda text: text.replace("limit,0,2", "limit,2,2", 1))
    judge = FakeJudge(labs, fresh_seed=8)
    judge.generous = True
    grade(folder, folder / "results.csv", judge)
    grade(folder, folder / "results.csv", FakeJudge(labs, fresh_seed=9))
    assert points(folder / "results.csv")["Jörg"] == "2 2 2"


def test_a_table_without_stamps_is_kept_and_what_is_judged_otherwise_now_is_told(
    folder: Path, labs: dict[str, Lab], again: Callable[[Edit], tuple[Gradebook, list[str]]]
):
    """It is one of an older course, or the column was deleted."""

    def edit(text: str) -> str:
        head, *lines = text.splitlines()
        bare = [re.sub(r",v[0-9a-f]+p\d*,", ",v0123456789ab,", line) for line in lines]
        return "\n".join([head, *bare]).replace("limit,0,2", "limit,1,2", 1)

    book, judged = again(edit)
    assert len(judged) == 3
    assert [note.split(", do not stand")[0] for note in book.notes] == [
        "The points that stood there for Jörg.ipynb, task limit",
        "The table as it was is kept in results.kept-1.csv.",
    ]
    assert grade(folder, folder / "results.csv", FakeJudge(labs)).notes == []


def test_a_line_of_a_teachers_and_an_empty_column_do_not_stop_the_grading(
    again: Callable[[Edit], tuple[Gradebook, list[str]]], folder: Path
):
    book, judged = again(lambda text: "\n".join(f"{line}," for line in [*text.splitlines(), "Total,,,,,,,,"]))
    assert (judged, book.notes) == ([], [])
    assert table(folder / "results.csv")[-1]["student"] == "Total"


def test_everything_that_is_lost_is_told(folder: Path, labs: dict[str, Lab]):
    """One notebook is gone, and what was changed in another does not count beside a better one."""
    out = folder / "results.csv"
    (folder / "dora").mkdir()
    (folder / "dora" / "a.ipynb").write_text("reading")
    grade(folder, out, FakeJudge(labs))
    text = out.read_text(encoding="utf-8-sig").replace("dora,90_till,limit,0,2", "dora,90_till,limit,1,2")
    out.write_text(text, encoding="utf-8")
    (folder / "berta.ipynb").unlink()
    (folder / "dora" / "b.ipynb").write_text("reading limit servers")
    notes = " ".join(grade(folder, out, FakeJudge(labs)).notes)
    assert "berta.ipynb is not in the folder" in notes
    assert "dora/a.ipynb, task limit, do not stand" in notes


def test_a_table_of_an_older_course_is_read(again: Callable[[Edit], tuple[Gradebook, list[str]]]):
    """It has no v before the version."""
    _, judged = again(lambda text: text.replace(".ipynb,v", ".ipynb,"))
    assert judged == []


def test_numbers_that_a_spreadsheet_made_of_a_students_name_are_mended(folder: Path, labs: dict[str, Lab]):
    (folder / "007.ipynb").write_text("reading")
    grade(folder, folder / "results.csv", FakeJudge(labs))
    text = (folder / "results.csv").read_text(encoding="utf-8-sig").replace("007,", "7,")
    (folder / "results.csv").write_text(text, encoding="utf-8")
    judge = FakeJudge(labs)
    grade(folder, folder / "results.csv", judge)
    assert judge.judged == []
    assert "007" in points(folder / "results.csv")


def test_one_odd_seed_does_not_decide_for_all(again: Callable[[Edit], tuple[Gradebook, list[str]]]):
    book, judged = again(lambda text: text.replace(",7\n", ",9\n", 1))
    assert judged == ["Jörg.ipynb"]
    assert book.seed == 7
    book, _ = again(lambda text: text.replace(",7\n", ",1\n", 1))
    assert "seed is '1'; it must be a whole number above 1" in book.notes[0]


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"name,mark\nanna,1\n", b'"', b"student,task\n", bytes(range(256))]
)
def test_what_is_no_table_of_results_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes):
    out = tmp_path / "results.csv"
    out.write_bytes(content)
    with pytest.raises(ForeignFile, match="no table of results"):
        Gradebook(out).load()
    assert out.read_bytes() == content


def test_a_folder_in_the_place_of_the_table_is_refused(tmp_path: Path):
    with pytest.raises(ForeignFile, match="could not be read"):
        Gradebook(tmp_path).load()


def test_a_table_that_is_open_elsewhere_is_named_and_nothing_is_left_behind(
    folder: Path, labs: dict[str, Lab], monkeypatch: pytest.MonkeyPatch
):
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(CannotWrite, match="open in another program"):
        grade(folder, folder / "results.csv", FakeJudge(labs))
    assert not [name for name in os.listdir(folder) if "results" in name]


def test_columns_without_a_name_or_with_one_that_is_taken_are_told_apart():
    table = read_table(b"file,remark,remark,\na,1,2,3,4\n", ["file"])
    assert table.columns == ["file", "remark", "column 3", "column 4", "column 5"]
    assert list(table.lines[0].fields.values()) == list("a1234")
    with pytest.raises(NoTable, match="file, task"):
        read_table(b"file\n", ["file", "task"])
