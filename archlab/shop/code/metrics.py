"""Code metrics: who imports whom, who calls whom, how large the parts are, and what ties them to a library.

Measured on the source itself, without running it. Afferent coupling (fan-in) counts who depends on a part,
efferent coupling (fan-out) whom it depends on (R. C. Martin, *Agile Software Development*, 2002;
https://en.wikipedia.org/wiki/Software_package_metrics).

>>> import networkx as nx
>>> graph = nx.DiGraph([("orders", "stock"), ("orders", "payments"), ("catalogue", "stock")])
>>> coupling(graph).set_index("component").instability.to_dict()
{'catalogue': 1.0, 'orders': 1.0, 'payments': 0.0, 'stock': 0.0}
"""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from archlab.shop.code.source import Component, docstrings

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

Import = ast.Import | ast.ImportFrom

NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
"""Tokens that do not make a line a line of code."""


def import_graph(components: Sequence[Component]) -> nx.DiGraph:
    """Return which module imports which, among the modules given.

    An edge a -> b means that a imports b, or something from b, anywhere in its file.
    """
    import networkx as nx

    names = {component.name for component in components}
    graph = nx.DiGraph()
    graph.add_nodes_from(sorted(names))
    for component in components:
        for _, _, imported in _imports(component):
            target = longest_known(imported, names)
            if target is not None and target != component.name:
                graph.add_edge(component.name, target)
    return graph


def _imports(component: Component) -> Iterator[tuple[Import, str, str]]:
    """Yield each import of a component's file: statement, local name, full dotted name."""
    for node in ast.walk(component.module):
        if isinstance(node, Import):
            base = _base(node, component)
            for alias in node.names:
                yield node, alias.asname or alias.name, f"{base}{alias.name}"


def _base(statement: Import, importer: Component) -> str:
    """Return what stands before the imported names, with its dot: "" or "package.module."."""
    if isinstance(statement, ast.Import):
        return ""
    package: list[str] = []
    if statement.level:
        up = statement.level - (importer.path.name == "__init__.py")
        parts = importer.name.split(".")
        package = parts[: len(parts) - up]
    return "".join(f"{part}." for part in [*package, statement.module] if part)


def longest_known(dotted: str, names: set[str]) -> str | None:
    """Return the longest beginning of a dotted name that is one of the names; None when there is none."""
    parts = dotted.split(".")
    beginnings = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((beginning for beginning in beginnings if beginning in names), None)


def coupling(graph: nx.DiGraph) -> pd.DataFrame:
    """Return each component's coupling in an import graph or a call graph.

    Columns: component, afferent (fan-in), efferent (fan-out), instability = efferent / (afferent + efferent):
    0 for a part that others build on and that needs none, 1 for the reverse, NaN for one that stands alone.
    """
    rows = [(name, graph.in_degree(name), graph.out_degree(name)) for name in sorted(graph)]
    frame = pd.DataFrame(rows, columns=["component", "afferent", "efferent"])
    return frame.assign(instability=frame.efferent / (frame.afferent + frame.efferent))


def lines_of_code(components: Sequence[Component]) -> pd.DataFrame:
    """Return the size of each component: columns component, lines (without blanks, comments, docstrings)."""
    rows = [(component.name, len(_code_lines(component))) for component in components]
    return pd.DataFrame(rows, columns=["component", "lines"])


def _code_lines(component: Component) -> set[int]:
    with tokenize.open(component.path) as file:
        tokens = [token for token in tokenize.generate_tokens(file.readline) if token.type not in NO_CODE]
    lines = {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}
    for text in docstrings(component.node):
        lines -= set(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return lines & set(_extent(component))


def _extent(component: Component) -> range:
    """Return the lines a component spans, decorators included."""
    node = component.node
    if isinstance(node, ast.Module):
        return range(1, max((statement.end_lineno or 0 for statement in node.body), default=0) + 1)
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return range(first, (node.end_lineno or first) + 1)


def lock_in(components: Sequence[Component], library: str) -> pd.DataFrame:
    """Return how many lines tie each component to a library: what a change of the library must touch.

    Columns: component, imports (lines that import it), uses (other lines that name what was imported).
    A line that only uses an object of the library, such as `connection.execute(...)`, is not seen: errs low.
    """
    rows = []
    for component in components:
        found = [(node, local) for node, local, full in _imports(component) if longest_known(full, {library})]
        locals_ = {local.split(".")[0] for _, local in found}
        imports = {node.lineno for node, _ in found} & set(_extent(component))
        names = (node for node in ast.walk(component.node) if isinstance(node, ast.Name))
        uses = {name.lineno for name in names if name.id in locals_}
        rows.append((component.name, len(imports), len(uses - imports)))
    return pd.DataFrame(rows, columns=["component", "imports", "uses"])


def imported_components(component: Component, names: set[str]) -> dict[str, str]:
    """Return the local names in a component's file that stand for one of the modules, with the module."""
    found = {local: longest_known(full, names) for _, local, full in _imports(component)}
    return {local: target for local, target in found.items() if target is not None}


def imported_names(component: Component) -> dict[str, tuple[str, str]]:
    """Return the local names that a file imports from modules, each with the module and the name it has there."""
    found = {}
    for node, local, full in _imports(component):
        if isinstance(node, ast.ImportFrom):
            module, _, name = full.rpartition(".")
            found[local] = (module, name)
    return found


def imported_modules(component: Component) -> set[str]:
    """Return the full dotted names that a file imports: modules, and what is taken from modules."""
    return {full for _, _, full in _imports(component)}
