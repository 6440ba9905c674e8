"""Texts one below the other: moved apart, as little as possible, until none lies on another.

>>> places([50, 50], [10, 10], 0, 100).tolist()
[45.0, 55.0]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

DPI = 144
"""Dots per inch of every figure: one and a half for each pixel of an ordinary screen, so that letters stay sharp."""
LINE_HEIGHT = 1.25
"""Distance of lines of text, in letter heights."""
BESIDE_PT = 8.0
"""How far a name stands from the end of its line."""


def height_px(text: Annotation) -> float:
    return LINE_HEIGHT * float(text.get_fontsize()) * px(1, text) * (1 + text.get_text().count("\n"))


def px(points: float, artist: Artist) -> float:
    """A length in pixels of the artist's figure."""
    figure = artist.get_figure(root=True)
    return points * (figure.dpi if figure is not None else DPI) / 72


def spread(texts: Sequence[Annotation], panel: Axes) -> None:
    """Move names up and down, as little as possible, until each has a line of its own inside the panel."""
    if not texts:
        return
    heights = [height_px(text) for text in texts]
    ends = panel.transData.transform([text.xy for text in texts])[:, 1]
    box = panel.get_window_extent()
    for text, end, place in zip(texts, ends, places(ends, heights, box.y0, box.y1), strict=True):
        text.set_position((BESIDE_PT, (place - end) / px(1, panel)))


def places(wanted: ArrayLike, heights: ArrayLike, low: float, high: float) -> np.ndarray:
    """Return the places nearest to those wanted (least squares) where things of these heights do not overlap.

    The places are middles. The things stay between `low` and `high` as long as all fit in there; else they
    start at `low`.
    """
    from scipy.optimize import isotonic_regression  # SciPy is loaded when it is used: that takes a while

    middles, all_heights = np.asarray(wanted, dtype=float), np.asarray(heights, dtype=float)
    order = np.argsort(middles, kind="stable")
    half = all_heights[order] / 2
    steps = np.cumsum(half) + np.cumsum(np.concatenate([[0.0], half[:-1]]))
    placed = isotonic_regression(middles[order] - steps).x
    room = high - low - all_heights.sum()
    result = np.empty_like(middles)
    result[order] = np.clip(placed, low, low + max(0.0, room)) + steps
    return result
