"""Names of lines: beside their ends where there is room, else along the line, where no other line is near.

Names at the ends that would lie on each other are moved apart, up and down; a name that was moved far is tied to its
line by a thin one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from archlab.course.figures.spread import LINE_HEIGHT, height_px, px, spread

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox

NEAR_PT = (5.0, 10.0, 16.0)
"""How far it stands from the place of its line that it is written beside, the best first; a slope needs more."""
CLEAR_PT = 4.0
"""How near it may come to other places of its own line."""
STEP_PX = 4.0
MOST_STEPS = 400
"""Of one piece of a line, which may end far outside the panel."""
TRIES = 60
"""Places along a line that are tried."""
SAME = 0.3
"""Lines that end nearer to each other than this, in lines of text, end in the same place."""
FAR = 1.2
"""A name that was moved by more than this many letter heights is tied to its line."""


@dataclass(frozen=True)
class Name:
    """The name of a line: its text, placed from the line's last point, and the line."""

    text: Annotation
    line: Line2D


def path_px(line: Line2D, room: Bbox) -> np.ndarray:
    """Return points along a line inside a room, about 4 pixels apart: shape (points, 2). Gaps stay gaps."""
    corners = line.get_transform().transform(np.asarray(line.get_xydata(), dtype=float))
    is_point = np.isfinite(corners).all(axis=1)
    is_piece = is_point[:-1] & is_point[1:]
    start, way = corners[:-1][is_piece], np.diff(corners, axis=0)[is_piece]
    steps = np.minimum(MOST_STEPS, 1 + (np.hypot(*way.T) / STEP_PX).astype(int))
    step = np.arange(steps.sum()) - np.repeat(np.cumsum(steps) - steps, steps)
    share = step * np.repeat(1 / steps, steps)
    path = np.repeat(start, steps, axis=0) + share[:, None] * np.repeat(way, steps, axis=0)
    path = np.concatenate([path, corners[is_point][-1:]])
    return path[((path >= room.p0) & (path <= room.p1)).all(axis=1)]


def place_at_ends(names: Sequence[Name], panel: Axes) -> None:
    """Place names beside the ends of their lines; those of lines that end in one place, along them if possible."""
    paths = {name.line: path_px(name.line, panel.bbox) for name in names}
    left = list(names)
    along: list[Bbox] = []
    for name in _crowded(names, panel):
        taken = along + [other.text.get_window_extent() for other in left if other is not name]
        if _crowded(left, panel) and (box := place_along(name, paths, panel, taken)) is not None:
            left.remove(name)
            along.append(box)
    spread([name.text for name in left], panel)
    for name in left:
        _tie(name, panel)


def place_all_along(names: Sequence[Name], panel: Axes) -> bool:
    """Place every name along its line; return whether there was room for all. If not, they stay where they were."""
    paths = {name.line: path_px(name.line, panel.bbox) for name in names}
    before = [name.text.get_position() for name in names]
    taken: list[Bbox] = []
    for name in names:
        box = place_along(name, paths, panel, taken)
        if box is None:
            break
        taken.append(box)
    if len(taken) == len(names):
        return True
    for name, place in zip(names, before, strict=True):
        name.text.set_position(place)
    return False


def place_along(
    name: Name, paths: dict[Line2D, np.ndarray], panel: Axes, taken: Sequence[Bbox]
) -> Bbox | None:
    """Place a name far to the right where it is clearly nearest to its own line, on none of the boxes `taken`.

    Returns its box; None, and leaves it where it was, when there is no such place.
    """
    own, others = paths[name.line], [path for line, path in paths.items() if line is not name.line]
    size = np.array(name.text.get_window_extent().size)
    room = panel.bbox.padded(-px(CLEAR_PT, panel))
    line_px = LINE_HEIGHT * float(name.text.get_fontsize()) * px(1, panel)
    best, best_px, enough_px = None, 0.4 * line_px, line_px
    boxes = (box for near_pt in NEAR_PT for box in _boxes(own, size, px(near_pt, panel)))
    for box in boxes:
        is_free = _inside(box, room) and not any(box.overlaps(other) for other in taken)
        own_px = _distance_px(box, own)
        if is_free and own_px >= px(CLEAR_PT, panel):
            nearer_px = min([enough_px, *(_distance_px(box, other) - own_px for other in others)])
            if nearer_px > best_px:
                best, best_px = box, nearer_px
    if best is not None:
        _move(name.text, best, panel)
    return best


def _boxes(path: np.ndarray, size: np.ndarray, gap_px: float) -> Iterator[Bbox]:
    """Boxes above, below and beside a line, from its right end to its left."""
    from matplotlib.transforms import Bbox

    width, height = size
    if len(path) == 0:
        return
    way_px = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    for x, y in path[np.searchsorted(way_px, np.linspace(way_px[-1], 0, TRIES))]:
        corners = (
            (x - width / 2, y + gap_px),
            (x - width / 2, y - gap_px - height),
            (x + gap_px, y - height / 2),
            (x - gap_px - width, y - height / 2),
        )
        for left, bottom in corners:
            yield Bbox.from_bounds(left, bottom, width, height)


def _inside(box: Bbox, room: Bbox) -> bool:
    return bool(room.x0 <= box.x0 and box.x1 <= room.x1 and room.y0 <= box.y0 and box.y1 <= room.y1)


def _distance_px(box: Bbox, path: np.ndarray) -> float:
    """How near a line comes to a box; 0 when it goes through it."""
    across = np.maximum(0, np.maximum(box.x0 - path[:, 0], path[:, 0] - box.x1))
    up = np.maximum(0, np.maximum(box.y0 - path[:, 1], path[:, 1] - box.y1))
    return float(np.hypot(across, up).min(initial=np.inf))


def _move(text: Annotation, box: Bbox, panel: Axes) -> None:
    """Move a text, whose place is counted from its line's end in points, into a box."""
    end = panel.transData.transform(text.xy)
    text.set_position(((box.x0 - end[0]) / px(1, panel), ((box.y0 + box.y1) / 2 - end[1]) / px(1, panel)))


def _crowded(names: Sequence[Name], panel: Axes) -> list[Name]:
    """The names whose lines end in the same place as another's."""
    ends = [panel.transData.transform(name.text.xy) for name in names]
    near_px = [SAME * height_px(name.text) for name in names]
    return [
        name
        for k, name in enumerate(names)
        if any(j != k and np.abs(ends[k] - ends[j]).max() < near_px[k] for j in range(len(names)))
    ]


def _tie(name: Name, panel: Axes) -> None:
    """Draw a thin line from the end of a line to its name when that is far."""
    dx, dy = name.text.get_position()
    if abs(dy) > FAR * float(name.text.get_fontsize()):
        style = {"arrowstyle": "-", "color": name.line.get_color(), "lw": 0.8, "shrinkA": 0, "shrinkB": 0}
        panel.annotate(
            "",
            name.text.xy,
            (dx - 1, dy),
            textcoords="offset points",
            arrowprops=style,
            annotation_clip=False,
        )
