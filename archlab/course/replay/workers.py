"""Where the workers of a process are at a moment of a recording, as the states of its parts tell.

>>> import networkx as nx
>>> graph = nx.DiGraph([("shop", "provider")])
>>> graph.add_node("shop", workers=4, pools=("shop",), workers_at={"provider": None})
>>> workers_of(graph, {"shop": State(queue_length=9, busy=3, capacity=4, is_up=True)})
({'shop': {'provider': 3}}, {'shop': 4})
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archlab.course.figures.discs import capacities
from archlab.course.figures.tokens import whereabouts
from archlab.course.replay.recording import State

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx


def parts_of_workers(graph: nx.DiGraph) -> set[str]:
    """Return the parts from whose states it follows where the workers of all processes are."""
    at = [graph.nodes[process]["workers_at"].values() for process in capacities(graph)]
    pools = [graph.nodes[process]["pools"] for process in capacities(graph)]
    return {part for group in (*at, *pools) for part in group if part is not None}


def workers_of(
    graph: nx.DiGraph, states: Mapping[str, State]
) -> tuple[dict[Any, dict[Any, int]], dict[Any, int]]:
    """Return where the busy workers of each process are, and how many workers it has; none while it is down."""
    inside = {part: state.busy + state.queue_length for part, state in states.items()}
    busy, capacity = {}, {}
    for process in capacities(graph):
        pools = [states[part] for part in graph.nodes[process]["pools"] if part in states]
        up = [pool for pool in pools if pool.is_up]
        busy[process] = whereabouts(graph, process, sum(pool.busy for pool in up), inside)
        capacity[process] = sum(pool.capacity for pool in up)
    return busy, capacity
