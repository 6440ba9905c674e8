"""The parts of a topology as they are drawn: shapes and frames, coloured by how busy they are.

>>> node = Node("shop-1", "process", utilisation=0.87, is_down=False)
>>> node.state, node.text
('87 %', 'shop-1\\n87 %')
"""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archlab.course.figures.canvas import Canvas
from archlab.course.figures.frames import INSIDE, Arrangement
from archlab.course.figures.routes import Place
from archlab.course.figures.shapes import LID, WIDTH, shape, short_name
from archlab.course.style import INK, contrast

SMALLEST_PT = 9.0
LETTERS_A_LINE = 14
DOWN = "#A8201A"


@dataclass(frozen=True)
class Node:
    """One part as it is drawn."""

    name: str
    kind: str
    utilisation: float | None
    is_down: bool

    @property
    def fill(self) -> str:
        """White when nothing is known, else from pale yellow (idle) to dark brown (always busy)."""
        # Matplotlib is loaded when something is drawn.
        import matplotlib as mpl
        from matplotlib.colors import to_hex

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
        """Name and state. A cylinder has room for two lines, so with a state its name is short."""
        name = self.name.replace("_", " ")
        if self.kind == "database" and self.state:
            name = short_name(name)
        return f"{textwrap.fill(name, LETTERS_A_LINE)}\n{self.state}".rstrip()


def draw_nodes(drawing: Canvas, nodes: Mapping[Node, Place]) -> None:
    """Draw the parts, with letters as large as the longest line allows."""
    longest = max(len(line) for node in nodes for line in node.text.splitlines())
    room_pt = drawing.size.width_in * 72 * 0.9 * WIDTH / (1 + max(x for x, _ in nodes.values()))
    letters_pt = max(SMALLEST_PT, min(drawing.size.font_pt, room_pt / (0.6 * longest)))
    for node, place in nodes.items():
        _draw_node(drawing, node, place, letters_pt)


def _draw_node(drawing: Canvas, node: Node, place: Place, letters_pt: float) -> None:
    patch = shape(node.kind, place)
    patch.set(facecolor=node.fill, edgecolor=INK, linewidth=1.5, zorder=3)
    if node.is_down:
        patch.set(hatch="///", linestyle="--", linewidth=2.5, edgecolor=DOWN)
    drawing.panels[0].add_patch(patch)
    x, y = place
    lower = LID if node.kind == "database" else 0
    _write(drawing, node, (x, y - lower), node.text, letters_pt)


def _write(drawing: Canvas, node: Node, place: tuple[float, float], text: str, letters_pt: float) -> None:
    """Write a text into a part, in black or white; on paper where the part is hatched."""
    ink = INK if contrast(INK, node.fill) >= contrast("white", node.fill) else "white"
    paper = {"facecolor": "white", "edgecolor": "none", "pad": 1.0} if node.is_down else None
    style: dict[str, Any] = {"ha": "center", "va": "center", "linespacing": 1.1, "zorder": 4, "bbox": paper}
    drawing.panels[0].text(*place, text, fontsize=letters_pt, color=ink, **style)


def draw_frames(drawing: Canvas, arrangement: Arrangement, nodes: Mapping[Any, Node]) -> None:
    """Draw each process around its modules: an outline, and a strip with its name and state on top."""
    for name, frame in arrangement.frames.items():
        node, outline, strip = nodes[name], frame.outline(), frame.strip()
        outline.set(facecolor=INSIDE, edgecolor=INK, linewidth=1.5, zorder=1)
        strip.set(facecolor=node.fill, edgecolor=INK, linewidth=1.5, zorder=1.5)
        if node.is_down:
            strip.set(hatch="///", linestyle="--", linewidth=2.5, edgecolor=DOWN)
        for patch in (outline, strip):
            drawing.panels[0].add_patch(patch)
        text = " ".join(node.text.splitlines())
        _write(drawing, node, frame.middle, f"{text} ({node.kind})", drawing.size.font_pt)
