"""Dependencies: which part of a shop's code depends on which, in the layers and in the monolith, in the same use.

Both shops are used through the same JSON presentation. The parts are the classes and functions that run then, so both
sets are comparable: their own ones, and those of `archlab.shop` that they use. One depends on another when its source
names it, or (`called`) when it was seen to call it. The first errs low: the layered shop hides what it calls behind an
interface, and the monolith behind its program. `wiring`: the parts that only put the others together. In the monolith
they matter: each module holds the program, and so may reach every other. Without wiring only real calls are left, as if
each module were handed just what it calls; that is the monolith at its best.

What this leaves out: classes that have no function that runs, such as plain records, and branches that these use cases
do not take.

>>> graph = dependencies("layered")
>>> {layer_of(node) for node in graph if "Repository" in node}
{'data access'}
>>> skips = [a for a, b in graph.edges if layer_of(a) == "application" and layer_of(b) == "data access"]
>>> skips[0].rpartition(":")[2]
'Application'
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from archlab.chapters.layered.concerns import LAYERS
from archlab.chapters.layered.traced import ROOT, Call, traced
from archlab.shop.architecture import Architecture
from archlab.shop.code.definitions import definition_graph
from archlab.shop.code.propagation import in_circles, propagation_cost
from archlab.shop.code.source import modules
from archlab.shop.layered.architecture import Layered
from archlab.shop.layered.presentation import JsonApi
from archlab.shop.monolithic.architecture import Monolith
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

SHOPS = {"layered": Layered, "monolithic": Monolith}
TOO_MANY = 10**9
"""Pieces: more than any shop here has. As the number of a product, one that is not there."""

REQUESTS = (
    '{"use_case": "browse", "product": 1}',
    f'{{"use_case": "browse", "product": {TOO_MANY}}}',
    '{"use_case": "place_order", "order_id": 7, "basket": {"1": 2}}',
    f'{{"use_case": "place_order", "order_id": 8, "basket": {{"1": {TOO_MANY}}}}}',
    '{"use_case": "place_order", "order_id": 7, "basket": {"2": 1}}',
    '{"use_case": "track_order", "order_id": 7}',
    '{"use_case": "track_order", "order_id": 8}',
)
"""Every use case of the shop, each answered and each refused, and an order that is sent twice."""

WIRING = frozenset(
    {"Layered", "LayeredConfig", "Tier", "HealthChecks", "Architecture"}
    | {"Monolith", "MonolithConfig", "Program", "Module", "Clone"}
)
"""Parts that put the others together, or stand for machines."""

IN_LAYER = {"archlab.shop.store": "data access", "archlab.shop.database": "data access"}


def use(shop: Architecture) -> None:
    """Send `REQUESTS`, and wait until the money is taken."""
    desk: Any = shop.application if isinstance(shop, Layered) else shop
    api = JsonApi(desk)
    for request in REQUESTS:
        shop.answer(api.handle(request))
    shop.sim.run(until=shop.sim.now + 2 * shop.config.settle_every_s)  # type: ignore[attr-defined]


@cache
def calls_of(name: str) -> tuple[Call, ...]:
    """Return the calls between functions that were seen while a shop was used: "layered" or "monolithic"."""
    require_one_of("name", name, list(SHOPS))
    shop = SHOPS[name](Simulation(seed=1))
    return tuple(traced(lambda: use(shop)))


@cache
def named() -> nx.DiGraph:
    """Return which definition of `archlab.shop` names which, for all shops."""
    return definition_graph(modules(ROOT / "shop"))


def dependencies(name: str, called: bool = True, wiring: bool = True) -> nx.DiGraph:
    """Return which part depends on which: nodes "module:Name". See the module for `called` and `wiring`.

    Raises:
        ValueError: when there is no such shop.
    """
    import networkx as nx

    calls = calls_of(name)
    parts = {place.definition for call in calls for place in call if place is not None}
    graph = nx.DiGraph(named().subgraph(parts))
    if called:
        seen = {(caller.definition, one.definition) for caller, one in calls if caller is not None}
        graph.add_edges_from((a, b) for a, b in seen if a != b)
    left_out = [] if wiring else [node for node in graph if node.rpartition(":")[2] in WIRING]
    graph.remove_nodes_from(left_out)
    return graph


def layer_of(definition: str) -> str:
    """Return the layer that a definition belongs to; "" for what is shared by all layers, and for wiring."""
    module = definition.partition(":")[0]
    folder = module.removeprefix("archlab.shop.layered.").split(".")[0].replace("_", " ")
    return folder if folder in LAYERS else IN_LAYER.get(module, "")


def table() -> pd.DataFrame:
    """Compare propagation cost, read in four ways.

    Columns: shop, called, wiring, parts, propagation_percent, in_circles (parts that depend on themselves).
    """
    rows = []
    for called in (False, True):
        for wiring in (True, False):
            for name in SHOPS:
                graph = dependencies(name, called, wiring)
                cost = 100 * propagation_cost(graph)
                rows.append((name, called, wiring, len(graph), cost, len(in_circles(graph))))
    columns = ["shop", "called", "wiring", "parts", "propagation_percent", "in_circles"]
    return pd.DataFrame(rows, columns=columns)
