"""A scene: the topology, whose parts change colour with how busy they are and grow with their queue.

A process is a frame around its modules, and its workers are discs that stand where they wait.

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

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from archlab.course.figures.discs import capacities, new_discs, workers_a_disc
from archlab.course.figures.frames import BESIDE, INSIDE, arranged
from archlab.course.figures.shapes import HEIGHT, LID, WIDTH, shape, short_name
from archlab.course.figures.tokens import tokens
from archlab.course.replay.recording import State
from archlab.course.replay.workers import workers_of
from archlab.course.style import GREY, INK, contrast, for_text

if TYPE_CHECKING:  # networkx and matplotlib are loaded when something is drawn
    import networkx as nx
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.patches import Patch
    from matplotlib.path import Path
    from matplotlib.text import Text

SMALLEST, LARGEST = 0.92, 1.3
"""Size of a part without a queue, and with the largest one of the recording. The area grows with the queue."""
LETTERS_A_LINE, LETTER_WIDTH = 17, 0.57
LINES = 3.9
"""Lines of text in a part, with some room, in letter heights."""
SMALLEST_PT = 6.5
NOTABLE_QUEUE = 10.0
"""A recording without a longer queue than this has no part of the largest size."""
ACROSS, UP = 0.17, 0.17
"""Room around all parts: they grow."""
DISC_LETTERS = 1.2
"""Size of the discs that are workers, in letters."""
SMALL_DISCS_PT = 4.0
"""Letters to which discs fit in a scene without names."""
TROUBLE = "#A8201A"
BUSY = "YlOrBr"
"""The colours of a part, from idle to all busy, by their name in matplotlib."""


class Scene:
    """The parts and their calls in a pair of axes. `animated` artists are those that `show` changes."""

    def __init__(
        self, axes: Axes, graph: nx.DiGraph, letters_pt: float, largest_queue: float, names: bool = True
    ) -> None:
        self._axes, self._graph, self._names = axes, graph, names
        self._largest_queue = max(NOTABLE_QUEUE, largest_queue)
        self._arrangement = arranged(graph)
        self._set_limits()
        for path in self._arrangement.routes(graph):
            self._draw_call(path)
        if names:
            letters_pt = min(letters_pt, self._room_for_letters_pt())
        self._nodes = {name: self._new_node(name, letters_pt) for name in self._arrangement.places}
        self._frames = {name: self._new_frame(name, letters_pt) for name in self._arrangement.frames}
        self._discs = new_discs(axes, DISC_LETTERS * letters_pt if names else SMALL_DISCS_PT)
        self.sizes: dict[Any, float] = dict.fromkeys(graph, SMALLEST)

    @property
    def animated(self) -> Iterator[Artist]:
        for patch, text in (*self._frames.values(), *self._nodes.values()):
            yield patch
            yield text
        yield self._discs.artist

    def show(self, states: Mapping[str, State]) -> None:
        """Show these states: part of the simulation -> state. Other nodes stay white."""
        for name in self._graph:
            state = states.get(self._graph.nodes[name].get("part"))
            (self._set_frame if name in self._frames else self._set_state)(name, state)
        self._discs.show(tokens(self._arrangement, *workers_of(self._graph, states)))

    def _set_limits(self) -> None:
        left, right, low, high = self._arrangement.extent
        self._axes.set(xlim=(left - ACROSS, right + ACROSS), ylim=(low - UP, high + UP))
        self._axes.axis("off")

    def _room_for_letters_pt(self) -> float:
        """The size of letters at which a part without a queue holds its name and two lines of state."""
        figure: Any = self._axes.figure
        box = self._axes.get_position()
        (left, right), (bottom, top) = self._axes.get_xlim(), self._axes.get_ylim()
        width_pt = SMALLEST * WIDTH * 72 * figure.get_figwidth() * box.width / (right - left)
        height_pt = SMALLEST * HEIGHT * 72 * figure.get_figheight() * box.height / (top - bottom)
        return max(SMALLEST_PT, min(width_pt / (LETTERS_A_LINE * LETTER_WIDTH), height_pt / LINES))

    def _draw_call(self, path: Path) -> None:
        from matplotlib.patches import FancyArrowPatch

        style: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 11, "joinstyle": "miter"}
        self._axes.add_patch(FancyArrowPatch(path=path, color=GREY, linewidth=1.1, zorder=2, **style))

    def _new_node(self, name: Any, letters_pt: float) -> tuple[Patch, Text]:
        patch = shape(str(self._graph.nodes[name].get("kind", "part")), self._arrangement.places[name])
        patch.set_zorder(3)
        self._axes.add_patch(patch)
        x, y = self._arrangement.places[name]
        lower = LID if self._is_cylinder(name) else 0
        return patch, self._new_text((x, y - lower), letters_pt)

    def _new_frame(self, name: Any, letters_pt: float) -> tuple[Patch, Text]:
        """A process around its modules. What changes is the strip with its name and state."""
        frame = self._arrangement.frames[name]
        outline, strip = frame.outline(), frame.strip()
        outline.set(facecolor=INSIDE, edgecolor=INK, linewidth=1.3, zorder=1)
        strip.set_zorder(1.5)
        for patch in (outline, strip):
            self._axes.add_patch(patch)
        if self._names and name in capacities(self._graph):
            words = workers_a_disc(capacities(self._graph))
            note = self._new_text((frame.x0 + BESIDE, frame.floor[1]), letters_pt)
            note.set(text=words, ha="left", color=for_text(GREY))
        return strip, self._new_text(frame.middle, letters_pt if self._names else SMALLEST_PT)

    def _new_text(self, place: tuple[float, float], letters_pt: float) -> Text:
        style: dict[str, Any] = {"ha": "center", "va": "center", "linespacing": 1.05, "zorder": 4}
        return self._axes.text(*place, "", fontsize=letters_pt, **style)

    def _set_frame(self, name: Any, state: State | None) -> None:
        patch, text = self._frames[name]
        _colour(patch, text, state)
        words = [str(name), *(state.words.splitlines() if state is not None else ())]
        short = _short(state).replace("\n", " ") if state is not None else ""
        text.set_text(", ".join(words) if self._names else short)

    def _set_state(self, name: Any, state: State | None) -> None:
        from matplotlib.transforms import Affine2D

        patch, text = self._nodes[name]
        _colour(patch, text, state)
        self.sizes[name] = size = self._size(state)
        x, y = self._arrangement.places[name]
        patch.set_transform(Affine2D().translate(-x, -y).scale(size).translate(x, y) + self._axes.transData)
        text.set_text(self._text(name, state))

    def _size(self, state: State | None) -> float:
        queue = state.queue_length if state is not None else 0
        share = min(1.0, queue / self._largest_queue)
        return math.sqrt(SMALLEST**2 + share * (LARGEST**2 - SMALLEST**2))

    def _text(self, name: Any, state: State | None) -> str:
        if not self._names:
            return _short(state) if state is not None else ""
        title = str(name).replace("_", " ")
        if self._is_cylinder(name) and state is not None:
            return f"{short_name(title)}\n{state.brief}"
        title = textwrap.fill(title, LETTERS_A_LINE)
        return f"{title}\n{state.words}" if state is not None else title

    def _is_cylinder(self, name: Any) -> bool:
        return self._graph.nodes[name].get("kind") == "database"


def _colour(patch: Patch, text: Text, state: State | None) -> None:
    """Show how busy a part is by its colour, and trouble by edge, dashes and hatch."""
    fill = _fill(state)
    is_down = state is not None and not state.is_up
    trouble = state is not None and (is_down or bool(state.faults))
    patch.set(facecolor=fill, edgecolor=TROUBLE if trouble else INK, linewidth=2.5 if trouble else 1.3)
    patch.set(hatch="///" if is_down else None, linestyle="--" if trouble else "-")
    text.set_color(_ink(fill))
    text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.0} if is_down else None)


def _short(state: State) -> str:
    """A state in a few letters: down, a fault, how many wait."""
    if not state.is_up:
        return "✘"
    return "\n".join(
        [*("⚠" for _ in state.faults[:1]), *([f"{state.queue_length:,}"] if state.queue_length else [])]
    )


def _fill(state: State | None) -> str:
    """White when nothing is known or it is down, else from pale yellow (idle) to dark brown (all busy)."""
    import matplotlib as mpl
    from matplotlib.colors import to_hex

    if state is None or not state.is_up:
        return "white"
    return to_hex(mpl.colormaps[BUSY](0.05 + 0.85 * min(1.0, state.utilisation)))


def _ink(fill: str) -> str:
    return INK if contrast(INK, fill) >= contrast("white", fill) else "white"
