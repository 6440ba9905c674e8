"""The import contracts of pyproject.toml hold for the layered shop, and each of them sees an import that breaks it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LAYERS = "archlab/shop/layered"

DIRECT, HIDDEN = "\nfrom {module} import {name}\n", "\n\ndef quickly():\n    from {module} import {name}\n"
MODULE = "archlab.shop.layered"


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """A copy of the package, with the contracts and the module that the test command runs."""
    folder = tmp_path_factory.mktemp("course")
    for part in ("archlab", "runner"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture
def course(untouched):
    """The copy, which is put back afterwards."""
    changed = untouched / "archlab" / "shop"
    kept = untouched / "kept"
    shutil.copytree(changed, kept)
    yield untouched
    shutil.rmtree(changed)
    kept.rename(changed)


def linted(folder):
    """What the test command's stage says in a folder, and its exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "runner.import_contracts"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def add(folder, path, text):
    with (folder / path).open("a", encoding="utf-8") as file:
        file.write(text)


def test_the_untouched_copy_keeps_every_contract(untouched):
    code, said = linted(untouched)
    assert code == 0, said
    assert "5 kept, 0 broken" in said


@pytest.mark.parametrize("text", [DIRECT, HIDDEN])
@pytest.mark.parametrize(
    ("path", "module", "name", "broken"),
    [
        ("data_access/sqlite.py", "business", "Rules", "Imports of the layered shop go downwards"),
        ("business/rules.py", "presentation", "JsonApi", "Imports of the layered shop go downwards"),
        ("presentation/json_api.py", "data_access", "MemoryData", "and the wiring import data access"),
        ("application/use_cases.py", "data_access.sqlite", "SqliteData", "and the wiring import data access"),
        ("presentation/command_line.py", "business", "Rules", "and the wiring import the business layer"),
        ("business/rules.py", "config", "LayeredConfig", "No layer imports the wiring"),
        ("presentation/json_api.py", "architecture", "Layered", "No layer imports the wiring"),
    ],
)
def test_an_import_that_breaks_a_contract_is_named(course, path, module, name, broken, text):
    add(course, f"{LAYERS}/{path}", text.format(module=f"{MODULE}.{module}", name=name))
    code, said = linted(course)
    assert code == 1
    assert any(broken in line and "BROKEN" in line for line in said.splitlines()), said


def test_the_face_of_the_package_is_no_way_round(course):
    add(course, f"{LAYERS}/presentation/json_api.py", f"\nfrom {MODULE} import SqliteData\n")
    code, said = linted(course)
    assert code == 1
    assert f"{MODULE}.presentation.json_api is not allowed to import {MODULE}" in said


def test_a_helper_outside_the_layers_is_no_way_round(course):
    (course / "archlab/shop/short_cut.py").write_text(
        f"from {MODULE}.data_access import SqliteData\n", encoding="utf-8"
    )
    add(course, f"{LAYERS}/presentation/json_api.py", "\nfrom archlab.shop.short_cut import SqliteData\n")
    code, said = linted(course)
    assert code == 1
    assert "archlab.shop.short_cut" in said


def test_a_module_that_belongs_to_no_layer_is_refused(course):
    (course / LAYERS / "helpers.py").write_text("PRICE_CENTS = 1\n", encoding="utf-8")
    code, said = linted(course)
    assert code == 1
    assert "helpers" in said


def test_a_chapter_is_no_way_round(course):
    add(course, f"{LAYERS}/presentation/json_api.py", "\nfrom archlab.chapters.layered import the_layers\n")
    code, said = linted(course)
    assert code == 1
    assert "The shop imports no chapter" in said
