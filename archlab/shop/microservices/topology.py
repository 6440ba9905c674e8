"""The picture of the shop as microservices: who calls whom, and by which protocol.

>>> copies = {"gateway": ["gateway-1"], "orders": ["orders-1", "orders-2"]}
>>> graph = microservices_topology(copies, [("gateway", "orders")])
>>> list(graph.successors("gateway")), list(graph.successors("orders-2"))
(['orders-1', 'orders-2'], ['orders database'])
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

DRAWN_ONE_BY_ONE = 2
"""Of a program with more instances than this, one node stands for all of them, with the first as its part."""

PLACED = ("gateway", "orders", "catalogue", "inventory", "payments", "notifications")
"""The order in which programs are drawn from top to bottom, with few lines that cross. The orders database is last."""


def microservices_topology(
    instances: Mapping[str, Sequence[str]], calls: Iterable[tuple[str, str]], protocol: str = "HTTP"
) -> nx.DiGraph:
    """Return customers, gateway, services, their databases and the provider.

    Args:
        instances: gateway or service -> the names of its running copies.
        calls: who calls whom, by the names of programs.
        protocol: of these calls.

    Nodes have `kind` and `part`, edges `protocol`, as `Architecture.topology` says; the graph has `architecture`, whose
    colour its figures have.
    """
    import networkx as nx

    nodes = {name: _nodes(name, instances[name]) for name in PLACED if name in instances}
    graph = nx.DiGraph(architecture="microservices")
    graph.add_node("customers", kind="client", part=None)
    for program, drawn in nodes.items():
        _draw(graph, program, drawn)
    graph.add_edges_from((("customers", node) for node in nodes["gateway"]), protocol="HTTPS")
    for program in nodes:
        _draw_what_it_uses(graph, program, nodes[program])
    for caller, called in calls:
        graph.add_edges_from(((a, b) for a in nodes[caller] for b in nodes[called]), protocol=protocol)
    return graph


def _nodes(program: str, copies: Sequence[str]) -> dict[str, str]:
    """The nodes that stand for a program's instances -> the part that each shows."""
    if len(copies) == 1:
        return {program: copies[0]}
    if len(copies) <= DRAWN_ONE_BY_ONE:
        return {name: name for name in copies}
    return {f"{program} ×{len(copies)}": copies[0]}


def _draw(graph: nx.DiGraph, program: str, drawn: Mapping[str, str]) -> None:
    """Add a program, and below it what only this program uses."""
    for node, part in drawn.items():
        graph.add_node(node, kind="gateway" if program == "gateway" else "process", part=part)
    if program not in ("gateway", "orders"):
        _add(graph, f"{program} database", "database")
    if program == "payments":
        _add(graph, "payment provider", "external")


def _draw_what_it_uses(graph: nx.DiGraph, program: str, drawn: Iterable[str]) -> None:
    """Add the lines from a program to its database, and to the provider."""
    if program == "orders":
        _add(graph, "orders database", "database")
    if program != "gateway":
        graph.add_edges_from(((node, f"{program} database") for node in drawn), protocol="SQL")
    if program == "payments":
        graph.add_edges_from(((node, "payment provider") for node in drawn), protocol="HTTPS")


def _add(graph: nx.DiGraph, name: str, kind: str) -> None:
    graph.add_node(name, kind=kind, part=name)
