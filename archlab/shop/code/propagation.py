"""Propagation cost: the share of a program that a change somewhere may reach, over all the ways that dependencies go.

It is the share of ones in the *visibility matrix*: a row a module, a column a module, 1 where the first depends on the
second, directly or through others. Every module sees itself. So it lies between 1/n (nobody depends on anybody) and 1
(all of them in one circle). A. MacCormack, J. Rusnak, C. Baldwin, "Exploring the Structure of Complex Software
Designs", *Management Science* 52 (2006); Harvard Business School working paper 05-016.

What this leaves out: how strong a dependency is, and how likely a change. A change of what nobody sees from outside
reaches nobody, and counts here as any other: it errs high, for all programs alike.

>>> import networkx as nx
>>> graph = nx.DiGraph([("screen", "rules"), ("rules", "rows")])
>>> round(propagation_cost(graph), 3), sorted(must_be_tested_again(graph, "rows"))
(0.667, ['rows', 'rules', 'screen'])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx


def visibility(graph: nx.DiGraph) -> pd.DataFrame:
    """Return the visibility matrix: True in row a, column b when a depends on b, directly or through others, or is b.

    Raises:
        ValueError: when the graph has no module.
    """
    import networkx as nx

    _require_modules(graph)
    nodes = list(graph)
    seen = {node: {node, *nx.descendants(graph, node)} for node in nodes}
    return pd.DataFrame([[b in seen[a] for b in nodes] for a in nodes], index=nodes, columns=nodes)


def propagation_cost(graph: nx.DiGraph) -> float:
    """Return the share of ones in the visibility matrix of a graph of who depends on whom.

    Raises:
        ValueError: when the graph has no module.
    """
    import networkx as nx

    _require_modules(graph)
    return sum(1 + len(nx.descendants(graph, node)) for node in graph) / len(graph) ** 2


def must_be_tested_again(graph: nx.DiGraph, module: str) -> set[str]:
    """Return the modules that a change of one may reach, itself among them: those that depend on it.

    Raises:
        ValueError: when the module is not in the graph.
    """
    import networkx as nx

    if module not in graph:
        raise ValueError(f"module is {module!r}; it must be one of the {len(graph)} of the graph")
    return {module, *nx.ancestors(graph, module)}


def in_circles(graph: nx.DiGraph) -> set[str]:
    """Return the modules that depend on themselves through others: a change of one may come back to it."""
    import networkx as nx

    groups = nx.strongly_connected_components(graph)
    return {node for group in groups if len(group) > 1 for node in group}


def _require_modules(graph: nx.DiGraph) -> None:
    if not len(graph):
        raise ValueError("graph has 0 modules; it must have 1 or more")
