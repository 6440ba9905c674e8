"""The picture of the serverless shop: what starts each function, and what each one uses.

>>> graph = serverless_topology(has_pool=True, has_keys=False)
>>> sorted(graph.successors("gateway")), list(graph.successors("connection pool"))
(['browse', 'place_order', 'track_order'], ['database'])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlab.shop.serverless.steps import BY_CALL, BY_REQUEST

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx


def serverless_topology(has_pool: bool, has_keys: bool) -> nx.DiGraph:
    """Return customers, gateway, functions with what starts them, database and provider.

    Args:
        has_pool: whether a connection pool stands in front of the database.
        has_keys: whether there is a function that finishes orders.

    Nodes have `kind` and `part`, edges `protocol`, as `Architecture.topology` says; the graph has `architecture`, whose
    colour its figures have.
    """
    import networkx as nx

    graph = nx.DiGraph(architecture="serverless")
    graph.add_node("customers", kind="client", part=None)
    _add(graph, "gateway", "gateway")
    graph.add_edge("customers", "gateway", protocol="HTTPS")
    for name in (*BY_REQUEST, *BY_CALL, "notify", "report"):
        _add(graph, name, "function")
    graph.add_edges_from((("gateway", name) for name in BY_REQUEST), protocol="invoke")
    graph.add_edges_from((("place_order", name) for name in BY_CALL), protocol="invoke")
    _draw_what_is_behind(graph, has_keys)
    _draw_database(graph, has_pool)
    _add(graph, "payment provider", "external")
    graph.add_edges_from(
        ((name, "payment provider") for name in ("take_payment", "settle")), protocol="HTTPS"
    )
    return graph


def _draw_what_is_behind(graph: nx.DiGraph, has_keys: bool) -> None:
    """Add queue, stream, clock and store, and the functions that they start."""
    _add(graph, "notifications", "queue")
    _add(graph, "new orders", "broker")
    _add(graph, "pictures", "database")
    graph.add_node("clock", kind="client", part=None)
    graph.add_edges_from(
        (("place_order", name) for name in ("notifications", "new orders")), protocol="events"
    )
    graph.add_edge("notifications", "notify", protocol="batch")
    graph.add_edge("new orders", "report", protocol="batch")
    for name in ("settle", "finish_orders")[: 1 + has_keys]:
        _add(graph, name, "function")
        graph.add_edge("clock", name, protocol="schedule")
    if has_keys:
        graph.add_edge("finish_orders", "place_order", protocol="invoke")
    _add(graph, "picture", "function")
    graph.add_node("staff", kind="client", part=None)
    graph.add_edge("staff", "pictures", protocol="HTTPS")
    graph.add_edge("pictures", "picture", protocol="object created")


def _draw_database(graph: nx.DiGraph, has_pool: bool) -> None:
    """Add the database, which every function uses, by way of the pool if there is one."""
    functions = [name for name, kind in graph.nodes(data="kind") if kind == "function"]
    _add(graph, "database", "database")
    entry = "database"
    if has_pool:
        entry = "connection pool"
        _add(graph, entry, "balancer")
        graph.add_edge(entry, "database", protocol="SQL")
    graph.add_edges_from(((name, entry) for name in functions), protocol="SQL")


def _add(graph: nx.DiGraph, name: str, kind: str) -> None:
    graph.add_node(name, kind=kind, part=name)
