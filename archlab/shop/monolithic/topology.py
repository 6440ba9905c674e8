"""The picture of the monolithic shop: who calls whom, by which protocol, and what is inside the process.

>>> graph = monolith_topology(["shop-1", "shop-2"], {})
>>> sorted(graph.successors("balancer"))
['shop-1', 'shop-2']
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx


def monolith_topology(
    clones: Sequence[str],
    modules: Mapping[str, str],
    workers: Mapping[str, Mapping[str, int]] | None = None,
) -> nx.DiGraph:
    """Return customers, balancer (if any), clones, database and provider. With one clone, its modules too.

    Args:
        clones: their names, which are the names of their parts.
        modules: a module's name -> the name of the part that its queries are.
        workers: a clone -> its pools of workers: the name of the part -> how many. None: not shown.

    Nodes and edges have what `Architecture.topology` says.
    """
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_node("customers", kind="client", part=None)
    for name in clones:
        graph.add_node(name, kind="process", part=name)
    graph.add_node("database", kind="database", part="database")
    graph.add_node("payment provider", kind="external", part="payment provider")
    if len(clones) > 1:
        _draw_clones(graph, clones)
    else:
        _draw_inside(graph, clones[0], modules)
    for name, pools in (workers or {}).items():
        _tell_workers(graph, name, pools)
    return graph


def _draw_clones(graph: nx.DiGraph, clones: Sequence[str]) -> None:
    """Add a balancer, and what each clone calls."""
    graph.add_node("balancer", kind="balancer", part=None)
    graph.add_edge("customers", "balancer", protocol="HTTPS")
    for name in clones:
        graph.add_edge("balancer", name, protocol="HTTP")
        graph.add_edge(name, "database", protocol="SQL")
        graph.add_edge(name, "payment provider", protocol="HTTPS")


def _draw_inside(graph: nx.DiGraph, clone: str, modules: Mapping[str, str]) -> None:
    """Add the modules of the only clone, and their calls."""
    graph.add_edge("customers", clone, protocol="HTTPS")
    for module, part in modules.items():
        graph.add_node(module, kind="module", part=part, inside=clone)
        graph.add_edge(module, "database", protocol="SQL")
    for entry in ("catalogue", "orders"):
        graph.add_edge(clone, entry, protocol="function call")
    for module in modules:
        if module != "orders":
            graph.add_edge("orders", module, protocol="function call")
    graph.add_edge("payments", "payment provider", protocol="HTTPS")


def _tell_workers(graph: nx.DiGraph, clone: str, pools: Mapping[str, int]) -> None:
    """Say where the workers of a clone are: on its cores, at the database with a connection, or at the provider.

    Who waits for a connection counts as being at the database.
    """
    at = {clone: f"{clone} cpu", "database": f"{clone} connections", "payment provider": None}
    graph.add_node(clone, workers=sum(pools.values()), pools=tuple(pools), workers_at=at)
