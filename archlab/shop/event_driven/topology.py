"""The picture of the event-driven shop: who publishes to the topic, who reads it, and what each has for itself.

Almost all components do both, so one line stands for both: it leads to the topic from those that customers ask and
that publish, and from it to the others, as an order takes its way.

>>> copies = {"web": ["web-1"], "orders": ["orders-1"], "inventory": ["inventory-1"]}
>>> graph = event_driven_topology(copies, answers=["orders"], publishes=["orders", "inventory"], reads=["inventory"])
>>> list(graph.successors("web")), list(graph.successors("orders")), list(graph.successors("shop events"))
(['orders'], ['orders database', 'shop events'], ['inventory'])
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

TOPIC = "shop events"


def event_driven_topology(
    instances: Mapping[str, Sequence[str]],
    answers: Collection[str],
    publishes: Collection[str],
    reads: Collection[str],
    protocol: str = "events",
) -> nx.DiGraph:
    """Return customers, door, topic, components, their databases and the provider.

    Args:
        instances: "web" or component -> the names of its running copies. One node stands for all copies.
        answers: the components that customers ask, by way of the door.
        publishes, reads: the components that publish to the topic, and those that read it.
        protocol: of both.

    Nodes have `kind` and `part`, edges `protocol`, as `Architecture.topology` says; the graph has `architecture`, whose
    colour its figures have.
    """
    import networkx as nx

    graph = nx.DiGraph(architecture="event-driven")
    graph.add_node("customers", kind="client", part=None)
    in_order = sorted(instances, key=lambda name: name == "payments")  # the last one, beside its provider
    counts = {name: len(instances[name]) for name in in_order}
    nodes = {name: name if count == 1 else f"{name} ×{count}" for name, count in counts.items()}
    graph.add_node(nodes["web"], kind="gateway", part=instances["web"][0])
    graph.add_edge("customers", nodes["web"], protocol="HTTPS")
    for name, node in nodes.items():
        if name != "web":
            graph.add_node(node, kind="process", part=instances[name][0])
            graph.add_node(f"{name} database", kind="database", part=f"{name} database")
            graph.add_edge(node, f"{name} database", protocol="SQL")
    graph.add_edges_from(((nodes["web"], nodes[name]) for name in answers), protocol="HTTP")
    _draw_topic(graph, nodes, [name for name in answers if name in publishes], {*publishes, *reads}, protocol)
    if "payments" in nodes:
        graph.add_node("payment provider", kind="external", part="payment provider")
        graph.add_edge(nodes["payments"], "payment provider", protocol="HTTPS")
    return graph


def _draw_topic(
    graph: nx.DiGraph,
    nodes: Mapping[str, str],
    before: Collection[str],
    taking_part: Collection[str],
    protocol: str,
) -> None:
    """Add the topic, and a line for each component that publishes to it or reads it."""
    graph.add_node(TOPIC, kind="broker", part=TOPIC)
    for name, node in nodes.items():
        if name in taking_part:
            graph.add_edge(*((node, TOPIC) if name in before else (TOPIC, node)), protocol=protocol)
