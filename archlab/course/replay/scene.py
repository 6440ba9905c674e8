"""A scene: the topology, whose parts change colour with how busy they are and grow with their queue.

A part that is down is hatched, has a dashed red edge and says so. One with another fault has the edge and says
which. So nothing is told by colour alone.

>>> import networkx as nx
>>> from matplotlib.figure import Figure
>>> graph = nx.DiGraph([("customers", "web")])
>>> graph.add_node("web", part="web")
>>> scene = Scene(Figure().subplots(), graph, letters_pt=9, largest_queue=100)
>>> scene.show({"web": State(queue_length=25, busy=8, capacity=8, is_up=True)})
>>> scene.sizes["web"] > scene.sizes["customers"]
True
"""

import math
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import matplotlib as mpl
import networkx as nx
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, Patch
from matplotlib.text import Text
from matplotlib.transforms import Affine2D

from archlab.course.figures.routes import layered, route
from archlab.course.figures.shapes import HEIGHT, WIDTH, shape
from archlab.course.replay.recording import State
from archlab.course.style import GREY, INK, contrast

SMALLEST, LARGEST = 0.92, 1.3
"""Size of a part without a queue, and with the largest one of the recording. The area grows with the queue."""
LETTERS_A_LINE, LETTER_WIDTH = 17, 0.57
LINES = 3.4
"""Lines of text in a part, with some room, in letter heights."""
SMALLEST_PT = 6.5
NOTABLE_QUEUE = 10.0
"""A recording without a longer queue than this has no part of the largest size."""
LID = 0.07
"""How much lower the text of a database stands, below its lid."""
TROUBLE = "#A8201A"
BUSY = mpl.colormaps["YlOrBr"]


class Scene:
    """The parts and their calls in a pair of axes. `animated` artists are those that `show` changes."""

    def __init__(
        self, axes: Axes, graph: nx.DiGraph, letters_pt: float, largest_queue: float, names: bool = True
    ) -> None:
        self._axes, self._graph, self._names = axes, graph, names
        self._largest_queue = max(NOTABLE_QUEUE, largest_queue)
        self._places = layered(graph)
        self._set_limits()
        for caller, called in graph.edges:
            self._draw_call(caller, called)
        if names:
            letters_pt = min(letters_pt, self._room_for_letters_pt())
        self._nodes = {name: self._new_node(name, letters_pt) for name in graph}
        self.sizes: dict[Any, float] = dict.fromkeys(graph, SMALLEST)

    @property
    def animated(self) -> Iterator[Artist]:
        for patch, text in self._nodes.values():
            yield patch
            yield text

    def show(self, states: Mapping[str, State]) -> None:
        """Show these states: part of the simulation -> state. Other nodes stay white."""
        for name in self._graph:
            self._set_state(name, states.get(self._graph.nodes[name].get("part")))

    def _set_limits(self) -> None:
        xs, ys = zip(*self._places.values(), strict=True)
        self._axes.set(xlim=(min(xs) - 0.56, max(xs) + 0.56), ylim=(min(ys) - 0.52, max(ys) + 0.52))
        self._axes.axis("off")

    def _room_for_letters_pt(self) -> float:
        """The size of letters at which a part without a queue holds its name and two lines of state."""
        figure: Any = self._axes.figure
        box = self._axes.get_position()
        (left, right), (bottom, top) = self._axes.get_xlim(), self._axes.get_ylim()
        width_pt = SMALLEST * WIDTH * 72 * figure.get_figwidth() * box.width / (right - left)
        height_pt = SMALLEST * HEIGHT * 72 * figure.get_figheight() * box.height / (top - bottom)
        return max(SMALLEST_PT, min(width_pt / (LETTERS_A_LINE * LETTER_WIDTH), height_pt / LINES))

    def _draw_call(self, caller: Any, called: Any) -> None:
        style: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 11, "joinstyle": "miter"}
        path = route(self._places, caller, called)
        self._axes.add_patch(FancyArrowPatch(path=path, color=GREY, linewidth=1.1, zorder=2, **style))

    def _new_node(self, name: Any, letters_pt: float) -> tuple[Patch, Text]:
        patch = shape(str(self._graph.nodes[name].get("kind", "part")), self._places[name])
        patch.set_zorder(3)
        self._axes.add_patch(patch)
        style: dict[str, Any] = {"ha": "center", "va": "center", "linespacing": 1.05, "zorder": 4}
        x, y = self._places[name]
        lower = LID if self._graph.nodes[name].get("kind") == "database" else 0
        return patch, self._axes.text(x, y - lower, "", fontsize=letters_pt, **style)

    def _set_state(self, name: Any, state: State | None) -> None:
        patch, text = self._nodes[name]
        fill = _fill(state)
        is_down = state is not None and not state.is_up
        trouble = state is not None and (is_down or bool(state.faults))
        patch.set(facecolor=fill, edgecolor=TROUBLE if trouble else INK, linewidth=2.5 if trouble else 1.3)
        patch.set(hatch="///" if is_down else None, linestyle="--" if trouble else "-")
        self.sizes[name] = size = self._size(state)
        x, y = self._places[name]
        patch.set_transform(Affine2D().translate(-x, -y).scale(size).translate(x, y) + self._axes.transData)
        text.set(text=self._text(name, state), color=_ink(fill))
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.0} if is_down else None)

    def _size(self, state: State | None) -> float:
        queue = state.queue_length if state is not None else 0
        share = min(1.0, queue / self._largest_queue)
        return math.sqrt(SMALLEST**2 + share * (LARGEST**2 - SMALLEST**2))

    def _text(self, name: Any, state: State | None) -> str:
        if self._names:
            title = textwrap.fill(str(name).replace("_", " "), LETTERS_A_LINE)
            return f"{title}\n{state.words}" if state is not None else title
        return _short(state) if state is not None else ""


def _short(state: State) -> str:
    """A state in a few letters: down, a fault, how many wait."""
    if not state.is_up:
        return "✘"
    return "\n".join(
        [*("⚠" for _ in state.faults[:1]), *([f"{state.queue_length:,}"] if state.queue_length else [])]
    )


def _fill(state: State | None) -> str:
    """White when nothing is known or it is down, else from pale yellow (idle) to dark brown (all busy)."""
    if state is None or not state.is_up:
        return "white"
    return to_hex(BUSY(0.05 + 0.85 * min(1.0, state.utilisation)))


def _ink(fill: str) -> str:
    return INK if contrast(INK, fill) >= contrast("white", fill) else "white"
