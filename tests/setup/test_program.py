"""A program that crashes says so with an exit code of its own."""

import os
import sys
from pathlib import Path

import pytest

from runner import program

MAINS = {
    "passed": "return 0",
    "not_passed": "return 1",
    "divides": "return 1 / 0",
    "no_room": "raise OSError(28, 'No space left on device', 'results.csv')",
    "stopped": "raise KeyboardInterrupt",
    "usage": "raise SystemExit(2)",
}


@pytest.fixture(autouse=True)
def _mains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, body in MAINS.items():
        (tmp_path / f"main_that_{name}.py").write_text(
            f"def main(arguments):\n    {body}\n", encoding="utf-8"
        )
        monkeypatch.delitem(sys.modules, f"main_that_{name}", raising=False)
    (tmp_path / "main_that_cannot_be_read.py").write_text("def main(", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.parametrize(
    ("name", "exit_code"),
    [
        ("passed", 0),
        ("not_passed", 1),
        ("divides", 3),
        ("no_room", 3),
        ("cannot_be_read", 3),
        ("is_missing", 3),
        ("stopped", program.STOPPED),
    ],
)
def test_a_crash_has_another_exit_code_than_a_verdict(name: str, exit_code: int):
    assert program.run(f"main_that_{name}", []) == exit_code


def test_a_crash_says_that_nothing_was_judged(capsys: pytest.CaptureFixture[str]):
    program.run("main_that_divides", [])
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert program.CRASH in said


def test_a_full_disk_is_said_without_a_traceback(capsys: pytest.CaptureFixture[str]):
    program.run("main_that_no_room", [])
    said = capsys.readouterr().err
    assert "No space left on device" in said
    assert "results.csv" in said
    assert "Traceback" not in said


def test_who_names_a_file_that_looks_like_an_option_is_told_how_to_write_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-lab.ipynb").touch()
    with pytest.raises(SystemExit):
        program.run("main_that_usage", ["-lab.ipynb", "--seed"])
    wanted = os.path.join(os.curdir, "-lab.ipynb")
    assert capsys.readouterr().err == f"To name the file -lab.ipynb, write {wanted}.\n"
