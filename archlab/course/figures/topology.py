"""The topology: who calls whom, from left to right, each part filled by how busy it is.

>>> import networkx as nx
>>> graph = nx.DiGraph([("customers", "shop"), ("shop", "database")])
>>> nx.set_node_attributes(graph, {"customers": "client", "shop": "process", "database": "database"}, "kind")
>>> topology(graph, "One process and its database").alt.split(". ", 1)[1]
'customers (client) calls shop; shop (process) calls database; database (database).'
"""

import textwrap
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import networkx as nx
import pandas as pd
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch

from archlab.course.figures.canvas import Canvas, canvas
from archlab.course.figures.naming import LINE_HEIGHT
from archlab.course.figures.picture import Picture
from archlab.course.figures.routes import Place, layered, route
from archlab.course.figures.shapes import WIDTH, shape
from archlab.course.style import GREY, INK, LAB, Size, contrast, for_text

SMALLEST_PT = 9.0
MOST_ROWS = 3
"""More parts than this above each other get a taller figure."""
LETTERS_A_LINE = 14
DOWN = "#A8201A"


@dataclass(frozen=True)
class Node:
    """One part as it is drawn."""

    name: str
    kind: str
    place: Place
    utilisation: float | None
    is_down: bool

    @property
    def fill(self) -> str:
        """White when nothing is known, else from pale yellow (idle) to dark brown (always busy)."""
        if self.is_down or self.utilisation is None:
            return "white"
        return to_hex(mpl.colormaps["YlOrBr"](0.05 + 0.85 * min(1.0, self.utilisation)))

    @property
    def state(self) -> str:
        """The line under the name: how busy, or that it is down."""
        if self.is_down:
            return "✘ DOWN"
        return "" if self.utilisation is None else f"{100 * self.utilisation:.0f} %"

    @property
    def text(self) -> str:
        name = textwrap.fill(self.name.replace("_", " "), LETTERS_A_LINE)
        return f"{name}\n{self.state}".rstrip()


def topology(
    graph: nx.DiGraph,
    title: str,
    parts: pd.DataFrame | None = None,
    down: Collection[str] = (),
    size: Size = LAB,
) -> Picture:
    """Draw a graph of calls in layers.

    Args:
        graph: as `Architecture.topology()` gives: each node with `kind`, which decides its shape, and `part`,
            the name of its part of the simulation or None; each edge with `protocol`.
        title: your conclusion.
        parts: the utilisations: a row a part (the index), column `utilisation`, as `Result.parts`.
        down: the nodes that are down. They are hatched, dashed, and say so.

    Raises:
        ValueError: when the graph is empty, or a node in `down` is not in it.
    """
    if len(graph) == 0 or not set(down) <= set(graph):
        raise ValueError(
            f"down is {list(down)}; it must hold nodes of a graph that is not empty: {list(graph)}"
        )
    places = layered(graph)
    nodes = {name: _node(graph, name, places[name], parts, name in down) for name in graph}
    with canvas(title, size, tall=_rows(places) > MOST_ROWS) as drawing:
        _set_limits(drawing, places, _protocols(graph, places))
        for caller, called in graph.edges:
            _draw_call(drawing, places, caller, called)
        _draw_nodes(drawing, list(nodes.values()), _layers(places))
    return Picture(drawing.figure, f"{title.rstrip('.')}. {_in_words(graph, nodes)}")


def _node(graph: nx.DiGraph, name: Any, place: Place, parts: pd.DataFrame | None, is_down: bool) -> Node:
    part = graph.nodes[name].get("part")
    known = parts is not None and part in parts.index
    utilisation = float(parts["utilisation"][part]) if parts is not None and known else None
    return Node(str(name), str(graph.nodes[name].get("kind", "part")), place, utilisation, is_down)


def _rows(places: dict[Any, Place]) -> float:
    """How many nodes the fullest layer has."""
    return 2 * max(y for _, y in places.values()) + 1


def _layers(places: dict[Any, Place]) -> int:
    return max(x for x, _ in places.values()) + 1


def _protocols(graph: nx.DiGraph, places: dict[Any, Place]) -> dict[float, list[str]]:
    """The middle of a gap between two layers -> how parts talk across it."""
    gaps: dict[float, list[str]] = {}
    for caller, called, protocol in graph.edges(data="protocol"):
        x = min(places[caller][0], places[called][0]) + 0.5
        if protocol and protocol not in gaps.setdefault(x, []):
            gaps[x].append(str(protocol))
    return gaps


def _set_limits(drawing: Canvas, places: dict[Any, Place], protocols: dict[float, list[str]]) -> None:
    """Leave room for every layer and row, and below them for the names of protocols, and write those."""
    panel, letters_pt = drawing.panels[0], 0.85 * drawing.size.font_pt
    rows = _rows(places) + 0.1
    lines = max(map(len, protocols.values()), default=0)
    share = (lines * LINE_HEIGHT + 0.5) * letters_pt / (drawing.figure.get_figheight() * 72 * 0.88)
    panel.set(xlim=(-0.5, _layers(places) - 0.5), ylim=(-rows / 2 - rows * share / (1 - share), rows / 2))
    panel.axis("off")
    for x, names in protocols.items():
        text = "\n".join(names)
        panel.text(x, -rows / 2, text, color=for_text(GREY), fontsize=letters_pt, ha="center", va="top")


def _draw_nodes(drawing: Canvas, nodes: list[Node], layers: int) -> None:
    """Draw the parts, with letters as large as the longest line allows."""
    longest = max(len(line) for node in nodes for line in node.text.splitlines())
    room_pt = drawing.size.width_in * 72 * 0.9 * WIDTH / layers
    letters_pt = max(SMALLEST_PT, min(drawing.size.font_pt, room_pt / (0.6 * longest)))
    for node in nodes:
        _draw_node(drawing, node, letters_pt)


def _draw_node(drawing: Canvas, node: Node, letters_pt: float) -> None:
    patch = shape(node.kind, node.place)
    patch.set(facecolor=node.fill, edgecolor=INK, linewidth=1.5, zorder=3)
    if node.is_down:
        patch.set(hatch="///", linestyle="--", linewidth=2.5, edgecolor=DOWN)
    drawing.panels[0].add_patch(patch)
    ink = INK if contrast(INK, node.fill) >= contrast("white", node.fill) else "white"
    paper = {"facecolor": "white", "edgecolor": "none", "pad": 1.0} if node.is_down else None
    style: dict[str, Any] = {"ha": "center", "va": "center", "linespacing": 1.1, "zorder": 4, "bbox": paper}
    drawing.panels[0].text(*node.place, node.text, fontsize=letters_pt, color=ink, **style)


def _draw_call(drawing: Canvas, places: dict[Any, Place], caller: Any, called: Any) -> None:
    style: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 14, "joinstyle": "miter"}
    path = route(places, caller, called)
    drawing.panels[0].add_patch(FancyArrowPatch(path=path, color=GREY, linewidth=1.3, zorder=2, **style))


def _in_words(graph: nx.DiGraph, nodes: dict[Any, Node]) -> str:
    return "; ".join(_sentence(nodes[name], list(graph.successors(name))) for name in graph) + "."


def _sentence(node: Node, called: list[Any]) -> str:
    state = ", down" if node.is_down else f", {node.state} busy" if node.state else ""
    calls = f" calls {', '.join(map(str, called))}" if called else ""
    return f"{node.name} ({node.kind}{state}){calls}"
