"""The environment is made once, noticed when half made, and every failure is said in plain words."""

import subprocess
import sys
from pathlib import Path

import pytest

import run
from runner import commands, environment
from runner.environment import Environment, SetupProblem


@pytest.fixture
def course(tmp_path: Path) -> Environment:
    (tmp_path / "requirements-lock.txt").write_text("uv==0.13.9\nnumpy==2.4.6\n")
    return Environment(tmp_path)


def make_interpreter(course: Environment) -> None:
    course.python.parent.mkdir(parents=True)
    course.python.touch()


@pytest.fixture
def ready(course: Environment) -> Environment:
    make_interpreter(course)
    course.stamp.write_text(course.wanted_stamp())
    return course


def answer(stderr: str, exit_code: int = 1) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], exit_code, stdout="", stderr=stderr)


def test_an_environment_with_todays_stamp_is_used_as_it_is(ready: Environment, monkeypatch):
    monkeypatch.setattr(Environment, "make", lambda self: pytest.fail("made again"))
    ready.ensure()


def test_an_environment_without_a_stamp_is_half_made(ready: Environment):
    ready.stamp.unlink()
    assert not ready.is_ready()


def test_an_environment_whose_interpreter_is_gone_is_not_ready(ready: Environment):
    ready.python.unlink()
    assert not ready.is_ready()


def test_changed_pins_make_the_environment_out_of_date(ready: Environment):
    ready.lock.write_text("uv==0.13.9\nnumpy==2.4.7\n")
    assert not ready.is_ready()


def test_another_python_version_makes_the_environment_out_of_date(ready: Environment, monkeypatch):
    monkeypatch.setattr(environment.sys, "version_info", (3, 99, 0))
    assert not ready.is_ready()


def test_a_moved_course_makes_the_environment_out_of_date(ready: Environment, tmp_path_factory):
    place = tmp_path_factory.mktemp("elsewhere") / "course"
    ready.root.rename(place)
    assert not Environment(place).is_ready()


def test_a_half_made_environment_is_removed_and_made_again(ready: Environment, monkeypatch):
    leftover = ready.folder / "leftover"
    leftover.touch()
    ready.stamp.unlink()
    monkeypatch.setattr(Environment, "create", make_interpreter)
    monkeypatch.setattr(Environment, "module", lambda self, *arguments: answer("", 0))
    ready.ensure()
    assert not leftover.exists()
    assert ready.is_ready()


def test_an_interrupted_set_up_leaves_no_stamp(course: Environment, monkeypatch):
    def interrupt(self: Environment) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Environment, "create", lambda self: self.folder.mkdir())
    monkeypatch.setattr(Environment, "install_packages", interrupt)
    assert commands.run_command(commands.COMMANDS["test"], course, []) == commands.STOPPED
    assert not course.is_ready()


def test_without_a_network_the_message_says_so_and_pip_is_not_tried_again(course: Environment, monkeypatch):
    asked = []

    def refuse(self: Environment, *arguments: str) -> subprocess.CompletedProcess[str]:
        asked.append(arguments)
        return answer("NewConnectionError: Failed to establish a new connection")

    monkeypatch.setattr(Environment, "module", refuse)
    with pytest.raises(SetupProblem, match="connected to the internet"):
        course.install_packages()
    assert len(asked) == 1


def test_where_uv_cannot_be_had_pip_installs_the_same_pins(course: Environment, monkeypatch):
    asked = []

    def only_pip(self: Environment, *arguments: str) -> subprocess.CompletedProcess[str]:
        asked.append(arguments)
        return answer("no wheel of uv for this system", int("uv==0.13.9" in arguments))

    monkeypatch.setattr(Environment, "module", only_pip)
    course.install_packages()
    assert asked[-1] == ("pip", "install", "--quiet", "-r", str(course.lock))


def test_a_python_without_ensurepip_is_told_which_debian_package_to_install(monkeypatch):
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SetupProblem, match="sudo apt install python3-venv"):
        environment.check_venv_is_possible()


def test_a_set_up_problem_ends_in_words_and_exit_code_1_without_a_traceback(
    course: Environment, monkeypatch, capsys
):
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)
    assert commands.run_command(commands.COMMANDS["lab"], course, []) == 1
    said = capsys.readouterr().err
    assert "python3-venv" in said
    assert "Traceback" not in said


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
    assert subprocess.run(command, cwd=environment.ROOT, check=False).returncode == 0


def test_a_file_is_named_from_where_its_user_is_and_other_words_stay_as_they_are(monkeypatch, tmp_path):
    class Recorded:
        def call(self, *arguments):
            self.arguments = arguments
            return 0

    (tmp_path / "lines.txt").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    recorded = Recorded()
    words = ["lines.txt", "--name", "load.growth", "--title", "Too low"]
    assert commands.COMMANDS["guesses"].run(recorded, words) == 0
    assert recorded.arguments == ("-m", "archlab.course.guess", str(tmp_path / "lines.txt"), *words[1:])
