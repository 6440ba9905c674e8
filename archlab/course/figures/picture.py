"""A picture: a figure and the words for those who cannot see it.

A notebook shows it as an HTML image, because viewers drop the alternative text of a plain PNG output.

>>> from matplotlib.figure import Figure
>>> show(Figure(figsize=(2, 1)), alt="An empty picture")
An empty picture
"""

from __future__ import annotations

import io
from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.figure import Figure

CSS_PIXELS_PER_INCH = 96
COLOURS = 256
"""A PNG with a palette has so many at most."""


@dataclass(frozen=True, eq=False, repr=False)
class Picture:
    """A figure with its alternative text, which must not be empty (else `ValueError`)."""

    figure: Figure
    alt: str

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError(f"alt is {self.alt!r}; it must say in words what the figure shows")

    @cached_property
    def png(self) -> bytes:
        """The picture as PNG, the same bytes for the same figure on one version of matplotlib and of Pillow.

        It has a palette of `COLOURS`, so a notebook with many pictures is a third as large. What it costs are shades at
        the edges of letters and lines.
        """
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from PIL import Image

        canvas = FigureCanvasAgg(self.figure)
        canvas.draw()
        drawn = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        FigureCanvasAgg(self.figure)  # a fresh one: the first would keep the pixels, several MB a picture
        buffer = io.BytesIO()
        drawn.quantize(COLOURS, dither=Image.Dither.NONE).save(buffer, "png", compress_level=9)
        return buffer.getvalue()

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        width = round(self.figure.get_figwidth() * CSS_PIXELS_PER_INCH)
        data = b64encode(self.png).decode("ascii")
        html = (
            f'<img alt="{escape(self.alt)}" width="{width}" style="max-width: 100%; height: auto" '
            f'src="data:image/png;base64,{data}">'
        )
        return {"text/html": html, "text/plain": self.alt}


def show(figure: Figure, alt: str) -> Picture:
    """Return a picture of your own figure. `alt` says what it shows: `ValueError` when it is empty."""
    return Picture(figure, alt)
