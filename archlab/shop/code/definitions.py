"""Definitions: which class or function of the code names which other one, read off the source.

A file is often too coarse a unit: five modules of a monolith may stand in one. So a definition is a class or a function
at the top of a file, and one depends on another when its source names it: to call it, to inherit from it, to raise it,
or only in a type. Names are followed through imports, also through a package's face that only hands them on.

What this leaves out: constants, and what is reached through an attribute of an object whose class is not named. It errs
low there; calls that were seen in a run can be added (`archlab.chapters.layered.traced`). A local name that is spelled
as an imported one counts as that: errs high.

>>> from pathlib import Path
>>> from archlab.shop.code.source import modules
>>> graph = definition_graph(modules(Path(__file__).parent))
>>> here = "archlab.shop.code.definitions"
>>> graph.has_edge(f"{here}:definition_graph", "archlab.shop.code.source:Component")
True
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from archlab.shop.code.metrics import imported_names
from archlab.shop.code.source import Component

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def definitions(component: Component) -> dict[str, Definition]:
    """Return the classes and functions at the top of a file, by their names."""
    return {node.name: node for node in component.module.body if isinstance(node, Definition)}


def definition_graph(components: Sequence[Component]) -> nx.DiGraph:
    """Return which definition names which: nodes are "module:Name", an edge a -> b means that a names b.

    Takes modules (`archlab.shop.code.source.modules`), not classes. What is named from outside of them is left out.
    """
    import networkx as nx

    known = {one.name: definitions(one) for one in components}
    imports = {one.name: imported_names(one) for one in components}
    graph = nx.DiGraph()
    graph.add_nodes_from(f"{module}:{name}" for module, found in known.items() for name in found)
    for module, found in known.items():
        here = {name: f"{module}:{name}" for name in found}
        for local, (origin, name) in imports[module].items():
            target = _origin(origin, name, known, imports)
            here |= {local: target} if target else {}
        for name, node in found.items():
            targets = {here[one] for one in _names(node) & set(here)} - {f"{module}:{name}"}
            graph.add_edges_from((f"{module}:{name}", target) for target in targets)
    return graph


def _origin(
    module: str,
    name: str,
    known: Mapping[str, Mapping[str, Definition]],
    imports: Mapping[str, Mapping[str, tuple[str, str]]],
) -> str | None:
    """The node that a name in a module stands for, through files that hand it on. None: it is none of these."""
    seen = set()
    while module in known and (module, name) not in seen:
        seen.add((module, name))
        if name in known[module]:
            return f"{module}:{name}"
        module, name = imports[module].get(name, ("", ""))
    return None


def _names(node: ast.AST) -> set[str]:
    """The names that a definition's source holds, also those inside annotations in quotes."""
    found = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    quoted = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
    return found | {text for text in quoted if isinstance(text, str) and text.isidentifier()}
