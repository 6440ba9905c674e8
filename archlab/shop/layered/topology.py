"""The picture of the layered shop: programs from the customers to the rows, with their layers inside.

>>> from archlab.shop.layered.config import LayeredConfig
>>> graph = layered_topology(LayeredConfig(tiers="three tiers"))
>>> sorted(graph.successors("app")), graph.edges["web", "app"]["protocol"]
(['data', 'payment provider'], 'HTTP')
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlab.shop.layered.config import LayeredConfig

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

LAYERS = ("presentation", "application", "business", "data access")


def layered_topology(config: LayeredConfig) -> nx.DiGraph:
    """Return customers, the programs, the database and the provider; in one process also its layers.

    Nodes have `kind` and `part`, edges `protocol`, as `Architecture.topology` says; the graph has `architecture`, whose
    colour its figures have.
    """
    import networkx as nx

    graph = nx.DiGraph(architecture="layered")
    graph.add_node("customers", kind="client", part=None)
    before, protocol = "customers", "HTTPS"
    for program in config.programs:
        graph.add_node(program, kind="process", part=f"{program}-1")
        graph.add_edge(before, program, protocol=protocol)
        before, protocol = program, "HTTP"
    graph.add_node("payment provider", kind="external", part="payment provider")
    pays = "app" if "app" in config.programs else config.programs[0]
    keeps = config.programs[-1]
    if len(config.programs) == 1:
        _draw_layers(graph, config)
        pays, keeps = "application", "data access"
    graph.add_edge(pays, "payment provider", protocol="HTTPS")
    if config.has_database:
        graph.add_node("database", kind="database", part="database")
        graph.add_edge(keeps, "database", protocol="SQL")
    return graph


def _draw_layers(graph: nx.DiGraph, config: LayeredConfig) -> None:
    """Add the layers of the one program, each calling the next. They work on its cores; the last one sends queries."""
    before = program = config.programs[0]
    for layer in LAYERS:
        asks = layer == LAYERS[-1] and config.has_database
        part = f"{layer} queries" if asks else f"{program}-1 cpu"
        graph.add_node(layer, kind="module", part=part, inside=program)
        graph.add_edge(before, layer, protocol="function call")
        before = layer
