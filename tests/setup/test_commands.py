"""A command gets what its user wrote, where its user is; and what it prints arrives, whatever the terminal is."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

import run
from runner import commands, program
from runner.commands import COMMANDS, NO_FILES_IN_THE_WAY, PROGRAM
from runner.environment import ROOT, Environment
from runner.surroundings import surroundings

WORDS = ["2026", "-odd.ipynb", "--out=marks.csv", "--out", "marks.csv", "λ.txt", "a [b]: c.ipynb"]
OF_MODULES = [
    "ready",
    "notebooks",
    "check",
    "grade",
    "guesses",
    "progress",
    "handout",
    "slides",
    "labs",
    "bench",
    "bundle",
]


class Recording(Environment):
    """An environment that runs nothing, and remembers what it should have run and where."""

    exit_code = 0

    def call(self, *arguments: str, folder: Path | None = None, **more_variables: str) -> int:
        self.called, self.worked_in, self.variables_given = arguments, folder, more_variables
        return self.exit_code


def program_run(*arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """A module of the course, run as the commands run it."""
    environment = {**os.environ, **surroundings(ROOT), **NO_FILES_IN_THE_WAY, "PYTHONUTF8": "0", **variables}
    command = [sys.executable, str(PROGRAM), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)


@pytest.mark.parametrize("name", OF_MODULES)
def test_a_command_gets_its_words_as_they_were_written_in_the_folder_of_its_user(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    environment = Recording(ROOT)
    assert COMMANDS[name].run(environment, WORDS) == 0
    assert environment.called[0] == str(PROGRAM)
    assert environment.variables_given["PYTHONSAFEPATH"] == "1"
    assert list(environment.called[-len(WORDS) :]) == WORDS
    assert environment.worked_in == Path.cwd()


def test_the_commands_of_this_test_are_all_but_those_that_choose_for_themselves():
    assert {*OF_MODULES, "lab", "test"} == set(COMMANDS)


@pytest.mark.parametrize("name", ["check", "progress"])
def test_the_module_behind_a_command_has_a_main_that_refuses_a_wrong_option(name: str, tmp_path: Path):
    environment = Recording(ROOT)
    COMMANDS[name].run(environment, ["--nonsense"])
    ended = program_run(*environment.called[1:], folder=tmp_path)
    assert ended.returncode == 2
    assert f"usage: run.py {name}".encode() in ended.stderr


def test_a_file_with_a_name_like_a_number_is_one_in_the_folder_of_its_user(tmp_path: Path):
    (tmp_path / "2026").write_text("Ana: progress v1; sum=0000", encoding="utf-8")
    ended = program_run("archlab.course.progress.__main__", "2026", folder=tmp_path)
    assert b"Nothing tried yet: Ana" in ended.stdout


@pytest.mark.parametrize("encoding", ["ascii", "cp1252:strict"])
def test_a_letter_that_the_terminal_lacks_becomes_a_question_mark(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "lines.txt").write_text("Łukasz λ: progress v1; sum=0000", encoding="utf-8")
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    ended = program_run("archlab.course.progress.__main__", "lines.txt", folder=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert b"Nothing tried yet: ?ukasz ?" in ended.stdout


def test_what_run_py_says_itself_arrives_too():
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    commands.show_what_they_can(terminal, io.StringIO())
    print("Zoë, Λ", end="", file=terminal, flush=True)
    assert terminal.buffer.getvalue() == "Zoë, ?".encode("cp1252")


def test_the_exit_code_of_a_verdict_is_handed_on_and_an_end_from_outside_is_none(
    capsys: pytest.CaptureFixture[str],
):
    assert [commands.judged(code) for code in (0, 1, 2)] == [0, 1, 2]
    assert [commands.judged(code) for code in (-9, 0xC0000005)] == [program.CRASHED] * 2
    assert "ended from outside (-9)" in capsys.readouterr().err


def test_a_fault_of_the_commands_themselves_is_no_verdict(capsys: pytest.CaptureFixture[str]):
    def faulty(environment: Environment, arguments: list[str]) -> int:
        raise ZeroDivisionError

    class Ready(Environment):
        def ensure(self) -> None:
            return

    assert commands.run_command(commands.Command(faulty, ""), Ready(ROOT), []) == program.CRASHED
    assert program.CRASH in capsys.readouterr().err


def test_the_folder_of_run_py_comes_behind_pythons_own_and_before_what_is_installed(tmp_path: Path):
    folder = os.path.realpath(tmp_path)
    places = [str(tmp_path), "python311.zip", str(tmp_path / "." / ""), "site-packages", "another course"]
    assert run.in_place(folder, places) == ["python311.zip", folder, "site-packages", "another course"]
    assert run.in_place(folder, places[:2]) == ["python311.zip", folder]
