"""What the course's programs start with: where they print, and where they write when the home cannot be written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.surroundings import (
    COMPILED_IN,
    NO_COMPILED,
    before,
    can_write,
    compiled,
    own_folders,
    places,
    surroundings,
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, with none of its places named by a variable."""
    folder = tmp_path / "home"
    folder.mkdir()
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(folder))
    for variable in places():
        monkeypatch.delenv(variable, raising=False)
    return folder


def test_a_home_that_can_be_written_is_used(home: Path, tmp_path: Path):
    assert own_folders(tmp_path) == {}
    assert list(home.iterdir()) == []


def test_a_home_that_cannot_be_made_is_replaced_by_a_folder_of_the_course(home: Path, tmp_path: Path):
    home.rmdir()
    home.touch()
    own = own_folders(tmp_path)
    assert own.keys() == places().keys()
    assert all(Path(folder).parent == tmp_path / ".lab" for folder in own.values())


def test_one_place_of_the_home_that_is_somebody_else_s_is_replaced_alone(home: Path, tmp_path: Path):
    (home / ".ipython").touch()
    assert own_folders(tmp_path) == {"IPYTHONDIR": str(tmp_path / ".lab" / "ipythondir")}


def test_a_place_that_the_user_has_named_stays(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (home / ".ipython").touch()
    monkeypatch.setenv("IPYTHONDIR", "mine")
    assert own_folders(tmp_path) == {}


@pytest.mark.parametrize(
    ("theirs", "is_ours"),
    [
        ({}, False),
        ({NO_COMPILED: ""}, False),
        ({NO_COMPILED: "1"}, True),
        ({NO_COMPILED: "1", COMPILED_IN: "there"}, False),
    ],
)
def test_where_python_may_not_write_compiled_modules_they_are_kept_in_a_folder_of_the_course(
    theirs: dict[str, str], is_ours: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in (NO_COMPILED, COMPILED_IN):
        monkeypatch.delenv(name, raising=False)
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)
    folder = str(tmp_path / ".lab" / "compiled")
    assert (surroundings(tmp_path).get(COMPILED_IN) == folder) == is_ours


def test_so_python_compiles_a_module_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(NO_COMPILED, "1")
    monkeypatch.delenv(COMPILED_IN, raising=False)
    (tmp_path / "tea.py").touch()
    variables = {**os.environ, **compiled(tmp_path / "compiled")}
    subprocess.run([sys.executable, "-c", "import tea"], cwd=tmp_path, env=variables, check=True)
    assert [found.name.split(".")[0] for found in tmp_path.rglob("tea.*.pyc")] == ["tea"]
    assert not (tmp_path / "__pycache__").exists()


def test_a_home_that_nobody_knows_cannot_be_written():
    assert not can_write(Path("~/.jupyter"))


@pytest.mark.parametrize(
    ("theirs", "ours"), [(None, ":replace"), ("cp1252", "cp1252:replace"), ("ascii:strict", "ascii:replace")]
)
def test_the_encoding_of_the_user_stays_and_no_letter_stops_a_program(
    theirs: str | None, ours: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    if theirs is not None:
        monkeypatch.setenv("PYTHONIOENCODING", theirs)
    assert surroundings(tmp_path)["PYTHONIOENCODING"] == ours


def test_the_course_s_kernels_come_before_those_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("JUPYTER_PATH", "machine")
    assert before(tmp_path, "JUPYTER_PATH") == f"{tmp_path}{os.pathsep}machine"
    assert surroundings(tmp_path)["JUPYTER_PATH"].startswith(str(tmp_path / "lab_settings"))
