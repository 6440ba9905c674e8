"""Whose a file is, whatever platform, system or archive it comes from."""

import os
import sys
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from archlab.course.labs import handed_in, zips
from archlab.course.labs.student_names import student_in
from archlab.course.labs.submissions import find_submissions, version

Found = list[tuple[str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "[class] 2026"
    path.mkdir()
    return path


@pytest.fixture
def find_in(folder: Path, tmp_path: Path) -> Callable[..., Found]:
    """A function that writes files into the folder and gives the student and the file of each submission."""

    def find(labs: tuple[str, ...], *names: str) -> Found:
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        into = tmp_path / "unpacked"
        into.mkdir(exist_ok=True)
        return [(s.student, s.file) for s in find_submissions(folder, folder / "results.csv", into, labs)]

    return find


@pytest.fixture
def found(find_in: Callable[..., Found]) -> Callable[..., Found]:
    """The same, where nobody knows the names of the labs."""
    return partial(find_in, ())


def zipped(path: Path, *names: str, content: bytes = b"{}") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("Anna Müller_12345_assignsubmission_file_", "Anna Müller (12345)"),
        ("Anna Müller_12345_assignsubmission_file", "Anna Müller (12345)"),
        ("Anna_Maria Müller_12345_assignsubmission_file_my_lab_1.ipynb", "Anna_Maria Müller (12345)"),
        ("Participant 17_99_assignsubmission_onlinetext_onlinetext.html", "Participant 17 (99)"),
        ("mullerannna_12345_67890_01_monolithic_lab.ipynb", "mullerannna (12345)"),
        ("mulleranna_LATE_12345_67890_01_monolithic_lab-2.ipynb", "mulleranna (12345)"),
        ("Lab_1_amueller_attempt_2026-01-30-20-30-10_lab.ipynb", "amueller"),
        ("Lab_1_amueller_attempt_2026-01-30-20-30-10.txt", "amueller"),
        ("90125-4711 - Anna Müller - Nov 3, 2026 905 AM - lab.ipynb", "Anna Müller (90125)"),
        ("lab.ipynb", None),
        ("01_monolithic_lab.ipynb", None),
        ("anna_2026_11_lab.ipynb", None),
        ("lab_2026_101_anna.ipynb", None),
    ],
)
def test_a_platforms_name_for_a_file_tells_the_student(name: str, student: str | None):
    assert student_in(name) == student


def test_a_students_files_in_several_places_are_one_students(found: Callable[..., Found]):
    assert found(
        "Anna Müller_7_assignsubmission_file_/lab.ipynb",
        "Anna Müller_7_assignsubmission_file_/lab (1).ipynb",
        "Anna Müller_7_assignsubmission_onlinetext_/onlinetext.html",
        "Anna Müller_8_assignsubmission_onlinetext_/onlinetext.html",
        "berta.ipynb",
        "berta/lab.ipynb",
    ) == [
        ("Anna Müller (7)", "Anna Müller_7_assignsubmission_file_/lab (1).ipynb"),
        ("Anna Müller (7)", "Anna Müller_7_assignsubmission_file_/lab.ipynb"),
        ("Anna Müller (8)", "Anna Müller_8_assignsubmission_onlinetext_/onlinetext.html"),
        ("berta", "berta.ipynb"),
        ("berta", "berta/lab.ipynb"),
    ]


def test_a_folder_for_each_lab_with_the_files_of_a_platform_is_no_student(found: Callable[..., Found]):
    names = [
        f"{lab}/{who}_assignsubmission_file_lab.ipynb"
        for lab in ("00", "01")
        for who in ("Anna_7", "Berta_8")
    ]
    assert [student for student, _ in found(*names)] == ["Anna (7)", "Anna (7)", "Berta (8)", "Berta (8)"]


@pytest.mark.parametrize("name", ["anna.IPYNB", "anna.ipynb.json", "anna.ipynb.txt"])
def test_a_notebook_is_one_whatever_a_browser_made_of_its_ending(name: str, found: Callable[..., Found]):
    assert found(name, "anna/notes.pdf") == [("anna", name)]


def test_what_systems_and_spreadsheets_leave_behind_is_nobodys(found: Callable[..., Found]):
    clutter = ["Thumbs.db", "desktop.ini", ".DS_Store", "__MACOSX/._anna.ipynb", "~$results.xlsx"]
    tables = ["results.csv", "results.xlsx", "results.csv.bak", "results.kept-1.csv", "Grades-2026.csv"]
    assert found("anna.ipynb", *clutter, *tables) == [("anna", "anna.ipynb")]
    assert found("berta/Thumbs.db")[1:] == [("berta", "berta/")]


def test_each_zip_file_is_a_student_and_so_is_one_in_a_folder(folder: Path, found: Callable[..., Found]):
    zipped(folder / "anna.zip", "anna/lab.ipynb", "anna/data.csv", "__MACOSX/anna/._lab.ipynb")
    (folder / "berta").mkdir()
    zipped(folder / "berta" / "my labs.ZIP", "00.ipynb", "01\\01.ipynb")
    zipped(folder / "carla.zip", "notes.pdf")
    zipped(folder / "dora.zip")
    assert found() == [
        ("anna", "anna.zip/anna/lab.ipynb"),
        ("berta", "berta/my labs.ZIP/00.ipynb"),
        ("berta", "berta/my labs.ZIP/01/01.ipynb"),
        ("carla", "carla.zip/notes.pdf"),
        ("dora", "dora.zip/"),
    ]


@pytest.mark.parametrize(
    ("names", "students"),
    [
        (("anna.ipynb", "berta.ipynb"), ["anna", "berta"]),
        (("class/anna.ipynb", "class/berta/lab.ipynb"), ["anna", "berta"]),
        (
            ("Anna_7_assignsubmission_file_/lab.ipynb", "Berta_8_assignsubmission_file_/lab.ipynb"),
            ["Anna (7)", "Berta (8)"],
        ),
        (("01_lab.ipynb",), ["all"]),
    ],
)
def test_a_single_zip_file_is_the_whole_class(
    names: tuple[str, ...], students: list[str], folder: Path, found: Callable[..., Found]
):
    zipped(folder / "all.zip", *names)
    assert [student for student, _ in found()] == students


def test_zip_files_in_the_zip_file_of_a_class_are_opened_and_no_deeper(
    folder: Path, tmp_path: Path, found: Callable[..., Found]
):
    inner = zipped(tmp_path / "inner.zip", "lab.ipynb").read_bytes()
    middle = zipped(tmp_path / "middle.zip", "in.zip", content=inner).read_bytes()
    zipped(folder / "all.zip", "anna.zip", "berta.zip", content=inner)
    assert found() == [("anna", "all.zip/anna.zip/lab.ipynb"), ("berta", "all.zip/berta.zip/lab.ipynb")]
    zipped(folder / "all.zip", "anna.zip", "berta.zip", content=middle)
    assert [file for _, file in found()] == ["all.zip/anna.zip/in.zip", "all.zip/berta.zip/in.zip"]


def test_a_zip_file_writes_nowhere_else_and_says_which_names_it_has(tmp_path: Path):
    into = tmp_path / "into"
    into.mkdir()
    names = ["../../out.ipynb", "/etc/out.ipynb", "C:\\out.ipynb", "a/../b.ipynb", "CON.ipynb", "x:y*?.ipynb"]
    members = zips.unpacked(zipped(tmp_path / "anna.zip", *names), into)
    assert [member.name for member in members] == [
        "out.ipynb",
        "etc/out.ipynb",
        "C:/out.ipynb",
        "a/b.ipynb",
        "CON.ipynb",
        "x:y*?.ipynb",
    ]
    assert {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*.ipynb")} == {"into"}


@pytest.mark.parametrize("encoding", ["cp437", "utf-8"])
def test_names_in_a_zip_file_are_read_in_the_letters_of_windows_and_of_a_mac(
    encoding: str, folder: Path, found: Callable[..., Found]
):
    """Both without the mark that says which."""
    plain = zipped(folder / "anna.zip", "J______.ipynb").read_bytes()
    name = "Jörg".encode(encoding).ljust(7, b"x")
    (folder / "anna.zip").write_bytes(plain.replace(b"J______", name))
    assert found()[0][1].startswith("anna.zip/Jörg")


def test_a_zip_bomb_a_damaged_one_and_one_with_a_password_are_named_and_nothing_is_left(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(zips, "LARGEST_FILE_BYTES", 1000)
    zipped(folder / "bomb.zip", "lab.ipynb", content=b" " * 100_000)
    monkeypatch.setattr(zips, "MOST_NOTEBOOKS", 5)
    zipped(folder / "crowd.zip", *(f"{number}.ipynb" for number in range(6)))
    whole = zipped(folder / "cut.zip", "lab.ipynb").read_bytes()
    (folder / "cut.zip").write_bytes(whole[:-30])
    (folder / "text.zip").write_text("my answer is 42")
    secret = bytearray(zipped(folder / "secret.zip", "lab.ipynb").read_bytes())
    secret[6] |= 1
    secret[secret.index(b"PK\x01\x02") + 8] |= 1
    (folder / "secret.zip").write_bytes(secret)
    into = tmp_path / "unpacked"
    into.mkdir()
    problems = {s.student: s.problem for s in find_submissions(folder, folder / "results.csv", into)}
    assert "too large" in problems["bomb"]
    assert "more than 5 notebooks" in problems["crowd"]
    assert "damaged, or no zip file" in problems["cut"]
    assert "damaged, or no zip file" in problems["text"]
    assert "password" in problems["secret"]
    assert sum(path.stat().st_size for path in into.iterdir()) <= 1000


def test_names_that_a_table_cannot_hold_stay_apart(found: Callable[..., Found]):
    names = ["=1+1.ipynb", "100%.ipynb", "a%20b.ipynb", "a [1], b.ipynb"]
    assert found(*names) == [
        ("'=1+1", "%3D1+1.ipynb"),
        ("100%", "100%.ipynb"),
        ("a [1], b", "a [1], b.ipynb"),
        ("a%20b", "a%2520b.ipynb"),
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_names_with_colons_line_breaks_and_escapes_are_names(found: Callable[..., Found]):
    assert found("a: b.ipynb", "c\nd.ipynb", "\x1b[2J.ipynb", "\u202ee.ipynb") == [
        ("%1B[2J", "%1B[2J.ipynb"),
        ("a: b", "a: b.ipynb"),
        ("c d", "c%0Ad.ipynb"),
        ("e", "%E2%80%AEe.ipynb"),
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are no text")
def test_a_name_that_is_no_utf_8_and_one_that_looks_like_it_are_two_students(
    folder: Path, found: Callable[..., Found]
):
    for name in (b"M\xfcller.ipynb", "Müller.ipynb".encode()):
        (folder / os.fsdecode(name)).write_text("{}")
    assert found() == [("M%FCller", "M%FCller.ipynb"), ("Müller", "Müller.ipynb")]


def test_folders_in_folders_without_end_are_left(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(handed_in, "DEEPEST", 5)
    (folder / "/".join("abcdefgh")).mkdir(parents=True)
    found = find_submissions(folder, folder / "results.csv", tmp_path)
    assert [(s.student, s.file) for s in found] == [("a", "a/b/c/d/e")]


def test_a_version_is_never_a_number_for_a_spreadsheet(folder: Path, tmp_path: Path):
    (folder / "anna.ipynb").write_text("{}")
    (only,) = find_submissions(folder, folder / "results.csv", tmp_path)
    assert version(only, "x").startswith("v")
    assert version(only, "x") != version(only, "y")


LABS = ("01_monolithic", "02_microservices")


@pytest.fixture
def of_labs(find_in: Callable[..., Found]) -> Callable[..., Found]:
    """The same, where these are the labs."""
    return partial(find_in, LABS)


def test_a_folder_that_is_called_like_a_lab_is_no_student(of_labs: Callable[..., Found]):
    found = of_labs(
        "01_monolithic/anna.ipynb", "02_microservices/anna/lab.ipynb", "02_microservices/berta.ipynb"
    )
    assert found == [
        ("anna", "01_monolithic/anna.ipynb"),
        ("anna", "02_microservices/anna/lab.ipynb"),
        ("berta", "02_microservices/berta.ipynb"),
    ]


@pytest.mark.parametrize(
    "names",
    [
        ("01_monolithic/01_monolithic_lab.ipynb", "02_microservices/02_microservices_lab (1).ipynb"),
        ("labs/01_monolithic/01_monolithic_lab.ipynb", "labs/02_microservices/02_microservices_lab.ipynb"),
        ("01_monolithic_lab.ipynb", "02_microservices_lab.ipynb"),
    ],
)
def test_a_single_zip_file_with_labs_is_one_students(
    names: tuple[str, ...], folder: Path, of_labs: Callable[..., Found]
):
    zipped(folder / "anna.zip", *names)
    assert [student for student, _ in of_labs()] == ["anna", "anna"]


def test_a_single_zip_file_with_a_folder_for_each_lab_is_the_whole_class(
    folder: Path, of_labs: Callable[..., Found]
):
    zipped(
        folder / "all.zip",
        "01_monolithic/anna.ipynb",
        "02_microservices/berta.ipynb",
        "02_microservices/anna.ipynb",
    )
    assert [student for student, _ in of_labs()] == ["anna", "anna", "berta"]


def test_of_a_whole_course_the_labs_count_and_not_its_solutions(folder: Path, of_labs: Callable[..., Found]):
    course = (
        "notebooks/01_monolithic.ipynb",
        "solutions/01_monolithic/01_monolithic_lab.ipynb",
        "tests/lab.ipynb",
    )
    lab = "labs/01_monolithic/01_monolithic_lab.ipynb"
    zipped(folder / "anna.zip", *(f"course/{name}" for name in (*course, lab)))
    assert of_labs("berta/solutions/01.ipynb", *(f"carla/{name}" for name in (*course, lab))) == [
        ("anna", f"anna.zip/course/{lab}"),
        ("berta", "berta/solutions/01.ipynb"),
        ("carla", f"carla/{lab}"),
    ]


def test_what_is_hidden_in_a_zip_file_is_not_counted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, found: Callable[..., Found]
):
    monkeypatch.setattr(zips, "MOST_NOTEBOOKS", 5)
    hidden = [f".venv/lib/{number}.ipynb" for number in range(10)]
    zipped(folder / "anna.zip", "lab.ipynb", *hidden, *(f"module_{number}.py" for number in range(10)))
    assert ("anna", "anna.zip/lab.ipynb") in found("berta.ipynb")


def test_a_single_zip_file_with_the_whole_course_is_one_students(folder: Path, of_labs: Callable[..., Found]):
    names = ("README.md", "solutions/01_monolithic/lab.ipynb", "labs/01_monolithic/01_monolithic_lab.ipynb")
    zipped(folder / "anna.zip", *(f"course-main/{name}" for name in names))
    assert of_labs() == [("anna", "anna.zip/course-main/labs/01_monolithic/01_monolithic_lab.ipynb")]


def test_two_files_of_one_name_in_a_zip_file_are_two(folder: Path, found: Callable[..., Found]):
    zipped(folder / "anna.zip", "a/lab.ipynb", "a\\lab.ipynb")
    assert found("berta.ipynb")[:2] == [
        ("anna", "anna.zip/a/(2) lab.ipynb"),
        ("anna", "anna.zip/a/lab.ipynb"),
    ]


def test_a_table_that_a_platform_names_after_a_student_is_handed_in(found: Callable[..., Found]):
    name = "Anna M_12345_assignsubmission_file_answers.xlsx"
    assert found(name, "Grades.xlsx", "berta.ipynb") == [("Anna M (12345)", name), ("berta", "berta.ipynb")]


def test_a_folder_of_labs_without_a_notebook_takes_nobodys_away(of_labs: Callable[..., Found]):
    assert of_labs("anna/labs/readme.txt", "anna/notebooks/lab.ipynb") == [
        ("anna", "anna/notebooks/lab.ipynb")
    ]


def test_another_file_with_the_same_problem_is_another_version(folder: Path, tmp_path: Path):
    versions = set()
    for content in (b"PK one", b"PK two"):
        (folder / "anna.zip").write_bytes(content)
        (only,) = find_submissions(folder, folder / "results.csv", tmp_path)
        assert only.problem
        versions.add(version(only, "x")[:9])
    assert len(versions) == 2
