"""JupyterLab opens on the course's first page, with the course's settings and the reader's options."""

import json
import shutil
from pathlib import Path

import pytest

from runner.environment import ROOT, Environment
from runner.lab import first_page, open_lab
from runner.problems import SetupProblem
from runner.surroundings import places

WORKSPACE = Path("workspaces", "default-37a8.jupyterlab-workspace")


class RecordingEnvironment(Environment):
    """An environment that writes down what it is asked to run."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.arguments: tuple[str, ...] = ()
        self.variables_given: dict[str, str] = {}

    def call(self, *arguments: str, folder: Path | None = None, **more_variables: str) -> int:
        self.arguments, self.variables_given = arguments, more_variables
        return 0


@pytest.fixture
def course(tmp_path: Path) -> RecordingEnvironment:
    shutil.copytree(ROOT / "lab_settings", tmp_path / "lab_settings")
    (tmp_path / "notebooks").mkdir()
    return RecordingEnvironment(tmp_path)


def test_the_course_opens_with_chapter_00_or_until_it_exists_with_chapter_01(course: RecordingEnvironment):
    (course.root / "notebooks" / "01_monolithic.ipynb").touch()
    assert first_page(course.root) == "notebooks/01_monolithic.ipynb"
    (course.root / "notebooks" / "00_start_here.ipynb").touch()
    assert first_page(course.root) == "notebooks/00_start_here.ipynb"


def test_jupyterlab_gets_the_readers_options_last(course: RecordingEnvironment):
    open_lab(course, ["--no-browser", "--port", "8890"])
    assert course.arguments[-3:] == ("--no-browser", "--port", "8890")


def test_the_courses_settings_come_before_those_of_the_machine(course: RecordingEnvironment, monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "machine")
    open_lab(course, [])
    path = course.variables_given["JUPYTER_CONFIG_PATH"]
    assert path.startswith(str(course.root / "lab_settings"))
    assert path.endswith("machine")


def test_the_window_is_arranged_once_and_then_the_readers_own_arrangement_is_kept(
    course: RecordingEnvironment,
):
    open_lab(course, [])
    arrangement = course.root / ".lab" / WORKSPACE
    assert arrangement.read_bytes() == (ROOT / "lab_settings" / WORKSPACE).read_bytes()
    arrangement.write_text("{}")
    open_lab(course, [])
    assert arrangement.read_text() == "{}"


def test_the_lab_needs_no_folder_of_an_environment(course: RecordingEnvironment):
    open_lab(course, [])
    assert not course.folder.exists()
    assert f"--LabApp.workspaces_dir={course.root / '.lab' / 'workspaces'}" in course.arguments


def test_the_kernels_of_the_lab_are_the_courses(course: RecordingEnvironment):
    open_lab(course, [])
    assert course.variables_given["JUPYTER_PATH"].startswith(str(course.root / "lab_settings"))
    assert (course.root / "lab_settings" / "kernels" / "python3" / "kernel.json").exists()


def test_a_home_that_cannot_be_written_is_said_and_replaced(
    course: RecordingEnvironment, monkeypatch, capsys
):
    nowhere = course.root / "README.md"
    nowhere.touch()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(nowhere / "home"))
    for name in places():
        monkeypatch.delenv(name, raising=False)
    open_lab(course, [])
    assert "Your home folder cannot be written to" in capsys.readouterr().out
    assert places().keys() <= course.variables_given.keys()


def test_a_course_in_a_folder_that_cannot_be_written_is_said_in_words(course: RecordingEnvironment):
    (course.root / ".lab").touch()
    with pytest.raises(SetupProblem, match="Copy the whole course to a folder of your own"):
        open_lab(course, [])


def test_the_arrangement_has_the_file_name_that_jupyterlab_looks_for():
    from jupyterlab_server.workspaces_handler import WORKSPACE_EXTENSION, slugify

    assert WORKSPACE.name == slugify("default") + WORKSPACE_EXTENSION


def test_the_settings_are_the_ones_jupyterlab_reads(monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(ROOT / "lab_settings"))
    from jupyterlab_server.settings_utils import _get_overrides

    overrides, error = _get_overrides(str(ROOT / "nowhere"))
    assert not error
    assert overrides["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"


def test_the_table_of_contents_is_the_open_side_bar():
    layout = json.loads((ROOT / "lab_settings" / WORKSPACE).read_text(encoding="utf-8"))
    left = layout["data"]["layout-restorer:data"]["left"]
    assert left["current"] in left["widgets"]
    assert (left["current"], left["collapsed"]) == ("@jupyterlab/toc:plugin", False)
