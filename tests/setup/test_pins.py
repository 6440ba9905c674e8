"""pip, conda, Binder and the commands install the same versions."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import run

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def requirements(lines: list[str]) -> dict[str, Requirement]:
    parsed = [Requirement(line) for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return {canonicalize_name(requirement.name): requirement for requirement in parsed}


def requirements_in(name: str) -> dict[str, Requirement]:
    return requirements((ROOT / name).read_text(encoding="utf-8").splitlines())


def exact_version(requirement: Requirement) -> Version:
    (specifier,) = requirement.specifier
    assert specifier.operator == "==", f"{requirement} is not an exact pin"
    return Version(specifier.version)


DIRECT = requirements_in("requirements.txt")
LOCK = requirements_in("requirements-lock.txt")
RANGES = requirements(PROJECT["dependencies"])
EXTRAS = requirements([line for group in PROJECT["optional-dependencies"].values() for line in group])


def test_the_direct_pins_name_exactly_the_packages_that_the_project_depends_on():
    assert DIRECT.keys() == RANGES.keys()


@pytest.mark.parametrize("name", DIRECT)
def test_a_direct_pin_lies_in_the_projects_range_and_is_in_the_lock(name: str):
    version = exact_version(DIRECT[name])
    assert version in RANGES[name].specifier
    assert version == exact_version(LOCK[name])


@pytest.mark.parametrize("name", EXTRAS)
def test_an_optional_requirement_is_pinned_in_the_lock_within_its_range(name: str):
    assert exact_version(LOCK[name]) in EXTRAS[name].specifier


@pytest.mark.parametrize("name", LOCK)
def test_every_line_of_the_lock_is_one_exact_version(name: str):
    exact_version(LOCK[name])
    assert LOCK[name].url is None


def test_the_lock_names_each_package_once():
    lines = re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements-lock.txt").read_text(), re.MULTILINE)
    assert len(lines) == len(set(lines)) == len(LOCK)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-lock.txt", "environment.yml"])
def test_no_pin_file_says_where_to_download_from(name: str):
    assert not re.search(r"https?:|file:|index|find-links", (ROOT / name).read_text(encoding="utf-8"))


def test_the_lock_holds_for_every_system_and_python_version():
    systems = [
        {**default_environment(), "sys_platform": system, "python_full_version": f"3.{minor}.0"}
        for system in ("linux", "darwin", "win32")
        for minor in (11, 12, 13)
    ]
    for name in RANGES:
        marker = LOCK[name].marker
        assert all(marker is None or marker.evaluate(system) for system in systems), name


def test_conda_uses_python_3_12_and_the_same_pins():
    (pip_section,) = [entry["pip"] for entry in CONDA["dependencies"] if isinstance(entry, dict)]
    assert [entry for entry in CONDA["dependencies"] if isinstance(entry, str)] == ["python=3.12", "pip"]
    assert pip_section == ["-r requirements.txt", "-e ."]
    assert Version("3.12") in SpecifierSet(PROJECT["requires-python"])


def test_binder_keeps_its_own_jupyterlab():
    assert "jupyterlab" not in DIRECT
    assert "jupyterlab" in LOCK


def test_no_binder_folder_hides_the_environment_file():
    assert not [name for name in ("binder", ".binder") if (ROOT / name).exists()]


def test_run_py_accepts_exactly_the_pythons_that_the_project_supports():
    supported = SpecifierSet(PROJECT["requires-python"])
    for minor in range(8, 17):
        assert (run.version_problem((3, minor)) == "") == (Version(f"3.{minor}.0") in supported)


def test_the_course_settings_are_readable_json():
    files = [path for path in (ROOT / "lab_settings").rglob("*") if path.is_file()]
    assert files
    for path in files:
        json.loads(path.read_text(encoding="utf-8"))
