"""The environment is made once; one that works is kept until the next one is whole; every failure is said in words."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import run
from runner import commands, environment, making
from runner.environment import ROOT, Environment, SetupProblem
from runner.installing import Installer
from runner.interpreter import Found
from runner.stamp import Stamp, read_stamp

OTHER_PYTHON = "3.99"


def make_interpreter(course: Environment) -> None:
    """What venv leaves: the interpreter, and a file that says from which Python it is made."""
    course.python.parent.mkdir(parents=True)
    course.python.touch()
    (course.folder / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).parent}\n", encoding="utf-8")


@pytest.fixture
def course(tmp_path: Path, monkeypatch) -> Environment:
    """A course without an environment, started from a plain Python, whose installers work at once."""
    (tmp_path / "requirements-lock.txt").write_text("uv==0.13.9\nnumpy==2.4.6\n")
    course = Environment(tmp_path)

    def create(folder: Path, stamp: Stamp) -> None:
        folder.mkdir()
        stamp.write(folder)
        make_interpreter(course)

    monkeypatch.setattr(environment, "runs_in_an_environment", lambda: False)
    monkeypatch.setattr(environment, "create", create)
    monkeypatch.setattr(environment, "add_course", lambda folder: None)
    monkeypatch.setattr(environment, "look_at", lambda *_: Found(tmp_path.resolve(), {}))
    monkeypatch.setattr(Installer, "install", lambda self: None)
    return course


@pytest.fixture
def ready(course: Environment) -> Environment:
    course.ensure()
    (course.folder / "the one before").touch()
    return course


def is_the_one_before(course: Environment) -> bool:
    return (course.folder / "the one before").exists()


def fail(self: Installer) -> None:
    raise SetupProblem("The packages could not be fetched. Is this computer connected to the internet?")


def change_pins(course: Environment) -> None:
    course.lock.write_text("uv==0.13.9\nnumpy==2.4.7\n")


# When it is made ----------------------------------------------------------------------------------------


def test_an_environment_of_todays_pins_in_this_place_is_used_as_it_is(ready: Environment):
    ready.ensure()
    assert is_the_one_before(ready)


def test_an_environment_without_a_finished_stamp_is_half_made_and_made_again(ready: Environment):
    ready.wanted_stamp(finished=False).write(ready.folder)
    assert not ready.is_ready()
    ready.ensure()
    assert ready.is_ready()
    assert not is_the_one_before(ready)


def test_an_environment_whose_interpreter_is_gone_is_not_ready(ready: Environment):
    ready.python.unlink()
    assert not ready.is_ready()


def test_an_environment_whose_python_was_uninstalled_is_not_ready(ready: Environment):
    (ready.folder / "pyvenv.cfg").write_text(f"home = {ready.root / 'gone'}\n")
    assert not ready.is_ready()


def test_changed_pins_make_the_environment_out_of_date(ready: Environment):
    change_pins(ready)
    assert not ready.is_ready()
    ready.ensure()
    assert ready.is_ready()
    assert not is_the_one_before(ready)


def test_the_same_pins_with_the_line_ends_of_windows_change_nothing(ready: Environment):
    ready.lock.write_bytes(ready.lock.read_bytes().replace(b"\n", b"\r\n"))
    assert ready.is_ready()


def test_a_moved_course_makes_the_environment_out_of_date(ready: Environment, tmp_path_factory):
    place = tmp_path_factory.mktemp("elsewhere") / "course"
    ready.root.rename(place)
    assert not Environment(place).is_ready()


def test_another_python_uses_the_environment_that_is_there_and_says_how_to_get_one_of_its_own(
    ready: Environment, monkeypatch, capsys
):
    monkeypatch.setattr(environment, "PYTHON", OTHER_PYTHON)
    ready.ensure()
    assert is_the_one_before(ready)
    said = capsys.readouterr().err
    assert f"has Python {sys.version_info[0]}.{sys.version_info[1]} and is used" in said
    assert f"For one with Python {OTHER_PYTHON}, delete the folder .venv" in said


def test_a_finished_environment_of_an_earlier_version_of_the_course_is_made_again(ready: Environment):
    (ready.folder / "made-from.txt").write_text("5c1e python3.11 " + str(ready.root), encoding="utf-8")
    ready.ensure()
    assert ready.is_ready()
    assert not is_the_one_before(ready)


def test_a_stamp_can_be_written_for_a_path_whose_bytes_are_no_text(tmp_path: Path):
    stamp = Stamp("5c1e", "\udcc3bungen für alle", "3.11", True)
    stamp.write(tmp_path)
    assert read_stamp(tmp_path) == stamp


# When it cannot be made ---------------------------------------------------------------------------------


def test_without_a_network_the_environment_of_yesterdays_pins_is_used_and_that_is_said(
    ready: Environment, monkeypatch, capsys
):
    change_pins(ready)
    monkeypatch.setattr(Installer, "install", fail)
    ready.ensure()
    assert is_the_one_before(ready)
    said = capsys.readouterr().err
    assert "connected to the internet" in said
    assert "made earlier is used" in said


@pytest.mark.parametrize(
    "has",
    [
        lambda root: Found(root, {"simpy": ("4.1.2", None)}),
        lambda root: Found(None, {}, "No module named archlab"),
        lambda root: Found(root / "another course", {}),
    ],
)
def test_one_that_lacks_what_the_course_imports_is_not_used_but_not_deleted_either(
    ready: Environment, monkeypatch, has
):
    change_pins(ready)
    monkeypatch.setattr(Installer, "install", fail)
    monkeypatch.setattr(environment, "look_at", lambda *_: has(ready.root.resolve()))
    with pytest.raises(SetupProblem, match="connected to the internet"):
        ready.ensure()
    assert is_the_one_before(ready)


def test_a_set_up_that_fails_leaves_nothing_half_made(course: Environment, monkeypatch):
    monkeypatch.setattr(Installer, "install", fail)
    with pytest.raises(SetupProblem):
        course.ensure()
    assert sorted(path.name for path in course.root.iterdir()) == [".venv-lock", "requirements-lock.txt"]


def test_ctrl_c_during_a_new_set_up_brings_the_old_environment_back(ready: Environment, monkeypatch):
    def interrupt(self: Installer) -> None:
        raise KeyboardInterrupt

    change_pins(ready)
    monkeypatch.setattr(Installer, "install", interrupt)
    assert commands.run_command(commands.COMMANDS["test"], ready, []) == commands.STOPPED
    assert is_the_one_before(ready)
    assert not ready.is_ready()


def test_a_new_environment_that_cannot_import_the_course_says_so_in_words(course: Environment, monkeypatch):
    monkeypatch.setattr(environment, "look_at", lambda *_: Found(None, {}, "cannot decode byte 0xc3"))
    with pytest.raises(SetupProblem, match=r"(?s)cannot import the course: cannot decode.*Move the folder"):
        course.ensure()
    assert not course.folder.exists()


def test_the_environment_of_another_tool_is_refused_and_left_as_it_is(course: Environment):
    make_interpreter(course)
    with pytest.raises(SetupProblem, match=r"(?s)\.venv .* run.py has not made.*Move it away"):
        course.ensure()
    assert course.python.exists()


def test_a_second_run_during_a_set_up_waits_and_then_uses_what_the_first_has_made(
    course: Environment, monkeypatch
):
    @contextmanager
    def the_first_finishes(path: Path, waiting: str) -> Iterator[None]:
        assert "Waiting" in waiting
        course.make()
        (course.folder / "the one before").touch()
        yield

    monkeypatch.setattr(environment, "only_one", the_first_finishes)
    course.ensure()
    assert is_the_one_before(course)


# The environment that run.py was started from -----------------------------------------------------------


@pytest.fixture
def started_from(course: Environment, monkeypatch) -> Environment:
    """The course, started from a conda environment that has all that it needs."""
    monkeypatch.setattr(environment, "runs_in_an_environment", lambda: True)
    return course


def test_an_environment_that_has_what_the_course_needs_is_used_and_no_second_one_is_made(
    started_from: Environment,
):
    started_from.ensure()
    assert started_from.python == Path(sys.executable)
    assert not started_from.folder.exists()


def test_an_environment_that_knows_the_course_with_other_versions_is_named_and_not_used(
    started_from: Environment, monkeypatch, capsys
):
    differing = {"numpy": ("2.4.6", "2.4.5"), "simpy": ("4.1.2", None)}
    answers = iter([Found(started_from.root.resolve(), differing), Found(started_from.root.resolve(), {})])
    monkeypatch.setattr(environment, "look_at", lambda *_: next(answers))
    started_from.ensure()
    assert started_from.is_ready()
    said = capsys.readouterr().err
    assert "numpy 2.4.5 (needed: 2.4.6), simpy is missing (needed: 4.1.2)" in said
    assert "python -m pip install -r requirements.txt" in said


def test_an_environment_that_knows_nothing_of_the_course_is_passed_over_without_a_word(
    started_from: Environment, monkeypatch, capsys
):
    answers = iter([Found(None, {"simpy": ("4.1.2", None)}), Found(started_from.root.resolve(), {})])
    monkeypatch.setattr(environment, "look_at", lambda *_: next(answers))
    started_from.ensure()
    assert started_from.is_ready()
    assert capsys.readouterr().err == ""


def test_the_courses_own_environment_is_not_another_one(ready: Environment, monkeypatch):
    monkeypatch.setattr(environment, "runs_in_an_environment", lambda: True)
    monkeypatch.setattr(environment.sys, "prefix", str(ready.folder))
    ready.ensure()
    assert ready.is_own


def test_programs_of_the_courses_own_environment_import_nothing_of_another_python(
    ready: Environment, monkeypatch
):
    monkeypatch.setenv("PYTHONPATH", "of another Python")
    monkeypatch.setenv("PYTHONHOME", "of another Python")
    assert not {"PYTHONPATH", "PYTHONHOME"} & ready.variables().keys()
    ready.is_own = False
    assert ready.variables()["PYTHONPATH"] == "of another Python"


# In words -----------------------------------------------------------------------------------------------


def test_a_path_that_no_environment_can_work_in_is_named_at_once(course: Environment, monkeypatch):
    monkeypatch.setattr(making.os, "pathsep", course.root.name[0])
    with pytest.raises(SetupProblem, match=r"(?s)in the path of the course's folder.*Rename"):
        course.ensure()
    assert not course.folder.exists()


def test_a_path_that_the_locale_cannot_read_is_named_with_the_variable_that_helps():
    with pytest.raises(SetupProblem, match=r"(?s)udcc3.*PYTHONUTF8=1"):
        making.check_place(Path("courses", "\udcc3\udc9cbungen"))


def test_a_python_without_ensurepip_is_told_which_debian_package_to_install(monkeypatch):
    monkeypatch.setattr(making, "find_spec", lambda name: None)
    with pytest.raises(SetupProblem, match="sudo apt install python3-venv"):
        making.check_venv_is_possible()


def test_a_set_up_problem_ends_in_words_and_without_a_traceback(course: Environment, monkeypatch, capsys):
    monkeypatch.setattr(making, "find_spec", lambda name: None)
    assert commands.run_command(commands.COMMANDS["lab"], course, []) != 0
    said = capsys.readouterr().err
    assert "python3-venv" in said
    assert "Traceback" not in said


def test_a_program_runs_in_the_courses_folder_or_where_it_is_told(tmp_path: Path, monkeypatch):
    course = Environment(ROOT)
    course.is_own = False
    said = tmp_path / "said.json"
    program = f"import os, json; json.dump([os.getcwd(), os.environ['WORD']], open({str(said)!r}, 'w'))"
    for folder, place in ((None, ROOT), (tmp_path, tmp_path)):
        assert course.call("-c", program, folder=folder, WORD="yes") == 0
        where, word = json.loads(said.read_text())
        assert (Path(where).resolve(), word) == (place.resolve(), "yes")


def test_the_interpreter_is_found_where_windows_and_the_others_put_it(course: Environment, monkeypatch):
    monkeypatch.setattr(environment.os, "name", "nt")
    windows = course.folder / "Scripts" / "python.exe"
    assert str(course.python) == str(windows)
    monkeypatch.setattr(environment.os, "name", "posix")
    assert course.python == course.folder / "bin" / "python"


@pytest.mark.parametrize("version", [(2, 7), (3, 10), (3, 14)])
def test_a_python_that_is_too_old_or_too_new_is_named_with_what_to_install(version: tuple[int, int]):
    message = run.version_problem(version)
    assert f"this is Python {version[0]}.{version[1]}" in message
    assert "py -3.12 run.py" in message


def test_an_unknown_command_lists_the_ones_there_are(capsys):
    assert commands.main(["teach"]) == 2
    said = capsys.readouterr().err
    assert "'teach'" in said
    assert all(f"run.py {name}" in said for name in commands.COMMANDS)


def test_the_commands_import_nothing_beyond_the_standard_library():
    command = [sys.executable, "-E", "-S", "run.py", "--help"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def test_what_set_up_imports_is_in_the_standard_library_too():
    program = "import runner.environment, runner.bundle"
    command = [sys.executable, "-E", "-S", "-c", program]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
