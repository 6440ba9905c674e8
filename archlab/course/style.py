"""The look of the course: the same colour, dash and marker for an architecture in every figure, in two sizes.

The colours have a contrast of at least 3 on white and stay apart for colour-blind readers; dash and marker
tell the lines apart without colour.

>>> look_of("monolithic").colour
'#0072B2'
>>> [(look.colour, look.dash) for look in variants("monolithic", ["1 clone", "2 clones"]).values()]
[('#0072B2', '-'), ('#003452', '--')]
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

Dash = str | tuple[int, tuple[int, ...]]


@dataclass(frozen=True)
class Look:
    """How one thing is drawn: colour (hex), dash (of matplotlib), marker."""

    colour: str
    dash: Dash = "-"
    marker: str = "o"


@dataclass(frozen=True)
class Size:
    """How large a figure is: inches, with an ordinary and a taller height, and points of its letters."""

    width_in: float
    height_in: float
    tall_in: float
    font_pt: float


LAB = Size(width_in=9, height_in=3.4, tall_in=6.4, font_pt=12)
"""For a notebook on a laptop."""
SLIDES = Size(width_in=12, height_in=5.4, tall_in=8.4, font_pt=18)
"""For a projector."""

INK = "#1A1A1A"
"""Text, axes and theory."""
GREY = "#767676"
"""What is there for orientation only. Its contrast on white is 4.5."""

ARCHITECTURES: Mapping[str, Look] = MappingProxyType(
    {
        "monolithic": Look("#0072B2", "-", "o"),
        "microservices": Look("#D55E00", "--", "s"),
        "event-driven": Look("#009E73", "-.", "^"),
        "layered": Look("#CC79A7", ":", "D"),
        "serverless": Look("#332288", (0, (6, 1, 1, 1, 1, 1)), "v"),
        "cqrs": Look("#661100", (0, (3, 1, 1, 1)), "P"),
    }
)
"""Contrast and distance, also for colour-blind eyes, are computed by the tests."""

DASHES: tuple[Dash, ...] = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D")
PLAIN = (INK, GREY)
MOST_SHADES = 4
LIGHTEST = 3.05
"""Contrast on white of the lightest shade: a line that can be seen."""


def look_of(name: str) -> Look | None:
    """Return the look of an architecture, named by its pattern or its module; None for any other name."""
    return ARCHITECTURES.get(name.replace("_", "-"))


def looks(names: Iterable[str]) -> dict[str, Look]:
    """Return a look for each name: an architecture's own, and black and greys for the others."""
    wanted = list(dict.fromkeys(names))
    others = [name for name in wanted if look_of(name) is None]
    plain = {name: _numbered(PLAIN, k) for k, name in enumerate(others)}
    return {name: look_of(name) or plain[name] for name in wanted}


def variants(architecture: str, names: Iterable[str]) -> dict[str, Look]:
    """Return looks for variants of one architecture: up to four shades of its colour, each with a dash of its own.

    Raises:
        ValueError: when there is no such architecture.
    """
    own = look_of(architecture)
    if own is None:
        raise ValueError(f"architecture is {architecture!r}; it must be one of {', '.join(ARCHITECTURES)}")
    wanted = list(dict.fromkeys(names))
    colours = shades(own.colour, min(len(wanted), MOST_SHADES))
    return {name: _numbered(colours, k) for k, name in enumerate(wanted)}


def shades(colour: str, count: int, darkest: float = 13.0) -> tuple[str, ...]:
    """Return shades of a colour, itself first, each as far apart in lightness from those before as possible.

    All have a contrast on white of 3 or more, and of `darkest` at most unless the colour itself has more.

    >>> shades("#0072B2", 3)
    ('#0072B2', '#003452', '#4B9CC9')
    """
    low, high = math.log(LIGHTEST), math.log(darkest)
    room = [low + (high - low) * step / 100 for step in range(101)]
    taken = [math.log(contrast(colour, "white"))]
    while len(taken) < count:
        taken.append(max(room, key=lambda place: min(abs(place - other) for other in taken)))
    return (colour, *(_shade(colour, math.exp(place)) for place in taken[1:]))[:count]


def _shade(colour: str, wanted: float) -> str:
    """The colour, mixed with black or white until its contrast on white is the one that is wanted."""
    mix = darker if wanted > contrast(colour, "white") else lighter
    mixed = (mix(colour, step / 200) for step in range(201))
    return min(mixed, key=lambda shade: abs(contrast(shade, "white") - wanted))


def _numbered(colours: tuple[str, ...], k: int) -> Look:
    return Look(colours[k % len(colours)], DASHES[k % len(DASHES)], MARKERS[k % len(MARKERS)])


def darker(colour: str, share: float) -> str:
    """Return the colour mixed with `share` of black, 0 to 1."""
    from matplotlib.colors import to_hex, to_rgb  # matplotlib is loaded when something is drawn

    red, green, blue = to_rgb(colour)
    return to_hex((red * (1 - share), green * (1 - share), blue * (1 - share))).upper()


def lighter(colour: str, share: float) -> str:
    """Return the colour mixed with `share` of white, 0 to 1."""
    from matplotlib.colors import to_hex, to_rgb

    red, green, blue = to_rgb(colour)
    return to_hex((red + (1 - red) * share, green + (1 - green) * share, blue + (1 - blue) * share)).upper()


def luminance(colour: str) -> float:
    """Return the relative luminance, 0 (black) to 1 (white), of WCAG 2.2 (https://www.w3.org/TR/WCAG22/)."""
    from matplotlib.colors import to_rgb

    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 (none) to 21 (black on white), of WCAG 2.2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def for_text(colour: str) -> str:
    """Return the colour, darkened until text in it has a contrast of 4.5 on white."""
    shares = (step / 20 for step in range(21))
    return next(
        shade for shade in (darker(colour, share) for share in shares) if contrast(shade, "white") >= 4.5
    )


def rc(size: Size) -> dict[Any, Any]:
    """Return matplotlib's settings for a figure of that size."""
    return {
        "font.family": "DejaVu Sans",
        "font.size": size.font_pt,
        "axes.labelsize": size.font_pt,
        "xtick.labelsize": 0.9 * size.font_pt,
        "ytick.labelsize": 0.9 * size.font_pt,
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "savefig.facecolor": "white",
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "lines.linewidth": size.font_pt / 6,
        "lines.markersize": size.font_pt / 2.4,
        "hatch.linewidth": 0.8,
        "text.usetex": False,
    }
