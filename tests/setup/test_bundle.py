"""A folder of wheels fits the machine it is for, and says in words when it does not."""

import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from runner import bundle, downloading, wheels
from runner.downloading import BundleProblem, markers, pins_of, platforms
from runner.environment import ROOT
from runner.wheels import PYTHONS, SYSTEMS, Target, problem_with, read_about, this_machine, usable_wheels

WINDOWS = Target("windows", "3.12")
MACOS = Target("macos", "3.13")
LOCK = "simpy==4.1.2\npywinpty==3.1.2 ; os_name == 'nt'\nappnope==1.0.0 ; sys_platform == 'darwin'\n"


def answer(stderr: str = "", exit_code: int = 1) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], exit_code, stdout="", stderr=stderr)


@pytest.fixture
def lock(tmp_path: Path, monkeypatch) -> Path:
    """The pins of a small course, whose wheels come at once: three bytes each."""
    path = tmp_path / "requirements-lock.txt"
    path.write_text(LOCK)

    def download(folder: Path, target: Target, pins: list[str]) -> subprocess.CompletedProcess[str]:
        for pin in pins:
            (folder / f"{pin.replace('==', '-')}-py3-none-any.whl").write_bytes(b"zip")
        return answer(exit_code=0)

    monkeypatch.setattr(downloading, "download", download)
    monkeypatch.setattr(bundle, "LOCK", path)
    monkeypatch.setattr(bundle, "this_machine", lambda: WINDOWS)
    monkeypatch.setattr(wheels, "this_machine", lambda: WINDOWS)
    return path


@pytest.fixture
def folder(lock: Path) -> Path:
    """The folder of wheels in the course's folder, for Windows with Python 3.12."""
    assert bundle.main([str(lock.parent)]) == 0
    return lock.parent / "wheels"


def names(folder: Path) -> set[str]:
    return {path.name.partition("-")[0] for path in folder.glob("*.whl")}


# Written ------------------------------------------------------------------------------------------------


def test_without_options_it_is_for_this_machine(folder: Path, lock: Path):
    assert names(folder) == {"simpy", "pywinpty"}
    assert problem_with(folder, lock, WINDOWS) == ""


def test_every_system_named_is_served_with_every_python_named():
    asked = bundle.parsed(["x", "--for", "windows", "--for", "macos", "--python", "3.12", "--python", "3.13"])
    assert [str(target) for target in asked.targets] == [
        f"{system} with Python {python}" for system in ("windows", "macos") for python in ("3.12", "3.13")
    ]


def test_one_folder_takes_target_after_target(folder: Path, lock: Path):
    assert bundle.main([str(folder), "--for", "macos", "--python", "3.13"]) == 0
    assert names(folder) == {"simpy", "pywinpty", "appnope"}
    assert [problem_with(folder, lock, target) for target in (WINDOWS, MACOS)] == ["", ""]


def test_what_belongs_to_older_pins_goes(folder: Path, lock: Path):
    lock.write_text("simpy==4.1.3\n")
    assert bundle.main([str(folder), "--for", "macos"]) == 0
    assert [path.name for path in folder.glob("*.whl")] == ["simpy-4.1.3-py3-none-any.whl"]
    assert "is for macos" in problem_with(folder, lock, WINDOWS)


def test_what_a_fetch_left_that_came_to_a_sudden_end_goes(folder: Path):
    (folder / "fetching-1" / "half").mkdir(parents=True)
    (folder / "half-1.0-py3-none-any.whl").touch()
    assert bundle.main([str(folder)]) == 0
    assert names(folder) == {"simpy", "pywinpty"}
    assert not (folder / "fetching-1").exists()


def test_a_folder_with_something_else_in_it_is_left_as_it_is(lock: Path, capsys):
    (lock.parent / "wheels").mkdir()
    (lock.parent / "wheels" / "thesis.txt").touch()
    assert bundle.main([str(lock.parent)]) == 1
    assert "has not written" in capsys.readouterr().err
    assert [path.name for path in (lock.parent / "wheels").iterdir()] == ["thesis.txt"]


def test_a_folder_that_cannot_be_written_is_said_in_words(lock: Path, capsys):
    assert bundle.main([str(lock / "stick")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_packages_that_cannot_be_had_as_a_wheel_are_named_and_the_target_is_left_out(
    lock: Path, monkeypatch, capsys
):
    def download(folder: Path, target: Target, pins: list[str]) -> subprocess.CompletedProcess[str]:
        hard = [pin for pin in pins if pin.startswith(("simpy", "pywinpty"))]
        return answer(f"ERROR: No matching distribution found for {hard[0]}") if hard else answer(exit_code=0)

    monkeypatch.setattr(downloading, "download", download)
    assert bundle.main([str(lock.parent)]) == 1
    assert "windows with Python 3.12" in (said := capsys.readouterr().out)
    assert "cannot be had as a wheel: simpy, pywinpty" in said
    assert "it is for nothing" in problem_with(lock.parent / "wheels", lock, WINDOWS)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("NewConnectionError", "connected to the internet"),
        ("ERROR: no space left", "    ERROR: no space left"),
    ],
)
def test_another_failure_is_told_with_pips_own_words(lock: Path, monkeypatch, capsys, words: str, told: str):
    monkeypatch.setattr(downloading, "download", lambda *_: answer(words))
    assert bundle.main([str(lock.parent)]) == 1
    assert told in capsys.readouterr().err


def test_a_system_that_cannot_be_named_is_asked_for(monkeypatch, capsys):
    monkeypatch.setattr(bundle, "this_machine", lambda: Target("", "3.12"))
    with pytest.raises(SystemExit):
        bundle.parsed(["stick"])
    assert "say --for and one of linux" in capsys.readouterr().err


# For another system -------------------------------------------------------------------------------------


def test_the_markers_are_those_of_the_target_and_not_of_this_machine(lock: Path):
    assert pins_of(WINDOWS, lock) == ["simpy==4.1.2", "pywinpty==3.1.2"]
    assert pins_of(MACOS, lock) == ["simpy==4.1.2", "appnope==1.0.0"]
    assert pins_of(Target("linux", "3.11"), lock) == ["simpy==4.1.2"]


def test_every_marker_of_the_lock_is_one_that_a_target_answers():
    lines = (ROOT / "requirements-lock.txt").read_text(encoding="utf-8").splitlines()
    pins = [
        Requirement(line) for line in lines if line and line.lstrip() == line and not line.startswith("#")
    ]
    used = {
        variable for pin in pins if pin.marker for variable in markers(MACOS) if variable in str(pin.marker)
    }
    assert used <= markers(MACOS).keys()
    asked = {
        part
        for pin in pins
        if pin.marker
        for part in str(pin.marker).replace("(", " ").split()
        if "_" in part
    }
    assert {part for part in asked if '"' not in part} <= markers(MACOS).keys()


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_has_platforms_of_its_own(system: str):
    others = {name for other in SYSTEMS if other != system for name in platforms(Target(other, "3.12"))}
    assert platforms(Target(system, "3.12"))
    assert not others & set(platforms(Target(system, "3.12")))


@pytest.mark.parametrize(
    ("running", "machine", "told", "system"),
    [
        ("linux-x86_64", "linux", "x86_64", "linux"),
        ("linux-aarch64", "linux", "aarch64", "linux-arm"),
        ("macosx-10.13-universal2", "darwin", "arm64", "macos"),
        ("macosx-10.13-universal2", "darwin", "x86_64", "macos-intel"),
        ("win-amd64", "win32", "ARM64", "windows"),  # Python for Intel on a Windows for ARM
        ("win-arm64", "win32", "ARM64", "windows-arm"),
        ("win32", "win32", "AMD64", ""),
        ("linux-riscv64", "linux", "riscv64", ""),
    ],
)
def test_this_machine_is_the_one_that_its_python_was_built_for(
    monkeypatch, running: str, machine: str, told: str, system: str
):
    monkeypatch.setattr(wheels.sysconfig, "get_platform", lambda: running)
    monkeypatch.setattr(wheels.sys, "platform", machine)
    monkeypatch.setattr(wheels.platform, "machine", lambda: told)
    assert this_machine().system == system
    assert this_machine().python in PYTHONS


# Used by set-up -----------------------------------------------------------------------------------------


def test_set_up_uses_a_folder_that_fits_and_does_without_one(folder: Path, lock: Path):
    assert usable_wheels(lock.parent, lock) == folder
    assert usable_wheels(folder, lock) is None


def test_a_folder_for_another_machine_says_what_is_there_and_what_is_needed(
    folder: Path, lock: Path, monkeypatch, capsys
):
    monkeypatch.setattr(wheels, "this_machine", lambda: MACOS)
    assert usable_wheels(lock.parent, lock) is None
    assert "is for windows with Python 3.12, and this is macos with Python 3.13" in capsys.readouterr().out


def test_a_folder_for_older_pins_says_so(folder: Path, lock: Path):
    lock.write_text(LOCK.replace("4.1.2", "4.1.3"))
    assert "other versions of the packages" in problem_with(folder, lock, WINDOWS)


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"z")])
def test_a_folder_that_was_not_copied_to_its_end_names_a_file(folder: Path, lock: Path, harm):
    harm(folder / "simpy-4.1.2-py3-none-any.whl")
    assert "1 of its 2 files are missing or cut short, such as simpy-4.1.2" in problem_with(
        folder, lock, WINDOWS
    )


@pytest.mark.parametrize("text", ["", "[]", '{"pins": 1, "colour": 2}'])
def test_a_folder_whose_list_cannot_be_read_is_to_be_copied_again(folder: Path, lock: Path, text: str):
    (folder / "about.json").write_text(text)
    assert read_about(folder) is None
    assert "Copy the whole folder again" in problem_with(folder, lock, WINDOWS)


def test_the_folder_is_not_part_of_the_course():
    assert "/wheels/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_a_fetch_that_pip_repeats_without_end_ends(lock: Path, monkeypatch):
    monkeypatch.setattr(
        downloading, "download", lambda *_: answer("No matching distribution found for other")
    )
    with pytest.raises(BundleProblem):
        downloading.fetch(lock.parent, WINDOWS, ["simpy==4.1.2"])
