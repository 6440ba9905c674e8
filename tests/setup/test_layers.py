"""Imports go one way, patterns know nothing of one another, and nothing goes in circles."""

import ast
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import networkx as nx
import pytest

from archlab.course.kept import kept_notebooks

ROOT = Path(__file__).resolve().parents[2]
BENEATH = {
    "data": set(),
    "sim": {"data"},
    "shop": {"sim", "data"},
    "published": {"sim", "data"},
    "course": {"shop", "published", "sim", "data"},
    "chapters": {"course", "shop", "published", "sim", "data"},
}
"""A layer -> the layers that it may import, besides itself."""

PATTERNS = {"monolithic", "microservices", "event_driven", "layered", "serverless", "cqrs"}
COMPARED_WITH = "monolithic"
"""The one architecture that any chapter may hold beside its own."""
KNOWS_ALL = "choosing"

ONE_THING_IN_TWO_FILES = {
    ("archlab.sim.servers.station", "archlab.sim.servers.visit"),
    ("archlab.sim.messaging.message_queue", "archlab.sim.messaging.consumer"),
    ("archlab.sim.messaging.event_log", "archlab.sim.messaging.consumer_group"),
}
"""The pairs of modules that know each other."""

FAULTY_ON_PURPOSE = "archlab.chapters.layered.lab_program"
"""The program of lab 04, whose forbidden imports are to be found."""


def dotted(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(file): file for file in sorted((ROOT / "archlab").rglob("*.py"))}
FOLDERS = sorted({module.rsplit(".", 1)[0] for module in MODULES if "." in module})


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


@cache
def imports_of(module: str) -> frozenset[str]:
    """The modules of the course that a module imports; those it imports for its annotations, too."""
    file = MODULES[module]
    package = module if file.name == "__init__.py" else module.rsplit(".", 1)[0]
    names = imported_names(file.read_text(encoding="utf-8"), package)
    found = {name if name in MODULES else name.rsplit(".", 1)[0] for name in names}
    return frozenset(found & MODULES.keys() - {module})


def is_part_of(module: str, folder: str) -> bool:
    return module == folder or module.startswith(f"{folder}.")


def rooms(folder: str) -> nx.DiGraph:
    """What lies in a folder, modules and folders, and which of them imports which."""
    graph = nx.DiGraph()
    depth = folder.count(".") + 2
    inside = [module for module in MODULES if module.startswith(f"{folder}.")]
    for module in inside:
        room = ".".join(module.split(".")[:depth])
        graph.add_node(room)
        targets = {".".join(target.split(".")[:depth]) for target in imports_of(module) & set(inside)}
        graph.add_edges_from((room, target) for target in targets if target != room)
    return graph


@pytest.mark.parametrize("layer", BENEATH)
def test_a_layer_imports_only_from_itself_and_those_beneath(layer):
    allowed = {"archlab", *(f"archlab.{name}" for name in (layer, *BENEATH[layer]))}
    wrong = {
        module: sorted(targets)
        for module in MODULES
        if is_part_of(module, f"archlab.{layer}")
        and (targets := {t for t in imports_of(module) if ".".join(t.split(".")[:2]) not in allowed})
    }
    assert wrong == {}


def test_every_module_lies_in_a_layer():
    assert {module.split(".")[1] for module in MODULES if "." in module} == BENEATH.keys()


def patterns_in(modules: Iterable[str]) -> set[str]:
    parts = [module.split(".") for module in modules]
    return {part[2] for part in parts if len(part) > 2 and part[1] in ("shop", "chapters")} & PATTERNS


@pytest.mark.parametrize("pattern", sorted(PATTERNS))
def test_no_architecture_imports_another_and_no_chapter_more_than_its_own_and_the_monolith(pattern):
    for layer, allowed in (("shop", {pattern}), ("chapters", {pattern, COMPARED_WITH})):
        inside = [module for module in MODULES if is_part_of(module, f"archlab.{layer}.{pattern}")]
        targets = {target for module in inside for target in imports_of(module)}
        assert patterns_in(targets) <= allowed, layer
        chapters = {target for target in targets if target.startswith("archlab.chapters.")}
        assert patterns_in(chapters) <= {pattern}


def test_what_all_architectures_share_knows_none_of_them():
    shared = [module for module in MODULES if module.startswith("archlab.shop") and not patterns_in([module])]
    assert patterns_in(target for module in shared for target in imports_of(module)) == set()


@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if folder != FAULTY_ON_PURPOSE])
def test_nothing_in_a_folder_takes_part_in_a_circle(folder):
    graph = rooms(folder)
    graph.remove_edges_from([edge for pair in ONE_THING_IN_TWO_FILES for edge in (pair, pair[::-1])])
    assert list(nx.simple_cycles(graph)) == []


def notebook_imports(notebook: Path) -> Iterator[tuple[str, int]]:
    """What the code cells of a notebook import from the course: the name, and how deep it lies."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            yield from imports_from_course("".join(cell["source"]))


def imports_from_course(source: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(source)):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else names
        yield from ((name, name.count(".")) for name in names if name.split(".")[0] == "archlab")


NOTEBOOKS = kept_notebooks(ROOT)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_imports_only_from_the_faces_of_packages(notebook):
    """From `archlab.sim`, from `archlab.sim.theory` or `archlab.chapters.monolithic`, and from nothing deeper."""
    assert [name for name, depth in notebook_imports(notebook) if depth > 2] == []


@pytest.mark.parametrize(
    "source",
    [
        "import archlab.shop.domain",
        "from archlab.shop import domain",
        "from ..shop import domain",
        "def late():\n    from archlab.shop.domain import Order",
    ],
)
def test_an_import_is_seen_however_it_is_written(source):
    assert any(name.startswith("archlab.shop.domain") for name in imported_names(source, "archlab.sim"))


def test_an_import_from_deep_inside_is_seen_in_a_notebook():
    assert list(imports_from_course("from archlab.sim.core.task import Task")) == [
        ("archlab.sim.core.task", 3)
    ]
