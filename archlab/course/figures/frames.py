"""Frames: a process is drawn around the modules that are inside it, with its name on top and its workers below.

A node of the graph is inside a process when its attribute `inside` names that process.

>>> import networkx as nx
>>> graph = nx.DiGraph([("customers", "shop"), ("shop", "orders"), ("orders", "stock")])
>>> for module in ("orders", "stock"):
...     graph.nodes[module]["inside"] = "shop"
>>> picture = arranged(graph)
>>> list(picture.places), picture.frames["shop"].members
(['customers', 'orders', 'stock'], ('orders', 'stock'))
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archlab.course.figures.routes import Place, layered, route, smooth
from archlab.course.figures.shapes import HEIGHT, WIDTH

if TYPE_CHECKING:  # networkx and matplotlib are loaded when something is drawn
    import networkx as nx
    from matplotlib.patches import Rectangle
    from matplotlib.path import Path

BESIDE = 0.09
"""Room between a frame and the parts in it, at the sides and above and below."""
TITLE = 0.34
"""Height of the strip with the name, on top."""
INSIDE = "#F6F6F6"
"""The paper inside a frame."""
FLOOR = 0.26
"""Height of the room for workers, below."""


@dataclass(frozen=True)
class Frame:
    """The outline of a process around its modules: left, right, lower and upper edge."""

    members: tuple[Any, ...]
    x0: float
    x1: float
    y0: float
    y1: float

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of the strip with the name."""
        return (self.x0 + self.x1) / 2, self.y1 - TITLE / 2

    @property
    def floor(self) -> tuple[float, float]:
        """The middle of the room for workers."""
        return (self.x0 + self.x1) / 2, self.y0 + FLOOR / 2

    def outline(self) -> Rectangle:
        from matplotlib.patches import Rectangle

        return Rectangle((self.x0, self.y0), self.x1 - self.x0, self.y1 - self.y0)

    def strip(self) -> Rectangle:
        from matplotlib.patches import Rectangle

        return Rectangle((self.x0, self.y1 - TITLE), self.x1 - self.x0, TITLE)

    def holds(self, place: Place) -> bool:
        """Whether a part at this place would lie in the frame or on its edge."""
        x, y = place
        across = self.x0 - WIDTH / 2 < x < self.x1 + WIDTH / 2
        return across and self.y0 - HEIGHT / 2 < y < self.y1 + HEIGHT / 2


@dataclass(frozen=True)
class Arrangement:
    """Where everything stands: a place for each part that is drawn as a shape, and the frames of the others."""

    places: dict[Any, Place]
    frames: dict[Any, Frame]

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """The least and greatest x, then y, of shapes and frames."""
        xs = [x + side for x, _ in self.places.values() for side in (-WIDTH / 2, WIDTH / 2)]
        ys = [y + side for _, y in self.places.values() for side in (-HEIGHT / 2, HEIGHT / 2)]
        xs += [x for frame in self.frames.values() for x in (frame.x0, frame.x1)]
        ys += [y for frame in self.frames.values() for y in (frame.y0, frame.y1)]
        return min(xs), max(xs), min(ys), max(ys)

    def routes(self, graph: nx.DiGraph) -> Iterator[Path]:
        """The way of each call. A call to a process ends at its frame; one from there to its modules is not drawn."""
        for caller, called in graph.edges:
            if called in self.frames:
                yield self._into(self.places[caller], self.frames[called])
            elif caller not in self.frames:
                yield route(self.places, caller, called)

    def _into(self, caller: Place, frame: Frame) -> Path:
        x, y = caller
        return smooth([(x + WIDTH / 2, y), (frame.x0, min(max(y, frame.y0 + BESIDE), frame.y1 - TITLE))])


def arranged(graph: nx.DiGraph) -> Arrangement:
    """Arrange a graph in layers, and draw frames around the modules of each process.

    A part that would lie in the frame of another process is moved behind it. A process is drawn as a shape of its own,
    and its modules beside it, when it calls parts outside by itself, or when that does not help.
    """
    import networkx as nx

    inside: dict[Any, list[Any]] = {}
    for node, process in graph.nodes(data="inside"):
        if process in graph:
            inside.setdefault(process, []).append(node)
    only_entries = all(set(graph.successors(process)) <= set(inside[process]) for process in inside)
    if not inside or not only_entries:
        return Arrangement(layered(graph), {})
    inner = _without(graph, inside)
    arrangement = _framed(inner, inside)
    if strangers := _strangers(arrangement):
        behind = [
            (member, stranger) for members in inside.values() for member in members for stranger in strangers
        ]
        arrangement = _framed(nx.DiGraph([*inner.edges, *behind]), inside)
    return Arrangement(layered(graph), {}) if _strangers(arrangement) else arrangement


def _framed(inner: nx.DiGraph, inside: dict[Any, list[Any]]) -> Arrangement:
    places = layered(inner)
    frames = {process: _around(tuple(members), places) for process, members in inside.items()}
    return Arrangement(places, frames)


def _strangers(arrangement: Arrangement) -> list[Any]:
    """The parts that lie in the frame of a process and are not inside it."""
    return [
        node
        for frame in arrangement.frames.values()
        for node, place in arrangement.places.items()
        if node not in frame.members and frame.holds(place)
    ]


def _without(graph: nx.DiGraph, inside: dict[Any, list[Any]]) -> nx.DiGraph:
    """The graph in which the callers of a process call its modules themselves."""
    import networkx as nx

    inner = nx.DiGraph(graph)
    for process in inside:
        inner.add_edges_from((a, b) for a in graph.predecessors(process) for b in graph.successors(process))
        inner.remove_node(process)
    return inner


def _around(members: tuple[Any, ...], places: dict[Any, Place]) -> Frame:
    xs, ys = zip(*(places[member] for member in members), strict=True)
    return Frame(
        members,
        x0=min(xs) - WIDTH / 2 - BESIDE,
        x1=max(xs) + WIDTH / 2 + BESIDE,
        y0=min(ys) - HEIGHT / 2 - FLOOR,
        y1=max(ys) + HEIGHT / 2 + BESIDE + TITLE,
    )
