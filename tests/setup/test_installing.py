"""The packages are installed as pinned whatever pip and uv were set up for, and what fails is said in words."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runner import installer_settings, installing
from runner.installer_settings import kept, pip_variables, settings_of_pip, uv_variables
from runner.installing import Installer
from runner.interpreter import Found
from runner.problems import SetupProblem

OFFLINE = "NewConnectionError: Failed to establish a new connection"
MIRROR = "https://mirror.example/simple"
PINNED = "uv==0.13.9"

Process = subprocess.CompletedProcess[str]


def answer(stderr: str, exit_code: int = 1) -> Process:
    return subprocess.CompletedProcess([], exit_code, stdout="", stderr=stderr)


class FakeInstaller(Installer):
    """An installer whose programs answer as the test says; it writes down what they were asked."""

    def __init__(
        self, folder: Path, answers: Callable[[tuple[str, ...]], Process], wheels: Path | None = None
    ):
        super().__init__(folder / "python", folder / "requirements-lock.txt", wheels)
        self.lock.write_text("uv==0.13.9\nnumpy==2.4.6\n")
        self.answers = answers
        self.asked: list[tuple[str, ...]] = []

    def module(self, variables: dict[str, str], *arguments: str) -> Process:
        self.asked.append(arguments)
        return self.answers(arguments)

    @property
    def programs(self) -> list[str]:
        """Which program did what: fetched uv, or installed everything."""
        return [f"{asked[0]} {'fetches uv' if PINNED in asked else 'installs'}" for asked in self.asked]


@pytest.fixture(autouse=True)
def plain(monkeypatch) -> None:
    """No settings of the person who runs the tests, and packages that are all there afterwards."""
    monkeypatch.setattr(installing, "settings_of_pip", lambda python: {})
    monkeypatch.setattr(installing, "look_at", lambda *_: Found(None, {}))
    for name in os.environ:
        if name.startswith(("PIP_", "UV_")):
            monkeypatch.delenv(name)


def works(arguments: tuple[str, ...]) -> Process:
    return answer("", 0)


# Who installs -------------------------------------------------------------------------------------------


def test_pip_fetches_uv_and_uv_installs_the_pins(tmp_path: Path):
    installer = FakeInstaller(tmp_path, works)
    installer.install()
    assert installer.programs == ["pip fetches uv", "uv installs"]
    assert installer.asked[-1][-2:] == ("-r", str(installer.lock))


def test_where_uv_cannot_be_had_pip_installs_the_same_pins(tmp_path: Path):
    installer = FakeInstaller(
        tmp_path, lambda asked: answer("no wheel of uv for this system", int(PINNED in asked))
    )
    installer.install()
    assert installer.programs == ["pip fetches uv", "pip installs"]
    assert installer.asked[-1][-2:] == ("-r", str(installer.lock))


@pytest.mark.parametrize("words", [OFFLINE, "dns error", "anything else"])
def test_when_uv_fails_for_any_reason_pip_does_it(tmp_path: Path, words: str):
    installer = FakeInstaller(tmp_path, lambda asked: answer(words, int(asked[0] == "uv")))
    installer.install()
    assert installer.programs == ["pip fetches uv", "uv installs", "pip installs"]


def test_when_uv_has_put_the_packages_elsewhere_pip_does_it(tmp_path: Path, monkeypatch):
    answers = iter([Found(None, {"numpy": ("2.4.6", None)}), Found(None, {})])
    monkeypatch.setattr(installing, "look_at", lambda *_: next(answers))
    installer = FakeInstaller(tmp_path, works)
    installer.install()
    assert installer.programs == ["pip fetches uv", "uv installs", "pip installs"]


@pytest.mark.parametrize("setting", ["index-url", "no-index"])
def test_a_mirror_that_only_pip_knows_is_asked_by_pip_alone(tmp_path: Path, monkeypatch, setting: str):
    monkeypatch.setattr(installing, "settings_of_pip", lambda python: {setting: MIRROR})
    installer = FakeInstaller(tmp_path, works)
    installer.install()
    assert installer.programs == ["pip installs"]


def test_a_mirror_that_uv_knows_too_is_asked_by_uv(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(installing, "settings_of_pip", lambda python: {"index-url": MIRROR})
    monkeypatch.setenv("UV_DEFAULT_INDEX", MIRROR)
    installer = FakeInstaller(tmp_path, works)
    installer.install()
    assert installer.programs[-1] == "uv installs"


def test_from_a_folder_of_wheels_nobody_asks_a_network_or_anyones_settings(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(installing, "settings_of_pip", lambda python: pytest.fail("asked for settings"))
    installer = FakeInstaller(tmp_path, works, tmp_path / "wheels")
    installer.install()
    assert len(installer.asked) == 2
    for asked in installer.asked:
        assert asked[-3:] == ("--no-index", "--find-links", str(tmp_path / "wheels"))


# What fails ---------------------------------------------------------------------------------------------


def test_without_a_network_the_message_says_so_and_pip_is_not_tried_again(tmp_path: Path):
    installer = FakeInstaller(tmp_path, lambda asked: answer(OFFLINE))
    with pytest.raises(SetupProblem, match="connected to the internet"):
        installer.install()
    assert len(installer.asked) == 1


def test_any_other_failure_shows_what_the_installer_said_last_without_its_warnings(tmp_path: Path):
    installer = FakeInstaller(
        tmp_path, lambda asked: answer("ERROR: No space left on device\nWARNING: old pip\n")
    )
    with pytest.raises(
        SetupProblem, match=r"could not be installed\.(?s:.*)    ERROR: No space left on device$"
    ):
        installer.install()


def test_a_setting_that_forbids_to_fetch_anything_is_named(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(installing, "settings_of_pip", lambda python: {"no-index": "1"})
    installer = FakeInstaller(tmp_path, lambda asked: answer("ERROR: No matching distribution found"))
    with pytest.raises(SetupProblem, match="unset PIP_NO_INDEX"):
        installer.install()


def test_packages_that_are_not_there_after_all_are_named(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(installing, "look_at", lambda *_: Found(None, {"numpy": ("2.4.6", None)}))
    with pytest.raises(SetupProblem, match=r"numpy is missing \(needed: 2\.4\.6\)"):
        FakeInstaller(tmp_path, works).install()


def test_a_lock_file_without_uv_is_to_be_restored(tmp_path: Path):
    (tmp_path / "lock.txt").write_text("numpy==2.4.6\n")
    with pytest.raises(SetupProblem, match="does not pin uv"):
        installing.pinned(tmp_path / "lock.txt", "uv")


# Settings -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "user",
        "target",
        "prefix",
        "root",
        "require-virtualenv",
        "constraint",
        "no-binary",
        "dry-run",
        "python",
    ],
)
def test_a_setting_that_changes_what_pip_does_is_not_kept(name: str):
    assert kept({f"global.{name}": "true", f"install.{name}": "true", f":env:.{name}": "true"}) == {}


def test_of_a_source_that_is_set_several_times_the_one_that_pip_would_take_is_kept():
    assert kept({":env:.index-url": "c", "install.index-url": "b", "global.index-url": "a"}) == {
        "index-url": "c"
    }
    assert kept({"install.index-url": "b", "global.index-url": "a"}) == {"index-url": "b"}


PIP_CONFIG_LIST = """\
:env:.proxy='proxy.example:80'
:env:.target='elsewhere'
global.index-url='https://mirror.example/simple'
global.user='true'
install.trusted-host='a\\nb'
site.find-links="it's here"
"""


def test_the_settings_are_those_that_pip_itself_lists(tmp_path: Path, monkeypatch):
    said = subprocess.CompletedProcess([], 0, stdout=PIP_CONFIG_LIST, stderr="")
    monkeypatch.setattr(installer_settings, "run_quietly", lambda *_: said)
    expected = {"index-url": MIRROR, "proxy": "proxy.example:80", "trusted-host": "a\nb"}
    assert settings_of_pip(tmp_path / "python") == expected


def test_files_of_settings_that_pip_cannot_read_give_none(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(installer_settings, "run_quietly", lambda *_: answer("Configuration file is broken"))
    assert settings_of_pip(tmp_path / "python") == {}


def test_pip_gets_the_kept_settings_and_no_variable_or_file_of_its_users(monkeypatch):
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("PIP_TARGET", "elsewhere")
    monkeypatch.setenv("PYTHONPATH", "of another Python")
    variables = pip_variables({"extra-index-url": MIRROR})
    assert variables["PIP_EXTRA_INDEX_URL"] == MIRROR
    assert variables["PIP_CONFIG_FILE"] == os.devnull
    assert not {"PIP_USER", "PIP_TARGET", "PYTHONPATH"} & variables.keys()


def test_uv_keeps_where_packages_come_from_and_nothing_else(monkeypatch):
    for name in ("UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_FIND_LINKS", "UV_CACHE_DIR"):
        monkeypatch.setenv(name, "kept")
    for name in (
        "UV_OVERRIDE",
        "UV_NO_BINARY",
        "UV_OFFLINE",
        "UV_PYTHON",
        "UV_SYSTEM_PYTHON",
        "UV_CONSTRAINT",
    ):
        monkeypatch.setenv(name, "dropped")
    assert {value for name, value in uv_variables().items() if name.startswith("UV_")} == {"kept"}


def test_what_pip_says_is_read_as_utf_8_whatever_the_terminal_is(monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
    said = installer_settings.run_quietly(
        [sys.executable, "-c", "print('Übungen λ')"], Path.cwd(), os.environ
    )
    assert said.stdout == "Übungen λ\n"
