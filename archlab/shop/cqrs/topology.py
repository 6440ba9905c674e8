"""The picture of the shop with separate models: commands on one side, questions on the other, and what goes across.

>>> from archlab.shop.cqrs.config import CqrsConfig
>>> from archlab.shop.cqrs.questions import Question
>>> graph = cqrs_topology(CqrsConfig(read_models=[Question.ORDER]))
>>> sorted(graph.successors("database")), sorted(graph.successors("queries"))
(['order page projector'], ['database', 'order page database'])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlab.shop.cqrs.config import CqrsConfig, follower_of
from archlab.shop.cqrs.questions import Question

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx


def cqrs_topology(config: CqrsConfig) -> nx.DiGraph:
    """Return customers, both programs, the databases with their followers, and the provider.

    Nodes have `kind` and `part`, edges `protocol`, as `Architecture.topology` says; the graph has `architecture`, whose
    colour its figures have.
    """
    import networkx as nx

    graph = nx.DiGraph(architecture="cqrs")
    graph.add_node("customers", kind="client", part=None)
    for program in ("commands", "queries"):
        graph.add_node(program, kind="process", part=f"{program}-1")
        graph.add_edge("customers", program, protocol="HTTPS")
    graph.add_node("database", kind="database", part="database")
    graph.add_edge("commands", "database", protocol="SQL")
    graph.add_node("payment provider", kind="external", part="payment provider")
    graph.add_edge("commands", "payment provider", protocol="HTTPS")
    for server in config.read_servers:
        follower = follower_of(server)
        graph.add_node(follower, kind="process", part=follower)
        graph.add_node(server, kind="database", part=server)
        graph.add_edge("database", follower, protocol="log")
        graph.add_edge(follower, server, protocol="SQL")
        graph.add_edge("queries", server, protocol="SQL")
    if not config.read_servers or set(config.read_models) != set(Question):
        graph.add_edge("queries", "database", protocol="SQL")
    return graph
