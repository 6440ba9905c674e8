"""An environment finds the course wherever it lies, in any locale, also when only its interpreter is used."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from runner.interpreter import look_at
from runner.making import COURSE_LINE, add_course, create
from runner.problems import SetupProblem
from runner.stamp import Stamp, read_stamp

LOCALES = [
    {"LC_ALL": "C"},
    {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONUTF8": "1"},
]


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A course in a folder with blanks and umlauts in its name, with an environment that holds no packages."""
    root = tmp_path_factory.mktemp("Übungen für alle [2026]").resolve()
    (root / "archlab").mkdir()
    (root / "archlab" / "__init__.py").touch()
    venv.create(root / ".venv", with_pip=False, symlinks=os.name != "nt")
    add_course(root / ".venv")
    return root


def interpreter(root: Path) -> Path:
    return root / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def told(root: Path, program: str, folder: Path, locale: dict[str, str] | None = None) -> bytes:
    """What a program says, run by a course's interpreter in a folder, with no variables but those of a locale."""
    variables = {n: v for n, v in os.environ.items() if not n.startswith(("PYTHON", "LC_", "LANG"))}
    command = [str(interpreter(root)), "-P", "-c", program]
    asked = subprocess.run(
        command, cwd=folder, env={**variables, **(locale or {})}, capture_output=True, check=False
    )
    assert asked.stderr == b""
    return asked.stdout.strip()


@pytest.mark.parametrize("locale", LOCALES)
def test_the_course_is_found_from_another_folder_in_any_locale(course: Path, tmp_path: Path, locale: dict):
    """Python 3.11 and 3.12 read the line in the encoding of the locale, and end at once when they cannot."""
    program = "import archlab, os; print(os.fsencode(archlab.__file__).hex())"
    place = bytes.fromhex(told(course, program, tmp_path, locale).decode())
    assert place == os.fsencode(course / "archlab" / "__init__.py")


def test_a_moved_environment_finds_the_course_that_it_lies_in(course: Path, tmp_path: Path):
    moved = course.rename(tmp_path / "moved")
    try:
        assert b"moved" in told(moved, "import archlab; print(archlab.__file__)", tmp_path)
    finally:
        moved.rename(course)


def test_the_line_is_ascii_and_holds_no_path():
    assert COURSE_LINE.isascii()
    assert not {"/", "\\", '"', "'"} & set(COURSE_LINE)


def test_the_courses_folder_comes_after_all_that_is_installed(course: Path, tmp_path: Path):
    program = "import sys, sysconfig; print(sys.path.index(sysconfig.get_path('purelib')), len(sys.path))"
    packages, places, *_ = told(course, program, tmp_path).split()
    assert int(packages) < int(places) - 1


def test_the_stamp_comes_before_anything_else(tmp_path: Path, monkeypatch):
    there: list[str] = []
    monkeypatch.setattr(venv, "create", lambda folder, **_: there.extend(os.listdir(folder)))
    create(tmp_path / ".venv", Stamp("5c1e", "course", "3.11", False))
    assert there == ["made-from.txt"]
    assert read_stamp(tmp_path / ".venv") == Stamp("5c1e", "course", "3.11", False)


def test_a_folder_that_cannot_be_made_is_said_in_words(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(SetupProblem, match="could not make a virtual environment"):
        create(tmp_path / "file" / ".venv", Stamp("5c1e", "course", "3.11", False))


# What an interpreter says -------------------------------------------------------------------------------


def test_an_interpreter_says_which_packages_it_has_not_as_pinned(tmp_path: Path):
    pins = tmp_path / "requirements.txt"
    pins.write_text(
        "# the course\nnothing-of-this-name==1.0\npackaging==0.1\npytest==0.1 ; sys_platform == 'no'\n"
    )
    found = look_at(Path(sys.executable), pins, os.environ)
    assert found.problem == ""
    assert found.missing == ["nothing-of-this-name"]
    assert set(found.differing) == {"nothing-of-this-name", "packaging"}
    assert "nothing-of-this-name is missing (needed: 1.0)" in str(found)


def test_an_interpreter_that_cannot_start_is_a_problem_in_words(tmp_path: Path):
    found = look_at(tmp_path / "python", tmp_path / "requirements.txt", os.environ)
    assert found.course is None
    assert str(tmp_path / "python") in found.problem
