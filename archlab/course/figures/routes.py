"""Routes: places for the parts of a topology in layers, and ways for the calls that do not cross a part.

>>> import networkx as nx
>>> layered(nx.DiGraph([("customers", "shop"), ("shop", "database")]))
{'customers': (0, 0.0), 'shop': (1, 0.0), 'database': (2, 0.0)}
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from archlab.course.figures.shapes import HEIGHT, WIDTH

if TYPE_CHECKING:  # networkx and matplotlib are loaded when something is drawn
    import networkx as nx
    from matplotlib.path import Path

Place = tuple[int, float]


def layered(graph: nx.DiGraph) -> dict[Any, Place]:
    """Return a place for each node: the layer (longest way from a caller that nobody calls), and the row
    around 0.

    Nodes that call each other in a circle share a layer.
    """
    import networkx as nx

    circles = nx.condensation(graph)
    order = {node: number for number, node in enumerate(graph)}
    places: dict[Any, Place] = {}
    for layer, generation in enumerate(nx.topological_generations(circles)):
        members = sorted(
            (node for circle in generation for node in circles.nodes[circle]["members"]),
            key=order.__getitem__,
        )
        places |= {node: (layer, (len(members) - 1) / 2 - row) for row, node in enumerate(members)}
    return {node: places[node] for node in graph}


def route(places: dict[Any, Place], caller: Any, called: Any) -> Path:
    """Return the way of a call: to the right through free room in the layers between, or back below."""
    (x0, y0), (x1, y1) = places[caller], places[called]
    if x1 <= x0:
        return _back(places[caller], places[called])
    stops = [(x0 + WIDTH / 2, y0)]
    for layer in range(x0 + 1, x1):
        straight_y = y0 + (y1 - y0) * (layer - x0) / (x1 - x0)
        free_y = min(_gaps(places, layer), key=lambda y: abs(y - straight_y))
        stops += [(layer - WIDTH / 2, free_y), (layer + WIDTH / 2, free_y)]
    return smooth([*stops, (x1 - WIDTH / 2, y1)])


def _gaps(places: dict[Any, Place], layer: int) -> list[float]:
    """The middles of the free rooms in a layer: above, below and between its nodes."""
    rows = sorted(y for x, y in places.values() if x == layer)
    return [rows[0] - 0.5, *(np.add(rows[1:], rows[:-1]) / 2), rows[-1] + 0.5]


def smooth(stops: list[tuple[float, float]]) -> Path:
    """Return a curve through the stops: level at each; a straight line when there are two."""
    from matplotlib.path import Path

    points, codes = [stops[0]], [Path.MOVETO]
    if len(stops) == 2:
        return Path(stops, [Path.MOVETO, Path.LINETO])
    for (x0, y0), (x1, y1) in pairwise(stops):
        middle = (x0 + x1) / 2
        points += [(middle, y0), (middle, y1), (x1, y1)]
        codes += [Path.CURVE4] * 3
    return Path(points, codes)


def _back(caller: Place, called: Place) -> Path:
    """From the caller's lower edge to the other's, in a bow below both."""
    from matplotlib.path import Path

    (x0, y0), (x1, y1) = caller, called
    low = min(y0, y1) - HEIGHT
    ends = (x0, y0 - HEIGHT / 2), (x1, y1 - HEIGHT / 2)
    return Path([ends[0], (x0, low), (x1, low), ends[1]], [Path.MOVETO, *[Path.CURVE4] * 3])
