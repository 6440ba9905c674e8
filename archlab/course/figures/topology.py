"""The topology: who calls whom, from left to right, each part filled by how busy it is.

>>> import networkx as nx
>>> graph = nx.DiGraph([("customers", "shop"), ("shop", "database")])
>>> nx.set_node_attributes(graph, {"customers": "client", "shop": "process", "database": "database"}, "kind")
>>> topology(graph, "One process and its database").alt.split(". ", 1)[1]
'customers (client) calls shop; shop (process) calls database; database (database).'
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from archlab.course.figures.canvas import Canvas, canvas
from archlab.course.figures.discs import capacities, new_discs, workers_a_disc, workers_in_words
from archlab.course.figures.frames import BESIDE, Arrangement, arranged
from archlab.course.figures.nodes import Node, draw_frames, draw_nodes
from archlab.course.figures.picture import Picture
from archlab.course.figures.routes import Place
from archlab.course.figures.spread import LINE_HEIGHT
from archlab.course.figures.tokens import tokens
from archlab.course.style import GREY, LAB, Size, for_text

if TYPE_CHECKING:  # networkx and matplotlib are loaded when something is drawn
    import networkx as nx
    from matplotlib.path import Path

MOST_ROWS = 3
"""More parts than this above each other get a taller figure."""
ROOM = 0.2
"""Above and below all parts."""


def topology(
    graph: nx.DiGraph,
    title: str,
    parts: pd.DataFrame | None = None,
    down: Collection[str] = (),
    waiting: Mapping[str, int] | None = None,
    size: Size = LAB,
) -> Picture:
    """Draw a graph of calls in layers, each process as a frame around its modules, with its workers as tokens.

    Args:
        graph: as `Architecture.topology()` gives: each node with `kind`, which decides its shape, and `part`,
            the name of its part of the simulation or None; each edge with `protocol`.
        title: your conclusion.
        parts: the utilisations: a row a part (the index), column `utilisation`, as `Result.parts`.
        down: the nodes that are down. They are hatched, dashed, and say so.
        waiting: node -> how many workers wait there. All others are drawn in their process.

    Raises:
        ValueError: when the graph is empty, a node in `down` or `waiting` is not in it, or more workers wait than
            there are.
    """
    if len(graph) == 0 or not set(down) <= set(graph):
        raise ValueError(
            f"down is {list(down)}; it must hold nodes of a graph that is not empty: {list(graph)}"
        )
    arrangement = arranged(graph)
    capacity = {process: n for process, n in capacities(graph).items() if process not in down}
    workers = _workers(graph, waiting or {}, capacity)
    nodes = {name: _node(graph, name, parts, name in down) for name in graph}
    with canvas(title, size, tall=_rows(arrangement.places) > MOST_ROWS) as drawing:
        _set_limits(drawing, arrangement, _protocols(graph, arrangement))
        draw_frames(drawing, arrangement, nodes)
        for path in arrangement.routes(graph):
            _draw_call(drawing, path)
        draw_nodes(drawing, {nodes[name]: place for name, place in arrangement.places.items()})
        _draw_workers(drawing, arrangement, workers, capacity)
    words = f"{_in_words(graph, nodes)}{workers_in_words(workers, capacity)}"
    return Picture(drawing.figure, f"{title.rstrip('.')}. {words}")


def _workers(
    graph: nx.DiGraph, waiting: Mapping[str, int], capacity: Mapping[str, int]
) -> dict[str, dict[str, int]]:
    """Process -> node -> how many of its workers wait there; taken from the processes in their order."""
    left = dict(capacity)
    found: dict[str, dict[str, int]] = {process: {} for process in left}
    for node, count in waiting.items():
        if node not in graph or not 0 <= count <= sum(left.values()):
            raise ValueError(
                f"waiting is {dict(waiting)}; it must hold nodes of the graph, "
                f"and at most {sum(capacity.values())} workers"
            )
        for process in left:
            taken = min(count, left[process])
            found[process][node] = taken
            left[process] -= taken
            count -= taken
    return found


def _node(graph: nx.DiGraph, name: Any, parts: pd.DataFrame | None, is_down: bool) -> Node:
    part = graph.nodes[name].get("part")
    known = parts is not None and part in parts.index
    utilisation = float(parts["utilisation"][part]) if parts is not None and known else None
    return Node(str(name), str(graph.nodes[name].get("kind", "part")), utilisation, is_down)


def _rows(places: dict[Any, Place]) -> float:
    """How many nodes the fullest layer has."""
    return 2 * max(y for _, y in places.values()) + 1


def _layers(places: dict[Any, Place]) -> int:
    return max(x for x, _ in places.values()) + 1


def _protocols(graph: nx.DiGraph, arrangement: Arrangement) -> dict[float, list[str]]:
    """The middle of a gap between two layers -> how parts talk across it."""
    columns = {name: x for name, (x, _) in arrangement.places.items()}
    columns |= {name: min(columns[m] for m in frame.members) for name, frame in arrangement.frames.items()}
    gaps: dict[float, list[str]] = {}
    for caller, called, protocol in graph.edges(data="protocol"):
        x = min(columns[caller], columns[called]) + 0.5
        is_drawn = protocol and caller not in arrangement.frames
        if is_drawn and protocol not in gaps.setdefault(x, []):
            gaps[x].append(str(protocol))
    return gaps


def _set_limits(drawing: Canvas, arrangement: Arrangement, protocols: dict[float, list[str]]) -> None:
    """Leave room for every part and frame, and below them for the names of protocols, and write those."""
    panel, letters_pt = drawing.panels[0], 0.85 * drawing.size.font_pt
    _, _, low, high = arrangement.extent
    low, high = low - ROOM, high + ROOM
    lines = max(map(len, protocols.values()), default=0)
    share = (lines * LINE_HEIGHT + 0.5) * letters_pt / (drawing.figure.get_figheight() * 72 * 0.88)
    bottom = low - (high - low) * share / (1 - share)
    panel.set(xlim=(-0.5, _layers(arrangement.places) - 0.5), ylim=(bottom, high))
    panel.axis("off")
    for x, names in protocols.items():
        text = "\n".join(names)
        panel.text(x, low, text, color=for_text(GREY), fontsize=letters_pt, ha="center", va="top")


def _draw_workers(
    drawing: Canvas,
    arrangement: Arrangement,
    busy: Mapping[str, Mapping[str, int]],
    capacity: Mapping[str, int],
) -> None:
    """Draw the workers of all processes, the busy ones where they wait, and say below a frame what the discs are."""
    panel, letters_pt = drawing.panels[0], 0.75 * drawing.size.font_pt
    new_discs(panel, drawing.size.font_pt).show(tokens(arrangement, busy, capacity))
    for process, frame in arrangement.frames.items():
        if process in capacity:
            x, y = frame.x0 + BESIDE, frame.floor[1]
            style: dict[str, Any] = {"fontsize": letters_pt, "va": "center", "zorder": 4}
            panel.text(x, y, workers_a_disc(capacity), color=for_text(GREY), **style)


def _draw_call(drawing: Canvas, path: Path) -> None:
    from matplotlib.patches import FancyArrowPatch

    style: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 14, "joinstyle": "miter"}
    drawing.panels[0].add_patch(FancyArrowPatch(path=path, color=GREY, linewidth=1.3, zorder=2, **style))


def _in_words(graph: nx.DiGraph, nodes: dict[Any, Node]) -> str:
    return "; ".join(_sentence(nodes[name], list(graph.successors(name))) for name in graph) + "."


def _sentence(node: Node, called: list[Any]) -> str:
    state = ", down" if node.is_down else f", {node.state} busy" if node.state else ""
    calls = f" calls {', '.join(map(str, called))}" if called else ""
    return f"{node.name} ({node.kind}{state}){calls}"
