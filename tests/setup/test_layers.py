"""Imports go one way: course, then shop, then sim."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAY_IMPORT = {"sim": {"sim"}, "shop": {"shop", "sim"}, "course": {"course", "shop", "sim"}}
MODULES = sorted((ROOT / "archlab").rglob("*.py"))


def imported_names(source: str, package: str) -> set[str]:
    """Every dotted name that the source imports, relative ones made absolute from `package`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = package.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(filter(None, [start, node.module]))
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return names


def layers_imported(source: str, package: str) -> set[str]:
    parts = [name.split(".") for name in imported_names(source, package)]
    return {part[1] for part in parts if part[0] == "archlab" and len(part) > 1}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_imports_only_from_its_own_layer_and_those_beneath(module: Path):
    folders = module.relative_to(ROOT).parent.parts
    allowed = MAY_IMPORT[folders[1]] if len(folders) > 1 else set()
    assert layers_imported(module.read_text(encoding="utf-8"), ".".join(folders)) <= allowed


@pytest.mark.parametrize(
    "source",
    [
        "import archlab.shop.domain",
        "from archlab.shop import domain",
        "from archlab import shop",
        "from ..shop import domain",
        "from .. import shop",
        "def late():\n    from archlab.shop.domain import Order",
    ],
)
def test_an_import_against_the_direction_is_seen_however_it_is_written(source: str):
    assert layers_imported(source, "archlab.sim") == {"shop"}


def test_an_import_from_the_same_layer_is_seen_as_such():
    assert layers_imported("from .streams import Streams\nimport numpy", "archlab.sim") == {"sim"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_module_says_what_it_is(module: Path):
    assert ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
