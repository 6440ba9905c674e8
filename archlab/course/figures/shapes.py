"""Shapes: the outline of a part in a topology tells its kind.

>>> shape("database", (0, 0)).get_path().vertices.shape[1]
2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.patches import Patch
    from matplotlib.path import Path

WIDTH, HEIGHT = 0.78, 0.7
"""Of a shape; layers and rows are 1 apart."""
LID = 0.07
"""How much lower the text of a database stands, below its lid."""


def short_name(name: str) -> str:
    """Return a database's name without the word that its shape says, unless nothing would be left.

    >>> short_name("orders database"), short_name("database")
    ('orders', 'database')
    """
    return name.removesuffix(" database")


def shape(kind: str, place: tuple[float, float]) -> Patch:
    """Return the outline for a kind of part around `place`; a rectangle for kinds not named here."""
    from matplotlib.patches import Ellipse, PathPatch, Polygon

    x, y = place
    if kind == "client":
        return Ellipse((x, y), WIDTH, HEIGHT)
    if kind == "database":
        return PathPatch(_cylinder(x, y))
    if kind == "module":
        return _box(x, y, rounding=0.12)
    if kind in CORNERS:
        return Polygon(np.array(place) + CORNERS[kind] * [WIDTH / 2, HEIGHT / 2])
    return _box(x, y, rounding=0.0)


CORNERS = {
    "balancer": np.array([(-0.75, 1), (0.75, 1), (1, 0), (0.75, -1), (-0.75, -1), (-1, 0)]),
    "gateway": np.array([(-0.75, 1), (0.75, 1), (1, 0), (0.75, -1), (-0.75, -1), (-1, 0)]),
    "queue": np.array([(-1, 1), (0.8, 1), (1, 0), (0.8, -1), (-1, -1), (-0.8, 0)]),
    "broker": np.array([(-1, 1), (0.8, 1), (1, 0), (0.8, -1), (-1, -1), (-0.8, 0)]),
    "function": np.array([(-0.8, 1), (1, 1), (0.8, -1), (-1, -1)]),
    "external": np.array(
        [(-0.85, 1), (0.85, 1), (1, 0.6), (1, -0.6), (0.85, -1), (-0.85, -1), (-1, -0.6), (-1, 0.6)]
    ),
}
"""Outlines with corners, in a square from -1 to 1: hexagon, arrow, leaning box, box without corners."""


def _box(x: float, y: float, rounding: float) -> Patch:
    from matplotlib.patches import FancyBboxPatch

    style = f"round,pad=0,rounding_size={rounding}" if rounding else "square,pad=0"
    return FancyBboxPatch((x - WIDTH / 2, y - HEIGHT / 2), WIDTH, HEIGHT, boxstyle=style)


def _cylinder(x: float, y: float) -> Path:
    """A box with a round bottom and an ellipse on top."""
    from matplotlib.path import Path

    angles = np.linspace(0, np.pi, 30)
    bend = 0.14 * HEIGHT
    half = WIDTH / 2
    lid_y, floor_y = y + HEIGHT / 2 - bend, y - HEIGHT / 2 + bend
    back = [(x + half * np.cos(a), lid_y + bend * np.sin(a)) for a in angles]
    floor = [(x - half * np.cos(a), floor_y - bend * np.sin(a)) for a in angles]
    front = [(x - half * np.cos(a), lid_y - bend * np.sin(a)) for a in angles]
    outline = Path([*back, *floor, back[0]], closed=True)
    return Path.make_compound_path(outline, Path(front))
