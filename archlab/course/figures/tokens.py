"""Tokens: the workers of a process, one small disc each, drawn at the part that they wait for.

A process says so in the graph: `workers` is how many it has; `workers_at` says where those that are busy are, as
node -> the part whose requests, served and waiting, are such workers. The node with None has all the others.

>>> import networkx as nx
>>> graph = nx.DiGraph([("shop", "provider")])
>>> graph.add_node("shop", workers=4, workers_at={"shop": "cpu", "provider": None})
>>> whereabouts(graph, "shop", busy=3, inside={"cpu": 1})
{'shop': 1, 'provider': 2}
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from archlab.course.figures.frames import Arrangement
from archlab.course.figures.shapes import HEIGHT

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

COLUMNS = 12
"""Tokens beside each other below a part."""
APART, ROW, BELOW = 0.062, 0.105, 0.08
"""Distance of tokens, across and up, and of the first row from the part above it."""
MOST = 24
"""With more workers than this, a token stands for several."""


@dataclass(frozen=True)
class Tokens:
    """Places of tokens: an array of shape (tokens, 2), and whether each is free (in its process, without work)."""

    places: np.ndarray
    are_free: np.ndarray


def whereabouts(graph: nx.DiGraph, process: Any, busy: int, inside: Mapping[str, int]) -> dict[Any, int]:
    """Return where the busy workers of a process are: node -> how many.

    Args:
        busy: how many are.
        inside: part -> how many requests are served or wait there.
    """
    found: dict[Any, int] = {}
    left = busy
    wanted = graph.nodes[process].get("workers_at", {})
    for node, part in wanted.items():
        if part is not None:
            found[node] = min(left, inside.get(part, 0))
            left -= found[node]
    return found | {node: left for node, part in wanted.items() if part is None}


def tokens(
    arrangement: Arrangement,
    busy: Mapping[Any, Mapping[Any, int]],
    capacity: Mapping[Any, int],
) -> Tokens:
    """Return where the tokens of all processes stand.

    Args:
        busy: process -> node -> how many of its workers are there. The others are free.
        capacity: process -> how many workers it has; 0 while it is down.
    """
    each = workers_a_token(capacity)
    counts: dict[Any, int] = {}
    free: dict[Any, int] = {}
    for process, all_workers in capacity.items():
        there = busy.get(process, {})
        for node, count in there.items():
            counts[node] = counts.get(node, 0) + math.ceil(count / each)
        free[process] = math.ceil(max(0, all_workers - sum(there.values())) / each)
    places, are_free = [], []
    for node in dict.fromkeys([*counts, *free]):
        kinds = [False] * counts.get(node, 0) + [True] * free.get(node, 0)
        columns = MOST if node in arrangement.frames else COLUMNS
        places += pile(_below(node, arrangement), len(kinds), columns)
        are_free += kinds
    return Tokens(np.array(places, dtype=float).reshape(-1, 2), np.array(are_free, dtype=bool))


def workers_a_token(capacity: Mapping[Any, int]) -> int:
    """Return how many workers a token stands for.

    >>> workers_a_token({"shop-1": 16}), workers_a_token({"shop-1": 64})
    (1, 3)
    """
    return max(1, math.ceil(max(capacity.values(), default=0) / MOST))


def pile(top: tuple[float, float], count: int, columns: int = COLUMNS) -> list[tuple[float, float]]:
    """Return places in rows around the middle of `top`, the upper row first.

    >>> pile((0.0, 0.0), 1), len(pile((0.0, 0.0), 30))
    ([(0.0, 0.0)], 30)
    """
    x, y = top
    rows = [min(columns, count - start) for start in range(0, count, columns)]
    return [
        (x + APART * (column - (length - 1) / 2), y - ROW * row)
        for row, length in enumerate(rows)
        for column in range(length)
    ]


def _below(node: Any, arrangement: Arrangement) -> tuple[float, float]:
    """Where the first row of tokens at a node stands: on the floor of a frame, or below a shape."""
    if node in arrangement.frames:
        return arrangement.frames[node].floor
    x, y = arrangement.places[node]
    return x, y - HEIGHT / 2 - BELOW
