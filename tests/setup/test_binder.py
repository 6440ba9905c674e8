"""Binder's own program recognises the repository as it stands."""

import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("repo2docker does not run on Windows", allow_module_level=True)

from repo2docker.app import Repo2Docker
from repo2docker.buildpacks import BuildPack, CondaBuildPack

ROOT = Path(__file__).resolve().parents[2]


def picked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> BuildPack:
    """The way of building that Binder picks for a folder: the first of its list that recognises it."""
    monkeypatch.chdir(folder)
    binder = Repo2Docker()
    return next(pack for kind in binder.buildpacks if (pack := kind(binder.base_image)).detect())


def test_binder_builds_the_environment_file_with_python_3_12(monkeypatch: pytest.MonkeyPatch):
    pack = picked(ROOT, monkeypatch)
    assert isinstance(pack, CondaBuildPack)
    assert pack.python_version == "3.12"
    assert pack.environment_yaml_path == "environment.yml"


def test_binder_installs_the_pins_and_the_course_from_the_repository_itself(monkeypatch: pytest.MonkeyPatch):
    pack = picked(ROOT, monkeypatch)
    assert pack.get_preassemble_script_files() == {}
    commands = "".join(command for _, command in pack.get_assemble_scripts())
    assert "env update" in commands
    assert '"environment.yml"' in commands


def test_an_open_python_version_would_not_be_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "environment.yml").write_text("dependencies:\n  - python>=3.12\n")
    assert picked(tmp_path, monkeypatch).python_version != "3.12"
